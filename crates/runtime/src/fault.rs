//! What every failure says about itself, whoever reads it.

use std::time::Duration;

/// Who has to act on a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The one who asked.
    Caller,
    /// A partner.
    Partner,
    /// Something we run on.
    Dependency,
    /// We ourselves.
    Us,
}

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retry {
    /// It cannot.
    Never,
    /// After this long.
    After(Duration),
    /// At another place.
    Elsewhere,
}

/// A failure that a machine can act on; metrics, retries and budgets read only this.
pub trait Fault: std::error::Error {
    /// Stable `snake_case` code; never reused once retired.
    fn code(&self) -> &'static str;
    /// Who has to act.
    fn blame(&self) -> Blame;
    /// Whether trying again can help.
    fn retry(&self) -> Retry;
}
