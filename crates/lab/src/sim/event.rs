//! Everything that can happen.

use super::slab::Key;

/// What a cell, or the way to it, made of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The search is created.
    Created,
    /// The search is still running.
    Running,
    /// The search is complete.
    Complete,
    /// More is to do than can be done in time: 429.
    Overloaded,
    /// The edge did not send what the cell would have refused so.
    Spared,
    /// The cell takes no new work: 503.
    Declined,
    /// The connection was refused, or could not be made.
    Refused,
    /// The connection broke.
    Broken,
    /// The edge found the cell gone while the request was there.
    Gone,
}

/// An event. What it is about may be gone when it comes: then it means nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A traveller wants to search.
    Arrive { region: u8 },
    /// A client's next step is due.
    Ask { client: Key },
    /// A request reaches a cell.
    AtCell { request: Key, attempt: u8 },
    /// An answer reaches the edge.
    AtEdge { request: Key, attempt: u8, reply: Reply },
    /// A client stops waiting for an answer.
    GiveUp { request: Key },
    /// The slowest partner of a search answered, or its deadline passed.
    Heard { cell: u8, life: u32, search: u64 },
    /// The last work for a search is done.
    Finished { cell: u8, life: u32, search: u64 },
    /// A cell's log writes what waits.
    Flush { cell: u8, life: u32 },
    /// A cell looks how late it is.
    Window { cell: u8, life: u32 },
    /// A cell forgets searches that are over.
    Sweep { cell: u8, life: u32 },
    /// An edge begins to look at the cells.
    Probe { edge: u8, life: u32 },
    /// It has heard from those that answer at once.
    Probed { edge: u8, life: u32 },
    /// It has waited long enough for these, one bit each.
    Unanswered { edge: u8, life: u32, cells: u64 },
    /// An edge asks the control plane for news.
    Pull { edge: u8, life: u32 },
    /// The control plane looks at the cells.
    Watch,
    /// A fault begins.
    Fault { index: u32 },
    /// It ends.
    FaultEnd { index: u32 },
    /// A machine that had notice is taken away.
    Taken { cell: u8, life: u32 },
    /// A cell, or what replaces it, is back.
    Back { cell: u8, life: u32 },
    /// A process dies of its release.
    Dies { cell: u8, life: u32 },
    /// An edge is back.
    EdgeBack { edge: u8, life: u32 },
    /// A second has passed: checkers look.
    Second,
}
