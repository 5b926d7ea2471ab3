//! One cell: its searches, its work, its admission (the real one), its log.

use std::time::Duration;

use fleet::CellId;
use fleet::health::Probed;
use fleet::rollout::Evidence;
use runtime::{Admission, FixedMap};

use super::deploy::{Character, FIRST};
use super::log::Log;
use super::queue::{At, MS, SECOND};
use super::settings::{BUSY_AT_PEAK, Broken, CELL_PEAK, WorldSettings, ZONES};
use super::work::{WHOLE, Work};

/// Work of a search, microseconds of a processor.
pub(crate) const SEARCH_WORK: u64 = SECOND * BUSY_AT_PEAK / 100 / CELL_PEAK as u64;
/// Work of any request besides: a thirtieth of a search.
const REQUEST_WORK: u64 = SEARCH_WORK / 30;
/// Lateness that is aimed at. Source: the default of `search.late_ms`.
const LATE: Duration = Duration::from_millis(50);
/// Searches that may come at once; 64 in a real cell, which carries eight times as many a second.
const BURST: f64 = 8.0;
/// A target that is never missed.
const NEVER_LATE: Duration = Duration::from_secs(86_400);
/// Searches are kept so long; a real cell keeps them for an hour.
const KEPT: At = 900 * SECOND;
/// Time of a search within which its deadline is.
pub(crate) const DEADLINE: At = 10 * SECOND;
/// Time that partners have of it; then what has come is shown.
pub(crate) const PARTNERS_HAVE: At = DEADLINE - 200 * MS;

/// Whether a cell is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It is.
    Up,
    /// It is, and its machine will be taken away.
    Noticed,
    /// The process is gone; the machine refuses connections.
    Closed,
    /// The machine is gone or out of reach; nothing answers.
    Silent,
}

/// A search in a cell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search {
    pub(crate) begun: At,
    rate: u64,
    pub(crate) finished: Option<At>,
}

/// A cell.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) id: CellId,
    pub(crate) region: u8,
    pub(crate) zone: u8,
    pub(crate) state: State,
    /// Which start of it: events about an earlier one mean nothing.
    pub(crate) life: u32,
    pub(crate) work: Work,
    pub(crate) admission: Admission,
    pub(crate) searches: FixedMap<u64, Search>,
    pub(crate) log: Log,
    /// Until when it is slower than it was tested to be, through no fault of its admission.
    pub(crate) slow_until: At,
    /// Seconds by which its wall clock is off.
    pub(crate) skew_s: i64,
    /// The release that it runs, and what that is like.
    pub(crate) release: String,
    pub(crate) character: Character,
    /// Whether travellers may notice its release.
    pub(crate) excused: bool,
    /// It was started again in good order: nobody need notice.
    pub(crate) restarts: bool,
    /// What it did since its process began.
    pub(crate) evidence: Evidence,
    late: Duration,
}

impl Cell {
    pub(crate) fn new(id: u32, region: u8, zone: u8, settings: &WorldSettings) -> Self {
        let late = if settings.breaks(Broken::Admission) { NEVER_LATE } else { LATE };
        let early = settings.breaks(Broken::Acknowledging);
        let mut cell = Self {
            id: CellId(id),
            region,
            zone,
            state: State::Up,
            life: 0,
            work: Work::new(0),
            admission: Admission::new(late).with_burst(BURST),
            searches: FixedMap::default(),
            log: Log::new(usize::from(zone) % ZONES, early),
            slow_until: 0,
            skew_s: 0,
            release: FIRST.to_owned(),
            character: Character::Good,
            excused: false,
            restarts: false,
            evidence: Evidence::default(),
            late,
        };
        cell.work.set_speed(0, normal_speed(settings));
        cell
    }

    /// Whether it serves what reaches it.
    pub(crate) fn serves(&self) -> bool {
        matches!(self.state, State::Up | State::Noticed)
    }

    /// Whether it takes new work.
    pub(crate) fn is_ready(&self) -> bool {
        self.state == State::Up
    }

    /// What a look at it finds.
    pub(crate) fn look(&mut self, now: At, within: At) -> Probed {
        match self.state {
            State::Closed | State::Silent => Probed::Unreachable,
            State::Up | State::Noticed if self.work.late(now) > within => Probed::Unreachable,
            State::Noticed => Probed::NotReady,
            State::Up => Probed::Ready,
        }
    }

    /// A request is taken up; gives when it is answered.
    pub(crate) fn take(&mut self, now: At) -> At {
        self.work.add(now, REQUEST_WORK);
        now + self.work.late(now) + MS
    }

    /// Begins a search whose slowest partner takes so long.
    pub(crate) fn begin(&mut self, now: At, search: u64, partners: At) {
        let rate = SEARCH_WORK * WHOLE / partners.max(1);
        self.work.begin(now, rate);
        self.searches.insert(search, Search { begun: now, rate, finished: None });
    }

    /// Ends a window: what the admission hears of it.
    pub(crate) fn window(&mut self, now: At) {
        let seen = self.work.window(now);
        let busy = !seen.least.is_zero() && self.late < NEVER_LATE;
        self.admission.on_busy(if busy { 1.0 } else { 0.0 });
        self.admission.on_window(seen);
    }

    /// All partners of a search were heard, or had their time; gives when the last work is done.
    pub(crate) fn heard(&mut self, now: At, search: u64) -> Option<At> {
        let rate = self.searches.get(&search)?.rate;
        self.work.end(now, rate);
        Some(now + self.work.late(now))
    }

    /// A search is complete; gives it.
    pub(crate) fn finish(&mut self, now: At, search: u64) -> Option<Search> {
        let found = self.searches.get_mut(&search)?;
        found.finished = Some(now);
        let found = *found;
        self.admission.on_done(1.0, Duration::from_micros(now - found.begun));
        Some(found)
    }

    /// Searches that are not complete.
    pub(crate) fn running(&self) -> u64 {
        self.searches.values().filter(|search| search.finished.is_none()).count() as u64
    }

    /// Forgets what is over.
    pub(crate) fn sweep(&mut self, now: At) {
        self.searches.retain(|_, search| search.finished.is_none_or(|at| now < at + KEPT));
    }

    /// Loses everything that is in memory.
    pub(crate) fn lose(&mut self, state: State) {
        self.life += 1;
        self.state = state;
        self.searches.clear();
    }

    /// Starts with nothing.
    pub(crate) fn start(&mut self, now: At, settings: &WorldSettings) {
        self.life += 1;
        self.state = State::Up;
        self.evidence = Evidence::default();
        self.work = Work::new(now);
        self.work.set_speed(now, normal_speed(settings));
        self.admission = Admission::new(self.late).with_burst(BURST);
        self.log.on_back(usize::from(self.zone) % ZONES);
    }

    /// Its wall clock, seconds.
    pub(crate) fn clock_s(&self, now: At) -> u32 {
        /// Any day; clocks of the world begin there.
        const EPOCH_S: i64 = 1_800_000_000;
        (EPOCH_S + (now / SECOND) as i64 + self.skew_s) as u32
    }
}

/// The speed of a healthy cell.
pub(crate) fn normal_speed(settings: &WorldSettings) -> u64 {
    if settings.breaks(Broken::DeclaredPeak) { WHOLE / 2 } else { WHOLE }
}
