//! What trips cost over time: "is that a good price?".
//!
//! ```text
//! &[Seen] ──reduce──▶ [Cheapest] ──take──▶ shard ▷ route ▷ trip ▷ days of observation
//!                          daily, for_trip ◀──────────────────────┘
//! ```
//!
//! A trip is a market, a pair of airports, a day of departure and a [`Stay`]. The price of a search
//! is the cheapest total a traveller could have bought: direct or not, because who asks whether a
//! price is good compares it with everything that could be had, and half as many searches a day
//! would stand behind each. Returns are joined by length of stay, since one pair of days is
//! searched too rarely to say anything. Prices are comparable amounts in euro, at the rates of the
//! day they were seen.
//!
//! Days are UTC days. What is seen of a day that is closed already, because something newer was
//! seen or [`History::expire`] ran on a later day, is not counted.
//!
//! Limits: [`HistorySettings`]; 1,024 pairs of airports a trip asked for. Memory is counted in
//! allocated bytes without the allocator's own; at the limit the share of the history with the
//! longest unobserved trip drops the eighth of its trips that were not observed for longest.
//!
//! Cost: 45 B a trip, 16 B a day of observation, and about 90 B while a day is open.
//!
//! Pure: no clock, no I/O; `now_ms` is an argument.

use std::sync::Arc;

use domain::{AirportCode, CountryCode, Date, Question};

mod series;
mod settings;
mod shard;
mod snapshot;
mod verdict;

pub use settings::HistorySettings;
pub use verdict::{HIGH_QUANTILE, LOW_QUANTILE, Outlook, POOL_DAYS, Verdict};

use crate::Seen;
use crate::indicative::{Cheapest, EuroRates, micro, reduce};
use crate::shares::{SHARES, Shares};
use series::{Day, Observed, day_of};
use shard::{Route, Shard};

/// Pairs of airports that are looked at for one trip; those of two large cities are 36.
const PAIRS_MAX: usize = 1_024;

const DAY_MS: i64 = 86_400_000;

/// How long a trip is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stay {
    /// One way.
    OneWay,
    /// Return after 0 to 3 days.
    Short,
    /// Return after 4 to 8 days.
    Week,
    /// Return after 9 to 16 days.
    Fortnight,
    /// Return after 17 days or more.
    Long,
}

impl Stay {
    /// The length of a trip.
    #[must_use]
    pub fn of(departs: Date, returns: Option<Date>) -> Self {
        match returns.map(|back| back.days().saturating_sub(departs.days())) {
            None => Self::OneWay,
            Some(..=3) => Self::Short,
            Some(4..=8) => Self::Week,
            Some(9..=16) => Self::Fortnight,
            Some(17..) => Self::Long,
        }
    }
}

/// What a traveller is about to book.
#[derive(Clone, Copy, Debug)]
pub struct Trip<'a> {
    /// Whose prices.
    pub market: CountryCode,
    /// Airports of departure: one, or those of a city.
    pub origins: &'a [AirportCode],
    /// Airports of arrival.
    pub destinations: &'a [AirportCode],
    /// Day of departure.
    pub departs: Date,
    /// Day of the return flight.
    pub returns: Option<Date>,
}

/// Prices of a trip as seen on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayPrices {
    /// Day of observation.
    pub day: Date,
    /// Lowest of the searches' cheapest prices, micro-euro.
    pub low_eur_micro: i64,
    /// Their median, micro-euro.
    pub median_eur_micro: i64,
    /// Their highest, micro-euro.
    pub high_eur_micro: i64,
    /// Searches, at most 65,535.
    pub searches: u32,
}

impl DayPrices {
    fn of(day: &Day) -> Self {
        Self {
            day: Date::from_days(i32::from(day.day)),
            low_eur_micro: micro(day.low),
            median_eur_micro: micro(day.median),
            high_eur_micro: micro(day.high),
            searches: u32::from(day.searches),
        }
    }
}

/// What [`History::take`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observations {
    /// Prices taken note of.
    pub taken: usize,
    /// Prices of days that are closed.
    pub late: usize,
    /// Trips that had to go because memory is at its limit.
    pub dropped: usize,
}

/// How much is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HistorySize {
    /// Trips.
    pub trips: usize,
    /// Days of observation.
    pub days: usize,
    /// Heap bytes.
    pub bytes: usize,
}

/// What trips cost over time.
///
/// ```
/// use domain::{AirportCode, CountryCode, Date};
/// use prices::history::{History, HistorySettings, Trip, Verdict};
///
/// let history = History::new(HistorySettings::default());
/// // Every partner's answer goes in: history.take(&seen, &rates, now_ms);
/// let now_ms = 1_700_000_000_000;
/// let trip = Trip {
///     market: CountryCode::literal("DE"),
///     origins: &[AirportCode::literal("EDI")],
///     destinations: &[AirportCode::literal("SIN")],
///     departs: Date::from_days(19_800),
///     returns: Some(Date::from_days(19_814)),
/// };
/// let price_eur_micro = 412_000_000;
/// let outlook = history.for_trip(&trip, price_eur_micro, now_ms);
/// assert_eq!((outlook.verdict, outlook.searches), (Verdict::Unknown, 0));
/// ```
#[derive(Debug)]
pub struct History {
    settings: HistorySettings,
    shares: Shares<Shard>,
}

impl History {
    /// An empty history.
    #[must_use]
    pub fn new(settings: HistorySettings) -> Self {
        Self { settings, shares: Shares::default() }
    }

    /// Takes note of answers; `rates` make prices comparable.
    pub fn take(&self, seen: &[Seen], rates: &EuroRates, now_ms: i64) -> Observations {
        self.take_reduced(seen, &reduce(seen, rates), now_ms)
    }

    /// Takes note of answers that are reduced already; `rows` are of these answers, in order.
    pub fn take_reduced(&self, seen: &[Seen], rows: &[Cheapest], now_ms: i64) -> Observations {
        let mut done = Observations::default();
        let (now_s, today) = (seconds(now_ms), today(now_ms));
        let horizon = today + self.settings.horizon_days.get() as i32;
        let first = self.first_day(now_ms);
        let mut asked: Option<(&Arc<Question>, u64)> = None;
        for row in rows {
            let Some(answered) = seen.get(row.seen as usize) else { continue };
            let departs = row.departs.days();
            let observed = Observed {
                question: match asked {
                    Some((question, mark)) if Arc::ptr_eq(question, &answered.question) => mark,
                    _ => {
                        let mark = answered.question.key().0 as u64;
                        asked = Some((&answered.question, mark));
                        mark
                    }
                },
                at_s: seconds(answered.at_ms).min(now_s),
                eur: row.eur,
            };
            if !(today..=horizon).contains(&departs) || observed.day() < first {
                continue;
            }
            let Ok(departs) = u16::try_from(departs) else { continue };
            let market = answered.question.market;
            let route = Route { market, origin: row.origin, destination: row.destination };
            let stay = Stay::of(row.departs, row.returns) as u8;
            let taken = self.shares.change(route.shard(SHARES), |shard| {
                shard.observe(route, departs, stay, &observed)
            });
            done.taken += usize::from(taken);
            done.late += usize::from(!taken);
        }
        done.dropped = self.shares.make_room(self.settings.bytes_max.size());
        done
    }

    /// Drops trips that have departed everywhere and days of observation that are too old, and
    /// closes days that are over; call it at least daily. Returns how many trips went.
    pub fn expire(&self, now_ms: i64) -> usize {
        let (today, first, newest) =
            (today(now_ms), self.first_day(now_ms), day_of(seconds(now_ms)));
        let expire = |shard: &mut Shard| {
            shard.retain(|_, series| {
                series.close_before(newest);
                series.drop_before(first);
                i32::from(series.departs) >= today && !series.is_empty()
            })
        };
        self.shares.change_all(expire)
    }

    /// Forgets what trips from one airport to another cost, in every market. Returns how many went.
    /// What a partner or a carrier contributed cannot be taken out: a day keeps its lowest, middle and
    /// highest price, not whose they were.
    pub fn forget_route(&self, origin: AirportCode, destination: AirportCode) -> usize {
        self.shares.change_all(|shard| {
            shard.retain(|route, _| (route.origin, route.destination) != (origin, destination))
        })
    }

    /// Trips that had to go because memory was at its limit, since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shares.dropped()
    }

    /// How much is held.
    #[must_use]
    pub fn size(&self) -> HistorySize {
        let mut size = HistorySize::default();
        for shard in self.shares.each() {
            size.trips += shard.trips;
            size.bytes += shard.bytes;
            size.days += shard.days();
        }
        size
    }

    /// Visits the days of observation of a trip's pairs of airports, with the day of departure.
    fn visit(&self, trip: &Trip<'_>, around: i32, now_ms: i64, mut each: impl FnMut(u16, Day)) {
        let first = self.first_day(now_ms);
        let stay = Stay::of(trip.departs, trip.returns) as u8;
        let departs = trip.departs.days();
        let from = departs.saturating_sub(around).max(today(now_ms));
        let to = departs.saturating_add(around);
        let pairs = trip.origins.iter().flat_map(|&origin| {
            trip.destinations.iter().map(move |&destination| (origin, destination))
        });
        for (origin, destination) in pairs.take(PAIRS_MAX) {
            let route = Route { market: trip.market, origin, destination };
            let shard = self.shares.read(route.shard(SHARES));
            for series in shard.series(&route, stay, from, to) {
                series.days_from(first).for_each(|day| each(series.departs, day));
            }
        }
    }

    /// First day of observation that counts.
    fn first_day(&self, now_ms: i64) -> u16 {
        let kept = self.settings.days_kept.get() as u16;
        day_of(seconds(now_ms)).saturating_sub(kept - 1)
    }
}

/// First day of departure that is not over everywhere on Earth, days since 1970: a day is over
/// everywhere once it is over at UTC-12.
fn today(now_ms: i64) -> i32 {
    let today = now_ms.saturating_sub(DAY_MS / 2).div_euclid(DAY_MS);
    today.clamp(0, i64::from(u16::MAX)) as i32
}

/// Milliseconds as whole seconds, within 1970..2106.
fn seconds(ms: i64) -> u32 {
    ms.div_euclid(1_000).clamp(0, i64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests;
