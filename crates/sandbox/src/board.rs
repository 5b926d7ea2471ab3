//! What can be flown on one leg of a question: the candidates every seller chooses from.
//!
//! (airports, airports, day, today) flow in; a [`Board`] of journeys flows out, best first, each
//! with its flights in local times, its fare for one adult in economy, its cabins and its emissions.
//! Journeys come from `connections`; nothing here knows a seller. A board depends on neither party,
//! cabin nor market, so all sellers and many questions share one.
//!
//! Limits: [`JOURNEYS_MAX`] candidates a board, about 40 KB. Cost: one or two connection queries,
//! a few hundred microseconds.

pub mod codeshare;
pub mod comfort;
pub mod texts;

use connections::{Departs, Detour, FlightId, Journey, Query, Rules, Scratch, Spread};
use domain::{AirportCode, Date, ItineraryKey, Segment, Transfer};
use runtime::FixedMap;

use crate::fares::{self, FareDay};
use crate::noise;
use crate::world::World;
use comfort::Cabins;
use texts::Texts;

/// Candidates of a leg at most.
pub const JOURNEYS_MAX: u16 = 200;
/// With fewer journeys on one ticket than this, two stops are looked at too.
const ENOUGH: usize = 12;
/// Flights looked at for one leg at most.
const WORK_MAX: u32 = 400_000;
/// Of carriers without an agreement, one pair of flights in so many can be bought as two tickets.
const SELF_TRANSFERS_ONE_IN: u64 = 24;
/// Least minutes between flights on two tickets.
pub const SELF_TRANSFER_MIN: i32 = 150;

/// One way to fly a leg.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Indexes into the board's segments; only the first `count` count.
    segments: [u16; 3],
    /// Indexes of the marketing carriers.
    lines: [u16; 3],
    count: u8,
    /// Whether it is one ticket.
    pub transfer: Transfer,
    /// First departure, minutes since 1970 UTC.
    pub departs: i32,
    /// Last arrival, minutes since 1970 UTC.
    pub arrives: i32,
    /// Cabins of each segment.
    cabins: [Cabins; 3],
    /// Whole leg for one adult in economy, US dollars.
    pub fare: f64,
    /// Grams of CO2 for one seat in economy.
    pub grams: u32,
    /// Length flown, which decides what better cabins cost.
    pub kilometres: f32,
    /// What names it in draws.
    pub name: u64,
}

impl Candidate {
    /// Indexes of its segments in the board.
    #[must_use]
    pub fn segments(&self) -> &[u16] {
        &self.segments[..usize::from(self.count)]
    }

    /// Indexes of the marketing carriers of its segments.
    #[must_use]
    pub fn lines(&self) -> &[u16] {
        &self.lines[..usize::from(self.count)]
    }

    /// Cabins of each of its segments.
    #[must_use]
    pub fn cabins(&self) -> &[Cabins] {
        &self.cabins[..usize::from(self.count)]
    }
}

/// What can be flown on a leg.
#[derive(Debug, Default)]
pub struct Board {
    /// The flights, each once.
    pub segments: Vec<Segment>,
    /// The candidates, best first.
    pub candidates: Vec<Candidate>,
    /// What answers say of both again and again.
    pub texts: Texts,
}

/// A leg, resolved.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LegQuery {
    /// Airports of departure, ascending.
    pub origins: Vec<AirportCode>,
    /// Airports of arrival, ascending.
    pub destinations: Vec<AirportCode>,
    /// Local day of departure.
    pub date: Date,
}

impl Board {
    /// The board of a leg, as it stands today.
    #[must_use]
    pub fn new(
        world: &World,
        seed: u64,
        leg: &LegQuery,
        today: Date,
        scratch: &mut Scratch,
    ) -> Self {
        let day = FareDay::new(leg.date, today);
        let mut builder =
            Builder { world, seed, day, board: Self::default(), seen: FixedMap::default() };
        for journey in journeys(world, seed, leg, scratch) {
            builder.add(&journey);
        }
        let mut board = builder.board;
        board.texts = Texts::new(&board);
        board
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.segments.capacity() * size_of::<Segment>()
            + self.candidates.capacity() * size_of::<Candidate>()
            + self.texts.heap_bytes()
    }
}

/// The rules of connecting, for one stop and without agreements.
#[must_use]
pub fn rules() -> Rules<'static> {
    Rules {
        stops_max: 1,
        detour: Some(Detour { percent: 145, extra_km: 400 }),
        spread: Some(Spread { percent: 120, extra_minutes: 300 }),
        journeys_max: JOURNEYS_MAX,
        work_max: WORK_MAX,
        ..Rules::default()
    }
}

/// Journeys of one ticket, and some of two, best first.
fn journeys(world: &World, seed: u64, leg: &LegQuery, scratch: &mut Scratch) -> Vec<Journey> {
    let schedule = &world.schedule;
    let seed = noise::draw(seed, &[0x2C]);
    let joined = |first: FlightId, second: FlightId| {
        let (a, b) = (world.line_of_flight(first), world.line_of_flight(second));
        if world.agreements.has(a, b) {
            return true;
        }
        let draw = noise::join(seed, u64::from(first.0) << 32 | u64::from(second.0));
        noise::below(draw, SELF_TRANSFERS_ONE_IN) == 0
    };
    let query = Query {
        origins: &leg.origins,
        destinations: &leg.destinations,
        departs: Departs::LocalDay(leg.date),
    };
    let mut rules = Rules { interline: Some(&joined), ..rules() };
    let found = schedule.journeys(&query, &rules, scratch);
    let one_ticket = |journey: &&Journey| {
        journey.hops().windows(2).all(|pair| {
            let lines =
                (world.line_of_flight(pair[0].flight), world.line_of_flight(pair[1].flight));
            world.agreements.has(lines.0, lines.1)
        })
    };
    if found.iter().filter(one_ticket).nth(ENOUGH - 1).is_some() {
        return found;
    }
    rules.stops_max = 2;
    schedule.journeys(&query, &rules, scratch)
}

/// Turns journeys into candidates.
struct Builder<'w> {
    world: &'w World,
    seed: u64,
    day: FareDay,
    board: Board,
    seen: FixedMap<Segment, u16>,
}

/// One flight of a journey while it becomes part of a candidate.
#[derive(Clone, Copy)]
pub(crate) struct Flown {
    pub(crate) segment: Segment,
    pub(crate) line: u16,
    pub(crate) block: i32,
    pub(crate) kilometres: f64,
}

impl Builder<'_> {
    /// Adds a journey; one that cannot be sold or told by local times is left out.
    fn add(&mut self, journey: &Journey) {
        let hops = journey.hops();
        let mut flown = [None; 3];
        for (slot, hop) in flown.iter_mut().zip(hops) {
            *slot = self.flown(hop);
            if slot.is_none() {
                return;
            }
        }
        let mut flown: Vec<Flown> = flown.into_iter().flatten().collect();
        let Some(transfer) = self.transfer(journey, &flown) else { return };
        codeshare::apply(self.world, self.seed, &mut flown);
        let name = ItineraryKey::of([flown.iter().map(|flown| &flown.segment)]).0 as u64;
        let kilometres: f64 = flown.iter().map(|flown| flown.kilometres).sum();
        let mut candidate = Candidate {
            segments: [0; 3],
            lines: [0; 3],
            count: flown.len() as u8,
            transfer,
            departs: journey.departs(),
            arrives: journey.arrives(),
            cabins: [Cabins::default(); 3],
            fare: fares::leg_fare(self.world, self.seed, &self.day, &flown, transfer, name),
            grams: comfort::grams(&flown),
            kilometres: kilometres as f32,
            name,
        };
        for (index, flown) in flown.iter().enumerate() {
            candidate.segments[index] = self.segment(flown.segment);
            candidate.lines[index] = flown.line;
            candidate.cabins[index] = Cabins::of(self.world, self.seed, flown);
        }
        self.board.candidates.push(candidate);
    }

    /// A flight with its local times, or nothing if those would name other instants: a landing in
    /// the repeated hour after clocks go back cannot be told from one an hour before.
    fn flown(&self, hop: &connections::Hop) -> Option<Flown> {
        let atlas = atlas::atlas();
        let facts = self.world.schedule.flight(hop.flight)?;
        let departs = atlas.local_time(facts.origin, hop.departs)?;
        let arrives = atlas.local_time(facts.destination, hop.arrives)?;
        let told = atlas.utc_minutes(facts.origin, departs)? == hop.departs
            && atlas.utc_minutes(facts.destination, arrives)? == hop.arrives;
        let sites = &self.world.sites;
        let kilometres =
            sites.distance_km(sites.index(facts.origin)?, sites.index(facts.destination)?);
        let segment = Segment {
            departs,
            arrives,
            number: facts.number,
            origin: facts.origin,
            destination: facts.destination,
            carrier: facts.carrier,
            operating: facts.operating,
        };
        let line = self.world.line_of_flight(hop.flight);
        told.then_some(Flown { segment, line, block: hop.arrives - hop.departs, kilometres })
    }

    /// Whether it is one ticket or two; nothing if two tickets are too close in time.
    fn transfer(&self, journey: &Journey, flown: &[Flown]) -> Option<Transfer> {
        let mut transfer = Transfer::Managed;
        for (pair, hops) in flown.windows(2).zip(journey.hops().windows(2)) {
            let airports_change = pair[0].segment.destination != pair[1].segment.origin;
            let agreed = self.world.agreements.has(pair[0].line, pair[1].line);
            if !agreed || airports_change && pair[0].line != pair[1].line {
                if hops[1].departs - hops[0].arrives < SELF_TRANSFER_MIN {
                    return None;
                }
                transfer = Transfer::SelfTransfer;
            }
        }
        Some(transfer)
    }

    fn segment(&mut self, segment: Segment) -> u16 {
        let segments = &mut self.board.segments;
        *self.seen.entry(segment).or_insert_with(|| {
            segments.push(segment);
            (segments.len() - 1) as u16
        })
    }
}
