//! A request on its way: edge, cell, perhaps another cell, and back.

use fleet::attempts::{Attempts, Ended, Work};
use fleet::health::Outcome;
use fleet::moved::Named;
use fleet::{CellId, Place};

use super::World;
use super::clients::Held;
use crate::sim::cell::State;
use crate::sim::edge::index;
use crate::sim::event::{Event, Reply};
use crate::sim::queue::{At, MS, SECOND};
use crate::sim::slab::Key;

/// Time for a message within a region.
const NEAR: At = MS / 2;
/// Time for a message to another region.
const FAR: At = 60 * MS;
/// Time to connect to a machine that does not answer. Source: the default of `edge.connect_ms`.
const CONNECT: At = SECOND;
/// A client waits so long for an answer.
const PATIENCE: At = 5 * SECOND;

/// A request that an edge has.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) client: Key,
    pub(crate) edge: u8,
    /// Whether it is a new search.
    new: bool,
    pub(crate) attempts: Attempts,
    /// Attempts so far: answers to earlier ones mean nothing.
    pub(crate) attempt: u8,
    /// Where it is now.
    pub(crate) at: Option<(Place, u8)>,
    moves: Option<Named>,
    /// When it came, and when it was last sent.
    came: At,
    pub(crate) sent: At,
    /// What the cell gave with its answer.
    pub(crate) held: Option<Held>,
}

impl World {
    /// A client sends a request to an edge.
    pub(super) fn send(&mut self, client: Key, edge: u8) {
        let Some(known) = self.clients.get(client) else { return };
        let (region, visit, creates) = (known.region, known.visit, known.held.is_none());
        let work = match known.held {
            None => Work::New { key: Some(visit) },
            Some(Held { search, cell, .. }) => Work::Kept { cell, work: search, key: Some(visit) },
        };
        self.tally.requests += 1;
        self.service.on_request(region, creates);
        self.blast.on_request(self.now, region);
        self.retries.on_sent();
        self.edges[usize::from(edge)].budget.on_request();
        let request = Request {
            client,
            edge,
            new: creates,
            attempts: Attempts::new(work, visit, true),
            attempt: 0,
            at: None,
            moves: None,
            came: self.now,
            sent: self.now,
            held: None,
        };
        let request = self.requests.insert(request);
        self.forward(request);
    }

    /// An edge sends a request to the next cell, or an error to the client.
    fn forward(&mut self, key: Key) {
        let moment = self.moment();
        let Some(request) = self.requests.get_mut(key) else { return };
        let edge = &mut self.edges[usize::from(request.edge)];
        let Some((attempt, id)) = edge.next(&request.attempts, moment) else {
            self.fail(key);
            return;
        };
        let at = index(id);
        request.attempt += 1;
        request.at = Some((attempt.place, at as u8));
        request.moves = attempt.moves;
        request.sent = self.now;
        let (number, came) = (request.attempt, request.came);
        let reply = |reply| Event::AtEdge { request: key, attempt: number, reply };
        if request.new && !edge.sends(attempt.place, self.chance.network.bits(), moment) {
            self.plan_in(0, reply(Reply::Spared));
            return;
        }
        let (from, to) = (edge.region, self.cells[at].region);
        let way = self.way(from, to);
        match self.cells[at].state {
            State::Up | State::Noticed => {
                let breaks = self.weather[usize::from(from)].breaks;
                if breaks > 0 && self.chance.network.below(100) < breaks {
                    self.plan_in(way, reply(Reply::Broken));
                } else {
                    self.plan_in(way, Event::AtCell { request: key, attempt: number });
                }
            }
            State::Closed => self.plan_in(2 * way, reply(Reply::Refused)),
            // A connection that was open already swallows the request; a new one cannot be made.
            State::Silent if self.chance.network.below(2) == 0 => {
                self.queue.plan((came + PATIENCE).max(self.now), Event::GiveUp { request: key });
            }
            State::Silent => self.plan_in(CONNECT, reply(Reply::Refused)),
        }
    }

    /// Time of a message between an edge and a cell.
    fn way(&mut self, from: u8, to: u8) -> At {
        let base = if from == to { NEAR } else { FAR };
        let slower = self.weather[usize::from(from)].slower;
        base + base * self.chance.network.below(100) / 100 + slower
    }

    /// A request reaches a cell.
    pub(super) fn at_cell(&mut self, key: Key, attempt: u8) {
        let Some(request) = self.requests.get(key).filter(|known| known.attempt == attempt) else {
            return;
        };
        let Some((_, at)) = request.at else { return };
        let (came, from, client) = (request.came, request.edge, request.client);
        let cell = &mut self.cells[usize::from(at)];
        if !cell.serves() {
            // It died while the request was under way: nobody has seen it.
            let reply = Event::AtEdge { request: key, attempt, reply: Reply::Refused };
            self.plan_in(NEAR, reply);
            return;
        }
        let (region, answered) = (cell.region, cell.take(self.now));
        let Some(known) = self.clients.get(client) else { return };
        let before = known.held;
        let (reply, held) = match before {
            _ if self.fails(at) => (Reply::Broken, None),
            None => self.create(at),
            Some(held) => self.poll(at, held, answered),
        };
        self.note_evidence(at, reply, answered - self.now);
        if let Some(request) = self.requests.get_mut(key) {
            request.held = held;
        }
        self.trace.note(self.now, reply as u64, u64::from(at), client.number());
        let from = self.edges[usize::from(from)].region;
        let back = answered + self.way(from, region);
        if back > came + PATIENCE {
            self.queue.plan(came + PATIENCE, Event::GiveUp { request: key });
        }
        self.queue.plan(back, Event::AtEdge { request: key, attempt, reply });
    }

    /// An answer reaches the edge.
    pub(super) fn at_edge(&mut self, key: Key, attempt: u8, reply: Reply) {
        let moment = self.moment();
        let Some(request) = self.requests.get_mut(key).filter(|known| known.attempt == attempt)
        else {
            return;
        };
        let Some((place, _)) = request.at else { return };
        let edge = &mut self.edges[usize::from(request.edge)];
        let (ended, outcome) = match reply {
            Reply::Refused => (Ended::Unsent, Some(Outcome::Refused)),
            Reply::Broken => (Ended::Failed, Some(Outcome::Failed)),
            Reply::Declined => (Ended::Declined, Some(Outcome::Declined)),
            Reply::Overloaded => (Ended::Overloaded, Some(Outcome::Overloaded)),
            Reply::Spared => (Ended::Overloaded, None),
            Reply::Gone => (Ended::Lost, None),
            Reply::Created | Reply::Running | Reply::Complete => {
                (Ended::Answered, Some(Outcome::Answered))
            }
        };
        if let Some(outcome) = outcome {
            edge.on_outcome(place, outcome, moment);
        }
        if request.new && matches!(reply, Reply::Overloaded | Reply::Created) {
            edge.on_taken(place, reply == Reply::Created, moment);
        }
        let overloaded = ended == Ended::Overloaded;
        let more = match ended {
            Ended::Overloaded => edge.finds_room(&mut request.attempts, place, moment),
            ended => request.attempts.on_ended(place, ended, &mut edge.budget),
        };
        if ended == Ended::Answered || overloaded && !more {
            if let Some(moves) = request.moves.filter(|_| !overloaded) {
                edge.on_moved(moves, place, moment);
            }
            let (client, held) = (request.client, request.held);
            self.requests.remove(key);
            self.on_answer(client, reply, held);
            return;
        }
        let edge = request.edge;
        if !more {
            self.fail(key);
            return;
        }
        // What nobody has seen, or nobody works on any more, is not asked for twice.
        if !matches!(ended, Ended::Unsent | Ended::Lost) && reply != Reply::Spared {
            self.tally.sent_again += 1;
            self.retries.on_sent_again(self.now, &mut self.broken);
        }
        self.forward(key);
        if outcome == Some(Outcome::Refused) {
            self.found_gone(edge);
        }
    }

    /// Requests that wait for a cell which their edge has just found gone are asked elsewhere.
    pub(super) fn found_gone(&mut self, edge: u8) {
        let moment = self.moment();
        let gone = self.edges[usize::from(edge)].newly_gone(moment);
        if gone == 0 {
            return;
        }
        let waits = |request: &Request| {
            let there = request.at.is_some_and(|(_, cell)| gone & 1 << cell != 0);
            request.edge == edge && there && request.attempts.may_be_lost()
        };
        let waiting = self.requests.iter().filter(|(_, request)| waits(request));
        let waiting: Vec<Key> = waiting.map(|(key, _)| key).collect();
        for key in waiting {
            let Some(request) = self.requests.get_mut(key) else { continue };
            // Whatever else was to come of it is not awaited any more.
            request.attempt += 1;
            let attempt = request.attempt;
            self.at_edge(key, attempt, Reply::Gone);
        }
    }

    /// A client stops waiting.
    pub(super) fn give_up(&mut self, key: Key) {
        self.fail(key);
    }

    /// A request ends without an answer.
    fn fail(&mut self, key: Key) {
        let Some(request) = self.requests.remove(key) else { return };
        let cell = request.at.map(|(_, cell)| cell);
        self.trace.note(self.now, 100, u64::from(request.edge), request.client.number());
        self.on_error(request.client, cell, request.sent);
    }

    /// All connections to a cell break; gives how many requests were under way.
    pub(super) fn break_off(&mut self, at: u8) -> u64 {
        let silent = self.cells[usize::from(at)].state == State::Silent;
        let here = |request: &Request| request.at.is_some_and(|(_, cell)| cell == at);
        let under_way: Vec<(Key, u8, At)> = self
            .requests
            .iter()
            .filter(|(_, request)| here(request))
            .map(|(key, request)| (key, request.attempt, request.came))
            .collect();
        for &(key, attempt, came) in &under_way {
            if silent {
                let over = (came + PATIENCE).max(self.now);
                // What is answered already, or refused, is no longer waited for.
                if let Some(request) = self.requests.get_mut(key) {
                    request.attempt += 1;
                }
                self.queue.plan(over, Event::GiveUp { request: key });
            } else {
                let reply = Reply::Broken;
                if let Some(request) = self.requests.get_mut(key) {
                    request.attempt += 1;
                }
                let attempt = attempt + 1;
                self.plan_in(NEAR, Event::AtEdge { request: key, attempt, reply });
            }
        }
        under_way.len() as u64
    }

    /// An edge is gone with all its connections: its clients go to another door.
    pub(super) fn lose_requests(&mut self, edge: u8) {
        let lost: Vec<(Key, Key)> = self
            .requests
            .iter()
            .filter(|(_, request)| request.edge == edge)
            .map(|(key, request)| (key, request.client))
            .collect();
        for (key, client) in lost {
            self.requests.remove(key);
            let Some(known) = self.clients.get(client) else { continue };
            let region = known.region;
            self.ask_again(client, region);
        }
    }

    /// The number and start of a cell.
    pub(super) fn named(&self, at: u8) -> (CellId, u32) {
        let cell = &self.cells[usize::from(at)];
        (cell.id, cell.life)
    }
}
