//! The engine against real partners: small HTTP servers that speak Fareway's own protocol.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, also in the functions it shares with others"
)]

mod create_and_poll;
mod facts;
mod limits;
mod overload;
mod remembered;
mod self_transfer;
mod sharing;
mod watching;
mod world;
