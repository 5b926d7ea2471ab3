//! Which journeys are kept: the best by rank, or those that none beats.
//!
//! A sink answers, before any work is done, the latest arrival that could still be of use for a
//! departure and a number of stops. That one number prunes routes, flights and whole airports, so
//! the three questions share one walk (`explore`).

use crate::journey::Journey;
use crate::rules::{Rules, Spread};

/// A journey and its rank minutes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ranked {
    rank: i32,
    pub(crate) journey: Journey,
}

impl Ranked {
    fn key(&self) -> (i32, i32, u8, [u32; 3]) {
        let journey = &self.journey;
        (self.rank, journey.departs(), journey.stops(), journey.flights())
    }
}

/// Keeps journeys.
pub(crate) trait Sink {
    /// The latest arrival still of use; only ever falls as journeys are offered.
    fn latest(&self, departs: i32, stops: u8) -> i32;
    /// First flights are looked at in this order, least first: what leads to good bounds early.
    fn order(&self, departs: i32, arrives_earliest: i32) -> i32;
    /// Takes a journey or leaves it; true if [`Sink::latest`] may have fallen.
    fn offer(&mut self, journey: Journey) -> bool;
}

/// The best by rank minutes: see [`Rules::journeys_max`].
pub(crate) struct Best {
    ranked: Vec<Ranked>,
    max: usize,
    stop_minutes: i32,
    spread: Option<Spread>,
    best: i32,
    /// Highest rank still of use.
    limit: i32,
}

impl Best {
    pub(crate) fn new(rules: &Rules<'_>, mut memory: Vec<Ranked>) -> Self {
        memory.clear();
        Self {
            ranked: memory,
            max: rules.journeys_count_max(),
            stop_minutes: i32::from(rules.stop_minutes),
            spread: rules.spread,
            best: i32::MAX,
            limit: if rules.journeys_max == 0 { i32::MIN } else { i32::MAX },
        }
    }

    /// The kept ones, best first.
    pub(crate) fn finish(mut self) -> Vec<Ranked> {
        let limit = self.limit;
        self.ranked.retain(|ranked| ranked.rank <= limit);
        self.ranked.sort_unstable_by_key(Ranked::key);
        self.ranked.truncate(self.max);
        self.ranked
    }
}

impl Sink for Best {
    fn latest(&self, departs: i32, stops: u8) -> i32 {
        self.limit.saturating_sub(self.stop_minutes * i32::from(stops)).saturating_add(departs)
    }

    fn order(&self, departs: i32, arrives_earliest: i32) -> i32 {
        arrives_earliest - departs
    }

    fn offer(&mut self, journey: Journey) -> bool {
        let rank = journey.elapsed_minutes() + self.stop_minutes * i32::from(journey.stops());
        if rank > self.limit {
            return false;
        }
        let before = self.limit;
        self.ranked.push(Ranked { rank, journey });
        if rank < self.best {
            self.best = rank;
            if let Some(Spread { percent, extra_minutes }) = self.spread {
                let most = i64::from(rank) * i64::from(percent) / 100 + i64::from(extra_minutes);
                // The best itself is always good, whatever the percentage.
                let most = most.max(i64::from(rank));
                self.limit = self.limit.min(i32::try_from(most).unwrap_or(i32::MAX));
            }
        }
        // A quarter above the maximum pays for the selection.
        if self.ranked.len() >= self.max + (self.max / 4).max(16) {
            self.ranked.select_nth_unstable_by_key(self.max - 1, Ranked::key);
            self.ranked.truncate(self.max);
            self.limit = self.limit.min(self.ranked[self.max - 1].rank);
        }
        self.limit < before
    }
}

/// Journeys that no other beats in (departure later, arrival earlier, fewer stops). Of equals, the
/// first found.
#[derive(Default)]
pub(crate) struct Unbeaten(Vec<Journey>);

impl Unbeaten {
    /// By departure, then stops.
    pub(crate) fn finish(mut self) -> Vec<Journey> {
        self.0.sort_unstable_by_key(|journey| (journey.departs(), journey.stops()));
        self.0
    }
}

impl Sink for Unbeaten {
    fn latest(&self, departs: i32, stops: u8) -> i32 {
        self.0
            .iter()
            .filter(|kept| kept.departs() >= departs && kept.stops() <= stops)
            .map(|kept| kept.arrives() - 1)
            .min()
            .unwrap_or(i32::MAX)
    }

    fn order(&self, departs: i32, _: i32) -> i32 {
        -departs
    }

    fn offer(&mut self, journey: Journey) -> bool {
        let (departs, arrives, stops) = (journey.departs(), journey.arrives(), journey.stops());
        if arrives > self.latest(departs, stops) {
            return false;
        }
        self.0.retain(|kept| {
            kept.departs() > departs || kept.arrives() < arrives || kept.stops() < stops
        });
        self.0.push(journey);
        true
    }
}

/// The earliest arrival with at most so many stops; of equals the latest departure, then the first
/// found.
#[derive(Default)]
pub(crate) struct Earliest([Option<Journey>; 3]);

impl Earliest {
    /// By stops: each further one arrives earlier.
    pub(crate) fn finish(self) -> Vec<Journey> {
        self.0.into_iter().flatten().collect()
    }
}

impl Sink for Earliest {
    fn latest(&self, departs: i32, stops: u8) -> i32 {
        let fewer = self.0[..usize::from(stops)].iter().flatten();
        let fewer = fewer.map(|kept| kept.arrives() - 1).min().unwrap_or(i32::MAX);
        let alike = self.0[usize::from(stops)];
        fewer.min(
            alike.map_or(i32::MAX, |kept| kept.arrives() - i32::from(departs <= kept.departs())),
        )
    }

    fn order(&self, _: i32, arrives_earliest: i32) -> i32 {
        arrives_earliest
    }

    fn offer(&mut self, journey: Journey) -> bool {
        let stops = usize::from(journey.stops());
        if journey.arrives() > self.latest(journey.departs(), journey.stops()) {
            return false;
        }
        for more in &mut self.0[stops + 1..] {
            more.take_if(|kept| kept.arrives() >= journey.arrives());
        }
        self.0[stops] = Some(journey);
        true
    }
}
