//! Facts: what happened, each of a kind with a published schema.
//!
//! ```text
//! SearchCreated { … } ─ push ─▶ Rows (columns) ─ take ─▶ FactBatch ─▶ Arrow IPC: one record of the log
//! a line of JSON     ─ push_json ─▶ the same, or Unfit: the field and why
//! FactBatch ─ lines ─▶ JSON for people;  ─ columns ─▶ tables
//! ```
//!
//! A [`Kind`] says what a fact holds, who owns it, what its stream promises ([`Profile`]) and whether it can
//! be traced to a visit ([`Privacy`]). Kinds grow by fields that may be absent, each with the version that
//! brought it: whoever is older skips what it does not know, whoever is newer finds nothing there. All kinds
//! stand in [`mod@kinds`]; `api/events` has their schemas.
//!
//! Every fact has an id, the time when it happened and when we heard of it, and the visit it belongs to, if
//! any. The cell and region that wrote a batch stand once in the batch.
//!
//! A process records its facts with a [`Recorder`], and takes in those of others with it: [`Recorder::sort`].
//!
//! Limits: a fact at most [`FACT_BYTES_MAX`] bytes of texts, a batch what a record of the log may have.

mod batch;
mod column;
mod id;
mod intake;
mod kind;
pub mod kinds;
mod lines;
mod published;
mod recorder;
mod rows;

pub use batch::{FactBatch, Origin, UnreadBatch};
pub use column::{Held, Value};
pub use id::{FactId, FactIds};
pub(crate) use intake::check_line;
pub use intake::{BROWSER_REFUSALS, NAMED_REFUSALS, RefusedLine, Sender, Sorted, TakenIn};
pub use kind::{Field, Holds, Kind, Privacy, Profile};
pub use lines::Unfit;
pub use recorder::{FactSettings, KindCounts, RecordError, Recorder};
pub use rows::{Fact, Rows, Stamped};

/// Most bytes of texts in one fact.
pub const FACT_BYTES_MAX: usize = 16 << 10;

#[cfg(test)]
mod tests;
