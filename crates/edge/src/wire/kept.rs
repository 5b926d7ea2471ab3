//! Unused wires to one cell, the last used first.
//!
//! Limits: how many, and how long one is unused. Whoever looks at cells from time to time also takes
//! away what was closed or is old ([`Wires::sweep`]), so that a request needs no clock.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Uri;
use runtime::Moment;

use super::Wire;

/// Unused wires are closed after this long.
const IDLE: Duration = Duration::from_secs(30);

/// The wires to one cell.
pub(crate) struct Wires {
    cell: Uri,
    most: usize,
    unused: Mutex<Vec<Unused>>,
}

struct Unused {
    wire: Wire,
    /// The first sweep that saw it here.
    since: Option<Moment>,
}

impl fmt::Debug for Wires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wires").field("cell", &self.cell).finish_non_exhaustive()
    }
}

impl Wires {
    /// None yet. At most so many are kept unused.
    pub(crate) fn new(cell: Uri, most: usize) -> Arc<Self> {
        Arc::new(Self { cell, most, unused: Mutex::default() })
    }

    /// Where the cell is reached.
    pub(crate) fn cell(&self) -> &Uri {
        &self.cell
    }

    /// An unused wire, if there is one that is still good.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Held> {
        loop {
            let mut wire = self.unused().pop()?.wire;
            if wire.is_quiet() {
                return Some(self.hold(wire));
            }
        }
    }

    /// A wire that will be kept here.
    pub(crate) fn hold(self: &Arc<Self>, wire: Wire) -> Held {
        Held { wire, home: Arc::clone(self) }
    }

    /// Closes what was unused for too long, or was closed by the cell.
    pub(crate) fn sweep(&self, now: Moment) {
        self.unused().retain_mut(|unused| {
            let since = *unused.since.get_or_insert(now);
            now.saturating_duration_since(since) < IDLE && unused.wire.is_quiet()
        });
    }

    fn unused(&self) -> MutexGuard<'_, Vec<Unused>> {
        self.unused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A wire in use. Dropped, it is closed.
pub(crate) struct Held {
    pub(super) wire: Wire,
    home: Arc<Wires>,
}

impl Held {
    /// Keeps it for another request.
    pub(super) fn keep(self) {
        let Self { wire, home } = self;
        let mut unused = home.unused();
        if unused.len() < home.most {
            unused.push(Unused { wire, since: None });
        }
    }
}

#[cfg(test)]
mod tests;
