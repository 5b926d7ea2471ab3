//! The question on the wire of the own protocol, for both sides.

use bytes::Bytes;
use domain::travellers::InvalidTravellers;
use domain::{
    AirportCode, Cabin, CountryCode, CurrencyCode, Date, Place, PlaceSet, Question, QuestionLeg,
    Travellers,
};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::VERSION;
use crate::error::CannotAsk;
use crate::protocol::Outgoing;
use crate::protocol::json::text;
use crate::settings::{Credentials, PartnerSettings};

/// One leg as it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskLeg {
    /// Airports of departure.
    #[serde(with = "text::list")]
    pub origins: Vec<AirportCode>,
    /// Airports of arrival.
    #[serde(with = "text::list")]
    pub destinations: Vec<AirportCode>,
    /// Local day of departure.
    #[serde(with = "text")]
    pub date: Date,
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Version of the format.
    pub version: u32,
    /// 1-6 legs.
    pub legs: Vec<AskLeg>,
    /// Wanted cabin.
    #[serde(with = "text")]
    pub cabin: Cabin,
    /// Adults, 1-8.
    pub adults: u8,
    /// Ages of children with a seat.
    #[serde(default)]
    pub children: Vec<u8>,
    /// Infants on lap.
    #[serde(default)]
    pub infants: u8,
    /// Market whose prices are asked.
    #[serde(with = "text")]
    pub market: CountryCode,
    /// Wished currency.
    #[serde(default, with = "text::option", skip_serializing_if = "Option::is_none")]
    pub currency: Option<CurrencyCode>,
}

/// A request is not a question.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AskError {
    /// Not JSON of this form.
    #[error("not a request of this protocol: {0}")]
    Malformed(String),
    /// A version this code does not speak.
    #[error("version {0} is not spoken here")]
    Version(u32),
    /// Not 1 to 6 legs, or an end without airports or with more than 64.
    #[error("a request has 1 to 6 legs with 1 to 64 airports at each end")]
    Legs,
    /// A party that cannot be.
    #[error(transparent)]
    Travellers(#[from] InvalidTravellers),
}

impl Ask {
    /// The request for a question.
    #[must_use]
    pub fn of(question: &Question, currency: Option<CurrencyCode>) -> Self {
        let leg = |leg: &QuestionLeg| AskLeg {
            origins: leg.origin.airports.clone(),
            destinations: leg.destination.airports.clone(),
            date: leg.date,
        };
        Self {
            version: VERSION,
            legs: question.legs.iter().map(leg).collect(),
            cabin: question.cabin,
            adults: question.travellers.adults(),
            children: question.travellers.children().to_vec(),
            infants: question.travellers.infants(),
            market: question.market,
            currency,
        }
    }

    /// Reads a request, as a partner does.
    ///
    /// # Errors
    /// [`AskError::Malformed`] for bytes that are no request.
    pub fn parse(body: &[u8]) -> Result<Self, AskError> {
        serde_json::from_slice(body).map_err(|error| AskError::Malformed(error.to_string()))
    }

    /// The question of a request.
    ///
    /// # Errors
    /// [`AskError`] for a version, legs or a party that cannot be answered.
    pub fn to_question(&self) -> Result<Question, AskError> {
        if self.version != VERSION {
            return Err(AskError::Version(self.version));
        }
        if self.legs.is_empty() || self.legs.len() > domain::request::LEGS_MAX {
            return Err(AskError::Legs);
        }
        let mut legs = Vec::with_capacity(self.legs.len());
        for leg in &self.legs {
            legs.push(QuestionLeg {
                origin: place_set(&leg.origins)?,
                destination: place_set(&leg.destinations)?,
                date: leg.date,
            });
        }
        let infants = (0..self.infants).map(|_| 0);
        let ages: Vec<u32> =
            self.children.iter().map(|&age| u32::from(age)).chain(infants).collect();
        let travellers = Travellers::new(u32::from(self.adults), &ages)?;
        Ok(Question { legs, cabin: self.cabin, travellers, market: self.market })
    }
}

/// The wire lists airports only: the first one stands for what was asked.
fn place_set(airports: &[AirportCode]) -> Result<PlaceSet, AskError> {
    let mut airports = airports.to_vec();
    airports.sort_unstable();
    airports.dedup();
    match airports.first() {
        Some(&first) if airports.len() <= 64 => {
            Ok(PlaceSet { asked: Place::Airport(first), airports })
        }
        _ => Err(AskError::Legs),
    }
}

/// The request for a question.
///
/// # Errors
/// Never for a valid question: the own protocol carries all of them.
pub fn request(question: &Question, settings: &PartnerSettings) -> Result<Outgoing, CannotAsk> {
    let body = serde_json::to_vec(&Ask::of(question, settings.currency))
        .map_err(|_| CannotAsk::Legs(domain::request::LEGS_MAX as u32))?;
    let mut headers = HeaderMap::with_capacity(6);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static(super::CONTENT_TYPE));
    if let Credentials::Token(token) = &settings.credentials {
        crate::protocol::json::bearer(&mut headers, token);
    }
    Ok(Outgoing {
        method: Method::POST,
        url: format!("{}/offers", settings.endpoint),
        headers,
        body: Bytes::from(body),
    })
}
