//! Reads the body of a v3 create into what the engine takes.
//!
//! Required: market, locale, currency, queryLegs, adults. A place is an `iata` code or an
//! `entityId` of an airport or city; carriers are named by IATA code, agents by id. What else a
//! client sends is ignored.

use atlas::{Atlas, PlaceRef};
use domain::{AgentId, Cabin, CarrierCode, Date, LegRequest, Place, SearchRequest};
use search::{Display, Selection};
use serde_json::Value;

use crate::loose::{FieldError, Node};
use crate::party;

/// Cabins by the number of the enum; unspecified is economy.
const CABINS: [&str; 5] = [
    "CABIN_CLASS_UNSPECIFIED",
    "CABIN_CLASS_ECONOMY",
    "CABIN_CLASS_PREMIUM_ECONOMY",
    "CABIN_CLASS_BUSINESS",
    "CABIN_CLASS_FIRST",
];

/// A search as a v3 client asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateSearch {
    /// What is searched for.
    pub request: SearchRequest,
    /// How it is shown.
    pub display: Display,
}

/// Reads a body.
///
/// # Errors
/// [`FieldError`] naming the first field that is missing or wrong.
pub fn read(body: &Value, atlas: &Atlas) -> Result<CreateSearch, FieldError> {
    let root = Node::root(body);
    let query = root.field("query")?;
    if !query.is_present() {
        return Err(query.wrong("is required"));
    }
    let market = party::market(query.field("market")?, atlas)?;
    let locale = party::locale(query.field("locale")?)?;
    let currency = party::currency(query.field("currency")?, atlas)?;
    let legs = legs(query.field("queryLegs")?, atlas)?;
    let travellers = party::travellers(query.field("adults")?, query.field("childrenAges")?)?;
    let cabin = match query.field("cabinClass")?.one_of(&CABINS)? {
        0 | 1 => Cabin::Economy,
        2 => Cabin::PremiumEconomy,
        3 => Cabin::Business,
        _ => Cabin::First,
    };
    let nearby = query.field("nearbyAirports")?.flag()?;
    let display = Display {
        carriers: selection(
            query.field("includedCarriersIds")?,
            query.field("excludedCarriersIds")?,
            |text| text.parse::<CarrierCode>().ok(),
            "must be a two-character IATA carrier code, e.g. BA",
        )?,
        agents: selection(
            query.field("includedAgentsIds")?,
            query.field("excludedAgentsIds")?,
            |text| text.parse::<AgentId>().ok(),
            "must be an agent id",
        )?,
        sustainability: query.field("includeSustainabilityData")?.flag()?,
        ..Display::new(currency, locale)
    };
    let request = SearchRequest { legs, cabin, travellers, market, nearby };
    Ok(CreateSearch { request, display })
}

fn legs(list: Node<'_>, atlas: &Atlas) -> Result<Vec<LegRequest>, FieldError> {
    let mut legs = Vec::new();
    for leg in list.items(party::LEGS_READ)? {
        let origin = place(leg.field("originPlaceId")?, atlas)?;
        let destination = place(leg.field("destinationPlaceId")?, atlas)?;
        let date = date(leg.field("date")?)?;
        legs.push(LegRequest { origin, destination, date });
    }
    if legs.is_empty() { Err(list.wrong("must have 1 to 6 legs")) } else { Ok(legs) }
}

/// The sentences are those of the reference.
fn place(node: Node<'_>, atlas: &Atlas) -> Result<Place, FieldError> {
    let iata = node.field("iata")?.text()?;
    let Some(entity) = node.field("entityId")?.text()? else {
        let iata = iata.ok_or_else(|| node.wrong("The QueryPlace ID cannot be null"))?;
        return party::place_by_code(&iata, atlas)
            .ok_or_else(|| node.wrong("The QueryPlace ID is not valid IATA"));
    };
    let found = entity.parse().ok().and_then(|id| atlas.place_by_entity(id));
    let place = match found {
        Some(PlaceRef::Airport(airport)) => Some(Place::Airport(airport.code)),
        Some(PlaceRef::City(city)) if !city.airports.is_empty() => Some(Place::City(city.code)),
        Some(PlaceRef::City(_) | PlaceRef::Country(_) | PlaceRef::Continent(_)) | None => None,
    };
    let place = place.ok_or_else(|| node.wrong("The QueryPlace ID is not valid entity ID"))?;
    match iata {
        Some(iata) if !iata.eq_ignore_ascii_case(&place.iata()) => {
            Err(node.wrong("The QueryPlace ID has an iata and an entityId of different places"))
        }
        _ => Ok(place),
    }
}

fn date(node: Node<'_>) -> Result<Date, FieldError> {
    if !node.is_present() {
        return Err(node.wrong("is required"));
    }
    let part = |name| Ok::<u32, FieldError>(node.field(name)?.whole()?.unwrap_or(0));
    let (year, month, day) = (part("year")?, part("month")?, part("day")?);
    Date::from_ymd(year.min(9_999) as i32, month, day)
        .map_err(|_| node.wrong(format!("there is no day {year:04}-{month:02}-{day:02}")))
}

fn selection<T>(
    included: Node<'_>,
    excluded: Node<'_>,
    read: impl Fn(&str) -> Option<T>,
    sentence: &str,
) -> Result<Selection<T>, FieldError> {
    let list = |node: Node<'_>| {
        let mut values = Vec::new();
        for item in node.items(search::SELECTION_MAX)? {
            let value = item.text()?.and_then(|text| read(&text));
            values.push(value.ok_or_else(|| item.wrong(sentence))?);
        }
        Ok::<_, FieldError>(values)
    };
    Ok(Selection { included: list(included)?, excluded: list(excluded)? })
}

#[cfg(test)]
mod tests;
