//! Remembered prices.
//!
//! ```text
//! Seen (a partner's answer to a question, and when) ─▶ codec ─┬▶ log (memory)
//!                                                            ├▶ store ─▶ recall, latest price
//!                                                            ├▶ indicative ─▶ cheapest by route and day
//!                                                            └▶ history ─▶ low, typical or high
//! ```
//!
//! Knows nothing of searches. Everything but [`memory`], [`region`], which joins what cells tell each other,
//! and [`shared`], the level that processes of one cell have in common, is pure: no files, and time is an argument.
//! Start reading at [`seen`]; [`store::PriceStore`] and [`codec::Batch`] have examples, and
//! `examples/remember_and_ask.rs` uses log, store and indicative prices together.

mod block;
pub mod codec;
#[cfg(test)]
mod compat;
#[cfg(test)]
mod fixture;
pub mod follow;
pub mod freshness;
pub mod fuzz;
pub mod history;
pub mod indicative;
pub mod memory;
pub mod region;
pub mod seen;
pub mod shared;
mod shares;
pub mod store;

pub use seen::Seen;
