//! Shelves as bytes of each protocol, written by hand into one buffer.
//!
//! Nothing here shares code with the decoders in `partners`. Cost: a few microseconds an answer and
//! no allocation an offer; what repeats (flights of a leg in a brand) is written once and copied.

pub mod amadeus;
pub mod basis;
pub mod duffel;
pub mod fareway;
pub mod fragments;
pub mod text;
