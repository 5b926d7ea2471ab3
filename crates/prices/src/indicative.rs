//! Indicative prices: the cheapest price seen per route and days, from what travellers asked.
//!
//! ```text
//! &[Seen] ──reduce──▶ [Cheapest] ──take──▶ shard ▷ origin ▷ destination ▷ month ▷ entries by day
//!                                                              │   └ cheapest of each kind
//!                        by_route, by_date, by_days ◀──────────┘
//! ```
//!
//! A price is kept per market of the question, airports, day of departure, day of the return flight
//! or none, direct or not. What counts is said at [`reduce()`], which price stays at [`Indicative`].
//! A market sees its own prices only, because sellers price by market.
//!
//! Limits: [`IndicativeSettings`]; 400 days between departure and return. Memory is counted in
//! allocated bytes without the allocator's own; at the limit the share of the index with the oldest
//! price drops the oldest eighth of its prices.
//!
//! Cost: an entry is 40 B, and 46 B with its share of the tree (`cargo xtask bench prices`).
//! Listing by route reads one summary a route and month, and enters a month only where its cheapest
//! price could win but is not of the asked days. Readers of one share wait for its writers, which
//! hold it for one batch's prices of one origin.
//!
//! Pure: no clock, no I/O; `now_ms` is an argument.

use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use domain::{AgentId, AirportCode, CarrierCode, Date, Money, PartnerId};

mod by_date;
mod by_route;
pub(crate) mod bytes;
mod days;
mod digest;
mod entry;
mod euro;
mod month;
mod query;
mod reduce;
mod settings;
mod shard;
mod snapshot;
mod when;

pub use by_date::{ByDate, DateGroup, DateUnit, DayPair};
pub use by_route::RouteGroup;
pub use bytes::SnapshotError;
pub use digest::{DIGESTS_MAX, Digest, DigestError};
pub(crate) use euro::micro;
pub use euro::{EURO_UNIT, EuroRates};
pub use query::{Ask, Places, QuotePair};
pub use reduce::{Cheapest, STAY_MAX, reduce};
pub use settings::IndicativeSettings;
pub use when::{Month, When};

use crate::Seen;
use crate::shares::{SHARES, Shares};
use entry::{Entry, Slot, partner_mark};
use month::Put;
use reduce::itinerary_mark;
use shard::{Node, Shard};

const DAY_MS: i64 = 86_400_000;

/// A remembered price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// From.
    pub origin: AirportCode,
    /// To.
    pub destination: AirportCode,
    /// Day of departure.
    pub departs: Date,
    /// Day of the return flight.
    pub returns: Option<Date>,
    /// Whether no leg changes planes.
    pub direct: bool,
    /// The price as it was quoted, for one adult.
    pub price: Money,
    /// The price in micro-euro at the rates of when it was seen, for comparing only.
    pub eur_micro: i64,
    /// The seller.
    pub agent: AgentId,
    /// Marketing carrier of the first flight out.
    pub out_carrier: CarrierCode,
    /// Marketing carrier of the first flight back.
    pub back_carrier: Option<CarrierCode>,
    /// When it was seen, milliseconds since 1970 UTC, to the second.
    pub seen_ms: i64,
}

/// What is to be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forget {
    /// Everything a partner said.
    Partner(PartnerId),
    /// Everything from one airport to another.
    Route(AirportCode, AirportCode),
    /// Everything whose first flight out or back is marketed by a carrier.
    Carrier(CarrierCode),
}

/// What [`Indicative::take`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Prices that stand where none stood.
    pub added: usize,
    /// Prices that stand instead of another.
    pub replaced: usize,
    /// Prices that had to go because memory is at its limit.
    pub dropped: usize,
}

/// How much is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndicativeSize {
    /// Prices, recent or not.
    pub entries: usize,
    /// Heap bytes.
    pub bytes: usize,
}

/// The index of indicative prices.
///
/// Of two prices of one slot (market, airports, days, direct or not) the cheaper one stays, except:
/// * a price that is too old, or whose day of departure is over everywhere, is not there at all;
/// * an answer with the held price's itinerary from the same seller, not seen earlier, says what
///   that costs now: the cheapest of the new answer stands, even if it is dearer;
/// * an offer of the same itinerary and seller that was seen earlier changes nothing.
///
/// So a confirmed price becomes younger, and a price of another seller that is only equal changes
/// nothing. A time of seeing that lies in the future counts as now.
///
/// ```
/// use std::sync::Arc;
/// use domain::answer::{AnswerFull, Limits};
/// use domain::{AgentId, AirportCode, AnswerBuilder, Cabin, CarrierCode, CountryCode,
///     CurrencyCode, Date, FlightNumber, Money, Offer, PartnerId, Place, PlaceSet, Question,
///     QuestionLeg, Segment, Travellers};
/// use prices::{Seen, indicative::{Ask, EuroRates, Indicative, IndicativeSettings, Places, When}};
///
/// let (edi, sin) = (AirportCode::literal("EDI"), AirportCode::literal("SIN"));
/// let (market, eur) = (CountryCode::literal("DE"), CurrencyCode::literal("EUR"));
/// let (now_ms, date) = (1_700_000_000_000, Date::from_days(19_700));
///
/// // A partner has one flight for one adult in economy.
/// let airport = |code| PlaceSet { asked: Place::Airport(code), airports: vec![code] };
/// let question = Question {
///     legs: vec![QuestionLeg { origin: airport(edi), destination: airport(sin), date }],
///     cabin: Cabin::Economy,
///     travellers: Travellers::one_adult(),
///     market,
/// };
/// let carrier = CarrierCode::literal("BA");
/// let mut answer = AnswerBuilder::new(Limits::default());
/// let segment = answer.segment(Segment {
///     departs: date.at_minute(600), arrives: date.at_minute(1_400), number: FlightNumber::new(11),
///     origin: edi, destination: sin, carrier, operating: carrier,
/// });
/// let leg = answer.leg(&[segment])?;
/// let itinerary = answer.itinerary(&[leg])?;
/// let price = Some(Money::new(41_200, eur));
/// answer.offer(Offer::plain(AgentId::literal("shop"), itinerary, price), &[])?;
/// let partner = PartnerId::literal("acme");
/// let (question, answer) = (Arc::new(question), Arc::new(answer.finish()));
///
/// let rates = Arc::new(EuroRates::from(atlas::atlas().rates()));
/// let index = Indicative::new(IndicativeSettings::default(), rates);
/// index.take(&[Seen { partner, question, at_ms: now_ms, answer }], now_ms);
///
/// // Where can I go from Edinburgh?
/// let origin = Places::Airports(&[edi]);
/// let ask =
///     Ask { market, origin, destination: Places::Anywhere, out: When::Anytime, back: None };
/// let country = |airport| Some(atlas::atlas().airport(airport)?.country);
/// let groups = index.by_route(&ask, country, country, now_ms);
/// assert_eq!(groups[0].destination, CountryCode::literal("SG"));
/// assert_eq!(groups[0].quotes.cheapest().map(|quote| quote.price), price);
/// # Ok::<(), AnswerFull>(())
/// ```
#[derive(Debug)]
pub struct Indicative {
    settings: IndicativeSettings,
    rates: RwLock<Arc<EuroRates>>,
    shares: Shares<Shard>,
}

/// What `now` means for prices.
#[derive(Clone, Copy, Debug)]
struct Window {
    /// First day that is not over everywhere on Earth, days since 1970.
    today: i32,
    /// Last day that counts.
    horizon: i32,
    now_s: u32,
    seen_after_s: u32,
}

impl Indicative {
    /// An empty index. `rates` make prices of different currencies comparable.
    #[must_use]
    pub fn new(settings: IndicativeSettings, rates: Arc<EuroRates>) -> Self {
        Self { settings, rates: RwLock::new(rates), shares: Shares::default() }
    }

    /// How long a price counts, milliseconds.
    #[must_use]
    pub fn keep_ms(&self) -> i64 {
        i64::try_from(self.settings.keep_s.get()).unwrap_or(i64::MAX).saturating_mul(1_000)
    }

    /// The rates in use.
    #[must_use]
    pub fn rates(&self) -> Arc<EuroRates> {
        Arc::clone(&self.rates.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Uses other rates for prices taken from now on; held ones keep their comparable amount.
    pub fn set_rates(&self, rates: Arc<EuroRates>) {
        *self.rates.write().unwrap_or_else(PoisonError::into_inner) = rates;
    }

    /// Takes note of answers.
    pub fn take(&self, seen: &[Seen], now_ms: i64) -> Taken {
        let rows = reduce(seen, &self.rates());
        self.take_reduced(seen, &rows, now_ms)
    }

    /// The same, and what of it [others are to be told](Digest): the prices that stand now.
    pub fn take_and_digest(&self, seen: &[Seen], now_ms: i64) -> (Taken, Vec<Digest>) {
        let rows = reduce(seen, &self.rates());
        let mut digests = Vec::new();
        let taken = self.take_rows(seen, &rows, now_ms, |one| digests.push(one));
        (taken, digests)
    }

    /// Takes note of answers that are reduced already; `rows` are of these answers, in order.
    pub fn take_reduced(&self, seen: &[Seen], rows: &[Cheapest], now_ms: i64) -> Taken {
        self.take_rows(seen, rows, now_ms, |_| ())
    }

    fn take_rows(
        &self,
        seen: &[Seen],
        rows: &[Cheapest],
        now_ms: i64,
        mut changed: impl FnMut(Digest),
    ) -> Taken {
        let (window, rates) = (self.window(now_ms), self.rates());
        let placed = rows.iter().filter_map(|row| {
            let answered = seen.get(row.seen as usize)?;
            Some((window.place(row, answered)?, answered))
        });
        let mut taken = Taken::default();
        let mut writer = Writer { index: self, held: None };
        for (mut one, answered) in placed {
            let mut instead_of = None;
            let put = writer.put(&one, window.seen_after_s, |old| {
                let again = answer_has(answered, old, &rates);
                instead_of = again.then_some((old.agent, old.itinerary));
                again
            });
            one.instead_of = instead_of;
            taken.count(put);
            if put != Put::Kept {
                changed(one);
            }
        }
        drop(writer);
        taken.dropped = self.shares.make_room(self.settings.bytes_max.size());
        taken
    }

    /// Takes note of prices that [others tell](Digest). What a partner told of the same days before is
    /// what it said before: a later price of it stands even if it is dearer.
    pub fn take_digests(&self, digests: &[Digest], now_ms: i64) -> Taken {
        let window = self.window(now_ms);
        let mut taken = Taken::default();
        let mut writer = Writer { index: self, held: None };
        for one in digests {
            let mut one = *one;
            one.entry.seen_s = one.entry.seen_s.min(window.now_s);
            if window.admits(one.entry.seen_s, one.departs()) {
                let (partner, instead_of) = (one.entry.partner, one.instead_of);
                taken.count(writer.put(&one, window.seen_after_s, |old| {
                    old.partner == partner || Some((old.agent, old.itinerary)) == instead_of
                }));
            }
        }
        drop(writer);
        taken.dropped = self.shares.make_room(self.settings.bytes_max.size());
        taken
    }

    /// Drops prices that are too old or whose day of departure is over; call it every few minutes.
    /// Queries never show such prices; this frees their memory. Returns how many went.
    pub fn expire(&self, now_ms: i64) -> usize {
        let window = self.window(now_ms);
        self.retain(|_, _, first_day, entry| {
            let departs = first_day + i32::from(entry.slot.day());
            entry.seen_s > window.seen_after_s && departs >= window.today
        })
    }

    /// Forgets prices that were seen until a moment, to the second. Returns how many went.
    pub fn forget(&self, what: Forget, until_ms: i64) -> usize {
        let until_s = seconds(until_ms);
        self.retain(|node, destination, _, entry| {
            let concerned = match what {
                Forget::Partner(partner) => entry.partner == partner_mark(partner),
                Forget::Route(from, to) => node.airport == from && destination == to,
                Forget::Carrier(carrier) => entry.flown_by(carrier),
            };
            !concerned || entry.seen_s > until_s
        })
    }

    /// Prices that had to go because memory was at its limit, since the start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shares.dropped()
    }

    /// How much is held.
    #[must_use]
    pub fn size(&self) -> IndicativeSize {
        let mut size = IndicativeSize::default();
        for shard in self.shares.each() {
            size.entries += shard.entries;
            size.bytes += shard.bytes;
        }
        size
    }

    fn retain(&self, keep: impl Fn(Node, AirportCode, i32, &Entry) -> bool) -> usize {
        self.shares.change_all(|shard| shard.retain(&keep))
    }

    fn window(&self, now_ms: i64) -> Window {
        // The day is over everywhere once it is over at UTC-12.
        let today = now_ms.saturating_sub(DAY_MS / 2).div_euclid(DAY_MS);
        let today = today.clamp(0, i64::from(i32::MAX / 2)) as i32;
        Window {
            today,
            horizon: today + self.settings.horizon_days.get() as i32,
            now_s: seconds(now_ms),
            seen_after_s: seconds(now_ms.saturating_sub(self.keep_ms())),
        }
    }
}

impl Window {
    /// The price of a reduced offer and where it goes; `None` if it is too old or its days do not
    /// count.
    fn place(&self, row: &Cheapest, seen: &Seen) -> Option<Digest> {
        let seen_s = seconds(seen.at_ms).min(self.now_s);
        let departs = row.departs.days();
        if !self.admits(seen_s, departs) {
            return None;
        }
        let month = Month::of(row.departs)?;
        let day = departs - month.first_day().days();
        let stay = row.returns.map(|back| (back.days() - departs) as u16);
        let slot = Slot::new(day as u16, stay, row.direct);
        let node = Node { market: seen.question.market, airport: row.origin };
        let entry = Entry::of(row, slot, seen_s, partner_mark(seen.partner));
        Some(Digest { node, destination: row.destination, month, instead_of: None, entry })
    }

    /// Whether a price that was seen then, of a departure on that day, counts.
    fn admits(&self, seen_s: u32, departs: i32) -> bool {
        seen_s > self.seen_after_s && (self.today..=self.horizon).contains(&departs)
    }
}

impl Taken {
    fn count(&mut self, put: Put) {
        self.added += usize::from(put == Put::Added);
        self.replaced += usize::from(put == Put::Replaced);
    }
}

/// Puts one price after the other, holding one share at a time for as long as it is the same.
struct Writer<'a> {
    index: &'a Indicative,
    held: Option<(usize, RwLockWriteGuard<'a, Shard>)>,
}

impl Writer<'_> {
    fn put(
        &mut self,
        one: &Digest,
        seen_after_s: u32,
        seen_again: impl FnOnce(&Entry) -> bool,
    ) -> Put {
        let Digest { node, destination, month, entry, .. } = *one;
        let index = node.shard(SHARES);
        let shares = &self.index.shares;
        let shard = match &mut self.held {
            Some((at, shard)) if *at == index => shard,
            _ => {
                // One lock at a time.
                drop(self.held.take());
                &mut self.held.insert((index, shares.open(index))).1
            }
        };
        shares.count(shard, |shard| {
            shard.put(node, destination, month, entry.seen_s, |month| {
                month.put(entry, seen_after_s, seen_again)
            })
        })
    }
}

/// Whether an answer prices the held price's itinerary from the same seller.
fn answer_has(seen: &Seen, held: &Entry, rates: &EuroRates) -> bool {
    let answer = &seen.answer;
    answer.offers().iter().any(|offer| {
        offer.agent == held.agent
            && itinerary_mark(answer, offer.itinerary) == held.itinerary
            && offer.price.is_some_and(|price| rates.parts(price).is_some())
    })
}

/// Milliseconds as whole seconds, within 1970..2106.
fn seconds(ms: i64) -> u32 {
    ms.div_euclid(1_000).clamp(0, i64::from(u32::MAX)) as u32
}

#[cfg(test)]
pub(crate) mod tests;
