//! A question as an Amadeus search, and the token it needs.

use std::time::Duration;

use bytes::Bytes;
use domain::{AirportCode, Cabin, Place, PlaceSet, Question};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::error::CannotAsk;
use crate::protocol::{DecodeError, Outgoing, json};
use crate::settings::{Credentials, PartnerSettings, Secret};

/// Travellers with a seat in one search.
const SEATS_MAX: u32 = 9;

/// Offers Amadeus gives in one answer.
const OFFERS: u32 = 250;

/// Other airports at one end.
const ALTERNATIVES_MAX: usize = 2;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    currency_code: Option<String>,
    origin_destinations: Vec<OriginDestination>,
    travelers: Vec<Traveler>,
    sources: [&'static str; 1],
    search_criteria: SearchCriteria,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OriginDestination {
    id: String,
    origin_location_code: String,
    destination_location_code: String,
    departure_date_time_range: DateRange,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alternative_origins_codes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alternative_destinations_codes: Vec<String>,
}

#[derive(Serialize)]
struct DateRange {
    date: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Traveler {
    id: String,
    traveler_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    associated_adult_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SearchCriteria {
    max_flight_offers: u32,
    flight_filters: FlightFilters,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FlightFilters {
    cabin_restrictions: [CabinRestriction; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CabinRestriction {
    cabin: &'static str,
    coverage: &'static str,
    origin_destination_ids: Vec<String>,
}

/// The search for a question, with a token from [`read_token`].
///
/// # Errors
/// [`CannotAsk::Travellers`] for more than nine seats.
pub fn request(
    question: &Question,
    settings: &PartnerSettings,
    token: &Secret,
) -> Result<Outgoing, CannotAsk> {
    if question.travellers.seats() > SEATS_MAX {
        return Err(CannotAsk::Travellers(SEATS_MAX));
    }
    let origin_destinations: Vec<_> = question
        .legs
        .iter()
        .enumerate()
        .map(|(index, leg)| {
            let (origin, alternative_origins) = codes(&leg.origin);
            let (destination, alternative_destinations) = codes(&leg.destination);
            OriginDestination {
                id: (index + 1).to_string(),
                origin_location_code: origin,
                destination_location_code: destination,
                departure_date_time_range: DateRange { date: leg.date.to_string() },
                alternative_origins_codes: alternative_origins,
                alternative_destinations_codes: alternative_destinations,
            }
        })
        .collect();
    let cabin = CabinRestriction {
        cabin: cabin(question.cabin),
        coverage: "MOST_SEGMENTS",
        origin_destination_ids: origin_destinations.iter().map(|leg| leg.id.clone()).collect(),
    };
    let body = Body {
        currency_code: settings.currency.map(|currency| currency.to_string()),
        origin_destinations,
        travelers: travelers(question),
        sources: ["GDS"],
        search_criteria: SearchCriteria {
            max_flight_offers: OFFERS,
            flight_filters: FlightFilters { cabin_restrictions: [cabin] },
        },
    };
    let body = serde_json::to_vec(&body).map_err(|_| CannotAsk::Url)?;
    let mut headers = HeaderMap::with_capacity(6);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers
        .insert(ACCEPT, HeaderValue::from_static("application/vnd.amadeus+json, application/json"));
    headers
        .insert(HeaderName::from_static("x-http-method-override"), HeaderValue::from_static("GET"));
    json::bearer(&mut headers, token);
    Ok(Outgoing {
        method: Method::POST,
        url: format!("{}/v2/shopping/flight-offers", settings.endpoint),
        headers,
        body: Bytes::from(body),
    })
}

const fn cabin(cabin: Cabin) -> &'static str {
    match cabin {
        Cabin::Economy => "ECONOMY",
        Cabin::PremiumEconomy => "PREMIUM_ECONOMY",
        Cabin::Business => "BUSINESS",
        Cabin::First => "FIRST",
    }
}

/// From this age on a traveller pays as an adult.
const ADULT_AGE: u8 = 12;

fn travelers(question: &Question) -> Vec<Traveler> {
    let travellers = &question.travellers;
    let grown = travellers.children().iter().filter(|&&age| age >= ADULT_AGE).count();
    let kinds = std::iter::repeat_n("ADULT", travellers.adults() as usize + grown)
        .chain(std::iter::repeat_n("CHILD", travellers.children().len() - grown))
        .chain(std::iter::repeat_n("HELD_INFANT", travellers.infants() as usize));
    let mut lap = 0;
    let mut list = Vec::new();
    for (index, traveler_type) in kinds.enumerate() {
        // Each infant sits on the lap of the next adult; there are never more infants than adults.
        let associated_adult_id = (traveler_type == "HELD_INFANT").then(|| {
            lap += 1;
            lap.to_string()
        });
        list.push(Traveler { id: (index + 1).to_string(), traveler_type, associated_adult_id });
    }
    list
}

/// The code asked for and further airports: for a city its own code covers its airports, for an
/// airport with nearby ones the nearest others are named, as many as Amadeus takes.
fn codes(place: &PlaceSet) -> (String, Vec<String>) {
    match place.asked {
        Place::City(city) => (city.to_string(), Vec::new()),
        Place::Airport(asked) => {
            let other = |airport: &&AirportCode| **airport != asked;
            let others = place.airports.iter().filter(other).take(ALTERNATIVES_MAX);
            (asked.to_string(), others.map(ToString::to_string).collect())
        }
    }
}

/// The request for a token; `None` if the settings have no client id.
#[must_use]
pub fn token_request(settings: &PartnerSettings) -> Option<Outgoing> {
    let Credentials::Client { id, secret } = &settings.credentials else { return None };
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    let body = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        utf8_percent_encode(id, NON_ALPHANUMERIC),
        utf8_percent_encode(secret.reveal(), NON_ALPHANUMERIC)
    );
    Some(Outgoing {
        method: Method::POST,
        url: format!("{}/v1/security/oauth2/token", settings.endpoint),
        headers,
        body: Bytes::from(body),
    })
}

/// A token and how long it may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// The token.
    pub token: Secret,
    /// From when it was given.
    pub lasts: Duration,
}

#[derive(Deserialize)]
struct TokenBody {
    access_token: String,
    expires_in: u64,
}

/// Reads the answer to [`token_request`].
///
/// # Errors
/// [`DecodeError`] if it holds no token.
pub fn read_token(bytes: &[u8]) -> Result<AccessToken, DecodeError> {
    let missing =
        DecodeError::NotADocument { path: "access_token", expected: "a token with expires_in" };
    // serde's message could quote the token, so it is dropped.
    let body: TokenBody = serde_json::from_slice(bytes).map_err(|_| missing.clone())?;
    let usable = HeaderValue::try_from(format!("Bearer {}", body.access_token)).is_ok();
    if body.access_token.is_empty() || body.access_token.len() > 8_192 || !usable {
        return Err(missing);
    }
    Ok(AccessToken {
        token: Secret::new(body.access_token),
        lasts: Duration::from_secs(body.expires_in.min(86_400)),
    })
}
