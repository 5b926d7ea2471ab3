//! Virtual days of searches against the real store and its rules of freshness.
//!
//! Every search: partners whose answer is fresh are not asked, the others answer at once and are
//! remembered. Then each price of the page is held against what its partner would say now. A question
//! always has the same [`PARTNERS`]: so chooses `search`. Equal scenarios give equal outcomes.

use std::sync::Arc;

use anyhow::{Context, Result};
use domain::{AgentId, Date, PartnerId, Question, QuestionKey};
use prices::Seen;
use prices::freshness::{Freshness, FreshnessSettings, holds};
use prices::store::{PriceStore, StoreSettings, StoreSize, Wanted};
use runtime::{FixedMap, Limited, Random};

use super::fares::Fares;
use super::mix::Mix;
use super::offered::{JOURNEYS, Offered, journey_of};

/// Partners of a question.
pub(super) const PARTNERS: usize = 30;
/// By days to departure: (less than, what it is called).
pub(super) const BUCKETS: [(usize, &str); 4] =
    [(7, "within 7 days"), (30, "within 30 days"), (90, "within 90 days"), (usize::MAX, "later")];
const PAGE: usize = 10;
const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
/// 2026-12-13.
const FIRST_DAY: i32 = 20_800;

/// What to simulate.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) per_second: f64,
    pub(super) warm_days: u32,
    pub(super) measure_days: u32,
    /// Whether lifetimes adapt to how often prices change.
    pub(super) adapting: bool,
    /// Factor on how often prices change.
    pub(super) changes: f64,
    pub(super) seed: u64,
}

/// What came of some searches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) searches: u64,
    calls: u64,
    /// Calls made: nobody asked this before, it was pushed out of the store, it was stale.
    pub(super) new: u64,
    pub(super) lost: u64,
    pub(super) stale: u64,
    /// Prices of first pages; those of them that were remembered; those that were wrong.
    shown: u64,
    shown_old: u64,
    shown_wrong: u64,
    /// All remembered prices, and the wrong ones.
    old: u64,
    old_wrong: u64,
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl Tally {
    pub(super) fn saved(&self) -> f64 {
        1.0 - self.part(self.new + self.lost + self.stale)
    }

    pub(super) fn part(&self, calls: u64) -> f64 {
        share(calls, self.calls)
    }

    pub(super) fn wrong(&self) -> f64 {
        share(self.shown_wrong, self.shown)
    }

    pub(super) fn wrong_of_old(&self) -> f64 {
        share(self.shown_wrong, self.shown_old)
    }

    pub(super) fn wrong_of_all(&self) -> f64 {
        share(self.old_wrong, self.old)
    }

    fn add(&mut self, other: &Self) {
        self.searches += other.searches;
        self.calls += other.calls;
        self.new += other.new;
        self.lost += other.lost;
        self.stale += other.stale;
        self.shown += other.shown;
        self.shown_old += other.shown_old;
        self.shown_wrong += other.shown_wrong;
        self.old += other.old;
        self.old_wrong += other.old_wrong;
    }
}

/// What came of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) buckets: [Tally; BUCKETS.len()],
    pub(super) size: StoreSize,
    /// Questions that had to go to stay within memory.
    pub(super) evicted: usize,
}

impl Outcome {
    pub(super) fn all(&self) -> Tally {
        let mut all = Tally::default();
        for tally in &self.buckets {
            all.add(tally);
        }
        all
    }
}

/// Runs a scenario.
pub(super) fn run(mix: &Mix, scenario: &Scenario) -> Result<Outcome> {
    let start_ms = i64::from(FIRST_DAY) * DAY_MS;
    let measured_ms = start_ms + i64::from(scenario.warm_days) * DAY_MS;
    let end_ms = measured_ms + i64::from(scenario.measure_days) * DAY_MS;
    let mut random = Random::from_seed(scenario.seed);
    let mut room =
        Room::new(scenario, Fares { seed: scenario.seed, start_ms, changes: scenario.changes });
    room.limit(mix, scenario.seed)?;
    let mut now = start_ms as f64;
    let mut expire_ms = start_ms;
    loop {
        now -= 1_000.0 * (1.0 - random.unit()).ln() / scenario.per_second;
        let now_ms = now as i64;
        if now_ms >= end_ms {
            break;
        }
        if now_ms >= expire_ms {
            room.store.expire(now_ms);
            expire_ms = now_ms + HOUR_MS;
        }
        let asked = mix.draw(&mut random);
        let question = mix.question(&asked, Date::from_days((now_ms / DAY_MS) as i32));
        let bucket = BUCKETS.iter().position(|&(days, _)| asked.days < days).unwrap_or(0);
        room.search(Arc::new(question), now_ms, (now_ms >= measured_ms).then_some(bucket))?;
    }
    Ok(Outcome { buckets: room.buckets, size: room.store.size(), evicted: room.evicted })
}

/// The simulated cell.
struct Room {
    store: PriceStore,
    freshness: Freshness,
    fares: Fares,
    partners: Vec<PartnerId>,
    agents: Vec<AgentId>,
    before: FixedMap<QuestionKey, ()>,
    buckets: [Tally; BUCKETS.len()],
    evicted: usize,
}

impl Room {
    fn new(scenario: &Scenario, fares: Fares) -> Self {
        let mut settings = FreshnessSettings::default();
        if !scenario.adapting {
            settings.changed_per_mille = Limited::literal(1_000);
        }
        let freshness = Freshness::new(settings);
        let name = |index: usize| format!("p{index:02}");
        let partner = |index| PartnerId::from_bytes(name(index).as_bytes()).ok();
        let agent = |index| AgentId::from_bytes(name(index).as_bytes()).ok();
        Self {
            store: PriceStore::new(StoreSettings::default(), freshness.clone()),
            freshness,
            fares,
            partners: (0..PARTNERS).filter_map(partner).collect(),
            agents: (0..PARTNERS).filter_map(agent).collect(),
            before: FixedMap::default(),
            buckets: [Tally::default(); BUCKETS.len()],
            evicted: 0,
        }
    }

    /// Measures what a question takes here, and gives the store as much memory as lets it hold as
    /// many questions as full answers would allow.
    fn limit(&mut self, mix: &Mix, seed: u64) -> Result<()> {
        let mut random = Random::from_seed(seed ^ 0x5EED);
        let now_ms = self.fares.start_ms;
        for _ in 0..2_000 {
            let question = mix.question(&mix.draw(&mut random), Date::from_days(FIRST_DAY));
            self.search(Arc::new(question), now_ms, None)?;
        }
        let size = self.store.size();
        let own = size.bytes as f64 / size.questions.max(1) as f64;
        let mib = super::MEMORY_BYTES * own / super::question_bytes() / f64::from(1 << 20);
        let memory_mib = Limited::new((mib as u64).max(1)).context("the store's memory")?;
        let settings = StoreSettings { memory_mib, ..StoreSettings::default() };
        self.store = PriceStore::new(settings, self.freshness.clone());
        self.before.clear();
        Ok(())
    }

    fn search(
        &mut self,
        question: Arc<Question>,
        now_ms: i64,
        bucket: Option<usize>,
    ) -> Result<()> {
        let key = question.key();
        let known = self.store.known(key);
        let mut fresh = [false; PARTNERS];
        for known in known.iter().filter(|known| now_ms < known.fresh_until_ms) {
            if let Ok(index) = self.partners.binary_search(&known.partner) {
                fresh[index] = true;
            }
        }
        let offered = Offered::new(&question, key, &self.fares, now_ms);
        let asked = fresh.iter().filter(|&&fresh| !fresh).count();
        let met = self.before.insert(key, ()).is_some();
        if let Some(bucket) = bucket {
            let mut tally = self.compare(key, &offered, &fresh, now_ms);
            tally.searches = 1;
            tally.calls = PARTNERS as u64;
            *match (known.is_empty(), met) {
                (false, _) => &mut tally.stale,
                (true, true) => &mut tally.lost,
                (true, false) => &mut tally.new,
            } = asked as u64;
            self.buckets[bucket].add(&tally);
        }
        if asked == 0 {
            return Ok(());
        }
        let mut seen = Vec::with_capacity(asked);
        for index in (0..PARTNERS).filter(|&index| !fresh[index]) {
            let answer = Arc::new(offered.answer(&question, index, self.agents[index])?);
            let question = Arc::clone(&question);
            seen.push(Seen { partner: self.partners[index], question, at_ms: now_ms, answer });
        }
        self.evicted += self.store.take(&seen)?.evicted;
        Ok(())
    }

    /// Holds what is shown against what partners say now.
    fn compare(
        &self,
        key: QuestionKey,
        offered: &Offered,
        fresh: &[bool; PARTNERS],
        now_ms: i64,
    ) -> Tally {
        let mut tally = Tally::default();
        // of each journey the cheapest price, and whether it is remembered, and wrong
        let mut best = [(i64::MAX, false, false); JOURNEYS];
        for index in (0..PARTNERS).filter(|&index| !fresh[index]) {
            for journey in offered.journeys(index) {
                let price = offered.price(journey, index).minor;
                best[journey] = best[journey].min((price, false, false));
            }
        }
        if fresh.contains(&true) {
            for remembered in self.store.recall(key, now_ms, Wanted::Fresh) {
                let Ok(index) = self.partners.binary_search(&remembered.partner) else { continue };
                for offer in remembered.answer.offers() {
                    let Some(price) = offer.price else { continue };
                    let first = remembered.answer.legs_of(offer.itinerary).flatten().next();
                    let Some(journey) = first.map(journey_of).filter(|&one| one < JOURNEYS) else {
                        continue;
                    };
                    let wrong = !holds(price, offered.price(journey, index));
                    tally.old += 1;
                    tally.old_wrong += u64::from(wrong);
                    best[journey] = best[journey].min((price.minor, true, wrong));
                }
            }
        }
        best.sort_unstable();
        for &(_, old, wrong) in best.iter().take(PAGE).filter(|best| best.0 != i64::MAX) {
            tally.shown += 1;
            tally.shown_old += u64::from(old);
            tally.shown_wrong += u64::from(wrong);
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario(seed: u64) -> Scenario {
        Scenario {
            per_second: 0.02,
            warm_days: 1,
            measure_days: 1,
            adapting: true,
            changes: 1.0,
            seed,
        }
    }

    #[test]
    fn equal_scenarios_have_equal_outcomes_and_every_call_is_accounted_for() {
        let mix = Mix::new(1.0).unwrap();
        let one = run(&mix, &scenario(1)).unwrap();
        assert_eq!(one, run(&mix, &scenario(1)).unwrap());
        assert_ne!(one, run(&mix, &scenario(2)).unwrap());
        let all = one.all();
        assert_eq!(all.calls, all.searches * PARTNERS as u64);
        assert!(all.new + all.lost + all.stale <= all.calls);
        assert_eq!(one.evicted, 0);
        assert_eq!(all.lost, 0);
    }

    #[test]
    fn a_question_asked_again_within_its_lifetime_costs_nothing_and_is_right_if_nothing_changed() {
        let mix = Mix::new(1.0).unwrap();
        let start_ms = i64::from(FIRST_DAY) * DAY_MS;
        let fares = Fares { seed: 1, start_ms, changes: 0.0 };
        let mut room = Room::new(&scenario(1), fares);
        let asked = mix.draw(&mut Random::from_seed(1));
        let question = Arc::new(mix.question(&asked, Date::from_days(FIRST_DAY)));
        room.search(Arc::clone(&question), start_ms, Some(0)).unwrap();
        assert_eq!(room.buckets[0].new, PARTNERS as u64);
        assert_eq!(room.buckets[0].shown_old, 0);
        room.search(question, start_ms + HOUR_MS, Some(1)).unwrap();
        assert_eq!((room.buckets[1].new, room.buckets[1].stale), (0, 0));
        assert_eq!((room.buckets[1].shown, room.buckets[1].shown_wrong), (10, 0));
        assert_eq!(room.buckets[1].shown_old, 10);
        assert!(room.buckets[1].old >= 60);
    }

    #[test]
    fn prices_that_change_fast_are_shown_wrong() {
        let mix = Mix::new(1.0).unwrap();
        let fast = Scenario { changes: 20.0, ..scenario(1) };
        let still = Scenario { changes: 0.0, ..scenario(1) };
        assert!(run(&mix, &fast).unwrap().all().wrong_of_old() > 0.2);
        assert_eq!(run(&mix, &still).unwrap().all().old_wrong, 0);
    }
}
