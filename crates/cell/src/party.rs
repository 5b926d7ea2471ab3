//! What both APIs read the same way: who travels, in which cabin, and by which market and money.

use atlas::{Atlas, PlaceRef};
use domain::travellers::InvalidTravellers;
use domain::{CountryCode, CurrencyCode, Place, Travellers};
use search::{Locale, SearchError};

use crate::culture;
use crate::loose::{FieldError, Node};
use crate::refusal::{Refusal, of_fault};

/// Legs are at most this many; one more is read so that the error is about the count.
pub(crate) const LEGS_READ: usize = domain::request::LEGS_MAX;

/// Reads the party from two fields of an object.
pub(crate) fn travellers(adults: Node<'_>, ages: Node<'_>) -> Result<Travellers, FieldError> {
    let count = adults.whole()?.unwrap_or(0);
    let mut read = Vec::new();
    for age in ages.items(8)? {
        read.push(age.whole()?.ok_or_else(|| age.wrong("must be an age of 0 to 17"))?);
    }
    Travellers::new(count, &read).map_err(|invalid| match invalid {
        InvalidTravellers::Adults(_) => adults.wrong("must be 1 to 8"),
        InvalidTravellers::TooManyChildren(_)
        | InvalidTravellers::ChildAge(_)
        | InvalidTravellers::TooManyInfants { .. } => ages.wrong(invalid.to_string()),
    })
}

/// Reads a market that must be there.
pub(crate) fn market(node: Node<'_>, atlas: &Atlas) -> Result<CountryCode, FieldError> {
    let text = node.required_text()?;
    culture::known_market(&text, atlas)
        .ok_or_else(|| node.wrong("must be a two-letter country code, e.g. UK or DE"))
}

/// Reads a locale that must be there.
pub(crate) fn locale(node: Node<'_>) -> Result<Locale, FieldError> {
    let text = node.required_text()?;
    culture::read_locale(&text)
        .and_then(|locale| locale.parse().ok())
        .ok_or_else(|| node.wrong("must be a language and country, e.g. en-GB"))
}

/// Reads a currency that must be there and that prices can be shown in.
pub(crate) fn currency(node: Node<'_>, atlas: &Atlas) -> Result<CurrencyCode, FieldError> {
    let text = node.required_text()?;
    text.parse()
        .ok()
        .filter(|&currency| atlas.currency(currency).is_some() && atlas.rates().knows(currency))
        .ok_or_else(|| node.wrong("must be a currency prices can be shown in, e.g. GBP"))
}

/// An IATA code as a place: the airport if there is one, else the city.
pub(crate) fn place_by_code(text: &str, atlas: &Atlas) -> Option<Place> {
    if let Some(airport) = text.parse().ok().and_then(|code| atlas.airport(code)) {
        return Some(Place::Airport(airport.code));
    }
    city_by_code(text, atlas)
}

/// A city code as a place, if the city has airports.
pub(crate) fn city_by_code(text: &str, atlas: &Atlas) -> Option<Place> {
    let city = text.parse().ok().and_then(|code| atlas.city(code))?;
    (!city.airports.is_empty()).then_some(Place::City(city.code))
}

/// Where the fields of a search stand in one of the APIs, for errors found after reading.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldNames {
    /// The list of legs.
    pub(crate) legs: &'static str,
    /// Origin within a leg.
    pub(crate) origin: &'static str,
    /// Destination within a leg.
    pub(crate) destination: &'static str,
    /// The display currency.
    pub(crate) currency: &'static str,
    /// The language.
    pub(crate) locale: &'static str,
    /// The token in the path.
    pub(crate) token: &'static str,
}

/// The refusal for a failure of the engine, naming the caller's field where it is one.
pub(crate) fn refuse(error: &SearchError, names: FieldNames) -> Refusal {
    use domain::InvalidSearch;
    use search::{End, InvalidDisplay, TokenError};

    let FieldNames { legs, origin, destination, currency, locale, token } = names;
    let at = |leg: &usize, field: &str| format!("{legs}[{leg}].{field}");
    let field = match error {
        SearchError::Invalid(InvalidSearch::LegCount(_)) => legs.to_owned(),
        SearchError::Invalid(InvalidSearch::SamePlace { leg }) => at(leg, destination),
        SearchError::Invalid(
            InvalidSearch::DatesDescend { leg }
            | InvalidSearch::Past { leg }
            | InvalidSearch::TooFar { leg, .. },
        ) => at(leg, "date"),
        SearchError::UnknownPlace { leg, end: End::Origin, .. } => at(leg, origin),
        SearchError::UnknownPlace { leg, end: End::Destination, .. } => at(leg, destination),
        SearchError::Display(InvalidDisplay::Currency(_)) => currency.to_owned(),
        SearchError::Display(InvalidDisplay::Locale) => locale.to_owned(),
        SearchError::Display(InvalidDisplay::TooMany { .. }) => String::new(),
        SearchError::Token(TokenError::Forged) => token.to_owned(),
        SearchError::Token(TokenError::Expired) | SearchError::NoSuchOffer { .. } => {
            return of_fault(error).missing();
        }
        SearchError::Overloaded { retry_after } => {
            return Refusal::busy(runtime::Fault::code(error), &error.to_string(), *retry_after);
        }
        SearchError::Stopping => return of_fault(error).unavailable(),
        SearchError::Internal => return of_fault(error),
    };
    of_fault(error).about(field)
}

/// The name of a place in a language, in English if it has none there.
pub(crate) fn name_in<'a>(atlas: &Atlas, place: PlaceRef<'a>, language: &str) -> &'a str {
    if language.starts_with("en") {
        return place.name();
    }
    atlas.name_in(place, language).unwrap_or(place.name())
}
