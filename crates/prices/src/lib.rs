//! Remembered prices.
//!
//! ```text
//! Seen (a partner's answer to a question, and when) ──▶ codec ──▶ bytes on the log and in memory
//!                                                  └──▶ store ──▶ recall, latest
//! ```
//!
//! Knows nothing of searches, files or sockets; time is an argument. Start reading at [`seen`].

mod block;
pub mod codec;
#[cfg(test)]
mod fixture;
pub mod freshness;
pub mod history;
pub mod indicative;
pub mod memory;
pub mod seen;
pub mod store;

pub use seen::Seen;
