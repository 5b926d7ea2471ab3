//! Creates a search, or creates a lost one again from its token.
//!
//! Create answers at once with what is there: what is remembered of a question and still fresh, and
//! everything known so far of one that is being asked or was asked a moment ago.
//!
//! Limits: open searches and their memory. At a limit, finished searches are dropped, oldest first;
//! if there is none, the new one is refused, because dropping one that is running would waste what
//! its partners were asked. New searches that would ask partners are also refused while more is to do
//! than can be done in time ([`runtime::Admission`]); not those that are remembered, shared or lost.

use std::sync::Arc;
use std::time::Duration;

use domain::{InvalidSearch, Question, SearchRequest};
use runtime::{Deadline, Priority};

use crate::book::Gone;
use crate::collect::CollectLimits;
use crate::display::Display;
use crate::engine::{Engine, earliest_today};
use crate::error::{End, InvalidDisplay, SearchError};
use crate::facts::{self, Caller};
use crate::fan_out::{FanOut, run_fan_out};
use crate::link::LinkSigner;
use crate::plan::Plan;
use crate::search::Search;
use crate::snapshot::Snapshot;
use crate::token::{SearchId, Token};

/// A search that was created.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its token; the client has seen the snapshot.
    pub token: String,
    /// What is there at once.
    pub snapshot: Arc<Snapshot>,
}

/// Whether a search is new, or begun by somebody who is waiting for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    New(Priority),
    Again,
}

/// Finished searches dropped at most to make room for one.
const DROPPED_MAX: usize = 64;

impl Engine {
    /// Creates a search that somebody waits for.
    ///
    /// # Errors
    /// As [`Engine::create_as`].
    pub async fn create(
        &self,
        request: SearchRequest,
        display: Display,
    ) -> Result<Opened, SearchError> {
        self.create_as(Priority::Asked, request, display).await
    }

    /// Creates a search of somebody: with more to do than can be done in time, what matters least is
    /// refused first.
    ///
    /// # Errors
    /// [`SearchError::Invalid`], [`SearchError::UnknownPlace`] and [`SearchError::Display`] for what
    /// cannot be searched or shown, [`SearchError::Overloaded`] at the limits,
    /// [`SearchError::Stopping`] while stopping or leaving.
    pub async fn create_as(
        &self,
        caller: impl Into<Caller>,
        request: SearchRequest,
        display: Display,
    ) -> Result<Opened, SearchError> {
        let Caller { priority, visit } = caller.into();
        display.validate()?;
        let horizon_days = self.parts.settings.horizon_days.get() as u32;
        request.validate(earliest_today(), horizon_days)?;
        self.departs_today_or_later(&request)?;
        let begun = runtime::now();
        let search = self.open(self.new_id(), request, display, Entry::New(priority)).await?;
        self.on_created(&search, visit, search.fan_out.started < begun);
        let snapshot = search.snapshot().await?;
        Ok(Opened { token: self.token(&search, snapshot.seen()), snapshot })
    }

    /// Whether each leg departs today or later where it begins: it is tomorrow in Tokyo already while it is
    /// today in London.
    fn departs_today_or_later(&self, request: &SearchRequest) -> Result<(), SearchError> {
        let atlas = self.parts.atlas;
        let now = runtime::unix_ms().div_euclid(60_000) as i32;
        for (leg, wanted) in request.legs.iter().enumerate() {
            let airports = atlas.airports_of(wanted.origin);
            let here = airports.iter().filter_map(|&airport| atlas.local_time(airport, now));
            if here.map(|time| time.date()).min().is_some_and(|today| wanted.date < today) {
                return Err(InvalidSearch::Past { leg }.into());
            }
        }
        Ok(())
    }

    /// The search a token belongs to, created again if it is gone.
    ///
    /// # Errors
    /// [`SearchError::Token`] for a token that cannot be used; what [`Engine::create`] says if the
    /// search is gone and cannot be created again.
    pub async fn find(&self, token: &str) -> Result<Arc<Search>, SearchError> {
        self.find_opened(self.open_token(token)?).await
    }

    pub(crate) async fn find_opened(&self, token: Token) -> Result<Arc<Search>, SearchError> {
        let Token { search, issued_s: _, seen: _, request, display } = token;
        let known = self.book().search(search);
        match known {
            Some(found) => Ok(found),
            None => self.open(search, request, display, Entry::Again).await,
        }
    }

    /// Opens a search under an id; the one that is there already if two come at once.
    async fn open(
        &self,
        id: SearchId,
        request: SearchRequest,
        display: Display,
        entry: Entry,
    ) -> Result<Arc<Search>, SearchError> {
        if self.is_leaving() {
            return Err(SearchError::Stopping);
        }
        if !self.parts.atlas.rates().knows(display.currency) {
            return Err(InvalidDisplay::Currency(display.currency).into());
        }
        let question = self.normalise(&request)?;
        self.make_room()?;
        let fan_out = self.share_or_start(question, entry).await?;
        let links = LinkSigner::new(&self.parts.keys, id);
        let search = Search::new(
            id,
            Arc::new(request),
            Arc::new(display),
            fan_out,
            (links, self.bench.clone()),
        );
        let expires = runtime::now() + Duration::from_secs(self.parts.settings.open_s.get());
        let mut book = self.book();
        if let Some(first) = book.search(id) {
            return Ok(first);
        }
        let search = Arc::new(search);
        book.add_search(Arc::clone(&search), expires);
        Ok(search)
    }

    /// Resolves places into airports.
    fn normalise(&self, request: &SearchRequest) -> Result<Question, SearchError> {
        let atlas = self.parts.atlas;
        for (leg, wanted) in request.legs.iter().enumerate() {
            let ends = [(End::Origin, wanted.origin), (End::Destination, wanted.destination)];
            for (end, place) in ends {
                if atlas.airports_of(place).is_empty() {
                    return Err(SearchError::UnknownPlace { leg, end, place });
                }
            }
            let (from, to) =
                (atlas.airports_of(wanted.origin), atlas.airports_of(wanted.destination));
            if from.iter().any(|airport| to.contains(airport)) {
                return Err(InvalidSearch::SamePlace { leg }.into());
            }
        }
        let normalised = Question::normalise(request, |place, nearby| atlas.resolve(place, nearby));
        let mut question = normalised.ok_or(SearchError::Internal)?;
        for (leg, wanted) in question.legs.iter_mut().zip(&request.legs) {
            // Airports near both ends would make flights from a place to itself; each stays only
            // where it was asked for.
            let (from, to) =
                (atlas.airports_of(wanted.origin), atlas.airports_of(wanted.destination));
            let near_both: Vec<_> = leg
                .origin
                .airports
                .iter()
                .copied()
                .filter(|airport| leg.destination.contains(*airport))
                .collect();
            leg.origin.airports.retain(|code| from.contains(code) || !near_both.contains(code));
            leg.destination.airports.retain(|code| to.contains(code) || !near_both.contains(code));
        }
        Ok(question)
    }

    /// A fan-out of the question that is running or fresh, or a new one.
    async fn share_or_start(
        &self,
        question: Question,
        entry: Entry,
    ) -> Result<Arc<FanOut>, SearchError> {
        let settings = &self.parts.settings;
        let roster = (self.parts.roster)();
        let fresh = settings.fresh_ms.ms();
        let key = question.key();
        let now = runtime::now();
        if let Some(shared) = self.book().shareable(key, &roster, fresh, now) {
            return Ok(shared);
        }
        // Planned outside the lock: with 1,200 partners it takes a while.
        let plan = Plan::new(question, roster, earliest_today(), settings, self.parts.atlas);
        let memory = self.parts.memory.as_deref();
        // Nobody is asked yet, and no lock is held: others may begin the same meanwhile.
        if let Some(looking) = memory.and_then(|near| plan.look_for(near, runtime::unix_ms())) {
            looking.await;
        }
        let now = runtime::now();
        let limits =
            CollectLimits { offers: settings.offers_max.size(), bytes: settings.bytes_max.size() };
        let remembered =
            memory.map(|near| plan.recall(near, runtime::unix_ms())).unwrap_or_default();
        // What all partners said before, and what others ask already, costs next to nothing.
        let asks_anew = plan.asks.len() > remembered.iter().flatten().count();
        let admitted = match entry {
            Entry::New(priority) if asks_anew => Some(self.admit(priority)?),
            // Somebody waits for it already.
            Entry::Again if asks_anew => Some(self.must_admit()),
            Entry::New(_) | Entry::Again => None,
        };
        let meter = Arc::clone(&self.meter);
        let fan_out = Arc::new(FanOut::new(&plan, remembered, self.new_run(), limits, meter));
        let deadline = Deadline::after(now, settings.deadline_ms.ms());
        let mut book = self.book();
        if let Some(shared) = book.shareable(key, &plan.roster, fresh, now) {
            return Ok(shared);
        }
        let stale = fan_out.ready_until.unwrap_or(deadline.moment() + fresh);
        let replaced = book.add_fan_out(Arc::clone(&fan_out), stale);
        drop(book);
        drop(replaced);
        let asking = run_fan_out(
            Arc::clone(&fan_out),
            plan.asks,
            deadline,
            self.parts.tasks.clone(),
            self.parts.shutdown.clone(),
            self.parts.memory.clone(),
        );
        let (asked, recorder) = (Arc::clone(&fan_out), self.parts.facts.clone());
        self.parts.tasks.spawn(async move {
            asking.await;
            facts::on_ended(&recorder, &asked);
            if let Some(admitted) = admitted {
                admitted.on_done(&asked);
            }
        });
        Ok(fan_out)
    }

    /// Drops expired and, over a limit, finished searches until one more fits.
    fn make_room(&self) -> Result<(), SearchError> {
        let settings = &self.parts.settings;
        let gone = self.book().sweep(runtime::now());
        drop(gone);
        for _ in 0..DROPPED_MAX {
            // An eighth is left for the searches that are running.
            let full = self.book().len() >= settings.open_max.size()
                || self.meter.used() > self.meter.most() - self.meter.most() / 8;
            if !full {
                return Ok(());
            }
            let mut book = self.book();
            let gone: Option<Gone> =
                book.remove_oldest_finished().or_else(|| book.remove_stalest_ready());
            drop(book);
            if gone.is_none() {
                return Err(SearchError::Overloaded { retry_after: settings.deadline_ms.ms() });
            }
            drop(gone);
        }
        Ok(())
    }
}
