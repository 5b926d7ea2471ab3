//! Reads the query of a page: sort, filters, limit and cursor.
//!
//! `sort=best|cheapest|fastest`, `stops=0,1`, `carriers=BA,KL`, `alliances=oneworld`,
//! `agents=ba__`, `airports=LHR`, `depart=06:00-12:00;` (one window a leg, an empty one is free),
//! `arrive=…`, `duration_max=` minutes, `price_max=` minor units, `no_self_transfer=true`,
//! `limit=1..100`, `cursor=` of the page before, `options=1..100|all` of each itinerary,
//! `itinerary=` an id, to see that one only. An empty list or window is free.
//!
//! What depends on the search is checked by [`check`]: a cursor continues only the search, sort and
//! filters it was given out for; windows belong to legs, airports to ends of legs.
//!
//! Limits: 64 values in a list; the query's bytes are limited before it gets here.

use std::fmt::Display;
use std::str::FromStr;

use atlas::Atlas;
use domain::{ItineraryKey, Question};
use search::{Cursor, Filters, Sort, View, Window};

use super::pairs::{pairs, unknown, wrong};
use crate::refusal::Refusal;

/// Rows of a page unless said otherwise, and at most.
const LIMIT: (usize, usize) = (10, 100);
/// Values in one list.
const VALUES_MAX: usize = 64;

/// Options of an itinerary unless said otherwise, and at most.
const OPTIONS: (usize, usize) = (3, 100);

/// What is wanted of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Itineraries.
    pub view: View,
    /// Options of each.
    pub options: usize,
    /// Only this itinerary.
    pub itinerary: Option<ItineraryKey>,
}

/// Reads a query; an empty one is the first page, best first.
///
/// # Errors
/// [`Refusal`] naming the parameter that is unknown or wrong.
pub fn read(query: Option<&str>, atlas: &Atlas) -> Result<Wanted, Refusal> {
    let view = View { limit: LIMIT.0, ..View::default() };
    let mut wanted = Wanted { view, options: OPTIONS.0, itinerary: None };
    for pair in pairs(query)? {
        let (name, value) = (pair.name, &*pair.value);
        match name {
            "sort" | "limit" | "cursor" => read_list(&mut wanted.view, name, value)?,
            "options" if value == "all" => wanted.options = usize::MAX,
            "options" => wanted.options = within(name, value, OPTIONS.1)?,
            "itinerary" => {
                let digits = value.len() == 32 && value.bytes().all(|b| b.is_ascii_hexdigit());
                let id = u128::from_str_radix(value, 16).ok().filter(|_| digits);
                let sentence = "must be the id of an itinerary";
                wanted.itinerary = Some(ItineraryKey(id.ok_or_else(|| wrong(name, sentence))?));
            }
            _ => read_filter(&mut wanted.view.filters, atlas, name, value)?,
        }
    }
    if wanted.itinerary.is_some() && wanted.view.after.is_some() {
        return Err(wrong("cursor", "means nothing together with itinerary"));
    }
    Ok(wanted)
}

/// Checks what is wanted against the search it is wanted of.
///
/// # Errors
/// [`Refusal`] naming the parameter that belongs to another search or view.
pub fn check(view: &View, question: &Question) -> Result<(), Refusal> {
    if view.after.as_ref().is_some_and(|cursor| !view.continues(cursor)) {
        let sentence = "belongs to another search, sort or filter; begin again without it";
        return Err(wrong("cursor", sentence));
    }
    let filters = &view.filters;
    for (name, windows) in [("depart", &filters.depart), ("arrive", &filters.arrive)] {
        if windows.len() > question.legs.len() {
            return Err(wrong(name, "has more windows than the search has legs"));
        }
    }
    let possible = |code| {
        question.legs.iter().any(|leg| leg.origin.contains(code) || leg.destination.contains(code))
    };
    if filters.airports.iter().any(|&code| !possible(code)) {
        return Err(wrong("airports", "must be at an end of one of the search's legs"));
    }
    Ok(())
}

fn read_list(view: &mut View, name: &str, value: &str) -> Result<(), Refusal> {
    match name {
        "sort" => {
            let sort = Sort::ALL.into_iter().find(|sort| sort.name() == value);
            view.sort = sort.ok_or_else(|| wrong(name, "must be best, cheapest or fastest"))?;
        }
        "limit" => view.limit = within(name, value, LIMIT.1)?,
        _ => {
            let cursor = Cursor::from_text(value).map_err(|_| wrong(name, "is not one of ours"))?;
            view.after = Some(cursor);
        }
    }
    Ok(())
}

fn read_filter(
    filters: &mut Filters,
    atlas: &Atlas,
    name: &str,
    value: &str,
) -> Result<(), Refusal> {
    match name {
        "stops" => filters.stops = list(name, value, "must be 0, 1 or 2", read_stops)?,
        "carriers" => filters.carriers = parsed(name, value, "must be carriers, e.g. BA,KL")?,
        "agents" => filters.agents = parsed(name, value, "must be ids of agents")?,
        "airports" => filters.airports = parsed(name, value, "must be airports, e.g. LHR")?,
        "alliances" => {
            let find = |key: &str| {
                atlas.alliances().iter().find(|known| known.key == key).map(|known| known.id)
            };
            let sentence = "must be alliances: oneworld, star or skyteam";
            filters.alliances = list(name, value, sentence, find)?;
        }
        "depart" => filters.depart = windows(name, value)?,
        "arrive" => filters.arrive = windows(name, value)?,
        "duration_max" => filters.minutes_max = Some(number(name, value, u32::MAX)?),
        "price_max" => filters.price_max = Some(number(name, value, i64::MAX)?),
        "no_self_transfer" => {
            filters.no_self_transfer =
                value.parse().map_err(|_| wrong(name, "must be true or false"))?;
        }
        _ => return Err(unknown(name)),
    }
    Ok(())
}

/// A whole number of 1 to `most`.
fn within(name: &str, value: &str, most: usize) -> Result<usize, Refusal> {
    let read = value.parse().ok().filter(|number| (1..=most).contains(number));
    read.ok_or_else(|| wrong(name, &format!("must be 1 to {most}")))
}

/// A whole number of 0 to `most`.
fn number<T: FromStr + PartialOrd + Default + Display>(
    name: &str,
    value: &str,
    most: T,
) -> Result<T, Refusal> {
    let read = value.parse().ok().filter(|number| *number >= T::default());
    read.ok_or_else(|| wrong(name, &format!("must be a whole number of 0 to {most}")))
}

fn read_stops(text: &str) -> Option<u8> {
    text.parse().ok().filter(|stops| *stops <= 2)
}

fn parsed<T: FromStr>(name: &str, value: &str, sentence: &str) -> Result<Vec<T>, Refusal> {
    list(name, value, sentence, |text| text.parse().ok())
}

fn list<T>(
    name: &str,
    value: &str,
    sentence: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, Refusal> {
    let mut values = Vec::new();
    for item in value.split(',').filter(|item| !item.is_empty()) {
        if values.len() == VALUES_MAX {
            return Err(wrong(name, "must have at most 64 values"));
        }
        values.push(read(item).ok_or_else(|| wrong(name, sentence))?);
    }
    Ok(values)
}

/// One window a leg; an empty one, or one of the whole day, is free.
fn windows(name: &str, value: &str) -> Result<Vec<Option<Window>>, Refusal> {
    let sentence = "must be a window for each leg, e.g. 06:00-12:00;18:00-23:59";
    let mut windows = Vec::new();
    for text in value.split(';') {
        if windows.len() == domain::request::LEGS_MAX {
            return Err(wrong(name, "must have at most 6 windows"));
        }
        if text.is_empty() {
            windows.push(None);
            continue;
        }
        let ends =
            text.split_once('-').and_then(|(from, until)| Some((clock(from)?, clock(until)?)));
        let (from, until) = ends.ok_or_else(|| wrong(name, sentence))?;
        let free = from == 0 && until >= 23 * 60 + 59;
        windows.push((!free).then_some(Window { from, until }));
    }
    Ok(windows)
}

/// Minutes after midnight of `06:00`; `24:00` is the last minute of the day.
fn clock(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    match (hour, minute) {
        (24, 0) => Some(23 * 60 + 59),
        (0..24, 0..60) => Some(hour * 60 + minute),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use domain::{Cabin, Date, Place, PlaceSet, QuestionLeg, Travellers};
    use proptest::prelude::proptest;

    use super::*;

    fn parse(query: &str) -> Result<View, Refusal> {
        read(Some(query), atlas::atlas()).map(|wanted| wanted.view)
    }

    #[test]
    fn options_are_few_unless_more_are_asked_for() {
        let options = |query| read(Some(query), atlas::atlas()).unwrap().options;
        assert_eq!((options(""), options("options=7")), (3, 7));
        assert_eq!(options("options=all"), usize::MAX);
        let id = "itinerary=000000000000000000000000000000ab";
        let one = read(Some(id), atlas::atlas()).unwrap();
        assert_eq!(one.itinerary, Some(ItineraryKey(0xAB)));
    }

    #[test]
    fn an_empty_query_is_the_first_ten_best() {
        let view = parse("").unwrap();
        assert_eq!((view.sort, view.limit, view.filters.is_empty()), (Sort::Best, 10, true));
    }

    #[test]
    fn every_parameter_is_read() {
        let view = parse(
            "sort=fastest&stops=0,1&carriers=BA,kl&alliances=oneworld&agents=ba__&airports=LHR%2CLGW\
             &depart=06:00-12:00;&arrive=;18:00-24:00&duration_max=600&price_max=12345&limit=100",
        )
        .unwrap();
        assert_eq!((view.sort, view.limit), (Sort::Fastest, 100));
        assert_eq!(view.filters.stops, [0, 1]);
        assert_eq!(view.filters.carriers.len(), 2);
        assert_eq!(view.filters.alliances.len(), 1);
        assert_eq!(view.filters.airports.len(), 2);
        assert_eq!(view.filters.depart, [Some(Window { from: 360, until: 720 }), None]);
        assert_eq!(view.filters.arrive, [None, Some(Window { from: 1_080, until: 1_439 })]);
        assert_eq!((view.filters.minutes_max, view.filters.price_max), (Some(600), Some(12_345)));
    }

    #[test]
    fn what_is_wrong_is_refused_by_name() {
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("sort=worst", "sort"),
            ("stops=3", "stops"),
            ("depart=6-12", "depart"),
            ("depart=25:00-26:00", "depart"),
            ("price_max=-", "price_max"),
            ("price_max=-1", "price_max"),
            ("price_max=1.5", "price_max"),
            ("price_max=99999999999999999999", "price_max"),
            ("duration_max=-1", "duration_max"),
            ("duration_max=4294967296", "duration_max"),
            ("sort=", "sort"),
            ("limit=", "limit"),
            ("cursor=", "cursor"),
            ("price_max=", "price_max"),
            ("no_self_transfer=", "no_self_transfer"),
            ("no_self_transfer=yes", "no_self_transfer"),
            ("colour=", "colour"),
            ("carriers=BA&carriers=KL", "carriers"),
            ("itinerary=+00000000000000000000000000000ab", "itinerary"),
            ("carrier=BA", "carrier"),
            ("cursor=x", "cursor"),
            ("options=0", "options"),
            ("itinerary=ab", "itinerary"),
        ] {
            let refusal = parse(query).unwrap_err();
            assert_eq!(refusal.field_name(), Some(field), "{query}");
        }
    }

    /// A question of these legs on some day.
    fn question(legs: &[(&str, &str)]) -> Question {
        let place = |code: &str| {
            let code = code.parse().unwrap();
            PlaceSet { asked: Place::Airport(code), airports: vec![code] }
        };
        let leg = |&(from, to): &(&str, &str)| QuestionLeg {
            origin: place(from),
            destination: place(to),
            date: Date::from_days(20_500),
        };
        Question {
            legs: legs.iter().map(leg).collect(),
            cabin: Cabin::Economy,
            travellers: Travellers::new(1, &[]).unwrap(),
            market: "GB".parse().unwrap(),
        }
    }

    fn checked(query: &str, legs: &[(&str, &str)]) -> Option<String> {
        let refusal = check(&parse(query).unwrap(), &question(legs)).err()?;
        refusal.field_name().map(str::to_owned)
    }

    #[test]
    fn a_window_or_airport_that_is_nowhere_in_the_search_is_refused_by_name() {
        let (one, two) = (&[("EDI", "LHR")][..], &[("EDI", "LHR"), ("LHR", "EDI")][..]);
        assert_eq!(checked("depart=;06:00-12:00", one).as_deref(), Some("depart"));
        assert_eq!(checked("arrive=;;", two).as_deref(), Some("arrive"));
        assert_eq!(checked("depart=;06:00-12:00&arrive=06:00-12:00", two), None);
        assert_eq!(checked("airports=EDI,JFK", one).as_deref(), Some("airports"));
        assert_eq!(checked("airports=EDI,LHR", one), None);
    }

    #[test]
    fn a_cursor_continues_only_the_view_it_was_given_out_for() {
        let given = parse("sort=cheapest&carriers=BA,KL&limit=5").unwrap();
        let place = search::rank::Place { first: 1, second: 2 };
        let mark = given.filters.mark() ^ 7;
        let cursor = Cursor { sort: given.sort, mark, place, key: ItineraryKey(3) }.to_text();
        let continues = |query: &str, search: u64| {
            let view = View { search, ..parse(&format!("{query}&cursor={cursor}")).unwrap() };
            let refusal = check(&view, &question(&[("EDI", "LHR")])).err();
            refusal.is_none_or(|refusal| {
                assert_eq!(refusal.field_name(), Some("cursor"));
                false
            })
        };
        assert!(continues("sort=cheapest&carriers=BA,KL&limit=5", 7));
        assert!(continues("limit=100&carriers=KL,BA&sort=cheapest&options=all", 7));
        assert!(!continues("sort=fastest&carriers=BA,KL", 7));
        assert!(!continues("carriers=BA,KL", 7));
        assert!(!continues("sort=cheapest&carriers=BA", 7));
        assert!(!continues("sort=cheapest&carriers=BA,KL&price_max=100000", 7));
        assert!(!continues("sort=cheapest&carriers=BA,KL", 8));
    }

    proptest! {
        #[test]
        fn no_query_makes_reading_panic(query in r"[a-z_]{0,12}=[0-9A-Za-z:;,%-]{0,40}") {
            let _ = parse(&query);
            let _ = parse(&format!("depart={query}"));
        }
    }
}
