//! How fast and how well places are suggested, and what the atlas costs.
//!
//! `cargo run --release -p atlas --example suggest_speed`
//!
//! Types the names of the 1,500 most popular cities letter by letter, then with one letter left
//! out, doubled, swapped with its neighbour or replaced, and prints percentiles (of every call, and
//! of the best of three for each term, which leaves out the turns of other processes), the share
//! of misspelt names whose city is among the first three, the time of look-ups, and memory.

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::hint::black_box;
use std::time::Duration;

use atlas::{PlaceRef, SuggestOptions, atlas};
use runtime::{Random, now};

const CITIES: usize = 1_500;

fn main() {
    let before = resident_kib();
    let start = now();
    let atlas = atlas();
    let loaded = start.elapsed();
    let tables = resident_kib();
    let start = now();
    atlas.warm();
    println!(
        "tables {:.1} ms, {} KiB; warm (index, names, zones) {:.1} ms, {} KiB more",
        ms(loaded),
        tables - before,
        ms(start.elapsed()),
        resident_kib() - tables
    );
    let names: Vec<&str> = atlas.cities().iter().take(CITIES).map(|city| city.name).collect();
    let prefixes: Vec<String> = names.iter().flat_map(|name| prefixes(name)).collect();
    report("prefixes", &prefixes);
    let mut random = Random::from_seed(7);
    let wrong: Vec<String> = names
        .iter()
        .flat_map(|name| (0..4).map(|kind| misspell(name, kind, &mut random)).collect::<Vec<_>>())
        .filter(|term| term.chars().count() >= 4)
        .collect();
    report("misspellings", &wrong);
    report_found(&mut random);
    report_times(&mut random);
}

fn report(what: &str, terms: &[String]) {
    let options = SuggestOptions::default();
    terms.iter().take(2_000).for_each(|term| drop(black_box(atlas().suggest(term, &options))));
    let mut times = Vec::with_capacity(terms.len());
    let mut worst = Vec::with_capacity(terms.len() * 3);
    let mut found = 0;
    for term in terms {
        let mut best = Duration::MAX;
        for _ in 0..3 {
            let start = now();
            found += black_box(atlas().suggest(term, &options)).len();
            let took = start.elapsed();
            worst.push(took);
            best = best.min(took);
        }
        times.push(best);
    }
    let every = percentiles(&mut worst);
    let best = percentiles(&mut times);
    times.sort_unstable();
    println!(
        "{what}: {} terms, {} suggestions; every run {every}; best of three {best}",
        terms.len(),
        found / 3
    );
}

/// Half, 99% and all of the calls took at most this long.
fn percentiles(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at =
        |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_nanos() as f64 / 1e3;
    format!("p50 {:.1} us, p99 {:.1} us, max {:.1} us", at(0.5), at(0.99), at(1.0))
}

/// Share of misspelt names whose city stands among the first three.
fn report_found(random: &mut Random) {
    let options = SuggestOptions { limit: 3, ..SuggestOptions::default() };
    let (mut asked, mut found) = (0, 0);
    for city in atlas().cities().iter().take(CITIES) {
        let term = misspell(city.name, random.below(4), random);
        if term.chars().count() >= 4 {
            asked += 1;
            let same = |place| matches!(place, PlaceRef::City(row) if row.code == city.code);
            found += u32::from(atlas().suggest(&term, &options).iter().any(|row| same(row.place)));
        }
    }
    println!("misspelt city among the first three: {found} of {asked}");
}

fn report_times(random: &mut Random) {
    let airports: Vec<_> = atlas().airports().iter().take(500).map(|row| row.code).collect();
    let questions: Vec<_> = (0..4_096)
        .map(|_| {
            let pick = |random: &mut Random| airports[random.below(500) as usize];
            let departs = 29_979_360 + random.below(1_052_640) as i32;
            (pick(random), departs, pick(random), departs + 300)
        })
        .collect();
    let rounds = 500;
    let start = now();
    let mut sum = 0_i64;
    for _ in 0..rounds {
        for &(from, departs, to, arrives) in &questions {
            let (departs, arrives) = (
                domain::LocalTime::from_minutes(departs),
                domain::LocalTime::from_minutes(arrives),
            );
            let minutes = atlas().duration_minutes(from, departs, to, arrives);
            sum += i64::from(minutes.unwrap_or_default());
        }
    }
    let each = start.elapsed() / (rounds * questions.len() as u32);
    println!("duration (two local times to UTC): {} ns, checksum {sum}", each.as_nanos());
}

fn prefixes(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    (1..=letters.len()).map(|end| letters[..end].iter().collect()).collect()
}

/// A name with a letter left out, doubled, swapped with the next, or replaced.
fn misspell(name: &str, kind: u64, random: &mut Random) -> String {
    let mut letters: Vec<char> = name.to_lowercase().chars().collect();
    if letters.len() < 4 {
        return String::new();
    }
    let at = 1 + random.below(letters.len() as u64 - 2) as usize;
    match kind {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letters[at]),
        2 => letters.swap(at, at + 1),
        _ => letters[at] = char::from(b'a' + random.below(26) as u8),
    }
    letters.into_iter().collect()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Memory of the process in use, from the kernel.
fn resident_kib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}
