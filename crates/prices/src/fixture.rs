//! A small made-up market: flights of a route, and what partners might answer. For tests and for the
//! speed example; the simulated market proper is `sandbox`, a crate of the same layer.

use std::sync::Arc;

use domain::answer::Limits;
use domain::{
    AgentId, AirportCode, Answer, AnswerBuilder, BagAllowance, Cabin, CarrierCode, CountryCode,
    CurrencyCode, Date, FareDetail, FlightNumber, Money, Offer, PartnerId, Place, PlaceSet,
    Question, QuestionLeg, Segment, Text, Transfer, Travellers,
};
use runtime::Random;

use crate::seen::Seen;

const AIRPORTS: [&str; 10] = ["LHR", "JFK", "KEF", "DUB", "BOS", "AMS", "CDG", "FRA", "LGW", "EWR"];
const CARRIERS: [&str; 9] = ["BA", "VS", "AA", "DL", "EI", "FI", "KL", "AF", "U2"];
const CURRENCIES: [&str; 4] = ["GBP", "EUR", "USD", "JPY"];
const BRANDS: [&str; 5] = ["", "LIGHT", "STANDARD", "FLEX", "Économie"];

fn pick<T: Copy>(random: &mut Random, from: &[T]) -> T {
    from[random.below(from.len() as u64) as usize]
}

/// What is on offer for one question.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) question: Arc<Question>,
    itineraries: Vec<(Vec<Vec<Segment>>, i64)>,
}

/// A return trip; different numbers, different questions.
pub(crate) fn question(number: u64) -> Question {
    let set = |code: &str| {
        let code = AirportCode::literal(code);
        PlaceSet { asked: Place::Airport(code), airports: vec![code] }
    };
    let day = 20_800 + (number % 300) as i32;
    let (from, to) = (
        AIRPORTS[(number / 300) as usize % AIRPORTS.len()],
        AIRPORTS[(number / 300 / 9 + 1 + number / 300) as usize % AIRPORTS.len()],
    );
    let leg = |from, to, day| QuestionLeg {
        origin: set(from),
        destination: set(to),
        date: Date::from_days(day),
    };
    let back = 7 + (number / 50_000) as i32;
    Question {
        legs: vec![leg(from, to, day), leg(to, from, day + back)],
        cabin: Cabin::Economy,
        travellers: Travellers::one_adult(),
        market: CountryCode::literal("GB"),
    }
}

impl World {
    /// The flights for a question.
    pub(crate) fn new(question: Question, itineraries: usize) -> Self {
        let mut random = Random::from_seed(question.key().0 as u64);
        let mut legs: Vec<Vec<Vec<Segment>>> = Vec::new();
        for leg in &question.legs {
            let ends = (leg.origin.airports[0], leg.destination.airports[0]);
            legs.push(
                (0..itineraries / 5 + 2).map(|_| flights(&mut random, ends, leg.date)).collect(),
            );
        }
        let itineraries = (0..itineraries)
            .map(|_| {
                let chosen = legs
                    .iter()
                    .map(|leg| leg[random.below(leg.len() as u64) as usize].clone())
                    .collect();
                (chosen, 20_000 + random.below(90_000) as i64)
            })
            .collect();
        Self { question: Arc::new(question), itineraries }
    }

    /// A partner's answer; `seed` moves its prices.
    pub(crate) fn answer(&self, partner: PartnerId, seed: u64, offers: usize) -> Answer {
        let mut choice = Random::from_seed(partner.packed());
        let currency = CurrencyCode::literal(pick(&mut choice, &CURRENCIES));
        let markup = 95 + choice.below(20) as i64;
        let agents: Vec<AgentId> = (0..1 + choice.below(3))
            .map(|n| {
                let name = format!("{partner}a{n}");
                AgentId::from_bytes(name.as_bytes()).unwrap_or(AgentId::literal("a"))
            })
            .collect();
        let mut random = Random::from_seed(seed ^ partner.packed());
        let mut builder = AnswerBuilder::new(Limits::default());
        let skip = (self.itineraries.len() * 3 / 2 / offers.max(1)).max(1) as u64;
        for (legs, base) in &self.itineraries {
            if builder.offer_count() >= offers {
                break;
            }
            if random.below(skip) > 0 {
                continue;
            }
            let rows: Vec<u32> = legs
                .iter()
                .map(|leg| {
                    let row: Vec<u32> = leg.iter().map(|&s| builder.segment(s)).collect();
                    builder.leg(&row).unwrap_or_default()
                })
                .collect();
            let itinerary = builder.itinerary(&rows).unwrap_or_default();
            for n in 0..1 + random.below(2) {
                let brand = BRANDS[n as usize * 2 + (partner.packed() % 2) as usize];
                let brand = builder.text(brand).unwrap_or_default();
                let link = builder.text("https://example.org/buy").unwrap_or_default();
                let minor = base * markup / 100 + 1_500 * n as i64 + random.below(300) as i64;
                let offer = Offer {
                    price: (random.below(50) > 0).then_some(Money::new(minor, currency)),
                    agent: pick(&mut random, &agents),
                    itinerary,
                    fares_start: 0,
                    fares_len: 0,
                    transfer: [Transfer::Managed, Transfer::SelfTransfer]
                        [usize::from(minor % 20 == 0)],
                    cabin_bags: BagAllowance::Included(1),
                    checked_bags: [BagAllowance::Unknown, BagAllowance::Included(n as u8)]
                        [usize::from(!partner.packed().is_multiple_of(3))],
                    brand,
                    link,
                    emissions_grams: [0, (*base / 100) as u32 * 1_000, *base as u32 * 10 + 7]
                        [(partner.packed() % 3) as usize],
                };
                let fare = FareDetail { segment: 0, booking_class: b'K', basis: Text::default() };
                let _ = builder.offer(offer, &[fare]);
            }
        }
        builder.finish()
    }

    /// The same as something seen.
    pub(crate) fn seen(&self, partner: PartnerId, at_ms: i64, seed: u64, offers: usize) -> Seen {
        let answer = Arc::new(self.answer(partner, seed, offers));
        Seen { partner, question: Arc::clone(&self.question), at_ms, answer }
    }

    /// Answers of several partners.
    pub(crate) fn search(&self, at_ms: i64, partners: usize, offers: usize) -> Vec<Seen> {
        (0..partners)
            .map(|n| self.seen(partner(n), at_ms + n as i64, at_ms as u64, offers))
            .collect()
    }
}

/// The n-th partner.
pub(crate) fn partner(n: usize) -> PartnerId {
    PartnerId::from_bytes(format!("p{n:03}").as_bytes()).unwrap_or(PartnerId::literal("p"))
}

fn flights(random: &mut Random, ends: (AirportCode, AirportCode), date: Date) -> Vec<Segment> {
    let mut stops = vec![ends.0];
    for _ in 0..random.below(3) {
        stops.push(AirportCode::literal(pick(random, &AIRPORTS)));
    }
    stops.push(ends.1);
    let mut departs = date.at_minute(300 + 5 * random.below(200) as i32);
    let carrier = CarrierCode::literal(pick(random, &CARRIERS));
    let mut segments = Vec::new();
    for pair in stops.windows(2) {
        let arrives = departs.plus_minutes(60 + 5 * random.below(100) as i32);
        let operating = if random.below(5) > 0 {
            carrier
        } else {
            CarrierCode::literal(pick(random, &CARRIERS))
        };
        let number = FlightNumber::new(1 + random.below(3_000) as u16);
        let (origin, destination) = (pair[0], pair[1]);
        segments.push(Segment {
            departs,
            arrives,
            number,
            origin,
            destination,
            carrier,
            operating,
        });
        departs = arrives.plus_minutes(45 + 5 * random.below(60) as i32);
    }
    segments
}
