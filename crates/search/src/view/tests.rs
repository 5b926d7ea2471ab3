use std::collections::BTreeSet;

use domain::{AgentId, CarrierCode};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::facets::FacetValue;
use crate::filter::Window;
use crate::fixture::{Spec, answer, any_answers, display, question_between};
use crate::merge::merge;

fn merged(answers: &[Vec<Spec>]) -> Merged {
    let answers: Vec<_> = answers.iter().map(|specs| answer(specs)).collect();
    merge(&answers, &display(), atlas::atlas())
}

fn question() -> Question {
    let (home, away): (&[&str], &[&str]) = (&["EDI", "GLA"], &["SIN"]);
    question_between(&[(home, away), (away, home)])
}

fn show(merged: &Merged, wanted: &View) -> Page {
    view(merged, &question(), &display(), wanted)
}

fn any_filters() -> impl Strategy<Value = Filters> {
    let window = || {
        proptest::option::of((0_u16..1_440, 0_u16..1_440))
            .prop_map(|window| window.map(|(from, until)| Window { from, until }))
    };
    let codes = |from: &'static [&'static str]| vec(proptest::sample::select(from), 0..3);
    let lists = (
        vec(0_u8..3, 0..2),
        codes(&["BA", "KL", "SQ", "U2"]),
        codes(&["oneworld", "star", "skyteam"]),
        codes(&["ba__", "klm1", "mtuk"]),
        codes(&["EDI", "GLA", "SIN", "LHR"]),
    );
    let ranges = (
        vec(window(), 0..3),
        vec(window(), 0..3),
        proptest::option::of(700_u32..2_500),
        proptest::option::of(1_i64..60_000),
        proptest::bool::weighted(0.2),
    );
    (lists, ranges).prop_map(|(lists, ranges)| {
        let (stops, carriers, alliances, agents, airports) = lists;
        let (depart, arrive, minutes_max, price_max, no_self_transfer) = ranges;
        let all = atlas::atlas().alliances();
        let alliance = |key: &str| all.iter().find(|known| known.key == key).unwrap().id;
        Filters {
            stops,
            carriers: carriers.iter().map(|code| code.parse().unwrap()).collect(),
            alliances: alliances.iter().map(|key| alliance(key)).collect(),
            agents: agents.iter().map(|id| id.parse().unwrap()).collect(),
            airports: airports.iter().map(|code| code.parse().unwrap()).collect(),
            depart,
            arrive,
            minutes_max,
            price_max,
            no_self_transfer,
        }
    })
}

/// Whether an itinerary passes, said in the words of the filters' documentation; gives its price.
fn passes(merged: &Merged, index: usize, filters: &Filters) -> Option<Option<i64>> {
    let itinerary = &merged.itineraries()[index];
    let allowed: Vec<_> = merged
        .options(itinerary)
        .into_iter()
        .filter(|option| filters.allows_agent(merged.offer(option).agent()))
        .collect();
    let price = allowed.first()?.amount();
    let carriers: BTreeSet<CarrierCode> = merged
        .legs(itinerary)
        .flat_map(|leg| leg.segments().map(|segment| segment.carrier))
        .collect();
    let alliances: Vec<_> =
        carriers.iter().filter_map(|code| atlas::atlas().carrier(*code)?.alliance).collect();
    let in_time = |windows: &[Option<Window>], arrival: bool| {
        merged.legs(itinerary).zip(windows).all(|(leg, window)| {
            let time = if arrival { leg.arrives() } else { leg.departs() };
            window.is_none_or(|window| window.contains(time))
        })
    };
    let airports = |chosen: &[domain::AirportCode]| {
        question().legs.iter().zip(merged.legs(itinerary)).all(|(asked, leg)| {
            let end = |place: &domain::PlaceSet, used| {
                let possible: Vec<_> =
                    chosen.iter().filter(|code| place.airports.contains(code)).collect();
                possible.is_empty() || possible.contains(&&used)
            };
            end(&asked.origin, leg.origin()) && end(&asked.destination, leg.destination())
        })
    };
    let some = |empty: bool, any: bool| empty || any;
    let good = some(filters.stops.is_empty(), filters.stops.contains(&itinerary.stops.min(2)))
        && some(filters.carriers.is_empty(), carriers.iter().any(|c| filters.carriers.contains(c)))
        && some(
            filters.alliances.is_empty(),
            alliances.iter().any(|id| filters.alliances.contains(id)),
        )
        && airports(&filters.airports)
        && in_time(&filters.depart, false)
        && in_time(&filters.arrive, true)
        && filters.minutes_max.is_none_or(|max| itinerary.duration_minutes <= max)
        && filters.price_max.is_none_or(|max| price.is_some_and(|price| price <= max))
        && !(filters.no_self_transfer && itinerary.transfer == domain::Transfer::SelfTransfer);
    good.then_some(price)
}

fn all(filters: Filters) -> View {
    View { filters, limit: usize::MAX, ..View::default() }
}

/// The count and lowest price of a facet value must be what choosing it alone shows.
fn same_as_choosing<T: Copy>(
    merged: &Merged,
    base: &Filters,
    values: &[FacetValue<T>],
    choose: impl Fn(&mut Filters, T),
) -> Result<(), String> {
    for value in values {
        let mut filters = base.clone();
        choose(&mut filters, value.value);
        let page = show(merged, &all(filters.clone()));
        let lowest = page.rows.iter().filter_map(|row| row.price).min();
        if (page.matched, lowest) != (value.count, value.price_min) {
            return Err(format!(
                "{filters:?}: {} from {lowest:?} instead of {} from {:?}",
                page.matched, value.count, value.price_min
            ));
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_view_shows_what_passes_every_filter_and_nothing_else(
        answers in any_answers(), filters in any_filters(),
    ) {
        let merged = merged(&answers);
        let page = show(&merged, &all(filters.clone()));
        let mut shown: Vec<_> = page.rows.iter().map(|row| (row.itinerary, row.price)).collect();
        shown.sort_unstable();
        let expected: Vec<_> = (0..merged.itineraries().len())
            .filter_map(|index| Some((index as u32, passes(&merged, index, &filters)?)))
            .collect();
        prop_assert_eq!(page.total as usize, merged.itineraries().len());
        prop_assert_eq!(shown, expected);
    }

    #[test]
    fn a_facet_counts_what_choosing_it_alone_would_show(
        answers in any_answers(), filters in any_filters(),
    ) {
        let merged = merged(&answers);
        let facets = show(&merged, &all(filters.clone())).facets;
        let checks = [
            same_as_choosing(&merged, &filters, &facets.stops, |f, v| f.stops = vec![v]),
            same_as_choosing(&merged, &filters, &facets.carriers, |f, v| f.carriers = vec![v]),
            same_as_choosing(&merged, &filters, &facets.alliances, |f, v| f.alliances = vec![v]),
            same_as_choosing(&merged, &filters, &facets.airports, |f, v| f.airports = vec![v]),
            same_as_choosing(&merged, &filters, &facets.agents, |f, v| f.agents = vec![v]),
        ];
        for check in checks {
            prop_assert_eq!(check, Ok(()));
        }
        let free = show(&merged, &all(Filters { minutes_max: None, ..filters.clone() }));
        let minutes = free.rows.iter().map(|row| merged.itineraries()[row.itinerary as usize].duration_minutes);
        prop_assert_eq!(facets.minutes, minutes.clone().min().zip(minutes.max()));
        let free = show(&merged, &all(Filters { price_max: None, ..filters }));
        let prices = free.rows.iter().filter_map(|row| row.price);
        prop_assert_eq!(facets.price, prices.clone().min().zip(prices.max()));
    }

    #[test]
    fn pages_put_together_are_the_whole_list_in_order(
        answers in any_answers(), sort in 0_usize..3, limit in 1_usize..5,
    ) {
        let merged = merged(&answers);
        let whole = show(&merged, &View { sort: Sort::ALL[sort], ..all(Filters::default()) });
        let mut wanted = View { sort: Sort::ALL[sort], limit, ..View::default() };
        let mut rows = Vec::new();
        loop {
            let page = show(&merged, &wanted);
            prop_assert!(page.rows.len() <= limit);
            rows.extend(page.rows);
            match page.next {
                Some(next) => wanted.after = Cursor::from_text(&next.to_text()).ok(),
                None => break,
            }
        }
        prop_assert_eq!(&rows, &whole.rows);
        let scores: Vec<f64> = rows.iter().map(|row| row.scores.of(Sort::ALL[sort])).collect();
        prop_assert!(scores.is_sorted_by(|a, b| *a >= *b - 1e-9), "{:?}", scores);
    }

    #[test]
    fn the_order_of_a_view_does_not_depend_on_who_answered_first(
        answers in any_answers(), sort in 0_usize..3,
    ) {
        let mut backwards = answers.clone();
        backwards.reverse();
        let keys = |answers: &[Vec<Spec>]| {
            let merged = merged(answers);
            let page = show(&merged, &View { sort: Sort::ALL[sort], ..all(Filters::default()) });
            page.rows
                .iter()
                .map(|row| merged.itineraries()[row.itinerary as usize].key)
                .collect::<Vec<_>>()
        };
        prop_assert_eq!(keys(&answers), keys(&backwards));
    }

    #[test]
    fn what_the_display_rules_out_is_not_there_at_all(answers in any_answers(), include in any::<bool>()) {
        let merged = merged(&answers);
        let mut display = display();
        let (agent, carrier) = (AgentId::literal("ba__"), CarrierCode::literal("KL"));
        if include {
            display.agents.included = vec![agent];
            display.carriers.included = vec![carrier];
        } else {
            display.agents.excluded = vec![agent];
            display.carriers.excluded = vec![carrier];
        }
        let page = view(&merged, &question(), &display, &all(Filters::default()));
        prop_assert_eq!(page.total, page.matched);
        let mut expected = 0;
        for itinerary in merged.itineraries() {
            let flown = merged.legs(itinerary).any(|leg| leg.segments().any(|s| s.carrier == carrier));
            let sold = merged.options(itinerary).iter()
                .any(|option| (merged.offer(option).agent() == agent) == include);
            expected += u32::from(flown == include && sold);
        }
        prop_assert_eq!(page.total, expected);
        for row in &page.rows {
            let itinerary = &merged.itineraries()[row.itinerary as usize];
            let cheapest = merged.options(itinerary).into_iter()
                .find(|option| page.shows(&merged, option)).unwrap();
            prop_assert_eq!(cheapest.amount(), row.price);
        }
        let wrong = page.facets.agents.iter().any(|value| (value.value == agent) != include);
        prop_assert!(!wrong);
    }
}
