//! A simulated travel market with a known answer for every question.
//!
//! ```text
//! seed + atlas ─▶ World (airports, carriers, weekly schedule) ─▶ Board per leg (journeys, fares)
//! Board + Seller + question ─▶ Shelf (what one partner offers) ─▶ truth: domain::Answer
//!                                                              └▶ wire: bytes of its protocol ─▶ server
//! ```
//!
//! Everything a partner says is a function of (seed, question, partner, today): no state, no stream
//! of random numbers. [`Market::truth`] and the HTTP server render the same [`offer::Shelf`], each in
//! its own way, so that tests can compare what a reader of the wire understood with what is true.
//!
//! It is a simulator: the product never depends on it. Limits: candidates a leg, offers a partner,
//! memory of boards; see [`board`], [`offer`] and [`MarketSettings`]. Start reading at [`market`].

pub mod asked;
pub mod board;
pub mod fares;
pub mod faults;
pub mod market;
pub mod noise;
pub mod offer;
pub mod seller;
pub mod server;
pub mod truth;
pub mod wire;
pub mod world;

pub use faults::{FaultPlan, PartnerFault};
pub use market::{Market, MarketSettings, Today};
pub use seller::Seller;
pub use server::serve;
pub use truth::{Shown, Truth};
pub use world::{World, WorldError};
