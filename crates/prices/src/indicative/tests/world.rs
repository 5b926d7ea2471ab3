//! Small answers for tests, written down as what is in them.

use std::sync::Arc;

use domain::answer::Limits;
use domain::{
    AgentId, AirportCode, AnswerBuilder, Cabin, CarrierCode, CountryCode, CurrencyCode, Date,
    FlightNumber, LocalTime, Money, Offer, PartnerId, Place, PlaceSet, Question, QuestionLeg,
    Segment, Travellers,
};

use crate::Seen;
use crate::indicative::EuroRates;

pub(crate) const DAY_MS: i64 = 86_400_000;
/// 2027-04-02T12:00 UTC.
pub(crate) const NOW: i64 = 20_910 * DAY_MS + DAY_MS / 2;

pub(crate) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn airport(code: &str) -> AirportCode {
    AirportCode::literal(code)
}

pub(crate) fn airports(codes: &[&str]) -> Vec<AirportCode> {
    let mut airports: Vec<_> = codes.iter().map(|code| airport(code)).collect();
    airports.sort_unstable();
    airports
}

/// One euro is two `XTS`; `XXX` has no rate.
pub(crate) fn rates() -> Arc<EuroRates> {
    let (eur, half) = (CurrencyCode::literal("EUR"), CurrencyCode::literal("XTS"));
    Arc::new(EuroRates::new([(eur, 0.01), (half, 0.005)]))
}

/// One itinerary at one seller. `back` is where a return starts and ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Offered {
    pub(crate) origin: AirportCode,
    pub(crate) destination: AirportCode,
    pub(crate) back: (AirportCode, AirportCode),
    /// Flights out and back; 1 is direct.
    pub(crate) flights: (usize, usize),
    pub(crate) number: u16,
    pub(crate) carriers: (CarrierCode, CarrierCode),
    pub(crate) agent: AgentId,
    pub(crate) minor: Option<i64>,
    pub(crate) currency: CurrencyCode,
}

impl Offered {
    /// A direct offer for an amount in euro cents, there and back between the same airports.
    pub(crate) fn new(route: &str, minor: i64) -> Self {
        let (origin, destination) = (airport(&route[..3]), airport(&route[4..]));
        Self {
            origin,
            destination,
            back: (destination, origin),
            flights: (1, 1),
            number: 1,
            carriers: (CarrierCode::literal("KL"), CarrierCode::literal("AF")),
            agent: AgentId::literal("seller"),
            minor: Some(minor),
            currency: CurrencyCode::literal("EUR"),
        }
    }

    pub(crate) fn stops(self) -> Self {
        Self { flights: (2, 1), ..self }
    }

    pub(crate) fn number(self, number: u16) -> Self {
        Self { number, ..self }
    }

    pub(crate) fn agent(self, agent: &str) -> Self {
        Self { agent: AgentId::literal(agent), ..self }
    }
}

/// One answer.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) market: CountryCode,
    pub(crate) from: Vec<AirportCode>,
    pub(crate) to: Vec<AirportCode>,
    pub(crate) out: Date,
    pub(crate) back: Option<Date>,
    pub(crate) adults: u32,
    pub(crate) cabin: Cabin,
    pub(crate) partner: PartnerId,
    pub(crate) at_ms: i64,
    pub(crate) offers: Vec<Offered>,
}

impl Told {
    /// One adult asks for one way; the question's airports are those of the offers.
    pub(crate) fn new(out: Date, offers: Vec<Offered>) -> Self {
        let ends = |end: fn(&Offered) -> AirportCode| {
            let mut airports: Vec<_> = offers.iter().map(end).collect();
            airports.sort_unstable();
            airports.dedup();
            airports
        };
        Self {
            market: CountryCode::literal("DE"),
            from: ends(|offer| offer.origin),
            to: ends(|offer| offer.destination),
            out,
            back: None,
            adults: 1,
            cabin: Cabin::Economy,
            partner: PartnerId::literal("one"),
            at_ms: NOW,
            offers,
        }
    }

    pub(crate) fn back(self, back: Date) -> Self {
        Self { back: Some(back), ..self }
    }

    pub(crate) fn at(self, at_ms: i64) -> Self {
        Self { at_ms, ..self }
    }

    pub(crate) fn seen(&self) -> Seen {
        let set = |airports: &[AirportCode]| PlaceSet {
            asked: Place::Airport(airports[0]),
            airports: airports.to_vec(),
        };
        let leg = |from: &[AirportCode], to: &[AirportCode], date| QuestionLeg {
            origin: set(from),
            destination: set(to),
            date,
        };
        let mut legs = vec![leg(&self.from, &self.to, self.out)];
        legs.extend(self.back.map(|date| leg(&self.to, &self.from, date)));
        let mut builder = AnswerBuilder::new(Limits::default());
        for offer in &self.offers {
            let mut legs = vec![add_leg(
                &mut builder,
                (offer.origin, offer.destination),
                (offer.flights.0, offer.carriers.0, offer.number, self.out),
            )];
            legs.extend(self.back.map(|date| {
                let back = (offer.flights.1, offer.carriers.1, offer.number, date);
                add_leg(&mut builder, offer.back, back)
            }));
            let itinerary = builder.itinerary(&legs).unwrap();
            let price = offer.minor.map(|minor| Money::new(minor, offer.currency));
            builder.offer(Offer::plain(offer.agent, itinerary, price), &[]).unwrap();
        }
        Seen {
            partner: self.partner,
            question: Arc::new(Question {
                legs,
                cabin: self.cabin,
                travellers: Travellers::new(self.adults, &[]).unwrap(),
                market: self.market,
            }),
            at_ms: self.at_ms,
            answer: Arc::new(builder.finish()),
        }
    }
}

fn add_leg(
    builder: &mut AnswerBuilder,
    (from, to): (AirportCode, AirportCode),
    (flights, carrier, number, date): (usize, CarrierCode, u16, Date),
) -> u32 {
    let mut stops = vec![from];
    stops.extend((1..flights).map(|_| airport("AMS")));
    stops.push(to);
    let segments: Vec<u32> = stops
        .windows(2)
        .zip(0..)
        .map(|(ends, index)| {
            builder.segment(Segment {
                departs: date.at_minute(400 + index * 120),
                arrives: LocalTime::from_minutes(date.at_minute(480 + index * 120).minutes()),
                number: FlightNumber::new(number + index as u16),
                origin: ends[0],
                destination: ends[1],
                carrier,
                operating: carrier,
            })
        })
        .collect();
    builder.leg(&segments).unwrap()
}
