//! Joins live searches to remembered prices.
//!
//! ```text
//! search ─ look_for(wishes) ─▶ second level, for what the price store does not know
//! search ─ recall(question) ─▶ price store: fresh answers
//! search ─ remember(answers) ─▶ log, price store, indicative prices
//! ```
//!
//! A partner's answer that came in parts is remembered as one. What the log refuses is counted and
//! told once a minute; searches never notice.
//!
//! Limits: [`WAITING_MAX`] calls wait for the log; beyond, answers are not remembered.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use domain::{Answer, AnswerBuilder, PartnerId, Question, QuestionKey};
use prices::Seen;
use prices::memory::{Memory, MemoryError};
use prices::store::{Invalidation, Wanted};
use search::{Answered, Looking, PriceMemory, Remembered, Remembering};
use tokio::sync::Semaphore;

/// Calls that wait for the log at once.
const WAITING_MAX: usize = 4_096;
/// How often trouble with the log is told.
const TELL_EVERY_MS: i64 = 60_000;

/// The memory of live searches: a handle that is cheap to clone.
#[derive(Clone, Debug)]
pub struct SearchMemory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    memory: Arc<Memory>,
    waiting: Semaphore,
    lost: AtomicU64,
    told_ms: AtomicI64,
}

impl SearchMemory {
    /// The memory of searches that keeps its answers there.
    #[must_use]
    pub fn new(memory: Arc<Memory>) -> Self {
        Self(Arc::new(Inner {
            memory,
            waiting: Semaphore::new(WAITING_MAX),
            lost: AtomicU64::new(0),
            told_ms: AtomicI64::new(0),
        }))
    }

    /// Forgets what was seen until now; how many answers.
    ///
    /// # Errors
    /// [`MemoryError::Log`]: it is forgotten, but comes back with a restart.
    pub(crate) async fn forget(&self, what: Invalidation) -> Result<usize, MemoryError> {
        self.0.memory.forget(what).await
    }
}

impl PriceMemory for SearchMemory {
    fn recall(&self, question: &Question, now_ms: i64) -> Vec<Remembered> {
        let found = self.0.memory.store().recall(question.key(), now_ms, Wanted::Fresh);
        let known = |one: prices::store::Remembered| Remembered {
            partner: one.partner,
            seen_ms: one.seen_ms,
            fresh_until_ms: one.fresh_until_ms,
            answer: one.answer,
        };
        found.into_iter().map(known).collect()
    }

    fn look_for(
        &self,
        wishes: &mut dyn Iterator<Item = (QuestionKey, PartnerId)>,
        now_ms: i64,
    ) -> Option<Looking> {
        let wishes = self.0.memory.worth_looking_for(wishes, now_ms);
        if wishes.is_empty() {
            return None;
        }
        let memory = Arc::clone(&self.0.memory);
        Some(Box::pin(async move { memory.look_for(wishes).await }))
    }

    fn may_be_bought(&self, partner: PartnerId, seen_ms: i64, now_ms: i64) -> bool {
        self.0.memory.store().may_be_bought(partner, seen_ms, now_ms)
    }

    fn remember(&self, answered: Vec<Answered>) -> Remembering {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let count = answered.len() as u64;
            let Ok(_room) = inner.waiting.try_acquire() else {
                inner.note_lost(count, "too many wait for the log");
                return;
            };
            let seen: Vec<Seen> = answered.into_iter().map(whole).collect();
            if let Err(error) = inner.memory.remember(seen).await {
                inner.note_lost(count, &error.to_string());
            }
        })
    }
}

impl Inner {
    fn note_lost(&self, answers: u64, why: &str) {
        let lost = self.lost.fetch_add(answers, Ordering::Relaxed) + answers;
        let (now_ms, told_ms) = (runtime::unix_ms(), self.told_ms.load(Ordering::Relaxed));
        let due = now_ms - told_ms >= TELL_EVERY_MS;
        if due
            && self
                .told_ms
                .compare_exchange(told_ms, now_ms, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            tracing::warn!(lost, why, "answers of partners are not remembered");
        }
    }
}

/// The parts of an answer as one.
fn whole(answered: Answered) -> Seen {
    let Answered { partner, question, at_ms, mut parts } = answered;
    let answer = match parts.len() {
        0 => Arc::new(Answer::default()),
        1 => parts.swap_remove(0),
        _ => {
            let mut builder = AnswerBuilder::default();
            for part in &parts {
                // Beyond the limit of one answer the rest is not remembered.
                if builder.append(part).is_err() {
                    break;
                }
            }
            Arc::new(builder.finish())
        }
    };
    Seen { partner, question, at_ms, answer }
}
