//! The outward API over HTTP, with a real engine and the simulated market behind it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod facts;
mod openapi;
mod parameters;
mod pods;
mod prices;
mod service;
mod site;
mod strict;
mod v1;
mod v3;
