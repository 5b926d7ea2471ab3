//! What every partner promises, whatever protocol it speaks.
//!
//! A partner is asked one [`Question`] under one deadline and hands over its answer in one or more
//! parts as they are understood. It never fails a search: what went wrong is a value in [`Asked`].

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::{Answer, Question};
use runtime::Deadline;

use crate::error::PartnerError;
use crate::protocol::Unread;
use crate::settings::PartnerSettings;

/// Takes the parts of an answer as they are decoded. Called at most [`PARTS_MAX`] times an ask; it
/// must not block.
pub type AnswerSink = Box<dyn FnMut(Answer) + Send>;

/// The future of one ask.
pub type AskFuture<'a> = Pin<Box<dyn Future<Output = Asked> + Send + 'a>>;

/// Parts of one answer.
pub const PARTS_MAX: u32 = 1_000;

/// A system that can be asked for offers.
pub trait Partner: Send + Sync + fmt::Debug {
    /// Its settings.
    fn settings(&self) -> &PartnerSettings;

    /// Asks one question. Ends by the deadline or the partner's own timeout, whichever is sooner;
    /// dropping the future stops the work.
    fn ask(&self, question: Arc<Question>, deadline: Deadline, parts: AnswerSink) -> AskFuture<'_>;

    /// Whether asking now would be refused without a word to the partner, because it asked us to
    /// wait; for choosing whom to ask.
    fn paused(&self) -> Option<Duration> {
        None
    }
}

/// How an answer ended when nothing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Parts handed over.
    pub parts: u32,
}

/// What became of one ask. Parts that were handed over count even if it failed later.
#[derive(Debug)]
pub struct Asked {
    /// Offers handed over.
    pub offers: u32,
    /// Time from asking to the end.
    pub took: Duration,
    /// HTTP status of the answer, if one came.
    pub status: Option<u16>,
    /// Bytes of the answer's body after unpacking.
    pub bytes: u64,
    /// Offers we could not understand.
    pub unread: Unread,
    /// Whether the answer is whole.
    pub outcome: Result<Ended, PartnerError>,
}
