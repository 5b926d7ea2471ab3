//! How long a remembered answer counts as fresh.
//!
//! ```text
//! days to departure, partner ─▶ base lifetime ┐
//! how often prices were seen to change ─▶ Pace ┴▶ fresh until
//! ```
//!
//! The sooner a flight leaves, the faster its price moves: 4 hours in the last week, 24 hours in the
//! last month, 36 hours before; "no flights" holds for 36 hours; to buy, a price may be 10 minutes old.
//! A [`Pace`] belongs to one partner and question: when an answer is replaced, a few of its prices are
//! compared with the new ones, and the lifetime becomes the time after which the settled share has
//! changed, between a quarter and twice the base.
//!
//! Pure: no clock, no randomness; equal observations give equal paces on every machine.

use domain::{Date, Money, PartnerId};
use runtime::{FixedMap, Limited};
use serde::{Deserialize, Serialize};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// An answer that was replaced sooner says nothing about how fast prices change.
const OBSERVED_MS_MIN: i64 = 60_000;
/// A quarter of an hour.
const WATCH_MS: u64 = 900_000;
/// Prices whose watching the base lifetime stands for.
const PRIOR: i64 = 24;

/// `[prices.freshness]`: lifetimes in minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FreshnessSettings {
    /// Departure within 7 days.
    pub this_week_minutes: Limited<1, 10_080>,
    /// Departure within 30 days.
    pub this_month_minutes: Limited<1, 10_080>,
    /// Departure later.
    pub later_minutes: Limited<1, 10_080>,
    /// The partner had no flights.
    pub no_flights_minutes: Limited<1, 10_080>,
    /// A price a traveller is about to buy.
    pub click_out_minutes: Limited<1, 60>,
    /// Of 1,000 prices, how many may have changed when an answer's time is over. 1,000 switches
    /// adapting off.
    pub changed_per_mille: Limited<1, 1_000>,
}

impl Default for FreshnessSettings {
    fn default() -> Self {
        Self {
            this_week_minutes: Limited::literal(240),
            this_month_minutes: Limited::literal(1_440),
            later_minutes: Limited::literal(2_160),
            no_flights_minutes: Limited::literal(2_160),
            click_out_minutes: Limited::literal(10),
            changed_per_mille: Limited::literal(20),
        }
    }
}

/// What is known about an answer's age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age {
    /// Who answered.
    pub partner: PartnerId,
    /// First day of travel.
    pub departs: Date,
    /// When it was seen, milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Whether there were offers.
    pub has_offers: bool,
    /// How fast its prices change.
    pub pace: Pace,
}

/// The rules: one set for everybody, others for single partners.
///
/// ```
/// use domain::{Date, PartnerId};
/// use prices::freshness::{Age, Freshness, Pace};
///
/// let freshness = Freshness::default();
/// let at_ms = 1_700_000_000_000;
/// let today = Date::from_days((at_ms / 86_400_000) as i32);
/// let age = Age {
///     partner: PartnerId::literal("acme"),
///     departs: today.plus_days(3),
///     at_ms,
///     has_offers: true,
///     pace: Pace::default(),
/// };
/// assert_eq!(freshness.fresh_until_ms(&age) - at_ms, 4 * 3_600_000);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Freshness {
    everybody: FreshnessSettings,
    partners: FixedMap<PartnerId, FreshnessSettings>,
}

impl Freshness {
    /// Rules for everybody.
    #[must_use]
    pub fn new(everybody: FreshnessSettings) -> Self {
        Self { everybody, partners: FixedMap::default() }
    }

    /// Other rules for one partner.
    #[must_use]
    pub fn with_partner(mut self, partner: PartnerId, settings: FreshnessSettings) -> Self {
        self.partners.insert(partner, settings);
        self
    }

    fn of(&self, partner: PartnerId) -> &FreshnessSettings {
        self.partners.get(&partner).unwrap_or(&self.everybody)
    }

    /// The moment from which an answer is stale, milliseconds since 1970 UTC.
    #[must_use]
    pub fn fresh_until_ms(&self, age: &Age) -> i64 {
        age.at_ms.saturating_add(self.lifetime_ms(age))
    }

    /// Whether a price may be sold as it is, or must be asked again first.
    #[must_use]
    pub fn may_be_bought(&self, partner: PartnerId, at_ms: i64, now_ms: i64) -> bool {
        let minutes = self.of(partner).click_out_minutes.get() as i64;
        now_ms.saturating_sub(at_ms) < minutes * 60_000
    }

    fn lifetime_ms(&self, age: &Age) -> i64 {
        let settings = self.of(age.partner);
        let days_left = i64::from(age.departs.days()) - age.at_ms.div_euclid(DAY_MS);
        // the day ends later west of UTC
        if days_left < -1 {
            return 0;
        }
        let minutes = match days_left {
            _ if !age.has_offers => settings.no_flights_minutes.get(),
            ..7 => settings.this_week_minutes.get(),
            7..30 => settings.this_month_minutes.get(),
            _ => settings.later_minutes.get(),
        };
        let base = minutes as i64 * 60_000;
        if age.has_offers { age.pace.adapt(base, settings.changed_per_mille.get()) } else { base }
    }
}

/// How often the prices of one partner for one question were seen to change: changes, and how long
/// how many prices were watched. Older observations fade by a quarter with each new one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pace {
    /// Changes, in sixteenths.
    changed: u16,
    /// Prices times quarters of an hour.
    watched: u16,
}

impl Pace {
    /// The pace of two stored numbers.
    pub(crate) const fn from_parts(changed: u16, watched: u16) -> Self {
        Self { changed, watched }
    }

    /// The numbers to store.
    pub(crate) const fn parts(self) -> (u16, u16) {
        (self.changed, self.watched)
    }

    /// Takes in that of `compared` prices `changed` had changed after that time.
    #[must_use]
    pub fn observe(self, compared: u32, changed: u32, elapsed_ms: i64) -> Self {
        if compared == 0 || elapsed_ms < OBSERVED_MS_MIN {
            return self;
        }
        let (compared, changed) = (u64::from(compared), u64::from(changed.min(compared)));
        // what changed did so half-way, as far as anybody knows
        let watched = (2 * compared - changed).saturating_mul(elapsed_ms as u64) / (2 * WATCH_MS);
        let faded = |old: u16, new: u64| {
            let sum = (u64::from(old) * 3 / 4).saturating_add(new);
            sum.min(u64::from(u16::MAX)) as u16
        };
        Self { changed: faded(self.changed, 16 * changed), watched: faded(self.watched, watched) }
    }

    /// The lifetime at this pace: as if, before anything was observed, [`PRIOR`] prices had been
    /// watched for the base lifetime and had changed as often as is settled.
    fn adapt(self, base_ms: i64, changed_per_mille: u64) -> i64 {
        if changed_per_mille >= 1_000 {
            return base_ms;
        }
        let settled = changed_per_mille as i64;
        let watched_ms = i64::from(self.watched) * WATCH_MS as i64 + PRIOR * base_ms;
        // thousandths of changes; a sixteenth is 125 / 2 of them
        let changed_twice = i64::from(self.changed) * 125 + 2 * PRIOR * settled;
        (2 * settled * watched_ms / changed_twice).clamp(base_ms / 4, base_ms * 2)
    }
}

/// Whether a price that was shown is as good as the real one: from 4% below it to 1% above.
#[must_use]
pub fn holds(shown: Money, real: Money) -> bool {
    let (shown_minor, real_minor) = (i128::from(shown.minor), i128::from(real.minor));
    let off = (real_minor - shown_minor) * 100;
    shown.currency == real.currency && -4 * shown_minor <= off && off <= shown_minor
}

#[cfg(test)]
mod tests;
