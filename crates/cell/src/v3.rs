//! The v3 API under `/apiservices/v3`: the shape existing clients know.
//!
//! ```text
//! bytes ─ loose ─▶ create ─▶ search ─▶ Snapshot ─ content ─▶ bytes
//! ```
//!
//! In: camelCase and snake_case, numbers as texts, unknown fields ignored. Out: camelCase, every
//! field there, map keys sorted, 64-bit numbers as texts; no key beyond the known set, which a test
//! with a strict reader holds. Start reading at [`live`].

pub(crate) mod answers;
pub mod autosuggest;
mod catalog;
pub mod content;
pub mod create;
pub mod geo;
pub mod ids;
pub(crate) mod indicative;
pub(crate) mod live;
mod maps;
mod option;
mod places;
pub mod reference;
mod sorting;
mod stats;
