//! Answers with the sandbox's fares, whose days pass faster than ours.
//!
//! The sandbox reprices every flight when its day changes: a fare depends on how long before
//! departure it is bought. Here one of its days passes in a minute or so. It makes some 10,000 answers
//! a second on a core, fewer than are remembered, so a number of searches is held and asked again by
//! travellers of many markets, while the sandbox answers one after the other of them anew: the same
//! question at the fares of the new day, or another question.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use domain::{Answer, CountryCode, Date, PartnerId, Question};
use prices::Seen;
use runtime::Random;
use sandbox::{Market, MarketSettings};

use crate::traffic::mix::{self, Mix};

/// Answers with prices of a search.
const ANSWERS: usize = 30;
/// Partners asked for them at most.
const ASKED_MAX: usize = 120;
/// Prices of a search at least: what hardly anybody flies would only be small commits.
const PRICES_MIN: usize = 900;
/// Partners without an offer after which nobody else is asked.
const NOTHING_AFTER: usize = 10;
/// Questions drawn for one that has them.
const DRAWS_MAX: usize = 1_000;
/// Of so many renewals one asks another question.
const ANOTHER_ONE_IN: u64 = 4;
/// Of so many searches one is of the traveller's own market, so that questions are asked again.
const HOME_ONE_IN: u64 = 2;

/// A search with its answers.
#[derive(Debug)]
struct Held {
    question: Question,
    answers: Vec<(PartnerId, Arc<Answer>)>,
    prices: usize,
}

/// Held searches, renewed one after the other.
#[derive(Debug)]
pub(super) struct Fares {
    market: Market,
    mix: Mix,
    partners: Vec<PartnerId>,
    markets: Vec<CountryCode>,
    held: Mutex<Vec<Arc<Held>>>,
    start: Instant,
    first_day: Date,
    day: Duration,
}

impl Fares {
    pub(super) fn open(seed: u64, held: u64, day: Duration) -> Result<Arc<Self>> {
        let market = Market::generate(seed, MarketSettings::fast())?;
        let agencies = market.sellers().iter().filter(|seller| !seller.is_airline());
        let partners = agencies.map(|seller| seller.id).collect();
        let markets = atlas::atlas().countries().iter().map(|country| country.code).collect();
        let fares = Self {
            first_day: market.today(),
            market,
            mix: Mix::new(mix::EXPONENT)?,
            partners,
            markets,
            held: Mutex::default(),
            start: Instant::now(),
            day,
        };
        let mut random = Random::from_seed(seed);
        for _ in 0..held {
            let search = fares.another(&mut random)?;
            fares.searches().push(search);
        }
        Ok(Arc::new(fares))
    }

    /// Prices of all held searches.
    pub(super) fn prices(&self) -> usize {
        self.searches().iter().map(|held| held.prices).sum()
    }

    /// Bytes of the answers of all held searches.
    pub(super) fn bytes(&self) -> usize {
        let held = self.searches();
        held.iter().flat_map(|held| &held.answers).map(|(_, answer)| answer.heap_bytes()).sum()
    }

    /// Renews searches for ever, so many a second, on this thread.
    pub(super) fn renew(&self, per_second: u64, seed: u64, end: Instant) -> Result<()> {
        let mut random = Random::from_seed(seed);
        let wait = Duration::from_secs_f64(1.0 / per_second as f64);
        for index in 0.. {
            if Instant::now() >= end {
                break;
            }
            let index = index % self.searches().len();
            let old = Arc::clone(&self.searches()[index]);
            let gone = old.question.first_date().is_none_or(|date| date < self.today());
            let new = if gone || random.below(ANOTHER_ONE_IN) == 0 {
                self.another(&mut random)?
            } else {
                Arc::new(self.ask(old.question.clone()))
            };
            self.searches()[index] = new;
            std::thread::sleep(wait);
        }
        Ok(())
    }

    /// What a traveller's search is answered, seen then; and how many prices that is.
    pub(super) fn search(&self, random: &mut Random, at_ms: i64) -> (Vec<Seen>, usize) {
        let held = {
            let searches = self.searches();
            Arc::clone(&searches[random.below(searches.len() as u64) as usize])
        };
        let mut question = held.question.clone();
        if random.below(HOME_ONE_IN) != 0 {
            question.market = self.markets[random.below(self.markets.len() as u64) as usize];
        }
        let question = Arc::new(question);
        let seen = held.answers.iter().map(|(partner, answer)| Seen {
            partner: *partner,
            question: Arc::clone(&question),
            at_ms,
            answer: Arc::clone(answer),
        });
        (seen.collect(), held.prices)
    }

    /// A question somebody asks now.
    pub(super) fn question(&self, random: &mut Random) -> Question {
        let searches = self.searches();
        searches[random.below(searches.len() as u64) as usize].question.clone()
    }

    fn searches(&self) -> MutexGuard<'_, Vec<Arc<Held>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The market's day.
    fn today(&self) -> Date {
        let days = self.start.elapsed().as_secs() / self.day.as_secs().max(1);
        self.first_day.plus_days(days as i32)
    }

    fn another(&self, random: &mut Random) -> Result<Arc<Held>> {
        for _ in 0..DRAWS_MAX {
            let question = self.mix.question(&self.mix.draw(random), self.today());
            let held = self.ask(question);
            if held.prices >= PRICES_MIN {
                return Ok(Arc::new(held));
            }
        }
        bail!("of {DRAWS_MAX} questions of the mix the sandbox has fares for none")
    }

    /// Asks the partners of a question, always the same ones.
    fn ask(&self, question: Question) -> Held {
        let market = self.market.on(self.today());
        let first = question.key().0 as usize % self.partners.len().max(1);
        let mut held = Held { question, answers: Vec::new(), prices: 0 };
        let partners = self.partners.iter().cycle().skip(first).take(ASKED_MAX);
        for (asked, &partner) in partners.enumerate() {
            let nobody_flies_there = asked >= NOTHING_AFTER && held.answers.is_empty();
            if nobody_flies_there || held.answers.len() >= ANSWERS {
                break;
            }
            let answer = market.answer(partner, &held.question);
            if !answer.offers().is_empty() {
                held.prices += answer.offers().len();
                held.answers.push((partner, Arc::new(answer)));
            }
        }
        held
    }
}
