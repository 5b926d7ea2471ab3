//! The rules, one by one. The whole against a plain model: `random.rs`.

use domain::{Cabin, CarrierCode, CountryCode, CurrencyCode, PartnerId};

use super::*;

mod digests;
mod limits;
mod model;
mod random;
mod snapshots;
pub(crate) mod world;

use world::{DAY_MS, NOW, Offered, Told, airport, airports, day, rates};

fn index() -> Indicative {
    Indicative::new(IndicativeSettings::default(), rates())
}

fn told(told: &[Told]) -> Indicative {
    let index = index();
    for answer in told {
        index.take(&[answer.seen()], NOW.max(answer.at_ms));
    }
    index
}

const ANYWHERE: Ask<'static> = Ask {
    market: CountryCode::literal("DE"),
    origin: Places::Anywhere,
    destination: Places::Anywhere,
    out: When::Anytime,
    back: None,
};

/// The quotes of each pair of airports: `EDI-BCN 1 12000 direct`.
fn listed(index: &Indicative, ask: &Ask<'_>, now_ms: i64) -> Vec<String> {
    let groups = index.by_route(ask, Some, Some, now_ms);
    let quotes = groups.iter().flat_map(|group| group.quotes.iter());
    quotes.map(line).collect()
}

fn line(quote: &Quote) -> String {
    let direct = if quote.direct { "direct" } else { "indirect" };
    let Quote { origin, destination, departs, price, agent, .. } = quote;
    format!("{origin}-{destination} {departs} {} {direct} {agent}", price.minor)
}

fn check(answers: &[Told], ask: &Ask<'_>, expected: &[&str]) {
    assert_eq!(listed(&told(answers), ask, NOW), expected);
}

#[test]
fn an_indirect_quote_is_listed_only_if_it_is_cheaper_and_then_first() {
    let may = day("2027-05-18");
    let direct = Offered::new("VIE-BUD", 15_000);
    let cheaper = Told::new(may, vec![direct.clone(), Offered::new("VIE-BUD", 12_000).stops()]);
    let lines =
        ["VIE-BUD 2027-05-18 12000 indirect seller", "VIE-BUD 2027-05-18 15000 direct seller"];
    check(&[cheaper], &ANYWHERE, &lines);
    let dearer = Told::new(may, vec![direct.clone(), Offered::new("VIE-BUD", 15_000).stops()]);
    check(&[dearer], &ANYWHERE, &lines[1..]);
    let only = Told::new(may, vec![Offered::new("VIE-BUD", 12_000).stops()]);
    check(&[only], &ANYWHERE, &lines[..1]);
}

#[test]
fn only_one_adult_in_economy_there_and_back_between_the_same_places_counts() {
    let base = Told::new(day("2027-05-18"), vec![Offered::new("VIE-BUD", 12_000)]);
    let returning = Ask { back: Some(When::Anytime), ..ANYWHERE };
    let count = |told: Told| {
        let index = index();
        index.take(&[told.seen()], NOW);
        (listed(&index, &ANYWHERE, NOW).len(), listed(&index, &returning, NOW).len())
    };
    assert_eq!(count(base.clone()), (1, 0));
    assert_eq!(count(base.clone().back(day("2027-05-20"))), (0, 1));
    assert_eq!(count(Told { adults: 2, ..base.clone() }), (0, 0));
    assert_eq!(count(Told { cabin: Cabin::Business, ..base.clone() }), (0, 0));
    assert_eq!(count(base.clone().back(day("2028-06-23"))), (0, 0), "402 days");
    let jaw = Offered { back: (airport("BTS"), airport("VIE")), ..Offered::new("VIE-BUD", 1) };
    assert_eq!(count(Told::new(day("2027-05-18"), vec![jaw]).back(day("2027-05-20"))), (0, 0));
}

#[test]
fn prices_that_cannot_be_compared_do_not_count() {
    let offer = Offered::new("VIE-BUD", 12_000);
    let unpriced = Offered { minor: None, ..offer.clone() };
    let unknown = Offered { currency: CurrencyCode::literal("XXX"), ..offer.clone() };
    let half =
        Offered { currency: CurrencyCode::literal("XTS"), minor: Some(20_000), ..offer.clone() };
    let answer = Told::new(day("2027-05-18"), vec![unpriced, unknown, half.agent("half"), offer]);
    check(&[answer], &ANYWHERE, &["VIE-BUD 2027-05-18 20000 direct half"]);
}

#[test]
fn a_lower_price_replaces_and_a_dearer_one_of_another_seller_does_not() {
    let at = |minor, agent: &str| {
        Told::new(day("2027-05-18"), vec![Offered::new("VIE-BUD", minor).agent(agent)])
    };
    let line = |minor: i64, agent: &str| format!("VIE-BUD 2027-05-18 {minor} direct {agent}");
    check(&[at(200, "one"), at(150, "two")], &ANYWHERE, &[&line(150, "two")]);
    check(&[at(150, "one"), at(200, "two")], &ANYWHERE, &[&line(150, "one")]);
    check(&[at(150, "one"), at(150, "two")], &ANYWHERE, &[&line(150, "one")]);
}

#[test]
fn a_seller_that_now_asks_more_for_the_same_itinerary_raises_the_price() {
    let at = |minor, number, after_ms| {
        let offer = Offered::new("VIE-BUD", minor).number(number);
        Told::new(day("2027-05-18"), vec![offer]).at(NOW + after_ms)
    };
    let raised = ["VIE-BUD 2027-05-18 200 direct seller"];
    check(&[at(150, 1, 0), at(200, 1, 1_000)], &ANYWHERE, &raised);
    let kept = ["VIE-BUD 2027-05-18 150 direct seller"];
    check(&[at(150, 1, 0), at(200, 2, 1_000)], &ANYWHERE, &kept);
    check(&[at(150, 1, 0), at(200, 1, -2_000)], &ANYWHERE, &kept);
    check(&[at(200, 1, 0), at(150, 1, -2_000)], &ANYWHERE, &raised);
    let other = Offered::new("VIE-BUD", 180).number(2);
    let both = Told::new(day("2027-05-18"), vec![Offered::new("VIE-BUD", 200), other]);
    let cheapest_now = ["VIE-BUD 2027-05-18 180 direct seller"];
    check(&[at(150, 1, 0), both.at(NOW + 1_000)], &ANYWHERE, &cheapest_now);
}

#[test]
fn a_price_is_shown_for_four_days_and_then_any_price_replaces_it() {
    let offer = |minor, agent| vec![Offered::new("VIE-BUD", minor).agent(agent)];
    let index = told(&[Told::new(day("2027-05-18"), offer(100, "one"))]);
    let later = NOW + 4 * DAY_MS;
    assert_eq!(listed(&index, &ANYWHERE, later - 1_000).len(), 1);
    assert_eq!(listed(&index, &ANYWHERE, later).len(), 0);
    index.take(&[Told::new(day("2027-05-18"), offer(900, "two")).at(later).seen()], later);
    assert_eq!(listed(&index, &ANYWHERE, later), ["VIE-BUD 2027-05-18 900 direct two"]);
    let late = Told::new(day("2027-05-18"), offer(1, "three")).at(NOW);
    assert_eq!(index.take(&[late.seen()], later), Taken::default(), "too old to be taken");
}

#[test]
fn a_departure_that_is_over_everywhere_is_not_shown_and_its_memory_is_freed() {
    let index = told(&[Told::new(day("2027-04-02"), vec![Offered::new("VIE-BUD", 100)])]);
    // The second of April is over at UTC-12 when it is noon on the third in UTC.
    assert_eq!(listed(&index, &ANYWHERE, NOW + DAY_MS - 1_000).len(), 1);
    assert_eq!(listed(&index, &ANYWHERE, NOW + DAY_MS).len(), 0);
    assert_eq!(index.expire(NOW + DAY_MS - 1_000), 0);
    assert_eq!(index.expire(NOW + DAY_MS), 1);
    assert_eq!(index.size(), IndicativeSize::default());
}

#[test]
fn a_market_sees_its_own_prices() {
    let index = told(&[Told::new(day("2027-05-18"), vec![Offered::new("VIE-BUD", 100)])]);
    let british = Ask { market: CountryCode::literal("GB"), ..ANYWHERE };
    assert_eq!(listed(&index, &british, NOW).len(), 0);
}

#[test]
fn groups_are_what_the_caller_makes_of_airports() {
    let answer =
        |route: &str, minor| Told::new(day("2027-05-18"), vec![Offered::new(route, minor)]);
    let index = told(&[answer("VIE-BCN", 300), answer("VIE-MAD", 200), answer("VIE-BUD", 250)]);
    let country = |airport: AirportCode| match &airport.to_bytes() {
        b"VIE" => Some("AT"),
        b"BCN" | b"MAD" => Some("ES"),
        _ => None,
    };
    let groups = index.by_route(&ANYWHERE, country, country, NOW);
    let told: Vec<_> = groups
        .iter()
        .map(|group| (group.origin, group.destination, group.quotes.direct.unwrap().price.minor))
        .collect();
    assert_eq!(told, [("AT", "ES", 200)]);
}

#[test]
fn a_month_grid_has_the_cheapest_of_each_day_out_and_back() {
    let trip = |out: &str, back: &str, minor| {
        Told::new(day(out), vec![Offered::new("VIE-BUD", minor)]).back(day(back))
    };
    let index = told(&[
        trip("2027-05-18", "2027-05-20", 120),
        trip("2027-05-18", "2027-05-21", 90),
        trip("2027-05-19", "2027-05-20", 100),
        trip("2027-05-30", "2027-06-02", 10),
    ]);
    let may = Month::new(2027, 5).unwrap();
    let month = When::Months { first: may, last: may };
    let (vienna, budapest) = (airports(&["VIE"]), airports(&["BUD"]));
    let ask = Ask {
        origin: Places::Airports(&vienna),
        destination: Places::Airports(&budapest),
        out: month,
        back: Some(month),
        ..ANYWHERE
    };
    let days = |groups: &[DateGroup]| -> Vec<String> {
        groups
            .iter()
            .map(|group| format!("{} {}", group.date, group.quotes.cheapest().unwrap().price.minor))
            .collect()
    };
    let grid = index.by_date(&ask, DateUnit::Day, NOW);
    assert_eq!(days(&grid.outbound), ["2027-05-18 90", "2027-05-19 100"]);
    assert_eq!(days(&grid.inbound), ["2027-05-20 100", "2027-05-21 90"]);
    let anytime = Ask { back: Some(When::Anytime), ..ask };
    let months = index.by_date(&anytime, DateUnit::Month, NOW);
    assert_eq!(days(&months.outbound), ["2027-05-01 10"]);
    assert_eq!(days(&months.inbound), ["2027-05-01 90", "2027-06-01 10"]);
    let graph = index.by_days(&anytime, 3, NOW);
    let pairs: Vec<String> = graph
        .iter()
        .map(|pair| {
            format!("{}+{}", pair.departs, pair.returns.unwrap().days() - pair.departs.days())
        })
        .collect();
    assert_eq!(pairs, ["2027-05-18+2", "2027-05-18+3", "2027-05-19+1"]);
}

#[test]
fn forgetting_a_partner_route_or_carrier_takes_its_prices_only() {
    let offer = |route: &str| vec![Offered::new(route, 100)];
    let other = Offered {
        carriers: (CarrierCode::literal("W6"), CarrierCode::literal("W4")),
        ..Offered::new("VIE-BUD", 100)
    };
    let answers = [
        Told::new(day("2027-05-18"), offer("VIE-BCN")),
        Told {
            partner: PartnerId::literal("two"),
            ..Told::new(day("2027-05-18"), offer("VIE-MAD"))
        },
        Told::new(day("2027-05-18"), vec![other]).back(day("2027-05-20")),
    ];
    let left = |what| {
        let index = told(&answers);
        let gone = index.forget(what, NOW);
        (gone, index.size().entries)
    };
    assert_eq!(left(Forget::Partner(PartnerId::literal("two"))), (1, 2));
    assert_eq!(left(Forget::Route(airport("VIE"), airport("BCN"))), (1, 2));
    assert_eq!(left(Forget::Carrier(CarrierCode::literal("W4"))), (1, 2));
    assert_eq!(left(Forget::Carrier(CarrierCode::literal("KL"))), (2, 1));
    assert_eq!(left(Forget::Carrier(CarrierCode::literal("ZZ"))), (0, 3));
}

#[test]
fn what_was_seen_after_the_moment_until_which_is_forgotten_stays() {
    let offer = |route: &str| vec![Offered::new(route, 100)];
    let answers = [
        Told::new(day("2027-05-18"), offer("VIE-BCN")).at(NOW - 60_000),
        Told::new(day("2027-05-18"), offer("VIE-MAD")).at(NOW - 30_000),
    ];
    let index = told(&answers);
    assert_eq!(index.forget(Forget::Partner(answers[0].partner), NOW - 45_000), 1);
    assert_eq!(listed(&index, &ANYWHERE, NOW), ["VIE-MAD 2027-05-18 100 direct seller"]);
}

#[test]
fn a_quote_says_all_that_its_outward_id_needs() {
    let answer = Told::new(day("2027-05-18"), vec![Offered::new("VIE-BUD", 12_000)]);
    let index = told(&[answer.back(day("2027-05-20")).at(NOW - 61_500)]);
    let returning = Ask { back: Some(When::Anytime), ..ANYWHERE };
    let groups = index.by_route(&returning, |_| Some(1), |_| Some(2), NOW);
    let quote = groups[0].quotes.direct.unwrap();
    let expected = Quote {
        origin: airport("VIE"),
        destination: airport("BUD"),
        departs: day("2027-05-18"),
        returns: Some(day("2027-05-20")),
        direct: true,
        price: Money::new(12_000, CurrencyCode::literal("EUR")),
        eur_micro: 120_000_000,
        agent: AgentId::literal("seller"),
        out_carrier: CarrierCode::literal("KL"),
        back_carrier: Some(CarrierCode::literal("AF")),
        seen_ms: NOW - 62_000,
    };
    assert_eq!(quote, expected);
}
