//! What the codec and the store cost, beside a plain hash map with the same prices in the same run:
//! `cargo run --release -p prices --example price_store_speed [questions]`.
//!
//! A question has 30 answers with about 90 offers each. The answers of four questions are used for all,
//! so that they lie in the cache as answers do that were just read. Sellers, prices and flights are
//! drawn at random: they pack worse than a real market's, or the simulated one's (`lab bench prices`).
//! Rates are the best of several slices, for one thread unless two are named, so that other work on
//! the machine does not count.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use domain::{Money, QuestionKey};
use prices::codec::{self, Batch};
use prices::freshness::Freshness;
use prices::store::{PriceStore, StoreSettings, Wanted};
use runtime::{FixedMap, Limited};
use seen::Seen;

#[path = "../src/fixture.rs"]
mod fixture;

mod seen {
    pub(crate) use prices::Seen;
}

/// The first second of 2026-12-01, and an hour.
const NOW: i64 = 1_796_083_200_000;
const HOUR: i64 = 3_600_000;

fn main() -> Result<(), Box<dyn Error>> {
    let questions = std::env::args().nth(1).map_or(Ok(1_000), |text| text.parse())?;
    let worlds: Vec<Vec<Seen>> = (0..4)
        .map(|number| fixture::World::new(fixture::question(number), 300).search(NOW, 30, 92))
        .collect();
    let searches: Vec<Vec<Seen>> = (0..questions)
        .map(|number| {
            let question = Arc::new(fixture::question(number));
            let of = |seen: &Seen| Seen { question: Arc::clone(&question), ..seen.clone() };
            worlds[number as usize % worlds.len()].iter().map(of).collect()
        })
        .collect();
    let prices: usize = searches.iter().flatten().map(|seen| seen.answer.offers().len()).sum();
    println!("{questions} questions, {} prices each", prices / searches.len().max(1));
    let bench = Bench { searches, prices };
    let store = bench.fill()?;
    bench.codec()?;
    bench.recall(&store);
    bench.restart(&store)?;
    bench.plain_map();
    Ok(())
}

struct Bench {
    searches: Vec<Vec<Seen>>,
    prices: usize,
}

impl Bench {
    /// Runs over all searches; returns million prices a second of the best slice.
    fn rate(&self, mut work: impl FnMut(usize)) -> f64 {
        let mut best = 0.0_f64;
        for start in (0..self.searches.len()).step_by(50) {
            let end = (start + 50).min(self.searches.len());
            let slice = &self.searches[start..end];
            let prices: usize = slice.iter().flatten().map(|s| s.answer.offers().len()).sum();
            let begun = Instant::now();
            (start..end).for_each(&mut work);
            best = best.max(prices as f64 / begun.elapsed().as_secs_f64() / 1e6);
        }
        best
    }

    fn codec(&self) -> Result<(), Box<dyn Error>> {
        let mut packed = Vec::new();
        for search in &self.searches {
            packed.push(codec::encode(search)?);
        }
        let bytes: usize = packed.iter().map(Vec::len).sum();
        say("on the log, bytes a price", bytes as f64 / self.prices as f64);
        let encode = self.rate(|n| drop(black_box(codec::encode(&self.searches[n]))));
        say("encode, million prices/s", encode);
        say("decode, million prices/s", self.rate(|n| drop(black_box(codec::decode(&packed[n])))));
        let store = new_store();
        let replay = self.rate(|n| {
            _ = Batch::from_bytes(&packed[n]).and_then(|batch| store.take_batch(batch));
        });
        say("replay into a store, million prices/s", replay);
        Ok(())
    }

    fn fill(&self) -> Result<PriceStore, Box<dyn Error>> {
        let store = new_store();
        let before = resident();
        let take = self.rate(|n| _ = store.take(&self.searches[n]));
        let size = store.size();
        say("take, million prices/s", take);
        say("in memory, bytes a price, counted", size.bytes as f64 / size.offers as f64);
        let grown = resident().saturating_sub(before) as f64;
        say("in memory, bytes a price, of the process", grown / size.offers as f64);
        let both = self.rate(|n| {
            let made = Batch::of(&self.later(n, 1)).and_then(|batch| {
                black_box(batch.to_bytes()?);
                store.take_batch(batch)
            });
            _ = black_box(made);
        });
        say("again, packed for the log too, million prices/s", both);
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for half in 0..2 {
                let store = &store;
                scope.spawn(move || {
                    for n in (half..self.searches.len()).step_by(2) {
                        let made = Batch::of(&self.later(n, 2)).and_then(|batch| {
                            black_box(batch.to_bytes()?);
                            store.take_batch(batch)
                        });
                        _ = black_box(made);
                    }
                });
            }
        });
        let rate = self.prices as f64 / begun.elapsed().as_secs_f64() / 1e6;
        say("the same on two threads, mean, million prices/s", rate);
        Ok(store)
    }

    /// The same answers, seen hours later.
    fn later(&self, search: usize, hours: i64) -> Vec<Seen> {
        let later = |seen: &Seen| Seen { at_ms: seen.at_ms + hours * HOUR, ..seen.clone() };
        self.searches[search].iter().map(later).collect()
    }

    fn recall(&self, store: &PriceStore) {
        let keys: Vec<QuestionKey> =
            self.searches.iter().map(|search| search[0].question.key()).collect();
        let recall = self.rate(|n| {
            drop(black_box(store.recall(keys[n], NOW + 3 * HOUR, Wanted::Fresh)));
        });
        say("recall, million prices/s", recall);
        let mut asked = 0_usize;
        let begun = Instant::now();
        for (search, &key) in self.searches.iter().zip(&keys).take(100) {
            for seen in search.iter().step_by(3) {
                for offer in seen.answer.offers().iter().step_by(10) {
                    let itinerary = seen.answer.keys()[offer.itinerary as usize];
                    black_box(store.latest(itinerary, offer.agent, key));
                    asked += 1;
                }
            }
        }
        say("latest, million/s", asked as f64 / begun.elapsed().as_secs_f64() / 1e6);
    }

    fn restart(&self, store: &PriceStore) -> Result<(), Box<dyn Error>> {
        let million = |begun: Instant| self.prices as f64 / begun.elapsed().as_secs_f64() / 1e6;
        let mut bytes = Vec::new();
        let begun = Instant::now();
        store.snapshot(&mut bytes)?;
        say("snapshot, million prices/s", million(begun));
        let begun = Instant::now();
        let restored = PriceStore::restore(settings(), Freshness::default(), bytes.as_slice())?;
        say("restore, million prices/s", million(begun));
        say("the same after it (1 is yes)", f64::from(u8::from(restored.same_as(store))));
        Ok(())
    }

    /// What a map by itinerary, seller and question would do: no answers, no ages, no limit.
    fn plain_map(&self) {
        let mut map: FixedMap<(u128, u64, u128), (Money, i64)> = FixedMap::default();
        let put = |map: &mut FixedMap<_, _>, n: usize| {
            for seen in &self.searches[n] {
                let key = seen.question.key().0;
                for offer in seen.answer.offers() {
                    let Some(price) = offer.price else { continue };
                    let itinerary = seen.answer.keys()[offer.itinerary as usize].0;
                    map.insert((itinerary, offer.agent.packed(), key), (price, seen.at_ms));
                }
            }
        };
        let fill = self.rate(|n| put(&mut map, n));
        say("plain map: fill, million prices/s", fill);
        let again = self.rate(|n| put(&mut map, n));
        say("plain map: again, million prices/s", again);
        let bytes = map.allocation_size() as f64 / map.len() as f64;
        say("plain map: bytes a price", bytes);
    }
}

fn settings() -> StoreSettings {
    StoreSettings { memory_mib: Limited::literal(65_536), ..StoreSettings::default() }
}

fn new_store() -> PriceStore {
    PriceStore::new(settings(), Freshness::default())
}

fn say(what: &str, figure: f64) {
    println!("{what:<50} {figure:>9.2}");
}

/// Bytes of memory that the process uses.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * 4_096
}
