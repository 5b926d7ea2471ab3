//! One complete copy of the service: the outward API, its wire types, and the page.
//!
//! ```text
//! HTTP ─▶ routes ─▶ limits ─┬─ v3  ─▶ search, prices ─▶ content ─▶ JSON as existing clients know it
//!                           ├─ v1  ─▶ search, prices ─▶ page, events, ledger, calendars, maps
//!                           └─ assets (the page), health, openapi.json
//! ```
//!
//! Turns outside forms into `search` requests and snapshots into bytes. It decides nothing about
//! searching, asks no partner, keeps nothing but rendered answers, and knows no other cell. Limits:
//! [`CellSettings`]. Start reading at [`routes`], then [`v3`] or [`v1`].

pub mod agents;
pub mod assets;
mod cache;
mod counts;
pub mod culture;
pub mod fuzz;
mod health;
mod intake;
pub mod json;
mod limits;
pub mod loose;
mod memory;
mod operator;
mod party;
mod priority;
pub mod refusal;
pub mod routes;
pub mod settings;
mod side;
mod state;
mod texts;
pub mod v1;
pub mod v3;

pub use health::OPENAPI;
pub use intake::{BeaconKey, IntakeSettings};
pub use limits::REQUEST_ID;
pub use memory::SearchMemory;
pub use operator::{OPERATOR_HEADER, OperatorToken};
pub use priority::priority_of;
pub use refusal::{CODE_HEADER, Family, Refusal};
pub use routes::{ROUTES, Route, router};
pub use settings::CellSettings;
pub use state::{CellParts, PriceIndexes};
pub use v1::page::{PageParts, render_page, render_parts};
