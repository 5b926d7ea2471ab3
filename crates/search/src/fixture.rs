//! Small answers and questions for tests: EDI to SIN and nearby, by a handful of sellers.

use std::sync::Arc;

use domain::{
    AgentId, AirportCode, Answer, AnswerBuilder, BagAllowance, Cabin, CarrierCode, CountryCode,
    CurrencyCode, Date, FareDetail, FlightNumber, ItineraryKey, Money, Offer, Place, PlaceSet,
    Question, QuestionLeg, Segment, Transfer, Travellers,
};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

use crate::display::{Display, Locale};
use crate::merged::Merged;

pub(crate) const GBP: CurrencyCode = CurrencyCode::literal("GBP");
/// A currency of the atlas without an exchange rate.
pub(crate) const KPW: CurrencyCode = CurrencyCode::literal("KPW");

pub(crate) fn day() -> Date {
    Date::from_ymd(2027, 3, 3).unwrap()
}

pub(crate) fn display() -> Display {
    Display::new(GBP, Locale::EN_GB)
}

pub(crate) fn place(codes: &[&str]) -> PlaceSet {
    let mut airports: Vec<_> = codes.iter().map(|code| AirportCode::literal(code)).collect();
    airports.sort_unstable();
    PlaceSet { asked: Place::Airport(AirportCode::literal(codes[0])), airports }
}

pub(crate) fn question_between(legs: &[(&[&str], &[&str])]) -> Question {
    let leg = |(index, (from, to)): (usize, &(&[&str], &[&str]))| QuestionLeg {
        origin: place(from),
        destination: place(to),
        date: day().plus_days(14 * index as i32),
    };
    Question {
        legs: legs.iter().enumerate().map(leg).collect(),
        cabin: Cabin::Economy,
        travellers: Travellers::one_adult(),
        market: CountryCode::literal("GB"),
    }
}

/// A flight by local times in minutes after midnight of [`day`].
pub(crate) fn flight(carrier: &str, number: u16, ends: [&str; 2], minutes: [i32; 2]) -> Segment {
    Segment {
        departs: day().at_minute(minutes[0]),
        arrives: day().at_minute(minutes[1]),
        number: FlightNumber::new(number),
        origin: AirportCode::literal(ends[0]),
        destination: AirportCode::literal(ends[1]),
        carrier: CarrierCode::literal(carrier),
        operating: CarrierCode::literal(carrier),
    }
}

/// What a test says about one offer.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    pub(crate) legs: Vec<Vec<Segment>>,
    pub(crate) agent: &'static str,
    pub(crate) brand: &'static str,
    pub(crate) price: Option<Money>,
    pub(crate) link: String,
    pub(crate) transfer: Transfer,
    pub(crate) bags: BagAllowance,
    pub(crate) basis: &'static str,
}

impl Spec {
    pub(crate) fn new(legs: Vec<Vec<Segment>>, agent: &'static str, price: Option<Money>) -> Self {
        Self {
            legs,
            agent,
            brand: "",
            price,
            link: format!("https://{agent}.example/book"),
            transfer: Transfer::Managed,
            bags: BagAllowance::Unknown,
            basis: "",
        }
    }

    pub(crate) fn key(&self) -> ItineraryKey {
        ItineraryKey::of(&self.legs)
    }
}

pub(crate) fn answer(specs: &[Spec]) -> Arc<Answer> {
    let mut builder = AnswerBuilder::default();
    for spec in specs {
        add(&mut builder, spec);
    }
    Arc::new(builder.finish())
}

fn add(builder: &mut AnswerBuilder, spec: &Spec) {
    let mut rows = Vec::new();
    let mut fares = Vec::new();
    for leg in &spec.legs {
        let row: Vec<u32> = leg.iter().map(|segment| builder.segment(*segment)).collect();
        if !spec.basis.is_empty() {
            let basis = builder.text(spec.basis).unwrap();
            fares.extend(row.iter().map(|&segment| FareDetail {
                segment,
                booking_class: b'K',
                basis,
            }));
        }
        rows.push(builder.leg(&row).unwrap());
    }
    let itinerary = builder.itinerary(&rows).unwrap();
    let (brand, link) = (builder.text(spec.brand).unwrap(), builder.text(&spec.link).unwrap());
    let offer = Offer {
        price: spec.price,
        agent: AgentId::literal(spec.agent),
        itinerary,
        fares_start: 0,
        fares_len: 0,
        transfer: spec.transfer,
        cabin_bags: BagAllowance::Included(1),
        checked_bags: spec.bags,
        brand,
        link,
        emissions_grams: 0,
    };
    builder.offer(offer, &fares).unwrap();
}

/// Itineraries EDI to SIN, some of whose times make no sense, sold by a few agents.
pub(crate) fn any_spec() -> impl Strategy<Value = Spec> {
    let price = prop_oneof![
        1 => Just(None),
        6 => (1_i64..60_000, 0_usize..4).prop_map(|(minor, at)| {
            let currencies = [GBP, CurrencyCode::literal("EUR"), CurrencyCode::literal("JPY"), KPW];
            // Few different amounts, so that equal ones meet.
            Some(Money::new(minor / 10_000 * 10_000 + 1, currencies[at]))
        }),
    ];
    let sold = (0_usize..5, 0_usize..3, price, 0_u8..3, any::<bool>());
    (any_itinerary(), sold, 0_usize..2, 0_usize..3).prop_map(
        |(legs, (agent, brand, price, link, bag), basis, transfer)| Spec {
            brand: ["", "LIGHT", "FLEX"][brand],
            link: format!("https://seller.example/{link}"),
            transfer: [Transfer::Managed, Transfer::ProtectedSelfTransfer, Transfer::SelfTransfer]
                [transfer],
            bags: if bag { BagAllowance::Included(2) } else { BagAllowance::Unknown },
            basis: ["", "KEULGTN7"][basis],
            ..Spec::new(legs, ["ba__", "klm1", "mtuk", "gtuk", "easy"][agent], price)
        },
    )
}

fn any_itinerary() -> impl Strategy<Value = Vec<Vec<Segment>>> {
    (0_u16..6, 0_usize..3, 0_usize..3, any::<bool>()).prop_map(|(number, hub, operator, back)| {
        let (hubs, carriers) = (["LHR", "AMS", "LGW"], ["BA", "KL", "U2"]);
        let carrier = carriers[usize::from(number) % 3];
        let minute = i32::from(number) * 60;
        let from = ["EDI", "GLA"][usize::from(number) % 2];
        let mut out = match number {
            // Lands before it departs, seen from Greenwich.
            0 => vec![flight(carrier, 1, [from, "SIN"], [minute, minute + 120])],
            1 | 2 => vec![flight(carrier, number, [from, "SIN"], [minute, minute + 1_300])],
            _ => vec![
                flight(carrier, number, [from, hubs[hub]], [minute, minute + 90]),
                flight("SQ", 10 + number, [hubs[hub], "SIN"], [minute + 200, minute + 1_400]),
            ],
        };
        // Sellers disagree about the operator.
        out[0].operating = CarrierCode::literal(["BA", "KL", carrier][operator]);
        match back {
            true => {
                let mut home = flight("SQ", 21, ["SIN", from], [0, 400]);
                home.departs = home.departs.plus_minutes(14 * 1_440);
                home.arrives = home.arrives.plus_minutes(14 * 1_440);
                vec![out, vec![home]]
            }
            false => vec![out],
        }
    })
}

pub(crate) fn any_answers() -> impl Strategy<Value = Vec<Vec<Spec>>> {
    vec(vec(any_spec(), 0..12), 0..7)
}

/// Everything a traveller can see of a merged answer, in an order of its own.
pub(crate) fn seen(merged: &Merged) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for itinerary in merged.itineraries() {
        let legs: Vec<_> = merged
            .legs(itinerary)
            .map(|leg| (leg.segments().copied().collect::<Vec<_>>(), leg.duration_minutes))
            .collect();
        let options: Vec<_> = merged
            .options(itinerary)
            .iter()
            .map(|option| {
                let offer = merged.offer(option);
                let fares: Vec<_> = offer
                    .fares()
                    .map(|fare| (*fare.segment, fare.booking_class, fare.basis))
                    .collect();
                format!(
                    "{} {} {:?} {:?} {} {:?} {:?} {:?} {fares:?}",
                    offer.agent(),
                    offer.brand(),
                    offer.quoted(),
                    offer.amount,
                    offer.link(),
                    offer.transfer(),
                    offer.cabin_bags(),
                    offer.checked_bags()
                )
            })
            .collect();
        all.push(format!(
            "{:032x} {:?} {} {} {:?} {legs:?} {options:#?}",
            itinerary.key.0,
            itinerary.price,
            itinerary.duration_minutes,
            itinerary.stops,
            itinerary.transfer
        ));
    }
    all.sort();
    all
}
