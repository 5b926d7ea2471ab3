//! `fareway serve --cells N`: an edge, N cells, a control plane and a market, each a process.
//!
//! ```text
//! parent: keeps the others running, decides nothing else
//!   ├─ sandbox   the market                      DATA/sandbox
//!   ├─ control   writes the signed topology      DATA/control
//!   ├─ logs      lets cells read each other's    reads DATA/cell-1/log …
//!   ├─ cell × N  complete copies of the service  DATA/cell-1 …
//!   └─ edge      the only door                   DATA/edge
//! ```
//!
//! The parent owns the data folder, makes the keys and writes `machine.json`: who listens where. A
//! child hears the end of its standard input when the parent is gone, and stops.

mod command;
#[cfg(test)]
mod compat;
mod control;
#[cfg(test)]
#[path = "../../../tests/compat/fixtures.rs"]
mod fixtures;
mod keeper;
mod layout;
mod logs;
mod machine;
mod papers;
mod play;
mod release;
mod rollouts;
mod rules;
#[cfg(feature = "turmoil")]
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod sites;
mod spot;
mod supervise;

pub(crate) use command::command;
pub(crate) use play::play;
pub(crate) use rules::visit as visit_of;
pub(crate) use supervise::supervise;
