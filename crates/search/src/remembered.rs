//! The seam between a live search and whoever remembers prices.
//!
//! ```text
//! create ─▶ look_for(wishes) ─▶ a memory further away is asked first, if there is one
//! create ─▶ recall(question) ─▶ answers that are fresh: their partners are not asked again
//! partners answer ─▶ remember(batch), several times a search ─▶ log, price store
//! ```
//!
//! `search` knows no store: `cell` joins one to this trait. What is recalled shows no links (a price
//! says nothing of where it can be bought today), so following an offer asks its partner anew.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::{Answer, PartnerId, Question, QuestionKey};

/// Age from which a price is not followed to its seller without asking again, where no memory says
/// otherwise. Source: the reference service asks anew from ten minutes on.
pub(crate) const CLICK_OUT_MAX: Duration = Duration::from_secs(600);

/// One partner's answer to a question, seen before and still fresh.
#[derive(Clone, Debug)]
pub struct Remembered {
    /// Who gave it.
    pub partner: PartnerId,
    /// When, milliseconds since 1970.
    pub seen_ms: i64,
    /// Until when its partner need not be asked again, milliseconds since 1970.
    pub fresh_until_ms: i64,
    /// What it said; no offers if it sells nothing for this question.
    pub answer: Arc<Answer>,
}

/// One partner's whole answer, just given.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Who gave it.
    pub partner: PartnerId,
    /// To what.
    pub question: Arc<Question>,
    /// When it was complete, milliseconds since 1970.
    pub at_ms: i64,
    /// Its parts; none if it sells nothing for this question.
    pub parts: Vec<Arc<Answer>>,
}

/// The future of remembering.
pub type Remembering = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The future of looking elsewhere.
pub type Looking = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Remembers answers.
pub trait PriceMemory: fmt::Debug + Send + Sync {
    /// The fresh answers to a question, at most one a partner. Called once per fan-out; must not
    /// block.
    fn recall(&self, question: &Question, now_ms: i64) -> Vec<Remembered>;

    /// Brings answers near that are only known further away, so that `recall` knows them. Called once
    /// before it, with what the fan-out would otherwise ask, question by question. `None` if there is
    /// nothing to wait for; the future ends within some ten milliseconds, whatever happens.
    fn look_for(
        &self,
        wishes: &mut dyn Iterator<Item = (QuestionKey, PartnerId)>,
        now_ms: i64,
    ) -> Option<Looking> {
        let _ = (wishes, now_ms);
        None
    }

    /// Whether a price seen then may be followed to its seller as it is, or must be asked for again.
    fn may_be_bought(&self, partner: PartnerId, seen_ms: i64, now_ms: i64) -> bool;

    /// Takes up answers. The future may wait for room, which holds up nobody's search; what cannot
    /// be kept is the memory's own concern.
    fn remember(&self, answered: Vec<Answered>) -> Remembering;
}

/// Where the answers of a fan-out come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// Index of the partner in the set.
    pub(crate) partner: u16,
    /// When it was seen, milliseconds since 1970, if it was remembered.
    pub(crate) seen_ms: Option<i64>,
}
