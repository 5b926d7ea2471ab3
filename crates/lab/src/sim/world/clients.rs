//! Travellers: they create a search, poll it until all prices are there, and try again when something
//! goes wrong.

use super::World;
use crate::sim::checks::Rule;
use crate::sim::event::{Event, Reply};
use crate::sim::queue::{At, MS, SECOND};
use crate::sim::slab::Key;
use fleet::CellId;

/// Time between two polls.
const POLL: At = SECOND;
/// Time after which a refused one asks again; the answer says so.
const REFUSED_WAIT: At = 2 * SECOND;
/// Creates that are refused before a traveller goes away.
const REFUSED_MAX: u8 = 3;
/// The same of those who do not listen.
const IMPATIENT_MAX: u8 = 10;
/// Creates that fail before a traveller goes away.
const FAILED_MAX: u8 = 4;
/// A search that cannot be had for so long is lost.
const LOST_AFTER: At = 30 * SECOND;

/// A search that was acknowledged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) search: u64,
    pub(crate) cell: CellId,
    /// Which start of the cell.
    pub(crate) life: u32,
    /// When by the cell's clock.
    pub(crate) issued_s: u32,
}

/// A traveller.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) region: u8,
    /// Hash of the visit.
    pub(crate) visit: u64,
    pub(crate) held: Option<Held>,
    came: At,
    refused: u8,
    failed: u8,
    failing_since: Option<At>,
    /// Whether it will look at the finished search once more.
    returns: bool,
    complete: bool,
}

impl World {
    pub(super) fn arrive(&mut self, region: u8) {
        if self.now > self.settings.lasts {
            return;
        }
        let random = &mut self.chance.clients;
        let client = Client {
            region,
            visit: random.bits(),
            held: None,
            came: self.now,
            refused: 0,
            failed: 0,
            failing_since: None,
            returns: random.below(20) == 0,
            complete: false,
        };
        self.tally.travellers += 1;
        let client = self.clients.insert(client);
        self.ask(client);
        let gap = self.loads[usize::from(region)].gap(self.now, &mut self.chance.load);
        self.plan_in(gap.max(1), Event::Arrive { region });
    }

    /// A client takes its next step.
    pub(super) fn ask(&mut self, key: Key) {
        let Some(client) = self.clients.get(key) else { return };
        let (region, visit) = (client.region, client.visit);
        let Some(edge) = self.door_of(region, visit) else {
            self.on_error(key, None, self.now);
            return;
        };
        self.send(key, edge);
    }

    /// The edge that a client reaches: one of its region that is there, else any.
    fn door_of(&self, region: u8, visit: u64) -> Option<u8> {
        let open = |near: bool| {
            let edges = (0..).zip(&self.edges);
            let edges = edges.filter(move |(_, edge)| edge.up && (!near || edge.region == region));
            edges.map(|(at, _)| at).collect::<Vec<u8>>()
        };
        let mut edges = open(true);
        if edges.is_empty() {
            edges = open(false);
        }
        // Not the bits that choose the cell.
        let lot = (visit >> 16) as u32 as usize;
        edges.get(lot % edges.len().max(1)).copied()
    }

    /// An answer that is no error reached a client.
    pub(super) fn on_answer(&mut self, key: Key, reply: Reply, held: Option<Held>) {
        let Some(client) = self.clients.get_mut(key) else { return };
        if matches!(reply, Reply::Overloaded | Reply::Spared) {
            self.on_refused(key);
            return;
        }
        client.failing_since = None;
        (client.failed, client.refused) = (0, 0);
        client.held = held.or(client.held);
        if reply != Reply::Complete {
            self.plan_in(POLL, Event::Ask { client: key });
            return;
        }
        if !client.complete {
            client.complete = true;
            let waited = self.now - client.came;
            self.tally.served += 1;
            self.tally.longest_wait = self.tally.longest_wait.max(waited);
            if client.returns {
                let later = (30 + self.chance.clients.below(270)) * SECOND;
                self.plan_in(later, Event::Ask { client: key });
                return;
            }
        }
        self.clients.remove(key);
    }

    fn on_refused(&mut self, key: Key) {
        let Some(client) = self.clients.get_mut(key) else { return };
        let impatient = self.weather[usize::from(client.region)].impatient;
        client.refused += 1;
        self.tally.refused += 1;
        self.service.on_refused(client.region);
        if client.refused >= if impatient { IMPATIENT_MAX } else { REFUSED_MAX } {
            self.tally.turned_away += 1;
            self.clients.remove(key);
            return;
        }
        let random = &mut self.chance.clients;
        let wait = if impatient {
            50 * MS + random.below(150 * MS)
        } else {
            REFUSED_WAIT + random.below(2 * SECOND)
        };
        self.plan_in(wait, Event::Ask { client: key });
    }

    /// A client got an error, or no answer, to a request that was last sent to a cell at a time.
    pub(super) fn on_error(&mut self, key: Key, cell: Option<u8>, sent: At) {
        let Some(client) = self.clients.get_mut(key) else { return };
        let region = client.region;
        self.tally.errors += 1;
        self.service.on_failed(region);
        self.blast.on_failed(region, cell, sent);
        client.failed = client.failed.saturating_add(1);
        let since = *client.failing_since.get_or_insert(self.now);
        let lost = self.now - since > LOST_AFTER;
        if client.held.is_some() && lost {
            self.broken.add(self.now, Rule::Acknowledged, || {
                format!(
                    "a search of region {region} that was acknowledged could not be had for 30 s"
                )
            });
        }
        if lost || client.held.is_none() && client.failed >= FAILED_MAX {
            self.tally.failed += 1;
            self.clients.remove(key);
            return;
        }
        self.ask_again(key, region);
    }

    /// A client tries once more after something went wrong.
    pub(super) fn ask_again(&mut self, key: Key, region: u8) {
        let impatient = self.weather[usize::from(region)].impatient;
        let random = &mut self.chance.clients;
        let wait = if impatient {
            50 * MS + random.below(150 * MS)
        } else {
            500 * MS + random.below(SECOND)
        };
        self.plan_in(wait, Event::Ask { client: key });
    }

    /// At the end of the world nobody may be waiting still.
    pub(super) fn look_at_what_is_left(&mut self) {
        let waiting = |client: &Client| client.held.is_some() && !client.complete;
        let left = self.clients.iter().filter(|(_, client)| waiting(client)).count();
        if left > 0 {
            self.broken.add(self.now, Rule::Acknowledged, || {
                format!("{left} searches that were acknowledged are not complete at the end")
            });
        }
    }
}
