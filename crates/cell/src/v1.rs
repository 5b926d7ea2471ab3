//! Our own API under `/v1`: what the page uses, and what shows how an answer came about.
//!
//! In: JSON bodies and queries; unknown fields and parameters, and those sent twice, are refused. Out: JSON in snake_case, amounts in minor
//! units of the display currency; errors as problem+json. Start reading at [`searches`].

pub(crate) mod answers;
pub(crate) mod beacon;
pub(crate) mod cell_report;
pub(crate) mod events;
mod facets;
pub(crate) mod facts;
pub(crate) mod fleet_of_one;
pub(crate) mod forget;
pub(crate) mod go;
pub mod page;
pub(crate) mod pairs;
pub(crate) mod prices;
pub mod query;
pub mod request;
pub(crate) mod searches;
mod text;
