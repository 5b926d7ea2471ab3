//! What cells do: create searches, answer polls, finish, keep facts.

use domain::{
    AirportCode, Cabin, CountryCode, CurrencyCode, Date, LegRequest, Place, SearchRequest,
    Travellers,
};
use runtime::admission::Priority;
use search::{Display, SearchId, Seen, Token};

use super::clients::Held;
use super::{SWEEP, WINDOW, World};
use crate::sim::cell::{DEADLINE, PARTNERS_HAVE};
use crate::sim::checks::{LATE_MAX, Rule};
use crate::sim::event::{Event, Reply};
use crate::sim::queue::{At, MS, SECOND};

/// Time in which a log gathers what is to be written.
const FLUSH: At = 20 * MS;
/// Time after which a log that could not be written tries again.
const FLUSH_AGAIN: At = SECOND;
/// How long a token is good. Source: the default of `search.token_s`.
const TOKEN_S: u32 = 3_600;

impl World {
    /// Plans what a cell does again and again, from its start.
    pub(super) fn plan_cell(&mut self, cell: u8) {
        let life = self.cells[usize::from(cell)].life;
        self.plan_in(WINDOW, Event::Window { cell, life });
        self.plan_in(SWEEP, Event::Sweep { cell, life });
    }

    /// A request for a new search.
    pub(super) fn create(&mut self, at: u8) -> (Reply, Option<Held>) {
        let cell = &mut self.cells[usize::from(at)];
        if !cell.is_ready() {
            return (Reply::Declined, None);
        }
        if !cell.admission.admits(Priority::Asked) {
            return (Reply::Overloaded, None);
        }
        let search = self.chance.clients.bits();
        self.begin_search(at, search);
        (Reply::Created, Some(self.hold(at, search)))
    }

    /// A request for what a search has found.
    pub(super) fn poll(&mut self, at: u8, held: Held, answered: At) -> (Reply, Option<Held>) {
        let known = self.cells[usize::from(at)].searches.get(&held.search);
        if let Some(search) = known {
            let complete = search.finished.is_some_and(|finished| finished <= answered);
            let reply = if complete { Reply::Complete } else { Reply::Running };
            return (reply, Some(self.hold(at, held.search)));
        }
        if let Err(error) = self.open_token(at, held) {
            let now = self.now;
            self.broken.add(now, Rule::Acknowledged, || {
                format!("a token of {} is refused by cell {at}: {error}", held.cell)
            });
        }
        self.recreated(held);
        self.cells[usize::from(at)].admission.takes();
        self.begin_search(at, held.search);
        (Reply::Running, Some(self.hold(at, held.search)))
    }

    /// A search was made again: only if the cell that had it lost it, or could not be reached.
    fn recreated(&mut self, held: Held) {
        self.tally.recreated += 1;
        let first = &self.cells[crate::sim::edge::index(held.cell)];
        let there = first.serves() && first.life == held.life;
        let (region, now) = (first.region, self.now);
        if there && self.service.is_quiet(region, now) {
            self.broken.add(now, Rule::BlastRadius, || {
                format!("a search was made again though {} still has it", held.cell)
            });
        }
    }

    /// What a client is given: where its search is.
    fn hold(&self, at: u8, search: u64) -> Held {
        let (cell, life) = self.named(at);
        let issued_s = self.cells[usize::from(at)].clock_s(self.now);
        Held { search, cell, life, issued_s }
    }

    /// The token that a client holds, read by another cell, by that cell's clock.
    fn open_token(&self, at: u8, held: Held) -> Result<Token, search::TokenError> {
        let leg = LegRequest {
            origin: Place::Airport(AirportCode::literal("LHR")),
            destination: Place::Airport(AirportCode::literal("JFK")),
            date: Date::from_days(21_000),
        };
        let request = SearchRequest {
            legs: vec![leg],
            cabin: Cabin::Economy,
            travellers: Travellers::one_adult(),
            market: CountryCode::literal("GB"),
            nearby: false,
        };
        let display = Display::new(CurrencyCode::literal("GBP"), search::Locale::EN_GB);
        let token = Token {
            search: SearchId(u128::from(held.search)),
            issued_s: held.issued_s,
            seen: Seen::default(),
            request,
            display,
        };
        let text = token.seal(&self.keys, held.cell.0);
        Token::open(&text, &self.keys, self.cells[usize::from(at)].clock_s(self.now), TOKEN_S)
    }

    fn begin_search(&mut self, at: u8, search: u64) {
        let region = self.cells[usize::from(at)].region;
        let partners = self.partners_take(region);
        let now = self.now;
        let cell = &mut self.cells[usize::from(at)];
        cell.begin(now, search, partners);
        let life = cell.life;
        self.plan_in(partners, Event::Heard { cell: at, life, search });
    }

    /// Time until the slowest of the partners answered, or had its time.
    fn partners_take(&mut self, region: u8) -> At {
        let random = &mut self.chance.partners;
        let silent = 2 + self.weather[usize::from(region)].silent_partners;
        if random.below(100) < silent {
            return PARTNERS_HAVE;
        }
        // 1.2 s to 6 s, most of them below 3 s.
        let (one, other) = (random.below(1_000), random.below(1_000));
        (1_200 + 4_800 * one * other / 1_000_000) * MS
    }

    pub(super) fn heard(&mut self, cell: u8, life: u32, search: u64) {
        let now = self.now;
        let known = &mut self.cells[usize::from(cell)];
        if known.life != life {
            return;
        }
        if let Some(at) = known.heard(now, search) {
            self.queue.plan(at, Event::Finished { cell, life, search });
        }
    }

    pub(super) fn finished(&mut self, cell: u8, life: u32, search: u64) {
        let now = self.now;
        let known = &mut self.cells[usize::from(cell)];
        if known.life != life {
            return;
        }
        let Some(finished) = known.finish(now, search) else { return };
        let (took, slow_until) = (now - finished.begun, known.slow_until);
        if known.log.append() {
            self.plan_in(FLUSH, Event::Flush { cell, life });
        }
        if now >= slow_until {
            self.tally.longest = self.tally.longest.max(took);
        }
        self.trace.note(now, 101, u64::from(cell), search);
        if took > DEADLINE + LATE_MAX && now >= slow_until {
            self.broken.add(now, Rule::Deadline, || {
                format!("a search of cell {cell} took {:.1} s", took as f64 / SECOND as f64)
            });
        }
    }

    pub(super) fn flush(&mut self, cell: u8, life: u32) {
        let known = &mut self.cells[usize::from(cell)];
        if known.life == life && !known.log.flush() {
            self.plan_in(FLUSH_AGAIN, Event::Flush { cell, life });
        }
    }

    pub(super) fn window(&mut self, cell: u8, life: u32) {
        let now = self.now;
        let known = &mut self.cells[usize::from(cell)];
        if known.life != life {
            return;
        }
        known.window(now);
        self.plan_in(WINDOW, Event::Window { cell, life });
    }

    pub(super) fn sweep(&mut self, cell: u8, life: u32) {
        let now = self.now;
        let known = &mut self.cells[usize::from(cell)];
        if known.life != life {
            return;
        }
        known.sweep(now);
        self.plan_in(SWEEP, Event::Sweep { cell, life });
    }

    /// Whether a cell's log still has what it acknowledged.
    pub(super) fn look_at_log(&mut self, cell: u8) {
        let lost = self.cells[usize::from(cell)].log.lost();
        if lost > 0 {
            self.broken.add(self.now, Rule::Acknowledged, || {
                format!("{lost} facts that cell {cell} acknowledged are nowhere")
            });
        }
    }
}
