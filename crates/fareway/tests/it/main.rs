//! The real binary with the real sandbox, from outside.

mod process;
mod starting;
mod terminal;
mod truth;
