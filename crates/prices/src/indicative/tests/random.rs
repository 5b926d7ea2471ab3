//! Random answers, clocks and questions: the index says what the plain model says.

use proptest::prelude::*;

use domain::{
    AgentId, AirportCode, Cabin, CarrierCode, CountryCode, CurrencyCode, Date, PartnerId,
};

use super::model::Model;
use super::world::{DAY_MS, NOW, Offered, Told, airport, rates};
use crate::indicative::{
    Ask, DateUnit, DayPair, Digest, Forget, Indicative, IndicativeSettings, Month, Places, When,
};

const AIRPORTS: [&str; 6] = ["VIE", "BUD", "BCN", "MAD", "LHR", "LGW"];
const CARRIERS: [&str; 3] = ["KL", "W6", "U2"];
const MARKETS: [CountryCode; 2] = [CountryCode::literal("DE"), CountryCode::literal("GB")];

#[derive(Clone, Debug)]
enum Op {
    Take(Vec<Told>),
    Wait(i64),
    Expire,
    Forget(Forget),
    Restart,
}

#[derive(Clone, Debug)]
struct Asked {
    market: CountryCode,
    origin: Option<Vec<AirportCode>>,
    destination: Option<Vec<AirportCode>>,
    out: When,
    back: Option<When>,
}

impl Asked {
    fn ask(&self) -> Ask<'_> {
        fn places(airports: Option<&Vec<AirportCode>>) -> Places<'_> {
            airports.map_or(Places::Anywhere, |airports| Places::Airports(airports))
        }
        Ask {
            market: self.market,
            origin: places(self.origin.as_ref()),
            destination: places(self.destination.as_ref()),
            out: self.out,
            back: self.back,
        }
    }
}

fn one<T: Clone + std::fmt::Debug + 'static>(of: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(of)
}

/// How much there is in a random world.
#[derive(Clone, Copy, Debug)]
struct World {
    airports: &'static [&'static str],
    days: (i32, i32),
    prices: i64,
    stays: i32,
}

/// Many airports and days, into the past and beyond the end of a month.
const WIDE: World = World { airports: &AIRPORTS, days: (20_908, 20_945), prices: 30, stays: 20 };

/// A few trips around the end of May, so that prices of one month replace and equal each other.
const DENSE: World =
    World { airports: &["VIE", "BUD"], days: (20_966, 20_972), prices: 4, stays: 3 };

fn codes(world: World) -> impl Strategy<Value = AirportCode> {
    one(world.airports).prop_map(airport)
}

fn date(world: World) -> impl Strategy<Value = Date> {
    let near = (world.days.0..world.days.1).prop_map(Date::from_days);
    // About the horizon.
    prop_oneof![9 => near, 1 => (21_308..21_314_i32).prop_map(Date::from_days)]
}

fn offered(world: World) -> impl Strategy<Value = Offered> {
    let flown = (codes(world), codes(world), 1..3_usize, 0..4_u16, one(&CARRIERS));
    let sold = (one(&["one", "two", "three"]), 1..world.prices, 0..20_u8, 0..20_u8);
    (flown, sold).prop_map(|((origin, destination, flights, number, carrier), sold)| {
        let (agent, base, currency, odd) = sold;
        let (currency, factor) = match currency {
            0 => ("XXX", 1),
            1..5 => ("XTS", 2),
            _ => ("EUR", 1),
        };
        let jaw = if odd == 1 { (destination, destination) } else { (destination, origin) };
        Offered {
            origin,
            destination,
            back: jaw,
            flights: (flights, 1 + usize::from(number % 3 == 0)),
            number: number * 10,
            carriers: (
                CarrierCode::literal(carrier),
                CarrierCode::literal(CARRIERS[usize::from(number) % 3]),
            ),
            agent: AgentId::literal(agent),
            minor: (odd > 0).then_some(base * 16 * factor),
            currency: CurrencyCode::literal(currency),
        }
    })
}

fn told(world: World) -> impl Strategy<Value = Told> {
    let asked = (one(&MARKETS), date(world), prop::option::of(0..world.stays), 0..30_u8);
    let when = (one(&["one", "two"]), -3_000..1_000_i64, 0..10_u8);
    (asked, when, prop::collection::vec(offered(world), 1..12)).prop_map(
        |(asked, when, mut offers)| {
            let (market, out, stay, odd) = asked;
            let (partner, after_s, late) = when;
            for (index, offer) in offers.iter_mut().enumerate() {
                // Prices of one answer differ.
                let factor = if offer.currency == CurrencyCode::literal("XTS") { 2 } else { 1 };
                offer.minor = offer.minor.map(|minor| minor + index as i64 * factor);
            }
            let mut told = Told::new(out, offers);
            if odd == 0 {
                told.from.truncate(1);
            }
            told.market = market;
            told.back = stay.map(|stay| out.plus_days(stay));
            told.adults = if odd == 1 { 2 } else { 1 };
            told.cabin = if odd == 2 { Cabin::First } else { Cabin::Economy };
            told.partner = PartnerId::literal(partner);
            // Relative to the clock of its turn; some come days late.
            told.at_ms = after_s * 1_000 + 250 - if late == 0 { 4 * DAY_MS } else { 0 };
            told
        },
    )
}

fn op(world: World) -> impl Strategy<Value = Op> {
    let forget = prop_oneof![
        one(&["one", "two"]).prop_map(|id| Forget::Partner(PartnerId::literal(id))),
        (codes(world), codes(world)).prop_map(|(from, to)| Forget::Route(from, to)),
        one(&CARRIERS).prop_map(|code| Forget::Carrier(CarrierCode::literal(code))),
    ];
    prop_oneof![
        12 => prop::collection::vec(told(world), 1..5).prop_map(Op::Take),
        3 => (0..3 * DAY_MS).prop_map(Op::Wait),
        1 => Just(Op::Expire),
        1 => forget.prop_map(Op::Forget),
        1 => Just(Op::Restart),
    ]
}

fn asked(world: World) -> impl Strategy<Value = Asked> {
    let places = move || prop::option::of(prop::collection::vec(codes(world), 1..5));
    let month = || (3..7_u32).prop_map(|month| Month::new(2027, month).unwrap());
    let when = move || {
        prop_oneof![
            date(world).prop_map(When::Day),
            (month(), month()).prop_map(|(first, last)| When::Months { first, last }),
            Just(When::Anytime),
        ]
    };
    (one(&MARKETS), places(), places(), when(), prop::option::of(when())).prop_map(
        |(market, origin, destination, out, back)| Asked { market, origin, destination, out, back },
    )
}

fn check(index: &Indicative, model: &Model, asked: &Asked, now_ms: i64) {
    let ask = asked.ask();
    // Two airports of one city, and one airport of no group.
    let city = |airport: AirportCode| match &airport.to_bytes() {
        b"LHR" | b"LGW" => Some(1),
        b"MAD" => None,
        _ => Some(u32::from(airport.packed())),
    };
    let routes: Vec<_> = index
        .by_route(&ask, city, city, now_ms)
        .iter()
        .map(|group| (group.origin, group.destination, group.quotes))
        .collect();
    assert_eq!(routes, model.by_route(&ask, city, now_ms), "{asked:?}");
    for unit in [DateUnit::Day, DateUnit::Month] {
        let dates = index.by_date(&ask, unit, now_ms);
        assert_eq!(dates, model.by_date(&ask, unit, now_ms), "{asked:?}");
    }
    let pairs: Vec<_> = model
        .by_days(&ask, now_ms)
        .into_iter()
        .map(|((departs, returns), quotes)| DayPair { departs, returns, quotes })
        .collect();
    assert_eq!(index.by_days(&ask, usize::MAX, now_ms), pairs, "{asked:?}");
}

fn bytes_of(index: &Indicative) -> Vec<u8> {
    let mut bytes = Vec::new();
    index.snapshot(&mut bytes).unwrap();
    bytes
}

fn run(ops: Vec<Op>, questions: &[Asked]) {
    let settings = IndicativeSettings::default();
    let mut index = Indicative::new(settings.clone(), rates());
    let mut model = Model::new(settings.keep_s.get() as i64);
    // Whoever takes the digests of one index and nothing else has the same index.
    let told = Indicative::new(settings.clone(), rates());
    let mut now_ms = NOW;
    for op in ops {
        match op {
            Op::Take(mut answers) => {
                for told in &mut answers {
                    told.at_ms += now_ms;
                    model.take(told, now_ms);
                }
                let seen: Vec<_> = answers.iter().map(Told::seen).collect();
                let (_, digests) = index.take_and_digest(&seen, now_ms);
                let read = Digest::from_bytes(&Digest::to_bytes(&digests));
                assert_eq!(read.as_ref(), Ok(&digests));
                told.take_digests(&read.unwrap(), now_ms);
            }
            Op::Wait(ms) => now_ms += ms,
            Op::Expire => {
                assert_eq!(index.expire(now_ms), model.expire(now_ms));
                told.expire(now_ms);
            }
            Op::Forget(what) => {
                assert_eq!(index.forget(what, i64::MAX), model.forget(what));
                told.forget(what, i64::MAX);
            }
            Op::Restart => {
                let bytes = bytes_of(&index);
                index = Indicative::restore(settings.clone(), rates(), &bytes[..]).unwrap();
            }
        }
        assert_eq!(index.size().entries, model.len());
        assert_eq!(bytes_of(&told), bytes_of(&index));
    }
    for asked in questions {
        check(&index, &model, asked, now_ms);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_index_says_what_a_plain_model_says(
        ops in prop::collection::vec(op(WIDE), 1..25),
        questions in prop::collection::vec(asked(WIDE), 1..12),
    ) {
        run(ops, &questions);
    }

    #[test]
    fn prices_that_replace_and_equal_each_other_are_those_of_a_plain_model(
        ops in prop::collection::vec(op(DENSE), 1..25),
        questions in prop::collection::vec(asked(DENSE), 1..12),
    ) {
        run(ops, &questions);
    }
}
