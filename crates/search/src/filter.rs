//! What a traveller wants to see of an answer.
//!
//! Filters of one kind are alternatives, filters of different kinds must all hold; an empty list
//! filters nothing. Applied to the merged answer, never to the question.

use std::hash::{Hash, Hasher};

use domain::{AgentId, AirportCode, CarrierCode, LocalTime};

use atlas::AllianceId;

/// A time-of-day window: minutes after midnight, both included. A window that ends before it begins
/// runs over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// First minute of day.
    pub from: u16,
    /// Last minute of day.
    pub until: u16,
}

impl Window {
    /// Whether a local time lies within.
    #[must_use]
    pub fn contains(self, time: LocalTime) -> bool {
        let minute = time.minute_of_day() as u16;
        if self.from <= self.until {
            (self.from..=self.until).contains(&minute)
        } else {
            minute >= self.from || minute <= self.until
        }
    }
}

/// Filters on itineraries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filters {
    /// Stops of the leg with most: 0, 1, or 2 for two and more.
    pub stops: Vec<u8>,
    /// Marketing carriers; an itinerary passes if one of its flights has one of them.
    pub carriers: Vec<CarrierCode>,
    /// Alliances; an itinerary passes if one of its carriers belongs to one of them.
    pub alliances: Vec<AllianceId>,
    /// Agents; an itinerary passes if they sell it, and its price is the lowest of theirs. A combination
    /// counts if each of its tickets is sold by one of them.
    pub agents: Vec<AgentId>,
    /// Airports at the ends of legs. At every end where the search allows one of them, the
    /// itinerary must use one of them; ends where none of them is possible are free.
    pub airports: Vec<AirportCode>,
    /// Departure window of each leg, in order of legs; `None` is free.
    pub depart: Vec<Option<Window>>,
    /// Arrival window of each leg.
    pub arrive: Vec<Option<Window>>,
    /// Most minutes of all legs together.
    pub minutes_max: Option<u32>,
    /// Highest price in minor units of the display currency; itineraries without a price fail it.
    pub price_max: Option<i64>,
    /// Whether itineraries stay out whose cheapest option leaves the connection to the traveller.
    pub no_self_transfer: bool,
}

impl Filters {
    /// Whether nothing is filtered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Fingerprint of what they leave: the same however their lists are ordered.
    #[must_use]
    pub fn mark(&self) -> u64 {
        // Most views filter nothing.
        if self.is_empty() {
            return 0;
        }
        let mut plain = self.clone();
        sort_once(&mut plain.stops);
        sort_once(&mut plain.carriers);
        sort_once(&mut plain.alliances);
        sort_once(&mut plain.agents);
        sort_once(&mut plain.airports);
        for windows in [&mut plain.depart, &mut plain.arrive] {
            let set = windows.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
            windows.truncate(set);
        }
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        plain.hash(&mut hasher);
        hasher.finish()
    }

    /// Whether an agent's offers count.
    #[must_use]
    pub fn allows_agent(&self, agent: AgentId) -> bool {
        self.agents.is_empty() || self.agents.contains(&agent)
    }
}

fn sort_once<T: Ord>(list: &mut Vec<T>) {
    list.sort_unstable();
    list.dedup();
}

#[cfg(test)]
mod tests {
    use domain::Date;

    use super::*;

    #[test]
    fn a_mark_tells_filters_apart_by_what_they_leave() {
        let carriers = |codes: &[&str]| Filters {
            carriers: codes.iter().map(|code| code.parse().unwrap()).collect(),
            ..Filters::default()
        };
        let window = Some(Window { from: 360, until: 720 });
        let depart = |depart| Filters { depart, ..Filters::default() };
        assert_eq!(Filters::default().mark(), 0);
        assert_eq!(carriers(&["BA", "KL"]).mark(), carriers(&["KL", "BA", "KL"]).mark());
        assert_eq!(depart(vec![window, None]).mark(), depart(vec![window]).mark());
        let price = |price_max| Filters { price_max, ..Filters::default() };
        let different = [
            Filters::default(),
            carriers(&["BA"]),
            carriers(&["KL"]),
            depart(vec![window]),
            depart(vec![None, window]),
            price(Some(1)),
            price(Some(2)),
        ];
        for (index, one) in different.iter().enumerate() {
            assert!(different[..index].iter().all(|other| other.mark() != one.mark()), "{one:?}");
        }
    }

    #[test]
    fn a_window_may_run_over_midnight() {
        let at = |minute| Date::from_days(20_000).at_minute(minute);
        let morning = Window { from: 360, until: 720 };
        assert!(morning.contains(at(360)) && morning.contains(at(720)));
        assert!(!morning.contains(at(359)) && !morning.contains(at(721)));
        let night = Window { from: 1_320, until: 240 };
        assert!(night.contains(at(1_400)) && night.contains(at(0)) && night.contains(at(240)));
        assert!(!night.contains(at(241)) && !night.contains(at(1_319)));
    }
}
