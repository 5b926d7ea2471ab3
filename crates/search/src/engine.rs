//! Holds the open searches of one cell: creates, finds, polls and forgets them.
//!
//! ```text
//! create ─▶ Book ◀─ find ◀─ token        (a search that is gone comes back from its token)
//!            │ one Search an id, one FanOut a question
//!            └─ sweep: expired ones go; over a limit, finished ones go first
//! ```
//!
//! The book is behind one lock, held for look-ups only: never while waiting, asking or merging.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use atlas::Atlas;
use domain::Date;
use events::fact::Recorder;
use runtime::{
    Admission, Lateness, Moment, Priority, Random, Shutdown, TaskSet, Workers, watch_lateness,
};

use crate::answer_counts::AnswersFor;
use crate::book::Book;
use crate::error::SearchError;
use crate::fan_out::{Bench, FanOut, Meter};
use crate::ledger::Roster;
use crate::remembered::PriceMemory;
use crate::search::Search;
use crate::settings::SearchSettings;
use crate::token::{SearchId, Seen, Token, TokenKeys};

/// Gives the partners there are now. Called once per search, so it must be cheap.
pub type RosterSource = Arc<dyn Fn() -> Roster + Send + Sync>;

/// How long work that is no task of ours has waited, at the least, in the time given: for a thread, for
/// a connection.
pub type LeastWait = Arc<dyn Fn(Duration) -> Duration + Send + Sync>;

/// Which part of the machine's processor time was used lately, 0 to 1, by whomever.
pub type Busy = Arc<dyn Fn() -> f64 + Send + Sync>;

/// What an engine is made of.
#[derive(Clone)]
pub struct EngineParts {
    /// Limits and times.
    pub settings: SearchSettings,
    /// The partners.
    pub roster: RosterSource,
    /// What was answered before; without one, every question is asked anew.
    pub memory: Option<Arc<dyn PriceMemory>>,
    /// Places, zones, rates.
    pub atlas: &'static Atlas,
    /// Threads for merging large answers.
    pub workers: Workers,
    /// What else tells that there is more to do than can be done in time.
    pub least_wait: LeastWait,
    /// How busy the processors are.
    pub busy: Busy,
    /// Where asks run.
    pub tasks: TaskSet,
    /// When to stop.
    pub shutdown: Shutdown,
    /// Keys of tokens and links.
    pub keys: TokenKeys,
    /// The number of this cell, unique in the fleet.
    pub cell: u32,
    /// Where it tells what happens.
    pub facts: Recorder,
}

impl std::fmt::Debug for EngineParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineParts").field("cell", &self.cell).finish_non_exhaustive()
    }
}

/// The live searches of one cell.
#[derive(Debug)]
pub struct Engine {
    pub(crate) parts: EngineParts,
    pub(crate) bench: Bench,
    pub(crate) meter: Arc<Meter>,
    book: Mutex<Book>,
    admission: Arc<Mutex<Admission>>,
    leaving: OnceLock<Leaving>,
    late_us: AtomicU64,
    seed: u128,
    created: AtomicU64,
    runs: AtomicU32,
}

/// How full an engine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Searches open.
    pub open: usize,
    /// Fan-outs that still wait for partners.
    pub running: usize,
    /// Bytes held for them.
    pub bytes: usize,
    /// Searches created since the start.
    pub created: u64,
    /// How late due work was begun in the last window, at the least.
    pub late: Duration,
}

/// A search that was let ask partners; dropped before it is over, it never did.
#[derive(Debug)]
pub(crate) struct Admitted {
    admission: Option<Arc<Mutex<Admission>>>,
    begun: Moment,
}

impl Admitted {
    /// It is over.
    pub(crate) fn on_done(mut self, fan_out: &FanOut) {
        let useful = fan_out.look().progress.useful();
        let took = runtime::now().saturating_duration_since(self.begun);
        if let Some(admission) = self.admission.take() {
            admission_of(&admission).on_done(useful, took);
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if let Some(admission) = self.admission.take() {
            admission_of(&admission).on_given_up();
        }
    }
}

fn admission_of(admission: &Mutex<Admission>) -> MutexGuard<'_, Admission> {
    admission.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why nothing new is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// The process was told to end.
    Told,
    /// The machine is taken away.
    Spot,
}

impl Leaving {
    /// As a machine reads it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::Spot => "spot",
        }
    }
}

impl Engine {
    /// An engine without searches. It also sweeps expired ones, in the parts' tasks.
    ///
    /// # Errors
    /// If the operating system gives no random bytes.
    pub fn new(parts: EngineParts) -> std::io::Result<Arc<Self>> {
        let bench = Bench {
            atlas: parts.atlas,
            workers: parts.workers.clone(),
            self_transfer: parts.settings.self_transfer.clone(),
        };
        let engine = Arc::new(Self {
            bench,
            meter: Arc::new(Meter::new(parts.settings.bytes_total_max.size())),
            book: Mutex::default(),
            admission: Arc::new(Mutex::new(Admission::new(parts.settings.late_ms.ms()))),
            leaving: OnceLock::new(),
            late_us: AtomicU64::new(0),
            seed: u128::from_le_bytes(Random::secret_bytes()?),
            created: AtomicU64::new(0),
            // Another start gives other runs, so that a version seen before it is never current.
            runs: AtomicU32::new(u32::from_le_bytes(Random::secret_bytes()?)),
            parts,
        });
        let (swept, shutdown) = (Arc::downgrade(&engine), engine.parts.shutdown.clone());
        engine.parts.tasks.spawn(async move {
            loop {
                tokio::select! {
                    biased;
                    () = shutdown.begun() => return,
                    () = tokio::time::sleep(SWEEP_EVERY) => {}
                }
                let Some(engine) = swept.upgrade() else { return };
                let gone = engine.book().sweep(runtime::now());
                // Freed outside the lock.
                drop(gone);
            }
        });
        let (admitting, shutdown) = (Arc::downgrade(&engine), engine.parts.shutdown.clone());
        engine.parts.tasks.spawn(watch_lateness(shutdown, move |seen| {
            if let Some(engine) = admitting.upgrade() {
                let waited = (engine.parts.least_wait)(seen.window);
                engine.on_lateness(Lateness { least: seen.least.max(waited), ..seen });
            }
        }));
        Ok(engine)
    }

    fn admission(&self) -> MutexGuard<'_, Admission> {
        admission_of(&self.admission)
    }

    /// Takes up how late due work was begun, at the least, in one window; what the engine hears from
    /// its own clock.
    pub fn on_lateness(&self, seen: Lateness) {
        self.late_us.store(seen.least.as_micros() as u64, Ordering::Relaxed);
        let mut admission = self.admission();
        let before = admission.is_open();
        admission.on_busy((self.parts.busy)());
        admission.on_window(seen);
        let after = admission.is_open();
        let refused = Priority::ALL.map(|priority| admission.refused(priority));
        drop(admission);
        if before && !after {
            tracing::warn!(
                late_ms = seen.least.as_millis() as u64,
                "more to do than can be done in time"
            );
        } else if !before && after {
            let [asked, prefetch, bot] = refused;
            tracing::info!(asked, prefetch, bot, "back on time; searches refused since the start");
        }
    }

    /// Lets a search ask partners.
    ///
    /// # Errors
    /// [`SearchError::Overloaded`] if there is more to do already than can be done in time.
    pub(crate) fn admit(&self, priority: Priority) -> Result<Admitted, SearchError> {
        if self.admission().admits(priority) {
            return Ok(self.admitted());
        }
        Err(SearchError::Overloaded { retry_after: CATCH_UP })
    }

    /// Lets a search ask partners that was begun before, in a cell that is lost.
    pub(crate) fn must_admit(&self) -> Admitted {
        self.admission().takes();
        self.admitted()
    }

    fn admitted(&self) -> Admitted {
        Admitted { admission: Some(Arc::clone(&self.admission)), begun: runtime::now() }
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        // The book changes in single steps, so a panic between two of them breaks nothing.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on nothing new is begun; what is there goes on and is answered.
    pub fn leave(&self, why: Leaving) {
        // The first reason stands.
        let _ = self.leaving.set(why);
    }

    /// Why it leaves, if it does.
    #[must_use]
    pub fn leaving(&self) -> Option<Leaving> {
        self.leaving.get().copied()
    }

    /// Whether nothing new is begun.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.leaving.get().is_some() || self.parts.shutdown.has_begun()
    }

    /// How full it is.
    #[must_use]
    pub fn load(&self) -> Load {
        let book = self.book();
        let (open, running) = (book.len(), book.running());
        drop(book);
        Load {
            open,
            running,
            bytes: self.meter.used(),
            created: self.created.load(Ordering::Relaxed),
            late: Duration::from_micros(self.late_us.load(Ordering::Relaxed)),
        }
    }

    /// For whom partners' answers were worked on, since the start.
    #[must_use]
    pub fn answers_for(&self) -> AnswersFor {
        self.meter.answers.read()
    }

    /// New searches refused for lateness since the start, by priority.
    #[must_use]
    pub fn refused(&self) -> [(Priority, u64); 3] {
        let admission = self.admission();
        Priority::ALL.map(|priority| (priority, admission.refused(priority)))
    }

    /// Its limits.
    #[must_use]
    pub fn settings(&self) -> &SearchSettings {
        &self.parts.settings
    }

    /// A token of a search, for a client that has seen so much of it.
    #[must_use]
    pub fn token(&self, search: &Search, seen: Seen) -> String {
        let token = Token {
            search: search.id(),
            issued_s: now_s(),
            seen,
            request: (*search.request).clone(),
            display: (*search.display).clone(),
        };
        token.seal(&self.parts.keys, self.parts.cell)
    }

    /// Reads a token.
    ///
    /// # Errors
    /// [`SearchError::Token`] if it is not a token of ours or has expired.
    pub fn open_token(&self, text: &str) -> Result<Token, SearchError> {
        let lifetime_s = self.parts.settings.token_s.get() as u32;
        Ok(Token::open(text, &self.parts.keys, now_s(), lifetime_s)?)
    }

    /// What a token asks for, also if it has expired: so that it can be asked again. `None` if it is
    /// not a token of ours.
    #[must_use]
    pub fn reopen(&self, text: &str) -> Option<Token> {
        Token::open(text, &self.parts.keys, 0, 0).ok()
    }

    /// An id nobody can guess.
    pub(crate) fn new_id(&self) -> SearchId {
        let mut bytes = [0_u8; 24];
        bytes[..16].copy_from_slice(&self.seed.to_le_bytes());
        let count = self.created.fetch_add(1, Ordering::Relaxed);
        bytes[16..].copy_from_slice(&count.to_le_bytes());
        SearchId(xxhash_rust::xxh3::xxh3_128(&bytes))
    }

    pub(crate) fn new_run(&self) -> u32 {
        self.runs.fetch_add(1, Ordering::Relaxed)
    }
}

/// When a search that was refused is likely to be admitted.
const CATCH_UP: Duration = Duration::from_secs(2);

/// How often expired searches are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(5);

/// Seconds since 1970.
fn now_s() -> u32 {
    u32::try_from(runtime::unix_ms() / 1_000).unwrap_or(u32::MAX)
}

/// The earliest local day anywhere on Earth: twelve hours behind UTC.
pub(crate) fn earliest_today() -> Date {
    const DAY_MS: i64 = 86_400_000;
    Date::from_days(((runtime::unix_ms() - DAY_MS / 2).div_euclid(DAY_MS)) as i32)
}
