//! Reads the body of an indicative search.
//!
//! One leg, or two that mirror each other. Each has places, or anywhere, and exactly one of
//! `dateRange` (whole months), `fixedDate`, `anytime`.

use atlas::Atlas;
use domain::{CountryCode, CurrencyCode, Date};
use prices::indicative::{DateUnit, Month, When};
use search::Locale;
use serde_json::Value;

use crate::loose::{FieldError, Node};
use crate::party;
use crate::side::Side;

const GROUPINGS: [&str; 3] = [
    "DATE_TIME_GROUPING_TYPE_UNSPECIFIED",
    "DATE_TIME_GROUPING_TYPE_BY_DATE",
    "DATE_TIME_GROUPING_TYPE_BY_MONTH",
];

/// What dates are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grouping {
    /// Unspecified: the quotes of the routes only, by day.
    Routes,
    Day,
    Month,
}

impl Grouping {
    pub(super) fn unit(self) -> Option<DateUnit> {
        match self {
            Self::Routes => None,
            Self::Day => Some(DateUnit::Day),
            Self::Month => Some(DateUnit::Month),
        }
    }
}

/// An indicative search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) market: CountryCode,
    pub(super) locale: Locale,
    pub(super) currency: CurrencyCode,
    pub(super) grouping: Grouping,
    pub(super) origin: Side,
    pub(super) destination: Side,
    pub(super) out: When,
    /// `None` for one way.
    pub(super) back: Option<When>,
}

/// # Errors
/// [`FieldError`] naming the first field that is missing or wrong.
pub(super) fn query(body: &Value, atlas: &Atlas) -> Result<Query, FieldError> {
    let root = Node::root(body);
    let query = root.field("query")?;
    if !query.is_present() {
        return Err(query.wrong("is required"));
    }
    let market = party::market(query.field("market")?, atlas)?;
    let locale = party::locale(query.field("locale")?)?;
    let currency = party::currency(query.field("currency")?, atlas)?;
    let grouping = match query.field("dateTimeGroupingType")?.one_of(&GROUPINGS)? {
        1 => Grouping::Day,
        2 => Grouping::Month,
        _ => Grouping::Routes,
    };
    let list = query.field("queryLegs")?;
    let legs = list.items(2)?;
    let Some((first, others)) = legs.split_first() else {
        return Err(list.wrong("must have 1 or 2 legs"));
    };
    let (origin, destination, out) = leg(first, atlas)?;
    let back = match others.first() {
        None => None,
        Some(second) => {
            let (from, to, back) = leg(second, atlas)?;
            if (from, to) != (destination, origin) {
                return Err(
                    second.wrong("must lead back: from the first leg's destination to its origin")
                );
            }
            Some(back)
        }
    };
    Ok(Query { market, locale, currency, grouping, origin, destination, out, back })
}

fn leg(node: &Node<'_>, atlas: &Atlas) -> Result<(Side, Side, When), FieldError> {
    let origin = side(&node.field("originPlace")?, atlas)?;
    let destination = side(&node.field("destinationPlace")?, atlas)?;
    Ok((origin, destination, when(node)?))
}

/// The sentences are those of the reference.
fn side(node: &Node<'_>, atlas: &Atlas) -> Result<Side, FieldError> {
    let place = node.field("queryPlace")?;
    if node.field("anywhere")?.flag()? {
        return match place.is_present() {
            true => Err(node.wrong("has a queryPlace and anywhere; choose one")),
            false => Ok(Side::Anywhere { by_city: false }),
        };
    }
    if let Some(iata) = place.field("iata")?.text()? {
        let found = party::place_by_code(&iata, atlas);
        return found
            .map(|place| match place {
                domain::Place::Airport(code) => Side::Airport(code),
                domain::Place::City(code) => Side::City(code),
            })
            .ok_or_else(|| place.wrong("The QueryPlace ID is not valid IATA"));
    }
    let Some(entity) = place.field("entityId")?.text()? else {
        return Err(place.wrong("The QueryPlace ID cannot be null"));
    };
    let found = entity.parse().ok().and_then(|id| atlas.place_by_entity(id));
    found.and_then(Side::of).ok_or_else(|| place.wrong("The QueryPlace ID is not valid entity ID"))
}

fn when(leg: &Node<'_>) -> Result<When, FieldError> {
    let (range, fixed, anytime) =
        (leg.field("dateRange")?, leg.field("fixedDate")?, leg.field("anytime")?);
    let any = anytime.flag()?;
    match (range.is_present(), fixed.is_present(), any) {
        (true, false, false) => {
            let (first, last) =
                (month(&range.field("startDate")?)?, month(&range.field("endDate")?)?);
            if last < first {
                return Err(range.wrong("ends before it starts"));
            }
            Ok(When::Months { first, last })
        }
        (false, true, false) => Ok(When::Day(day(&fixed)?)),
        (false, false, true) => Ok(When::Anytime),
        _ => Err(leg.wrong("must have exactly one of dateRange, fixedDate and anytime")),
    }
}

fn month(node: &Node<'_>) -> Result<Month, FieldError> {
    let (year, month) = (part(node, "year")?, part(node, "month")?);
    Month::new(year.min(9_999) as i32, month)
        .ok_or_else(|| node.wrong(format!("there is no month {year:04}-{month:02}")))
}

fn day(node: &Node<'_>) -> Result<Date, FieldError> {
    let (year, month, day) = (part(node, "year")?, part(node, "month")?, part(node, "day")?);
    Date::from_ymd(year.min(9_999) as i32, month, day)
        .map_err(|_| node.wrong(format!("there is no day {year:04}-{month:02}-{day:02}")))
}

fn part(node: &Node<'_>, name: &str) -> Result<u32, FieldError> {
    Ok(node.field(name)?.whole()?.unwrap_or(0))
}
