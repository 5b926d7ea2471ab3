//! What of partners' answers counts: the cheapest offer per airport pair, direct or not.
//!
//! ```text
//! &[Seen] ──reduce──▶ [Cheapest]   one a partner's answer, airport pair and kind
//! ```
//!
//! Counted are answers to questions of one adult in economy, one way or there and back, departing
//! on the asked days between airports that were asked. Offers without a price, of a currency
//! without a rate, and returns that do not come back between the same two airports are left out.
//!
//! Cost: one pass over the offers; airports are read once a run of offers of one itinerary.

use domain::{AgentId, AirportCode, Answer, Cabin, CarrierCode, Date, Money, Question, Segment};

use super::euro::{EuroRates, scale};
use crate::Seen;

/// Days between departure and return at most.
pub const STAY_MAX: i32 = 400;

/// The cheapest offer of one answer for an airport pair, direct or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cheapest {
    /// Index of the answer among those reduced.
    pub seen: u32,
    /// Comparable amount: parts of a euro, see [`EURO_UNIT`](super::euro::EURO_UNIT).
    pub eur: u32,
    /// From.
    pub origin: AirportCode,
    /// To.
    pub destination: AirportCode,
    /// Marketing carrier of the first flight out.
    pub out_carrier: CarrierCode,
    /// Marketing carrier of the first flight back.
    pub back_carrier: Option<CarrierCode>,
    /// Whether no leg changes planes.
    pub direct: bool,
    /// Low bits of the itinerary's key.
    pub itinerary: u32,
    /// Day of departure.
    pub departs: Date,
    /// Day of the return flight.
    pub returns: Option<Date>,
    /// The price as quoted.
    pub price: Money,
    /// The seller.
    pub agent: AgentId,
}

impl Cheapest {
    /// Cheaper first; equal prices are ordered by seller and itinerary.
    fn order(&self) -> (u32, AgentId, u32) {
        (self.eur, self.agent, self.itinerary)
    }
}

/// The low bits of an itinerary's key, which stand for it in an entry.
pub(crate) fn itinerary_mark(answer: &Answer, itinerary: u32) -> u32 {
    answer.keys().get(itinerary as usize).map_or(0, |key| key.0 as u32)
}

/// Reduces answers, in order.
#[must_use]
pub fn reduce(seen: &[Seen], rates: &EuroRates) -> Vec<Cheapest> {
    let mut rows = Vec::new();
    for (index, seen) in seen.iter().enumerate() {
        if let Some(trip) = Trip::of(&seen.question) {
            reduce_answer(&trip, index as u32, &seen.answer, rates, &mut rows);
        }
    }
    rows
}

/// A question that counts.
struct Trip<'a> {
    question: &'a Question,
    departs: Date,
    returns: Option<Date>,
}

impl<'a> Trip<'a> {
    fn of(question: &'a Question) -> Option<Self> {
        let party = &question.travellers;
        let one_adult = party.adults() == 1 && party.children().is_empty() && party.infants() == 0;
        if !one_adult || question.cabin != Cabin::Economy {
            return None;
        }
        match &question.legs[..] {
            [out] => Some(Self { question, departs: out.date, returns: None }),
            [out, back] => {
                let mirrored = out.origin.airports == back.destination.airports
                    && out.destination.airports == back.origin.airports;
                let stay = back.date.days().saturating_sub(out.date.days());
                (mirrored && (0..=STAY_MAX).contains(&stay)).then_some(Self {
                    question,
                    departs: out.date,
                    returns: Some(back.date),
                })
            }
            _ => None,
        }
    }

    /// Where an itinerary goes, if it is what was asked.
    fn route(&self, answer: &Answer, itinerary: u32) -> Option<Flown> {
        let asked = &self.question.legs[0];
        match *answer.itinerary_legs(itinerary) {
            [out] if self.returns.is_none() => {
                let (first, last, direct) = ends(answer, out)?;
                let fits = first.departs.date() == self.departs
                    && asked.origin.contains(first.origin)
                    && asked.destination.contains(last.destination);
                fits.then_some(Flown {
                    origin: first.origin,
                    destination: last.destination,
                    out_carrier: first.carrier,
                    back_carrier: None,
                    direct,
                })
            }
            [out, back] => {
                let (first, last, out_direct) = ends(answer, out)?;
                let (back_first, back_last, back_direct) = ends(answer, back)?;
                let fits = first.departs.date() == self.departs
                    && Some(back_first.departs.date()) == self.returns
                    && back_first.origin == last.destination
                    && back_last.destination == first.origin
                    && asked.origin.contains(first.origin)
                    && asked.destination.contains(last.destination);
                fits.then_some(Flown {
                    origin: first.origin,
                    destination: last.destination,
                    out_carrier: first.carrier,
                    back_carrier: Some(back_first.carrier),
                    direct: out_direct && back_direct,
                })
            }
            _ => None,
        }
    }
}

#[derive(Clone, Copy)]
struct Flown {
    origin: AirportCode,
    destination: AirportCode,
    out_carrier: CarrierCode,
    back_carrier: Option<CarrierCode>,
    direct: bool,
}

/// First and last segment of a leg, and whether they are the same.
fn ends(answer: &Answer, leg: u32) -> Option<(&Segment, &Segment, bool)> {
    let segments = answer.leg_segments(leg);
    let (first, last) = (*segments.first()?, *segments.last()?);
    let at = |index: u32| answer.segments().get(index as usize);
    Some((at(first)?, at(last)?, segments.len() == 1))
}

fn reduce_answer(
    trip: &Trip<'_>,
    seen: u32,
    answer: &Answer,
    rates: &EuroRates,
    rows: &mut Vec<Cheapest>,
) {
    let start = rows.len();
    let mut rate = None;
    let mut route: Option<(u32, Option<Flown>)> = None;
    for offer in answer.offers() {
        let Some(price) = offer.price else { continue };
        let per_minor = match rate {
            Some((currency, known)) if currency == price.currency => known,
            _ => {
                let known = rates.rate(price.currency);
                rate = Some((price.currency, known));
                known
            }
        };
        let Some(eur) = per_minor.and_then(|rate| scale(price.minor, rate)) else { continue };
        let flown = match route {
            Some((itinerary, known)) if itinerary == offer.itinerary => known,
            _ => {
                let known = trip.route(answer, offer.itinerary);
                route = Some((offer.itinerary, known));
                known
            }
        };
        let Some(flown) = flown else { continue };
        let row = rows[start..].iter_mut().find(|row| {
            row.origin == flown.origin
                && row.destination == flown.destination
                && row.direct == flown.direct
        });
        if row.as_ref().is_some_and(|row| row.eur < eur) {
            continue;
        }
        let Flown { origin, destination, out_carrier, back_carrier, direct } = flown;
        let offered = Cheapest {
            seen,
            eur,
            origin,
            destination,
            out_carrier,
            back_carrier,
            direct,
            itinerary: itinerary_mark(answer, offer.itinerary),
            departs: trip.departs,
            returns: trip.returns,
            price,
            agent: offer.agent,
        };
        match row {
            Some(row) if offered.order() < row.order() => *row = offered,
            Some(_) => {}
            None => rows.push(offered),
        }
    }
}
