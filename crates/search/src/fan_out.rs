//! Asks the chosen partners at once, under one deadline, and keeps what they answer.
//!
//! ```text
//! Plan (whom to ask what) ─▶ run_fan_out: one task an ask ─▶ Collecting (pure)
//!       remembered answers count at once │ deadline             │ version
//!                                        ▼                      ▼
//!                               on_deadline, abort        watch: pollers wake
//! whole answers ─▶ remember, every [`REMEMBER_EVERY`] and at the end
//! ```
//!
//! All searches that ask the same question share one fan-out. It is kept by those that read it and
//! freed with the last of them; its tasks end by the deadline whether anybody still reads or not.
//! A task that panics counts as a failed partner and takes nothing else with it.
//!
//! Merging happens when somebody looks, once per version and currency; large answers on workers.
//!
//! Limits: asks (from the plan), offers and bytes of one search and of all (`Limits`),
//! [`CURRENCIES_MAX`] merged answers kept.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use atlas::Atlas;
use domain::{Answer, CurrencyCode, Question, QuestionKey};
use runtime::{Deadline, Fault, Moment, Shutdown, TaskSet, Workers};
use tokio::sync::watch;

use crate::answer_counts::AnswerCounts;
use crate::collect::{Ask, AskEnd, CollectLimits, Collecting, Role, Status};
use crate::error::SearchError;
use crate::ledger::{Ledger, NotAsked, Progress, Roster};
use crate::merge::{merge_in, merge_with};
use crate::merged::Merged;
use crate::plan::Plan;
use crate::remembered::{Answered, PriceMemory, Remembered, Source};
use crate::self_transfer::{Hub, combine};
use crate::settings::SelfTransferSettings;

/// Merged answers kept per fan-out, one a currency.
const CURRENCIES_MAX: usize = 8;
/// From this many offers on, merging may take more than about 100 us and goes to the workers.
const OFFERS_INLINE: usize = 4_000;
/// Longest time a fan-out of remembered answers is kept ready to serve: after that they are recalled
/// anew, should anybody ask.
const READY_MAX: Duration = Duration::from_secs(600);
/// How often answers are handed to the memory while a search runs: prices are to be seen by others
/// within a second, and answers of one batch share their itineraries.
const REMEMBER_EVERY: Duration = Duration::from_millis(300);
/// Code in the row of a partner whose task broke.
const BROKEN: &str = "search_internal";

/// A search that nobody has looked at for longer is not waited for: a page asks once a second.
const WATCHED: Duration = Duration::from_secs(3);

/// Bytes held by all searches, and how many there may be; answers of partners by for whom they came.
#[derive(Debug)]
pub(crate) struct Meter {
    used: AtomicUsize,
    most: usize,
    pub(crate) answers: AnswerCounts,
}

impl Meter {
    pub(crate) fn new(most: usize) -> Self {
        Self { used: AtomicUsize::new(0), most, answers: AnswerCounts::default() }
    }

    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }

    pub(crate) fn most(&self) -> usize {
        self.most
    }
}

/// What a fan-out needs to look at its answers.
#[derive(Clone, Debug)]
pub(crate) struct Bench {
    pub(crate) atlas: &'static Atlas,
    pub(crate) workers: Workers,
    pub(crate) self_transfer: SelfTransferSettings,
}

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
    merged: tokio::sync::Mutex<Vec<(CurrencyCode, u32, Arc<Merged>)>>,
}

/// A fan-out's state at one moment, without its answers.
pub(crate) struct Look {
    pub(crate) version: u32,
    pub(crate) status: Status,
    pub(crate) ledger: Ledger,
    pub(crate) progress: Progress,
}

/// Answers at one moment, by role.
struct Taken {
    version: u32,
    offers: usize,
    whole: Vec<Arc<Answer>>,
    first: Vec<Arc<Answer>>,
    second: Vec<Arc<Answer>>,
    sources: [Vec<Source>; 3],
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

    /// Somebody looks at it.
    pub(crate) fn on_look(&self) {
        self.looked_ms.store(self.elapsed_ms(), Ordering::Relaxed);
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

    fn take(&self) -> Taken {
        let state = self.state();
        Taken {
            version: state.version(),
            offers: state.offers(),
            whole: state.answers(Role::Whole).to_vec(),
            first: state.answers(Role::First).to_vec(),
            second: state.answers(Role::Second).to_vec(),
            sources: [Role::Whole, Role::First, Role::Second]
                .map(|role| state.sources(role).to_vec()),
        }
    }

    /// The answers so far, merged in a currency; at least as new as `version`.
    ///
    /// # Errors
    /// [`SearchError::Internal`] if merging broke.
    pub(crate) async fn merged(
        &self,
        currency: CurrencyCode,
        version: u32,
        bench: &Bench,
    ) -> Result<Arc<Merged>, SearchError> {
        // Whoever comes while it is merged waits here and finds it done.
        let mut kept = self.merged.lock().await;
        let known = kept.iter().position(|&(known, _, _)| known == currency);
        if let Some(at) = known
            && kept[at].1 >= version
        {
            return Ok(Arc::clone(&kept[at].2));
        }
        let taken = self.take();
        let (at_version, large) = (taken.version, taken.offers > OFFERS_INLINE);
        let (atlas, settings) = (bench.atlas, bench.self_transfer.clone());
        let work = move || merge_taken(&taken, currency, &settings, atlas);
        let merged = if large {
            bench.workers.run_if_wanted(work).await.map_err(|_| SearchError::Internal)?
        } else {
            contain(work)?
        };
        let merged = Arc::new(merged);
        self.count(merged.heap_bytes());
        let freed = match known {
            Some(at) => {
                Some(std::mem::replace(&mut kept[at], (currency, at_version, Arc::clone(&merged))))
            }
            None => {
                let oldest = (kept.len() == CURRENCIES_MAX).then(|| kept.remove(0));
                kept.push((currency, at_version, Arc::clone(&merged)));
                oldest
            }
        };
        if let Some((_, _, old)) = freed {
            self.counted.fetch_sub(old.heap_bytes(), Ordering::Relaxed);
            self.meter.used.fetch_sub(old.heap_bytes(), Ordering::Relaxed);
        }
        Ok(merged)
    }
}

impl Drop for FanOut {
    fn drop(&mut self) {
        self.meter.used.fetch_sub(*self.counted.get_mut(), Ordering::Relaxed);
    }
}

/// Runs a piece of work whose panic must stay here.
fn contain<T>(work: impl FnOnce() -> T) -> Result<T, SearchError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).map_err(|_| {
        tracing::error!("merging a search panicked");
        SearchError::Internal
    })
}

fn merge_taken(
    taken: &Taken,
    currency: CurrencyCode,
    settings: &SelfTransferSettings,
    atlas: &'static Atlas,
) -> Merged {
    let [whole, first, second] = &taken.sources;
    let merged = |answers: &[Arc<Answer>], sources: &[Source]| Merged {
        sources: sources.to_vec(),
        ..merge_in(answers, currency, atlas)
    };
    if taken.first.is_empty() || taken.second.is_empty() {
        return merged(&taken.whole, whole);
    }
    let combined = combine(&merged(&taken.first, first), &merged(&taken.second, second), settings);
    let all = merge_with(&taken.whole, combined, currency, atlas);
    Merged { sources: whole.clone(), ..all }
}

/// Asks everyone and ends when all have ended, at the deadline, or when the service stops.
pub(crate) async fn run_fan_out(
    fan_out: Arc<FanOut>,
    asks: Vec<Ask>,
    deadline: Deadline,
    tasks: TaskSet,
    shutdown: Shutdown,
    memory: Option<Arc<dyn PriceMemory>>,
) {
    let questions = [Role::Whole, Role::First, Role::Second].map(|role| fan_out.question_of(role));
    let mut running = Vec::with_capacity(asks.len());
    for (index, ask) in asks.into_iter().enumerate() {
        if !fan_out.awaits(index) {
            continue;
        }
        match &questions[ask.role as usize] {
            Some(question) => running.push(tasks.spawn(ask_one(
                Arc::clone(&fan_out),
                index,
                ask.partner,
                (Arc::clone(question), deadline),
                memory.is_some(),
            ))),
            None => fan_out.on_end(index, AskEnd { ms: 0, fault: Some(BROKEN) }),
        }
    }
    let mut news = fan_out.subscribe();
    let over = async {
        // The sender lives in `fan_out`, so waiting cannot fail.
        while fan_out.ended().is_none() && news.changed().await.is_ok() {}
    };
    fan_out.close();
    tokio::pin!(over);
    let ended = loop {
        tokio::select! {
            biased;
            () = &mut over => break true,
            () = tokio::time::sleep_until(deadline.moment()) => break false,
            () = shutdown.begun() => break false,
            () = tokio::time::sleep(REMEMBER_EVERY), if memory.is_some() => {}
        }
        remember(&fan_out, memory.as_ref()).await;
    };
    if !ended {
        fan_out.on_deadline();
        for task in running {
            task.abort();
        }
    }
    remember(&fan_out, memory.as_ref()).await;
}

async fn remember(fan_out: &FanOut, memory: Option<&Arc<dyn PriceMemory>>) {
    let answered = fan_out.take_unremembered();
    if let (Some(memory), false) = (memory, answered.is_empty()) {
        memory.remember(answered).await;
    }
}

/// Asks one partner; whatever happens, the ask ends.
async fn ask_one(
    fan_out: Arc<FanOut>,
    ask: usize,
    partner: u16,
    (question, deadline): (Arc<Question>, Deadline),
    keep: bool,
) {
    let mut ending = Ending { fan_out: &fan_out, ask, end: None };
    let Some(partner) = fan_out.roster.get(partner as usize) else { return };
    let taker = Arc::downgrade(&fan_out);
    let parts = keep.then(|| Arc::new(Mutex::new(Vec::new())));
    let kept = parts.clone();
    let sink = Box::new(move |answer: Answer| {
        let answer = Arc::new(answer);
        if let (Some(kept), false) = (&kept, answer.offers().is_empty()) {
            kept.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&answer));
        }
        if let Some(fan_out) = taker.upgrade() {
            fan_out.on_part(ask, answer);
        }
    });
    let asked = partner.ask(Arc::clone(&question), deadline, sink).await;
    if let (Some(parts), true) = (parts, asked.outcome.is_ok()) {
        fan_out.on_answered(Answered {
            partner: partner.settings().id,
            question,
            at_ms: runtime::unix_ms(),
            parts: std::mem::take(&mut *parts.lock().unwrap_or_else(PoisonError::into_inner)),
        });
    }
    let fault = asked.outcome.as_ref().err().map(Fault::code);
    if let Err(error) = &asked.outcome {
        tracing::debug!(partner = %partner.settings().id, %error, "a partner failed");
    }
    ending.end = Some(AskEnd { ms: millis(asked.took), fault });
}

/// Ends an ask when it goes out of scope, also by a panic.
struct Ending<'a> {
    fan_out: &'a FanOut,
    ask: usize,
    end: Option<AskEnd>,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let broken = || AskEnd { ms: self.fan_out.elapsed_ms(), fault: Some(BROKEN) };
        let end = self.end.take().unwrap_or_else(broken);
        self.fan_out.on_end(self.ask, end);
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
