//! Codec and store alone on the answers of one search, beside a plain hash map with the same prices.
//! One thread unless two are named; each rate is the best of many slices.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use domain::{Money, Question};
use prices::codec::{self, Batch};
use prices::freshness::Freshness;
use prices::store::{PriceStore, StoreSettings, Wanted};
use prices::{Seen, codec::CodecError};
use runtime::{FixedMap, Limited};

use crate::report::Report;
use crate::search_bench::corpus::Corpus;

/// Questions the store is filled with.
const QUESTIONS: usize = 1_500;
/// Searches timed together.
const SLICE: usize = 50;
const HOUR_MS: i64 = 3_600_000;

/// Measures both.
pub(super) fn run(report: &mut Report, whole: Duration) -> Result<()> {
    let corpus = Corpus::make()?;
    let question = Arc::new(corpus.question.clone());
    let at_ms = runtime::unix_ms();
    let of = |(settings, answer): (&partners::PartnerSettings, &Arc<domain::Answer>)| Seen {
        partner: settings.id,
        question: Arc::clone(&question),
        at_ms,
        answer: Arc::clone(answer),
    };
    let seen: Vec<Seen> = corpus.settings.iter().zip(&corpus.decoded).map(of).collect();
    let bench = Bench { prices: corpus.quotes(), seen, questions: questions(&corpus.question) };
    report.setting("store.questions", QUESTIONS);
    bench.codec(report, whole)?;
    bench.store(report)?;
    bench.plain_map(report);
    Ok(())
}

/// The same trip on other days.
fn questions(first: &Question) -> Vec<Arc<Question>> {
    let on = |days: i32| {
        let mut question = first.clone();
        for leg in &mut question.legs {
            leg.date = leg.date.plus_days(days);
        }
        Arc::new(question)
    };
    (0..QUESTIONS as i32).map(on).collect()
}

struct Bench {
    seen: Vec<Seen>,
    prices: usize,
    questions: Vec<Arc<Question>>,
}

impl Bench {
    /// The answers of a search, as if to another question and seen some hours later.
    fn search(&self, question: &Arc<Question>, hours: i64) -> Vec<Seen> {
        let of = |seen: &Seen| Seen {
            question: Arc::clone(question),
            at_ms: seen.at_ms + hours * HOUR_MS,
            ..seen.clone()
        };
        self.seen.iter().map(of).collect()
    }

    /// Million prices a second of the best slice of a while.
    fn rate(&self, whole: Duration, mut work: impl FnMut()) -> f64 {
        let (start, mut best) = (Instant::now(), 0.0_f64);
        while start.elapsed() < whole {
            let slice = Instant::now();
            (0..SLICE).for_each(|_| work());
            best = best.max(self.millions(SLICE, slice));
        }
        best
    }

    /// Million prices a second of the best slice of all searches.
    fn over<T>(
        &self,
        inputs: &[T],
        mut work: impl FnMut(&T) -> Result<(), CodecError>,
    ) -> Result<f64> {
        let mut best = 0.0_f64;
        for slice in inputs.chunks(SLICE) {
            let start = Instant::now();
            for input in slice {
                work(input)?;
            }
            best = best.max(self.millions(slice.len(), start));
        }
        Ok(best)
    }

    fn millions(&self, searches: usize, since: Instant) -> f64 {
        (searches * self.prices) as f64 / since.elapsed().as_secs_f64() / 1e6
    }

    fn codec(&self, report: &mut Report, whole: Duration) -> Result<()> {
        let bytes = codec::encode(&self.seen)?;
        report.figure("codec: bytes a price", bytes.len() as f64 / self.prices as f64);
        let encode = self.rate(whole, || drop(black_box(codec::encode(&self.seen))));
        report.figure("codec: encode, million prices/s/core", encode);
        let decode = self.rate(whole, || drop(black_box(codec::decode(&bytes))));
        report.figure("codec: decode, million prices/s/core", decode);
        Ok(())
    }

    fn store(&self, report: &mut Report) -> Result<()> {
        let searches: Vec<Vec<Seen>> =
            self.questions.iter().map(|question| self.search(question, 0)).collect();
        let store = new_store();
        let rate = self.over(&searches, |seen| store.take(seen).map(|_| ()))?;
        report.figure("store: take, million prices/s/core", rate);
        let size = store.size();
        report.figure("store: bytes a price", size.bytes as f64 / size.offers as f64);
        let later: Vec<Vec<Seen>> =
            self.questions.iter().map(|question| self.search(question, 6)).collect();
        let mut packed = Vec::new();
        let rate = self.over(&later, |seen| {
            let batch = Batch::of(seen)?;
            packed.push(batch.to_bytes()?);
            store.take_batch(batch).map(|_| ())
        })?;
        report.figure("store: take again and pack for the log, million prices/s/core", rate);
        let replayed = new_store();
        let rate =
            self.over(&packed, |bytes| replayed.take_batch(Batch::from_bytes(bytes)?).map(|_| ()))?;
        report.figure("store: replay, million prices/s/core", rate);
        let now_ms = self.seen[0].at_ms + 7 * HOUR_MS;
        let rate = self.over(&self.questions, |question| {
            drop(black_box(store.recall(question.key(), now_ms, Wanted::Any)));
            Ok(())
        })?;
        report.figure("store: recall, million prices/s/core", rate);
        self.two_threads(report, &replayed);
        self.restart(report, &store)
    }

    fn two_threads(&self, report: &mut Report, store: &PriceStore) {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for half in 0..2 {
                scope.spawn(move || {
                    for question in self.questions.iter().skip(half).step_by(2) {
                        let batch = Batch::of(&self.search(question, 12)).and_then(|batch| {
                            black_box(batch.to_bytes()?);
                            store.take_batch(batch)
                        });
                        _ = black_box(batch);
                    }
                });
            }
        });
        let rate = self.millions(self.questions.len(), start);
        report.figure("store: take again and pack, two threads, million prices/s", rate);
    }

    fn restart(&self, report: &mut Report, store: &PriceStore) -> Result<()> {
        let mut bytes = Vec::new();
        let start = Instant::now();
        store.snapshot(&mut bytes)?;
        let rate = self.millions(self.questions.len(), start);
        report.figure("store: snapshot, million prices/s", rate);
        let start = Instant::now();
        let restored = PriceStore::restore(settings(), Freshness::default(), bytes.as_slice())?;
        let rate = self.millions(self.questions.len(), start);
        report.figure("store: restore, million prices/s", rate);
        ensure!(restored.same_as(store), "the restored store differs");
        Ok(())
    }

    /// What a map by itinerary, seller and question would do: no answers, no ages, no limit.
    fn plain_map(&self, report: &mut Report) {
        let mut map: FixedMap<(u128, u64, u128), (Money, i64)> = FixedMap::default();
        let mut best = 0.0_f64;
        for slice in self.questions.chunks(SLICE) {
            let start = Instant::now();
            for question in slice {
                let key = question.key().0;
                for seen in &self.seen {
                    for offer in seen.answer.offers() {
                        let Some(price) = offer.price else { continue };
                        let itinerary = seen.answer.keys()[offer.itinerary as usize].0;
                        map.insert((itinerary, offer.agent.packed(), key), (price, seen.at_ms));
                    }
                }
            }
            best = best.max(self.millions(slice.len(), start));
        }
        report.figure("plain map: fill, million prices/s/core", best);
        let bytes = map.allocation_size() as f64 / (self.questions.len() * self.prices) as f64;
        report.figure("plain map: bytes a price", bytes);
    }
}

fn settings() -> StoreSettings {
    StoreSettings { memory_mib: Limited::literal(65_536), ..StoreSettings::default() }
}

fn new_store() -> PriceStore {
    PriceStore::new(settings(), Freshness::default())
}
