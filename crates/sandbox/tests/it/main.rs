//! The market from outside: what a reader of its HTTP understands is what is true.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod asking;
mod combining;
mod failing;
mod network;
mod questions;
mod serving;
mod world;
