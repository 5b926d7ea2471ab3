//! Reads the query of a page: sort, filters, limit and cursor.
//!
//! `sort=best|cheapest|fastest`, `stops=0,1`, `carriers=BA,KL`, `alliances=oneworld`,
//! `agents=ba__`, `airports=LHR`, `depart=06:00-12:00;` (one window a leg, an empty one is free),
//! `arrive=…`, `duration_max=` minutes, `price_max=` minor units, `no_self_transfer=true`,
//! `limit=1..100`, `cursor=` of the page before, `options=1..100|all` of each itinerary,
//! `itinerary=` an id, to see that one only.
//!
//! Limits: 64 values in a list; the query's bytes are limited before it gets here.

use std::str::FromStr;

use atlas::Atlas;
use domain::ItineraryKey;
use search::{Cursor, Filters, Sort, View, Window};

use crate::limits::decoded;
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
pub fn read(query: &str, atlas: &Atlas) -> Result<Wanted, Refusal> {
    let view = View { limit: LIMIT.0, ..View::default() };
    let mut wanted = Wanted { view, options: OPTIONS.0, itinerary: None };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let plain = value.replace('+', " ");
        let value = decoded(&plain);
        if value.is_empty() && name != "depart" && name != "arrive" {
            continue;
        }
        match name {
            "sort" | "limit" | "cursor" => read_list(&mut wanted.view, name, &value)?,
            "options" if value == "all" => wanted.options = usize::MAX,
            "options" => wanted.options = within(name, &value, OPTIONS.1)?,
            "itinerary" => {
                let id = u128::from_str_radix(&value, 16).ok().filter(|_| value.len() == 32);
                let sentence = "must be the id of an itinerary";
                wanted.itinerary = Some(ItineraryKey(id.ok_or_else(|| wrong(name, sentence))?));
            }
            _ => read_filter(&mut wanted.view.filters, atlas, name, &value)?,
        }
    }
    Ok(wanted)
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
        "duration_max" => filters.minutes_max = Some(number(name, value)?),
        "price_max" => filters.price_max = Some(number(name, value)?),
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

/// The refusal of a parameter that means nothing here.
pub(super) fn unknown(name: &str) -> Refusal {
    wrong(name, "is not a known parameter")
}

fn wrong(name: &str, sentence: &str) -> Refusal {
    // The name comes from the caller: only what could be a name is repeated.
    let name: String =
        name.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
    Refusal::field(name, sentence)
}

fn number<T: FromStr>(name: &str, value: &str) -> Result<T, Refusal> {
    value.parse().map_err(|_| wrong(name, "must be a whole number"))
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
    use proptest::prelude::proptest;

    use super::*;

    fn parse(query: &str) -> Result<View, Refusal> {
        read(query, atlas::atlas()).map(|wanted| wanted.view)
    }

    #[test]
    fn options_are_few_unless_more_are_asked_for() {
        let options = |query| read(query, atlas::atlas()).unwrap().options;
        assert_eq!((options(""), options("options=7")), (3, 7));
        assert_eq!(options("options=all"), usize::MAX);
        let one = read("itinerary=000000000000000000000000000000ab", atlas::atlas()).unwrap();
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
            ("carrier=BA", "carrier"),
            ("cursor=x", "cursor"),
            ("options=0", "options"),
            ("itinerary=ab", "itinerary"),
        ] {
            let refusal = parse(query).unwrap_err();
            assert_eq!(refusal.field_name(), Some(field), "{query}");
        }
    }

    proptest! {
        #[test]
        fn no_query_makes_reading_panic(query in r"[a-z_]{0,12}=[0-9A-Za-z:;,%-]{0,40}") {
            let _ = parse(&query);
            let _ = parse(&format!("depart={query}"));
        }
    }
}
