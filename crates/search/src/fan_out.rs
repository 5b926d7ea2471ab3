//! Asks the chosen partners at once, under one deadline, and keeps what they answer.
//!
//! ```text
//! Plan (whom to ask what) ─▶ run_fan_out: one task an ask ─▶ Collecting (pure)
//!       remembered answers count at once │ deadline             │ version
//!                                        ▼                      ▼
//!                               on_deadline, abort        watch: pollers wake
//! whole answers ─▶ remember, three times a second and at the end
//! ```
//!
//! All searches that ask the same question share one fan-out. It is kept by those that read it and
//! freed with the last of them; its tasks end by the deadline whether anybody still reads or not.
//! A task that panics counts as a failed partner and takes nothing else with it.
//!
//! `asking.rs` runs the asks, `merging.rs` makes one list of the answers when somebody looks, `meter.rs`
//! counts for all searches.
//!
//! Limits: asks (from the plan), offers and bytes of one search and of all (`Limits`),
//! and the merged answers that are kept.

mod asking;
mod merging;
mod meter;

use std::sync::atomic::{AtomicI32, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use domain::{Answer, Question, QuestionKey};
use runtime::Moment;
use tokio::sync::watch;

use crate::collect::{AskEnd, CollectLimits, Collecting, Role, Status};
use crate::ledger::{Ledger, NotAsked, Progress, Roster};
use crate::plan::Plan;
use crate::remembered::{Answered, Remembered};
use crate::self_transfer::Hub;

pub(crate) use asking::run_fan_out;
pub(crate) use merging::Bench;
pub(crate) use meter::Meter;

/// Longest time a fan-out of remembered answers is kept ready to serve: after that they are recalled
/// anew, should anybody ask.
const READY_MAX: Duration = Duration::from_secs(600);
/// A search that nobody has looked at for longer is not waited for: a page asks once a second.
const WATCHED: Duration = Duration::from_secs(3);

/// One question asked of many partners.
#[derive(Debug)]
pub(crate) struct FanOut {
    pub(crate) question: Arc<Question>,
    pub(crate) key: QuestionKey,
    pub(crate) run: u32,
    pub(crate) started: Moment,
    pub(crate) started_unix_ms: i64,
    pub(crate) roster: Roster,
    hub: Option<Hub>,
    reasons: Arc<[Option<NotAsked>]>,
    state: Mutex<Collecting>,
    /// Whole answers that wait to be remembered.
    unremembered: Mutex<Vec<Answered>>,
    /// Until when it may be shared although it has ended, if all of it was remembered.
    pub(crate) ready_until: Option<Moment>,
    news: watch::Sender<u32>,
    /// When somebody last looked, milliseconds since it started.
    looked_ms: AtomicU32,
    ended: OnceLock<Moment>,
    meter: Arc<Meter>,
    counted: AtomicUsize,
    merged: merging::Kept,
    /// When the first flight that is shown departs, in minutes since 1970 UTC.
    first_departs: AtomicI32,
}

/// A fan-out's state at one moment, without its answers.
pub(crate) struct Look {
    pub(crate) version: u32,
    pub(crate) status: Status,
    pub(crate) ledger: Ledger,
    pub(crate) progress: Progress,
}

impl FanOut {
    /// `remembered` has an entry an ask; those asks have ended when this returns.
    pub(crate) fn new(
        plan: &Plan,
        remembered: Vec<Option<Remembered>>,
        run: u32,
        limits: CollectLimits,
        meter: Arc<Meter>,
    ) -> Self {
        let any_partner = !plan.roster.is_empty();
        let mut state = Collecting::new(&plan.asks, any_partner, limits);
        let mut fresh_until_ms = i64::MAX;
        for (ask, known) in remembered.into_iter().enumerate() {
            let Some(known) = known else { continue };
            let room = meter.most().saturating_sub(meter.used() + state.bytes());
            state.on_remembered(ask, known.answer, known.seen_ms, room);
            fresh_until_ms = fresh_until_ms.min(known.fresh_until_ms);
        }
        let (bytes, version) = (state.bytes(), state.version());
        // Nobody is asked: it can serve until the first of its answers is no longer fresh.
        let fresh_ms = fresh_until_ms.saturating_sub(runtime::unix_ms()).max(0) as u64;
        let ready = Duration::from_millis(fresh_ms).min(READY_MAX);
        let ready_until =
            (state.is_over() && !plan.asks.is_empty()).then(|| runtime::now() + ready);
        meter.used.fetch_add(bytes, Ordering::Relaxed);
        Self {
            question: Arc::clone(&plan.question),
            key: plan.key,
            run,
            started: runtime::now(),
            started_unix_ms: runtime::unix_ms(),
            roster: Arc::clone(&plan.roster),
            hub: plan.hub.clone(),
            reasons: plan.reasons.clone().into(),
            state: Mutex::new(state),
            unremembered: Mutex::default(),
            ready_until,
            news: watch::Sender::new(version),
            looked_ms: AtomicU32::new(0),
            ended: OnceLock::new(),
            meter,
            counted: AtomicUsize::new(bytes),
            merged: tokio::sync::Mutex::new(Vec::new()),
            first_departs: AtomicI32::new(i32::MAX),
        }
    }

    fn state(&self) -> MutexGuard<'_, Collecting> {
        // Collecting changes in single steps, so a panic between two of them breaks nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u32> {
        self.news.subscribe()
    }

    pub(crate) fn version(&self) -> u32 {
        *self.news.borrow()
    }

    /// When it ended; `None` while partners are awaited.
    pub(crate) fn ended(&self) -> Option<Moment> {
        self.ended.get().copied()
    }

    pub(crate) fn status(&self) -> Status {
        self.state().status()
    }

    /// What is asked in a role.
    pub(crate) fn question_of(&self, role: Role) -> Option<Arc<Question>> {
        match (role, &self.hub) {
            (Role::Whole, _) => Some(Arc::clone(&self.question)),
            (Role::First, Some(hub)) => Some(Arc::new(hub.first.clone())),
            (Role::Second, Some(hub)) => Some(Arc::new(hub.second.clone())),
            (_, None) => None,
        }
    }

    /// State and ledger, taken together.
    pub(crate) fn look(&self) -> Look {
        let state = self.state();
        let (version, status) = (state.version(), state.status());
        let asked = state.rows().into();
        drop(state);
        let ledger = Ledger::new(Arc::clone(&self.roster), asked, Arc::clone(&self.reasons));
        let progress = ledger.progress();
        Look { version, status, ledger, progress }
    }

    /// Somebody looks at it. If a flight that was shown has departed, there is another version without it.
    pub(crate) fn on_look(&self) {
        self.looked_ms.store(self.elapsed_ms(), Ordering::Relaxed);
        let now = this_minute();
        if self.first_departs.load(Ordering::Relaxed) < now
            && self.first_departs.swap(i32::MAX, Ordering::Relaxed) < now
        {
            let mut state = self.state();
            state.on_departed();
            self.publish(&state, true);
        }
    }

    /// Whether somebody reads its events, or has looked a moment ago.
    fn is_watched(&self) -> bool {
        // Who asks the partners listens too.
        let listeners = self.news.receiver_count().saturating_sub(1);
        let looked_ms = self.looked_ms.load(Ordering::Relaxed);
        listeners > 0 || self.elapsed_ms().saturating_sub(looked_ms) <= millis(WATCHED)
    }

    fn on_part(&self, ask: usize, answer: Arc<Answer>) {
        let late = self.ended().is_some();
        self.meter.answers.count(late, || self.is_watched());
        let room = self.meter.most().saturating_sub(self.meter.used());
        let mut state = self.state();
        let before = state.bytes();
        let changed = state.on_part(ask, answer, room);
        let more = state.bytes() - before;
        self.publish(&state, changed);
        drop(state);
        self.count(more);
    }

    fn on_end(&self, ask: usize, end: AskEnd) {
        let mut state = self.state();
        let changed = state.on_end(ask, end);
        self.publish(&state, changed);
    }

    /// Whether an ask has not ended.
    fn awaits(&self, ask: usize) -> bool {
        self.state().awaits(ask)
    }

    /// Keeps a whole answer until it is remembered.
    fn on_answered(&self, answered: Answered) {
        self.unremembered.lock().unwrap_or_else(PoisonError::into_inner).push(answered);
    }

    fn take_unremembered(&self) -> Vec<Answered> {
        std::mem::take(&mut *self.unremembered.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn on_deadline(&self) {
        let mut state = self.state();
        let changed = state.on_deadline(self.elapsed_ms());
        self.publish(&state, changed);
    }

    /// Ends it if nobody is awaited, as when nobody was asked.
    pub(crate) fn close(&self) {
        let state = self.state();
        self.publish(&state, false);
    }

    fn elapsed_ms(&self) -> u32 {
        millis(runtime::now().saturating_duration_since(self.started))
    }

    /// Tells everyone who waits. Under the state's lock, so that versions never go back.
    fn publish(&self, state: &Collecting, changed: bool) {
        if state.is_over() {
            let _ = self.ended.set(runtime::now());
        }
        if changed {
            self.news.send_replace(state.version());
        }
    }

    fn count(&self, bytes: usize) {
        self.counted.fetch_add(bytes, Ordering::Relaxed);
        self.meter.used.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for FanOut {
    fn drop(&mut self) {
        self.meter.used.fetch_sub(*self.counted.get_mut(), Ordering::Relaxed);
    }
}

/// Minutes since 1970 UTC.
fn this_minute() -> i32 {
    i32::try_from(runtime::unix_ms().div_euclid(60_000)).unwrap_or(i32::MAX)
}

pub(crate) fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
