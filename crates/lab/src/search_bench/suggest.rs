//! (f) Suggesting places while somebody types: every prefix of the names of popular cities, against
//! a plain scan over the same names in the same run.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use atlas::{PlaceRef, SuggestOptions, atlas};
use hdrhistogram::Histogram;

use crate::report::Report;

/// Cities whose names are typed, most popular first.
const CITIES: usize = 1_500;
/// Suggestions asked for, as by the page.
const LIMIT: usize = 10;

/// Measures and notes the figures.
pub(crate) fn run(report: &mut Report) -> Result<()> {
    atlas().warm();
    let names = atlas().cities().iter().take(CITIES).map(|city| city.name);
    let terms: Vec<String> = names.flat_map(prefixes).collect();
    let options = SuggestOptions { limit: LIMIT, ..SuggestOptions::default() };
    let suggest = |term: &str| atlas().suggest(term, &options).len();
    let found = found_whole(&options);
    ensure!(found > CITIES / 2, "only {found} of {CITIES} names were found when typed whole");
    let ours = times(&terms, suggest)?;
    let scan = times(&terms, |term| scan(term).len())?;
    report.figure("f. prefixes typed", terms.len());
    report.figure("f. names typed whole that are suggested, share", found as f64 / CITIES as f64);
    for (label, quantile) in [("p50", 0.5), ("p99", 0.99)] {
        let us = |histogram: &Histogram<u64>| histogram.value_at_quantile(quantile) as f64 / 1e3;
        report.figure(&format!("f. {label} us, suggest"), us(&ours));
        report.figure(&format!("f. {label} us, plain scan for the prefix"), us(&scan));
        report.figure(&format!("f. {label}, scan / suggest"), us(&scan) / us(&ours));
    }
    Ok(())
}

fn prefixes(name: &str) -> Vec<String> {
    let ends = name.char_indices().map(|(start, letter)| start + letter.len_utf8());
    ends.map(|end| name[..end].to_owned()).collect()
}

/// Of the cities, how many are among the suggestions for their whole name.
fn found_whole(options: &SuggestOptions) -> usize {
    let is_found = |city: &&atlas::City| {
        let same = |place| matches!(place, PlaceRef::City(row) if row.code == city.code);
        atlas().suggest(city.name, options).iter().any(|row| same(row.place))
    };
    atlas().cities().iter().take(CITIES).filter(is_found).count()
}

/// The first places whose names begin with a term: no misspellings, no other languages, no order but
/// that of the table.
fn scan(term: &str) -> Vec<&'static str> {
    let begins = |name: &&'static str| {
        name.get(..term.len()).is_some_and(|start| start.eq_ignore_ascii_case(term))
    };
    let cities = atlas().cities().iter().map(|city| city.name);
    let airports = atlas().airports().iter().map(|airport| airport.name);
    cities.chain(airports).filter(begins).take(LIMIT).collect()
}

fn times(terms: &[String], mut look: impl FnMut(&str) -> usize) -> Result<Histogram<u64>> {
    let mut histogram =
        Histogram::new_with_bounds(1, Duration::from_secs(10).as_nanos() as u64, 3)?;
    for term in terms {
        let started = Instant::now();
        black_box(look(term));
        histogram.saturating_record(started.elapsed().as_nanos() as u64);
    }
    Ok(histogram)
}
