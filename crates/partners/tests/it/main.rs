//! The partners crate from outside: real sockets on loopback, real files in a temporary folder.

mod answers;
mod check;
mod connections;
mod failures;
mod limits;
mod registry;
mod server;
mod world;
