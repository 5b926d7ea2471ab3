//! Random answers: the history says what a plain list of searches says.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const ROUTES: [&str; 3] = ["VIE-BCN", "VIE-BUD", "LHR-BCN"];

/// What one answer says: route, departure after 2027-05-18, stay, question, price, seen after the
/// last one.
type Said = (usize, i32, Option<i32>, usize, i64, i64);

type TripKey = (usize, i32, Option<Stay>);

/// All searches of a trip, each with its day, question, first second and cheapest price.
type Model = BTreeMap<TripKey, Vec<(i64, usize, i64, i64)>>;

fn told_of(&(route, after, stay, question, minor, _): &Said) -> Told {
    let out = day("2027-05-18").plus_days(after);
    let mut told = Told::new(out, vec![Offered::new(ROUTES[route], minor)]);
    told.to.push(airports(&["ZZA", "ZZB", "ZZC"])[question]);
    told.back = stay.map(|stay| out.plus_days(stay));
    told
}

/// Takes an answer; answers of one trip that come on an earlier day than another did are late.
fn note(model: &mut Model, said: &Said, at_ms: i64) {
    let &(route, after, stay, question, minor, _) = said;
    let (day, at_s) = (at_ms.div_euclid(DAY_MS), at_ms.div_euclid(1_000));
    let length = stay.map(|stay| match stay {
        0..=3 => Stay::Short,
        4..=8 => Stay::Week,
        9..=16 => Stay::Fortnight,
        _ => Stay::Long,
    });
    let searches = model.entry((route, after, length)).or_default();
    // Different stays of one length are different questions.
    let question = question * 100 + stay.map_or(99, |stay| stay as usize);
    match searches.last_mut() {
        Some(last) if last.0 > day => {}
        Some(last) if last.0 == day && last.1 == question && (at_s - last.2).abs() <= 600 => {
            last.3 = last.3.min(minor);
        }
        _ => searches.push((day, question, at_s, minor)),
    }
}

fn days_of(searches: &[(i64, usize, i64, i64)]) -> Vec<DayPrices> {
    let mut days: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for &(day, _, _, minor) in searches {
        days.entry(day).or_default().push(minor * 10_000);
    }
    let day = |(day, mut prices): (i64, Vec<i64>)| {
        prices.sort_unstable();
        DayPrices {
            day: Date::from_days(day as i32),
            low_eur_micro: prices[0],
            median_eur_micro: prices[(prices.len() - 1) / 2],
            high_eur_micro: prices[prices.len() - 1],
            searches: prices.len() as u32,
        }
    };
    days.into_iter().map(day).collect()
}

fn check(history: &History, model: &Model, now_ms: i64) {
    assert_eq!(history.size().trips, model.len());
    for (&(route, after, length), searches) in model {
        let (origin, destination) = (&ROUTES[route][..3], &ROUTES[route][4..]);
        let (origins, destinations) = (airports(&[origin]), airports(&[destination]));
        let departs = day("2027-05-18").plus_days(after);
        let stay = match length {
            None | Some(Stay::OneWay) => None,
            Some(Stay::Short) => Some(2),
            Some(Stay::Week) => Some(8),
            Some(Stay::Fortnight) => Some(9),
            Some(Stay::Long) => Some(40),
        };
        let asked = Trip {
            departs,
            returns: stay.map(|stay| departs.plus_days(stay)),
            ..trip(&origins, &destinations)
        };
        assert_eq!(history.daily(&asked, now_ms), days_of(searches), "{asked:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_history_says_what_a_list_of_searches_says(
        said in prop::collection::vec(
            (0..3_usize, 0..3_i32, prop::option::of(0..20_i32), 0..3_usize, 100..900_i64, -300_000..5_400_000_i64),
            1..60,
        ),
        restart_at in 0..60_usize,
    ) {
        let mut history = History::new(HistorySettings::default());
        let mut model = Model::new();
        let mut now_ms = NOW;
        for (index, said) in said.iter().enumerate() {
            let at_ms = now_ms + said.5;
            now_ms = now_ms.max(at_ms);
            note(&mut model, said, at_ms);
            history.take(&[told_of(said).at(at_ms).seen()], &rates(), now_ms);
            if index == restart_at {
                history = restored(&history);
            }
        }
        check(&history, &model, now_ms);
        prop_assert_eq!(history.expire(now_ms), 0);
        check(&history, &model, now_ms);
        check(&restored(&history), &model, now_ms);
    }
}

fn restored(history: &History) -> History {
    let mut bytes = Vec::new();
    history.snapshot(&mut bytes).unwrap();
    let restored = History::restore(HistorySettings::default(), &bytes[..]).unwrap();
    let mut again = Vec::new();
    restored.snapshot(&mut again).unwrap();
    assert_eq!(again, bytes, "equal histories give equal bytes");
    restored
}
