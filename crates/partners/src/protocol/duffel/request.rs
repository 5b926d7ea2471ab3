//! A question as a Duffel offer request.

use bytes::Bytes;
use domain::Question;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Serialize;

use crate::error::CannotAsk;
use crate::protocol::{Outgoing, json};
use crate::settings::{Credentials, PartnerSettings};

/// Travellers of one request at most, infants included.
const TRAVELLERS_MAX: u32 = 16;

/// Shortest and longest time Duffel gives its suppliers, milliseconds.
const SUPPLIER_TIMEOUT_MS: (u64, u64) = (2_000, 60_000);

#[derive(Serialize)]
struct Body {
    data: Data,
}

#[derive(Serialize)]
struct Data {
    slices: Vec<Slice>,
    passengers: Vec<Passenger>,
    cabin_class: &'static str,
}

#[derive(Serialize)]
struct Slice {
    origin: String,
    destination: String,
    departure_date: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Passenger {
    Adult {
        #[serde(rename = "type")]
        kind: &'static str,
    },
    Young {
        age: u8,
    },
}

/// The request for a question. Duffel takes one code per end: the asked airport or city.
/// `time_left_ms` becomes `supplier_timeout`, within what Duffel allows.
///
/// # Errors
/// [`CannotAsk`] for a party Duffel does not take.
pub fn request(
    question: &Question,
    settings: &PartnerSettings,
    time_left_ms: u64,
) -> Result<Outgoing, CannotAsk> {
    let travellers = &question.travellers;
    let passengers: Vec<Passenger> = (0..travellers.adults())
        .map(|_| Passenger::Adult { kind: "adult" })
        .chain(travellers.children().iter().map(|&age| Passenger::Young { age }))
        .chain((0..travellers.infants()).map(|_| Passenger::Young { age: 0 }))
        .collect();
    if passengers.len() > TRAVELLERS_MAX as usize {
        return Err(CannotAsk::Travellers(TRAVELLERS_MAX));
    }
    let slices = question
        .legs
        .iter()
        .map(|leg| Slice {
            origin: leg.origin.asked.iata(),
            destination: leg.destination.asked.iata(),
            departure_date: leg.date.to_string(),
        })
        .collect();
    let data = Data { slices, passengers, cabin_class: question.cabin.name() };
    let body = serde_json::to_vec(&Body { data }).map_err(|_| CannotAsk::Url)?;
    let mut headers = HeaderMap::with_capacity(6);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(HeaderName::from_static("duffel-version"), HeaderValue::from_static("v2"));
    if let Credentials::Token(token) = &settings.credentials {
        json::bearer(&mut headers, token);
    }
    let supplier_timeout = time_left_ms.clamp(SUPPLIER_TIMEOUT_MS.0, SUPPLIER_TIMEOUT_MS.1);
    Ok(Outgoing {
        method: Method::POST,
        url: format!(
            "{}/air/offer_requests?return_offers=true&supplier_timeout={supplier_timeout}",
            settings.endpoint
        ),
        headers,
        body: Bytes::from(body),
    })
}
