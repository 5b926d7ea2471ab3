//! The market from outside: what a reader of its HTTP understands is what is true.

mod asking;
mod failing;
mod network;
mod questions;
mod world;
