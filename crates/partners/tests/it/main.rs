//! The partners crate from outside: real sockets on loopback, real files in a temporary folder.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod check;
mod connections;
mod failures;
mod limits;
mod published;
mod registry;
mod server;
mod world;
