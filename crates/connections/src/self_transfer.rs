//! Joins two tickets at an airport: the traveller changes on their own, at their own risk.
//!
//! Flows in: arrivals and departures at hubs, each with a cost that the caller may leave 0. Flows
//! out: index pairs, cheapest first. Pure; knows neither flights nor prices.
//!
//! Cost: sorting both sides, then one step for each pair in the allowed span of time.

use domain::AirportCode;

/// Most pairs an answer holds, whatever the rules say.
pub const PAIRS_MAX: usize = 10_000;

/// An end of one ticket at a hub: the landing of the first, or the take-off of the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Where.
    pub airport: AirportCode,
    /// When, UTC minutes since 1970.
    pub at: i32,
    /// What this side costs, in any one unit; orders the pairs.
    pub cost: i64,
}

/// Times of a change on one's own, and how many are kept. All bounds are inclusive.
pub struct SelfTransferRules<'a> {
    /// Least time at one airport, minutes: bags are claimed and checked in again.
    pub change_min: u16,
    /// Longest time, minutes.
    pub change_max: u16,
    /// Least time between two airports, minutes; `None` for airports of different cities.
    pub between_min: &'a (dyn Fn(AirportCode, AirportCode) -> Option<u16> + Sync),
    /// Most pairs kept, at most [`PAIRS_MAX`].
    pub pairs_max: usize,
}

impl std::fmt::Debug for SelfTransferRules<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SelfTransferRules")
            .field("change_min", &self.change_min)
            .field("change_max", &self.change_max)
            .field("pairs_max", &self.pairs_max)
            .finish_non_exhaustive()
    }
}

impl SelfTransferRules<'_> {
    /// Least minutes from landing at one airport to taking off at another, or at the same; `None` if
    /// there is no change between them.
    fn least(&self, landing: AirportCode, next: AirportCode) -> Option<u16> {
        if landing == next {
            return Some(self.change_min);
        }
        (self.between_min)(landing, next).map(|min| min.max(self.change_min))
    }

    /// Whether a traveller who lands like this can take off like that.
    #[must_use]
    pub fn allows(&self, landing: Touch, next: Touch) -> bool {
        let wait = next.at.saturating_sub(landing.at);
        let least = self.least(landing.airport, next.airport);
        least.is_some_and(|min| wait >= i32::from(min)) && wait <= i32::from(self.change_max)
    }
}

/// An arrival and a departure that a traveller can join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SelfTransfer {
    /// Both costs.
    pub cost: i64,
    /// Minutes between landing and take-off.
    pub wait_minutes: i32,
    /// Index of the arrival.
    pub arrival: usize,
    /// Index of the departure.
    pub departure: usize,
}

/// The pairs that can be joined: cheapest first, then by wait, then by index; at most
/// [`SelfTransferRules::pairs_max`].
///
/// `fits` is asked about each pair that fits in time, for what else must hold: tickets with a way back
/// meet a second time.
#[must_use]
pub fn pair_self_transfers(
    arrivals: &[Touch],
    departures: &[Touch],
    rules: &SelfTransferRules<'_>,
    fits: &dyn Fn(usize, usize) -> bool,
) -> Vec<SelfTransfer> {
    let most = rules.pairs_max.min(PAIRS_MAX);
    if most == 0 {
        return Vec::new();
    }
    let mut by_hub: Vec<usize> = (0..departures.len()).collect();
    by_hub.sort_unstable_by_key(|&index| {
        let touch = &departures[index];
        (touch.airport, touch.at, index)
    });
    let mut pairs: Vec<SelfTransfer> = Vec::new();
    let hubs = || by_hub.chunk_by(|&a, &b| departures[a].airport == departures[b].airport);
    for (arrival, landing) in arrivals.iter().enumerate() {
        for hub in hubs() {
            let from = departures[hub[0]].airport;
            let Some(change_min) = rules.least(landing.airport, from) else { continue };
            let earliest = landing.at.saturating_add(i32::from(change_min));
            let latest = landing.at.saturating_add(i32::from(rules.change_max));
            let start = hub.partition_point(|&index| departures[index].at < earliest);
            for &departure in &hub[start..] {
                let next = &departures[departure];
                if next.at > latest {
                    break;
                }
                if !fits(arrival, departure) {
                    continue;
                }
                pairs.push(SelfTransfer {
                    cost: landing.cost.saturating_add(next.cost),
                    wait_minutes: next.at.saturating_sub(landing.at),
                    arrival,
                    departure,
                });
                if pairs.len() >= 2 * most {
                    keep_least(&mut pairs, most);
                }
            }
        }
    }
    keep_least(&mut pairs, most);
    pairs.sort_unstable();
    pairs
}

/// Keeps the least `most` pairs, in any order.
fn keep_least(pairs: &mut Vec<SelfTransfer>, most: usize) {
    if pairs.len() > most {
        pairs.select_nth_unstable(most - 1);
        pairs.truncate(most);
    }
}

#[cfg(test)]
mod tests;
