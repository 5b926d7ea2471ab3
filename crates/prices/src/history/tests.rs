//! The rules, one by one. The whole against a plain model: `random.rs`.

use domain::{AgentId, Date};

use super::*;
use crate::indicative::tests::world::{DAY_MS, NOW, Offered, Told, airport, airports, day, rates};

mod limits;
mod random;

const MINUTE_MS: i64 = 60_000;

/// A search of its own: the sellers' prices in euro cents.
fn search(number: u16, prices: &[i64]) -> Told {
    let offer = |&minor: &i64| Offered::new("VIE-BCN", minor).number(number);
    let mut told = Told::new(day("2027-05-18"), prices.iter().map(offer).collect());
    told.offers.iter_mut().for_each(|offer| offer.agent = AgentId::literal("seller"));
    // A question with another airport more is another question.
    told.to.push(airport("ZZA"));
    told.to[1] = airports(&[["ZZA", "ZZB", "ZZC", "ZZD"][usize::from(number % 4)]])[0];
    told
}

fn trip<'a>(origins: &'a [AirportCode], destinations: &'a [AirportCode]) -> Trip<'a> {
    Trip {
        market: CountryCode::literal("DE"),
        origins,
        destinations,
        departs: day("2027-05-18"),
        returns: None,
    }
}

/// `2 searches 100..200, median 150` of the first day.
fn first_day(history: &History, now_ms: i64) -> String {
    let (vienna, barcelona) = (airports(&["VIE"]), airports(&["BCN"]));
    let days = history.daily(&trip(&vienna, &barcelona), now_ms);
    let cents = |micro: i64| micro / 10_000;
    days.first().map_or("nothing".to_owned(), |day| {
        let (low, high) = (cents(day.low_eur_micro), cents(day.high_eur_micro));
        format!("{} searches {low}..{high}, median {}", day.searches, cents(day.median_eur_micro))
    })
}

fn told(answers: &[Told]) -> History {
    let history = History::new(HistorySettings::default());
    for answer in answers {
        history.take(&[answer.seen()], &rates(), answer.at_ms);
    }
    history
}

fn check(answers: &[Told], expected: &str) {
    assert_eq!(first_day(&told(answers), NOW + 8 * MINUTE_MS), expected);
}

#[test]
fn the_cheapest_total_of_a_search_counts_once_however_many_partners_answer() {
    let one = search(1, &[300, 200, 250]);
    check(std::slice::from_ref(&one), "1 searches 200..200, median 200");
    let later = search(1, &[180]).at(NOW + MINUTE_MS);
    check(&[one.clone(), later], "1 searches 180..180, median 180");
    let dearer = search(1, &[400]).at(NOW + 2 * MINUTE_MS);
    check(&[one, dearer], "1 searches 200..200, median 200");
}

#[test]
fn a_day_has_the_low_median_and_high_of_its_searches() {
    let searches: Vec<Told> = [500, 100, 200, 400, 300]
        .iter()
        .zip(1..)
        .map(|(&price, number)| search(number, &[price]).at(NOW + i64::from(number) * MINUTE_MS))
        .collect();
    check(&searches, "5 searches 100..500, median 300");
    check(&searches[..4], "4 searches 100..500, median 200");
}

#[test]
fn the_same_question_asked_again_later_is_another_search() {
    let again = |after_s: i64| {
        let history = told(&[search(1, &[100]), search(1, &[500]).at(NOW + after_s * 1_000)]);
        first_day(&history, NOW + 20 * MINUTE_MS)
    };
    assert_eq!(again(600), "1 searches 100..100, median 100");
    assert_eq!(again(601), "2 searches 100..500, median 100");
}

#[test]
fn what_is_seen_of_a_closed_day_is_late() {
    let history = told(&[search(1, &[100]), search(1, &[300]).at(NOW + DAY_MS)]);
    let late = history.take(&[search(2, &[5]).seen()], &rates(), NOW + DAY_MS);
    assert_eq!(late, Observations { taken: 0, late: 1, dropped: 0 });
    let days = history.size().days;
    assert_eq!(
        (days, first_day(&history, NOW + DAY_MS)),
        (2, "1 searches 100..100, median 100".into())
    );
}

#[test]
fn a_day_that_expiry_has_closed_stays_closed() {
    let history = told(&[search(1, &[100])]);
    assert_eq!(history.expire(NOW + DAY_MS), 0);
    let late = history.take(&[search(2, &[5]).seen()], &rates(), NOW + DAY_MS);
    assert_eq!((late.late, history.size().days), (1, 1));
}

#[test]
fn old_days_and_departed_trips_go() {
    let settings =
        HistorySettings { days_kept: runtime::Limited::literal(2), ..HistorySettings::default() };
    let history = History::new(settings);
    for after in 0..4 {
        let now_ms = NOW + after * DAY_MS;
        history.take(&[search(1, &[100 + after]).at(now_ms).seen()], &rates(), now_ms);
    }
    let now_ms = NOW + 3 * DAY_MS;
    assert_eq!(first_day(&history, now_ms), "1 searches 102..102, median 102");
    assert_eq!((history.expire(now_ms), history.size().days), (0, 2));
    assert_eq!(first_day(&history, now_ms + 2 * DAY_MS), "nothing");
    assert_eq!((history.expire(now_ms + 2 * DAY_MS), history.size()), (1, HistorySize::default()));
    let departed = told(&[search(1, &[100])]);
    assert_eq!(departed.expire(NOW + 60 * DAY_MS), 1);
}

/// A history of ten days with one price a day, so many searches each.
fn ten_days(departs: Date, searches: u16) -> History {
    let history = History::new(HistorySettings::default());
    for after in 0..10 {
        for number in 0..searches {
            let now_ms = NOW + after * DAY_MS + i64::from(number) * 11 * MINUTE_MS;
            let told = Told { out: departs, ..search(number, &[100 * (after + 1)]) };
            history.take(&[told.at(now_ms).seen()], &rates(), now_ms);
        }
    }
    history
}

fn verdict(history: &History, cents: i64) -> Outlook {
    let (vienna, barcelona) = (airports(&["VIE"]), airports(&["BCN"]));
    history.for_trip(&trip(&vienna, &barcelona), cents * 10_000, NOW + 10 * DAY_MS)
}

#[test]
fn a_price_is_low_typical_or_high_by_the_quantiles_of_the_daily_medians() {
    let history = ten_days(day("2027-05-18"), 3);
    let known = verdict(&history, 299);
    let expected = Outlook {
        verdict: Verdict::Low,
        low_eur_micro: 3_000_000,
        median_eur_micro: 5_000_000,
        high_eur_micro: 8_000_000,
        observations: 10,
        searches: 30,
        departures: (day("2027-05-18"), day("2027-05-18")),
    };
    assert_eq!(known, expected);
    assert_eq!(verdict(&history, 300).verdict, Verdict::Typical);
    assert_eq!(verdict(&history, 800).verdict, Verdict::Typical);
    assert_eq!(verdict(&history, 801).verdict, Verdict::High);
}

#[test]
fn departures_around_the_day_count_only_if_the_day_itself_says_too_little() {
    let around = verdict(&ten_days(day("2027-05-20"), 3), 299);
    assert_eq!(around.verdict, Verdict::Low);
    assert_eq!(around.departures, (day("2027-05-15"), day("2027-05-21")));
    let beyond = verdict(&ten_days(day("2027-05-22"), 3), 299);
    assert_eq!((beyond.verdict, beyond.observations), (Verdict::Unknown, 0));
}

#[test]
fn too_few_searches_give_no_verdict() {
    let few = verdict(&ten_days(day("2027-05-18"), 1), 299);
    assert_eq!((few.verdict, few.searches), (Verdict::Unknown, 10));
    let none = verdict(&History::new(HistorySettings::default()), 299);
    assert_eq!((none.verdict, none.low_eur_micro), (Verdict::Unknown, 0));
}

#[test]
fn of_two_airports_the_cheaper_one_speaks_for_the_city() {
    let pair = |route: &str, minor| {
        let mut told = Told::new(day("2027-05-18"), vec![Offered::new(route, minor)]);
        told.at_ms = NOW;
        told
    };
    let history = told(&[pair("LHR-BCN", 200), pair("LGW-BCN", 150)]);
    let (london, barcelona) = (airports(&["LHR", "LGW"]), airports(&["BCN"]));
    let days = history.daily(&trip(&london, &barcelona), NOW);
    assert_eq!(days.len(), 1);
    assert_eq!((days[0].median_eur_micro, days[0].searches), (1_500_000, 1));
}

#[test]
fn trips_of_other_lengths_and_markets_are_apart() {
    let history = told(&[search(1, &[100]).back(day("2027-05-25"))]);
    let (vienna, barcelona) = (airports(&["VIE"]), airports(&["BCN"]));
    let one_way = trip(&vienna, &barcelona);
    let seen = |trip: &Trip<'_>| history.daily(trip, NOW).len();
    assert_eq!(seen(&one_way), 0);
    assert_eq!(seen(&Trip { returns: Some(day("2027-05-22")), ..one_way }), 1);
    assert_eq!(seen(&Trip { returns: Some(day("2027-05-27")), ..one_way }), 0);
    let british = Trip { market: CountryCode::literal("GB"), ..one_way };
    assert_eq!(seen(&Trip { returns: Some(day("2027-05-22")), ..british }), 0);
}
