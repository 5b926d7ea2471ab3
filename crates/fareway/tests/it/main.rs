//! The real binary with the real sandbox, from outside.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail the test"
)]

mod cells;
mod combinations;
mod console;
mod facts;
mod failover;
mod process;
mod region;
mod rollouts;
mod starting;
mod terminal;
mod tls;
mod truth;
