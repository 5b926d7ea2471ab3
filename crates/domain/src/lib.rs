//! The words of travel as values.
//!
//! ```text
//! SearchRequest ──normalise──▶ Question (128-bit key)      what is asked
//! Answer (columns: segments, legs, itineraries, offers)    what one partner says
//! Money, codes, dates, travellers                          what both are made of
//! ```
//!
//! No input, output, clock or serialisation library lives here: every outside form has its own
//! wire types and converts. Start reading at [`answer`], then [`question`].

pub mod answer;
pub mod civil;
pub mod code;
pub mod itinerary;
pub mod money;
pub mod offer;
pub mod question;
pub mod request;
pub mod travellers;

pub use answer::{Answer, AnswerBuilder};
pub use civil::{Date, LocalTime};
pub use code::{
    AgentId, AirportCode, CarrierCode, CityCode, CodeError, CountryCode, CurrencyCode, PartnerId,
};
pub use itinerary::{FlightNumber, ItineraryKey, Segment};
pub use money::{Money, MoneyError};
pub use offer::{BagAllowance, FareDetail, Offer, Text, Transfer};
pub use question::{PlaceSet, Question, QuestionKey, QuestionLeg};
pub use request::{InvalidSearch, LegRequest, Place, SearchRequest};
pub use travellers::{Cabin, Travellers};
