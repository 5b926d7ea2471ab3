//! Amadeus requests: the body of a POST, the query of a GET.

use domain::{Cabin, CarrierCode, CurrencyCode, PlaceSet, Question, QuestionLeg};
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use crate::asked;
use crate::offer::Shelf;
use crate::seller::Seller;

/// Offers of one answer at most.
const OFFERS_MAX: usize = 250;

/// What a request wants besides the question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Offers at most.
    pub max: Option<usize>,
    /// Direct flights only.
    pub non_stop: bool,
    /// Currency to quote in.
    pub currency: Option<CurrencyCode>,
    /// Only these carriers.
    pub included: Vec<CarrierCode>,
    /// None of these carriers.
    pub excluded: Vec<CarrierCode>,
}

impl Wanted {
    /// Takes away what is not wanted.
    pub fn apply(&self, shelf: &mut Shelf) {
        let mut offers = std::mem::take(&mut shelf.offers);
        let plain = !self.non_stop && self.included.is_empty() && self.excluded.is_empty();
        if !plain {
            offers.retain(|offer| {
                shelf.legs_of(offer).all(|(board, candidate)| {
                    let mut carriers = candidate
                        .segments()
                        .iter()
                        .map(|&index| board.segments[usize::from(index)].carrier);
                    (!self.non_stop || candidate.segments().len() == 1)
                        && carriers.all(|carrier| {
                            (self.included.is_empty() || self.included.contains(&carrier))
                                && !self.excluded.contains(&carrier)
                        })
                })
            });
        }
        offers.truncate(self.max.unwrap_or(OFFERS_MAX).min(OFFERS_MAX));
        shelf.offers = offers;
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow, default)]
    currency_code: Option<&'a str>,
    #[serde(borrow)]
    origin_destinations: Vec<OriginDestination<'a>>,
    #[serde(borrow)]
    travelers: Vec<Traveler<'a>>,
    #[serde(borrow, default)]
    search_criteria: Option<Criteria<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OriginDestination<'a> {
    #[serde(borrow)]
    origin_location_code: &'a str,
    #[serde(borrow)]
    destination_location_code: &'a str,
    #[serde(borrow)]
    departure_date_time_range: DateRange<'a>,
    #[serde(borrow, default)]
    alternative_origins_codes: Vec<&'a str>,
    #[serde(borrow, default)]
    alternative_destinations_codes: Vec<&'a str>,
}

#[derive(Deserialize)]
struct DateRange<'a> {
    #[serde(borrow)]
    date: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Traveler<'a> {
    #[serde(borrow)]
    traveler_type: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Criteria<'a> {
    #[serde(default)]
    max_flight_offers: Option<usize>,
    #[serde(borrow, default)]
    flight_filters: Option<Filters<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filters<'a> {
    #[serde(borrow, default)]
    cabin_restrictions: Vec<CabinRestriction<'a>>,
    #[serde(borrow, default)]
    carrier_restrictions: Option<Carriers<'a>>,
    #[serde(default)]
    connection_restriction: Option<Connections>,
}

#[derive(Deserialize)]
struct CabinRestriction<'a> {
    #[serde(borrow)]
    cabin: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Carriers<'a> {
    #[serde(borrow, default)]
    included_carrier_codes: Vec<&'a str>,
    #[serde(borrow, default)]
    excluded_carrier_codes: Vec<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connections {
    #[serde(default)]
    max_number_of_connections: Option<u8>,
}

/// The question of a POST.
///
/// # Errors
/// The field that is wrong.
pub fn question_of_body(seller: &Seller, body: &[u8]) -> Result<(Question, Wanted), &'static str> {
    let body: Body<'_> = serde_json::from_slice(body).map_err(|_| "body")?;
    let Body { currency_code, origin_destinations, travelers, search_criteria } = body;
    if origin_destinations.is_empty() || origin_destinations.len() > 6 || travelers.len() > 18 {
        return Err("originDestinations");
    }
    let mut legs = Vec::with_capacity(origin_destinations.len());
    for leg in &origin_destinations {
        legs.push(QuestionLeg {
            origin: place(leg.origin_location_code, &leg.alternative_origins_codes)
                .ok_or("originLocationCode")?,
            destination: place(leg.destination_location_code, &leg.alternative_destinations_codes)
                .ok_or("destinationLocationCode")?,
            date: leg.departure_date_time_range.date.parse().map_err(|_| "date")?,
        });
    }
    let count = |kinds: &[&str]| {
        travelers.iter().filter(|traveler| kinds.contains(&traveler.traveler_type)).count()
    };
    let adults = count(&["ADULT", "SENIOR", "YOUNG"]).min(255) as u8;
    let infants = count(&["HELD_INFANT", "SEATED_INFANT"]).min(255) as u8;
    let travellers = asked::party(adults, count(&["CHILD"]), infants).ok_or("travelers")?;
    let mut wanted = Wanted { currency: currency(currency_code)?, ..Wanted::default() };
    let mut wanted_cabin = Cabin::Economy;
    if let Some(Criteria { max_flight_offers, flight_filters }) = search_criteria {
        wanted.max = max_flight_offers;
        if let Some(Filters { cabin_restrictions, carrier_restrictions, connection_restriction }) =
            flight_filters
        {
            if let Some(first) = cabin_restrictions.first() {
                wanted_cabin = cabin(first.cabin).ok_or("cabin")?;
            }
            if let Some(carriers) = carrier_restrictions {
                wanted.included = codes(carriers.included_carrier_codes);
                wanted.excluded = codes(carriers.excluded_carrier_codes);
            }
            let most = connection_restriction.and_then(|limit| limit.max_number_of_connections);
            wanted.non_stop = most == Some(0);
        }
    }
    let question = Question { legs, cabin: wanted_cabin, travellers, market: seller.market };
    Ok((question, wanted))
}

/// The question of a GET.
///
/// # Errors
/// The parameter that is wrong.
pub fn question_of_query(seller: &Seller, query: &str) -> Result<(Question, Wanted), &'static str> {
    let pairs: Vec<(&str, String)> = query
        .split('&')
        .take(40)
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key, percent_decode_str(value).decode_utf8_lossy().into_owned()))
        .collect();
    let get =
        |key: &str| pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| value.as_str());
    let count = |key: &'static str| match get(key) {
        Some(text) => text.parse::<u8>().map_err(|_| key),
        None => Ok(0),
    };
    let origin = get("originLocationCode").and_then(|code| place(code, &[]));
    let origin = origin.ok_or("originLocationCode")?;
    let destination = get("destinationLocationCode").and_then(|code| place(code, &[]));
    let destination = destination.ok_or("destinationLocationCode")?;
    let date = get("departureDate").and_then(|date| date.parse().ok()).ok_or("departureDate")?;
    let mut legs =
        vec![QuestionLeg { origin: origin.clone(), destination: destination.clone(), date }];
    if let Some(date) = get("returnDate") {
        let date = date.parse().map_err(|_| "returnDate")?;
        legs.push(QuestionLeg { origin: destination, destination: origin, date });
    }
    let (adults, children, infants) = (count("adults")?, count("children")?, count("infants")?);
    let travellers = asked::party(adults, usize::from(children), infants).ok_or("adults")?;
    let cabin = match get("travelClass") {
        Some(name) => cabin(name).ok_or("travelClass")?,
        None => Cabin::Economy,
    };
    let max = match get("max") {
        Some(text) => Some(text.parse().map_err(|_| "max")?),
        None => None,
    };
    let list = |key| get(key).map(|list| codes(list.split(',').collect())).unwrap_or_default();
    let wanted = Wanted {
        max,
        non_stop: get("nonStop") == Some("true"),
        currency: currency(get("currencyCode"))?,
        included: list("includedAirlineCodes"),
        excluded: list("excludedAirlineCodes"),
    };
    Ok((Question { legs, cabin, travellers, market: seller.market }, wanted))
}

fn place(code: &str, others: &[&str]) -> Option<PlaceSet> {
    let mut airports = asked::place_of_code(code.as_bytes())?.airports;
    for other in others.iter().take(asked::ALTERNATIVES_MAX) {
        airports.extend(asked::place_of_code(other.as_bytes())?.airports);
    }
    asked::place_of_airports(&airports)
}

fn codes(list: Vec<&str>) -> Vec<CarrierCode> {
    list.into_iter().take(99).filter_map(|code| code.parse().ok()).collect()
}

fn currency(code: Option<&str>) -> Result<Option<CurrencyCode>, &'static str> {
    let Some(code) = code else { return Ok(None) };
    let code = code.parse().map_err(|_| "currencyCode")?;
    if atlas::atlas().rates().knows(code) { Ok(Some(code)) } else { Err("currencyCode") }
}

fn cabin(name: &str) -> Option<Cabin> {
    match name {
        "ECONOMY" => Some(Cabin::Economy),
        "PREMIUM_ECONOMY" => Some(Cabin::PremiumEconomy),
        "BUSINESS" => Some(Cabin::Business),
        "FIRST" => Some(Cabin::First),
        _ => None,
    }
}
