//! What partners offer for a question at a moment.
//!
//! A question has [`JOURNEYS`]; a partner has no flights ([`EMPTY`]) or offers [`OFFERS`] of them, at
//! the fares of their flights plus its own margin.

use anyhow::{Context, Result};
use domain::answer::Limits;
use domain::{
    AgentId, Answer, AnswerBuilder, BagAllowance, CarrierCode, CurrencyCode, FlightNumber, Money,
    Offer, Question, QuestionKey, Segment,
};
use sandbox::noise;

use super::fares::Fares;

/// The share of partners without flights for a question.
/// Source: one recorded search, 33 sellers asked and 21 with prices.
pub(super) const EMPTY: f64 = 12.0 / 33.0;
/// Journeys of a question.
pub(super) const JOURNEYS: usize = 12;
const OFFERS: usize = 6;
const EUR: CurrencyCode = CurrencyCode::literal("EUR");

/// The journey that begins with a flight.
pub(super) fn journey_of(first: &Segment) -> usize {
    (first.number.number() as usize).wrapping_sub(100)
}

/// What there is for a question at a moment.
pub(super) struct Offered {
    key: u64,
    /// What each journey costs one adult, in cents.
    cents: [f64; JOURNEYS],
    seats: f64,
}

impl Offered {
    pub(super) fn new(question: &Question, key: QuestionKey, fares: &Fares, now_ms: i64) -> Self {
        let mut cents = [0.0; JOURNEYS];
        for (way, leg) in question.legs.iter().enumerate() {
            let end = |airports: &[domain::AirportCode]| {
                airports.first().map_or(0, |airport| u64::from(airport.packed()))
            };
            let route =
                noise::draw(0x40, &[end(&leg.origin.airports), end(&leg.destination.airports)]);
            let level = noise::between(route, 4_000.0, 40_000.0);
            let departs = i64::from(leg.date.days());
            for (journey, cents) in cents.iter_mut().enumerate() {
                let number = flight_of(journey, way) as u64;
                let flight = noise::draw(route, &[departs as u64, number, question.cabin as u64]);
                *cents +=
                    level * noise::between(flight, 0.8, 1.4) * fares.level(flight, departs, now_ms);
            }
        }
        Self { key: key.0 as u64, cents, seats: f64::from(question.travellers.seats()) }
    }

    /// The journeys a partner offers.
    pub(super) fn journeys(&self, partner: usize) -> impl Iterator<Item = usize> {
        let draw = noise::draw(self.key, &[partner as u64]);
        let offers = if noise::unit(draw) < EMPTY { 0 } else { OFFERS };
        let first = noise::below(noise::mix(draw), JOURNEYS as u64) as usize;
        (0..offers).map(move |step| (first + 5 * step) % JOURNEYS)
    }

    pub(super) fn price(&self, journey: usize, partner: usize) -> Money {
        let margin = 1.0 + 0.06 * noise::unit(noise::mix(partner as u64));
        Money::new((self.cents[journey] * margin * self.seats).round() as i64, EUR)
    }

    pub(super) fn answer(
        &self,
        question: &Question,
        partner: usize,
        agent: AgentId,
    ) -> Result<Answer> {
        let mut builder = AnswerBuilder::new(Limits::default());
        for journey in self.journeys(partner) {
            let mut legs = [0; 2];
            let ways = question.legs.len().min(2);
            for (way, leg) in question.legs.iter().take(ways).enumerate() {
                let number = flight_of(journey, way);
                let ends = leg.origin.airports.first().zip(leg.destination.airports.first());
                let (&origin, &destination) = ends.context("a leg without airports")?;
                let departs = leg.date.at_minute(360 + 70 * number as i32);
                let carrier = CarrierCode::literal(["BA", "LH", "AF", "U2"][number % 4]);
                let segment = builder.segment(Segment {
                    departs,
                    arrives: departs.plus_minutes(150),
                    number: FlightNumber::new(100 + number as u16),
                    origin,
                    destination,
                    carrier,
                    operating: carrier,
                });
                legs[way] = builder.leg(&[segment])?;
            }
            let itinerary = builder.itinerary(&legs[..ways])?;
            let price = self.price(journey, partner);
            let offer = Offer {
                cabin_bags: BagAllowance::Included(1),
                checked_bags: BagAllowance::Included(0),
                emissions_grams: 90_000,
                ..Offer::plain(agent, itinerary, Some(price))
            };
            builder.offer(offer, &[])?;
        }
        Ok(builder.finish())
    }
}

/// The flight that a journey takes out or back: no two journeys share one.
fn flight_of(journey: usize, way: usize) -> usize {
    (journey * [1, 7][way.min(1)]) % JOURNEYS
}
