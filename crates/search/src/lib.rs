//! One live search: create, choose partners, fan out, collect, merge, rank, poll.
//!
//! ```text
//! SearchRequest ─ create ─▶ Question ─ choose_partners ─▶ fan_out ─▶ partners
//!                  │                                        │ parts of answers, one by one
//!                Token ◀─ poll ◀─ Snapshot ◀─ merge ◀─ collect
//!                                    │
//!                                  view: filter, rank, facets, page
//! ```
//!
//! Flows in: a traveller's request, partners' decoded answers. Flows out: [`Snapshot`]s of one
//! growing answer, to be rendered by whoever asked. It does no input or output of its own (partners
//! ask, `cell` serves), keeps nothing longer than an hour, and a lost search comes back from its
//! token. What was answered before comes from a [`PriceMemory`]. A partner's failure is a row of
//! the ledger, never an error. What happens is told as facts, see `facts`.
//!
//! Limits: every one stands in [`SearchSettings`]. Start reading at [`mod@merge`], then `collect`.

mod answer_counts;
mod book;
mod choose_partners;
mod collect;
#[cfg(test)]
mod compat;
mod create;
mod display;
mod engine;
mod error;
mod facets;
mod facts;
mod fan_out;
mod filter;
#[cfg(test)]
mod fixture;
mod follow;
pub mod fuzz;
mod ledger;
mod link;
pub mod merge;
mod merged;
mod plan;
mod poll;
pub mod rank;
mod remembered;
mod roster;
mod search;
pub mod self_transfer;
mod settings;
mod snapshot;
mod token;
mod view;

pub use answer_counts::AnswersFor;
pub use choose_partners::{Choice, choose_partners};
pub use collect::Status;
pub use create::Opened;
pub use display::{Display, Locale, SELECTION_MAX, Selection};
pub use engine::{Busy, Engine, EngineParts, LeastWait, Leaving, Load, RosterSource};
pub use error::{End, InvalidDisplay, SearchError, TokenError};
pub use facets::{FacetValue, Facets};
pub use facts::Caller;
pub use filter::{Filters, Window};
pub use follow::{Followed, PriceChange};
pub use ledger::{
    ASKED_FOR_SELF_TRANSFER, Ledger, LedgerRow, NotAsked, Progress, REMEMBERED, Roster,
};
pub use link::{LinkId, LinkSigner};
pub use merge::merge;
pub use merged::{
    FareView, LegView, Merged, MergedItinerary, OfferView, OptionRow, PartView, segment_minutes,
};
pub use poll::Polled;
pub use rank::{Measure, Scale, Scores, Sort};
pub use remembered::{Answered, Looking, PriceMemory, Remembered, Remembering};
pub use roster::roster_of;
pub use search::Search;
pub use settings::{SearchSettings, SelfTransferSettings};
pub use snapshot::Snapshot;
pub use token::{KeyFileError, SearchId, Seen, Token, TokenKeys, cell_of, named_by};
pub use view::{Cursor, InvalidCursor, Page, PageRow, View, view};
