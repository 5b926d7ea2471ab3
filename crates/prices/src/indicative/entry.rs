//! One remembered price, packed.

use domain::{AgentId, AirportCode, CarrierCode, CurrencyCode, Date, Money, PartnerId};

use super::Quote;
use super::euro::micro;
use super::reduce::Cheapest;

/// A trip within the month it departs in, in an order that listing needs: one-way before return,
/// then day of departure, then days until the return flight, then indirect before direct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(pub(super) u16);

impl Slot {
    const RETURN: u16 = 1 << 15;

    /// `day` is the day of the month from 0; `stay` the days until the return flight.
    pub(super) fn new(day: u16, stay: Option<u16>, direct: bool) -> Self {
        let shape = stay.map_or(0, |stay| Self::RETURN | (stay & 511) << 1);
        Self(shape | (day & 31) << 10 | u16::from(direct))
    }

    /// The slots of these days of the month (from 0, both included): first, and first no longer.
    pub(super) fn range(returns: bool, first: u16, last: u16) -> (Self, Self) {
        let shape = if returns { Self::RETURN } else { 0 };
        (Self(shape + (first.min(31) << 10)), Self(shape + ((last.min(30) + 1) << 10)))
    }

    pub(super) const fn day(self) -> u16 {
        (self.0 >> 10) & 31
    }

    pub(super) const fn stay(self) -> Option<u16> {
        if self.returns() { Some((self.0 >> 1) & 511) } else { None }
    }

    pub(super) const fn returns(self) -> bool {
        self.0 & Self::RETURN != 0
    }

    pub(super) const fn direct(self) -> bool {
        self.0 & 1 == 1
    }
}

/// A price as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) slot: Slot,
    pub(super) out_carrier: CarrierCode,
    /// Of one-way trips the one out.
    pub(super) back_carrier: CarrierCode,
    pub(super) currency: CurrencyCode,
    /// When it was seen, seconds since 1970.
    pub(super) seen_s: u32,
    /// Parts of a euro.
    pub(super) eur: u32,
    /// Low bits of the itinerary's key.
    pub(super) itinerary: u32,
    /// Fingerprint of the partner.
    pub(super) partner: u32,
    pub(super) minor: i64,
    pub(super) agent: AgentId,
}

const _: () = assert!(size_of::<Entry>() == 40, "the memory of an index is counted in these");

/// A partner's fingerprint. Two partners may share one; then forgetting one forgets both.
pub(super) fn partner_mark(partner: PartnerId) -> u32 {
    let mixed = u128::from(partner.packed()) * 0x9E37_79B9_7F4A_7C15;
    ((mixed as u64) ^ (mixed >> 64) as u64) as u32
}

impl Entry {
    pub(super) fn of(row: &Cheapest, slot: Slot, seen_s: u32, partner: u32) -> Self {
        Self {
            slot,
            out_carrier: row.out_carrier,
            back_carrier: row.back_carrier.unwrap_or(row.out_carrier),
            currency: row.price.currency,
            seen_s,
            eur: row.eur,
            itinerary: row.itinerary,
            partner,
            minor: row.price.minor,
            agent: row.agent,
        }
    }

    /// Whether both prices are of the same itinerary at the same seller.
    pub(super) fn same_offer(&self, other: &Self) -> bool {
        self.agent == other.agent && self.itinerary == other.itinerary
    }

    pub(super) fn flown_by(&self, carrier: CarrierCode) -> bool {
        self.out_carrier == carrier || self.back_carrier == carrier
    }
}

/// An entry with where and when it departs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub(super) origin: AirportCode,
    pub(super) destination: AirportCode,
    /// First day of the month of departure, days since 1970.
    pub(super) first_day: i32,
    pub(super) entry: Entry,
}

impl Hit {
    /// Cheaper first, then earlier departure, earlier return, airports.
    pub(super) fn order(&self) -> (u32, i32, Slot, AirportCode, AirportCode) {
        (self.entry.eur, self.first_day, self.entry.slot, self.origin, self.destination)
    }

    /// The quote as a caller sees it.
    pub(super) fn quote(&self) -> Quote {
        let (entry, slot) = (&self.entry, self.entry.slot);
        let departs = Date::from_days(self.first_day + i32::from(slot.day()));
        Quote {
            origin: self.origin,
            destination: self.destination,
            departs,
            returns: slot.stay().map(|stay| departs.plus_days(i32::from(stay))),
            direct: slot.direct(),
            price: Money::new(entry.minor, entry.currency),
            eur_micro: micro(entry.eur),
            agent: entry.agent,
            out_carrier: entry.out_carrier,
            back_carrier: slot.returns().then_some(entry.back_carrier),
            seen_ms: i64::from(entry.seen_s) * 1_000,
        }
    }
}
