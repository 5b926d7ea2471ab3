//! Our side: answers to all questions, and how long each took.

use connections::{Departs, Journey, Query, Rules, Schedule, Scratch};
use domain::{AirportCode, Place};

use super::{Ask, ConnectionsArgs, TRAVEL_MINUTES_MAX, WINDOW_MINUTES};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Earliest arrival from a minute on.
    Point,
    /// Unbeaten journeys of a window of so many minutes.
    Window(i32),
    /// All sensible journeys of a day, by the rules a market would use.
    Sensible,
    /// The same from any airport of the city to any of the other.
    SensibleOfCities,
}

/// Answers to all questions.
#[derive(Debug)]
pub(super) struct Answers {
    pub(super) ms: Vec<f64>,
    pub(super) journeys: Vec<Vec<Journey>>,
    pub(super) cut: usize,
}

impl Answers {
    /// Departure, arrival and changes of every journey.
    pub(super) fn criteria(&self) -> Vec<Vec<(i32, i32, u8)>> {
        let plain = |journey: &Journey| (journey.departs(), journey.arrives(), journey.stops());
        self.journeys.iter().map(|journeys| journeys.iter().map(plain).collect()).collect()
    }
}

pub(super) fn measure(
    schedule: &Schedule,
    args: &ConnectionsArgs,
    asks: &[Ask],
    kind: Kind,
) -> Answers {
    // nigiri waits as long as it takes and flies any way round.
    let free = Rules {
        connect_domestic_min: args.connect_min,
        connect_international_min: args.connect_min,
        connect_max: TRAVEL_MINUTES_MAX as u16,
        overnight_max: None,
        airport_change_min: None,
        elapsed_max: TRAVEL_MINUTES_MAX as u16,
        detour: None,
        spread: None,
        work_max: u32::MAX,
        ..Rules::default()
    };
    let mut scratch = Scratch::default();
    let mut answers = Answers { ms: Vec::new(), journeys: Vec::new(), cut: 0 };
    for round in 0..2 {
        // The first round warms caches and scratch and is not counted.
        answers.ms.clear();
        answers.journeys.clear();
        for ask in asks {
            let (origins, destinations) = if kind == Kind::SensibleOfCities {
                (airports_beside(ask.origin), airports_beside(ask.destination))
            } else {
                (vec![ask.origin], vec![ask.destination])
            };
            let span = match kind {
                Kind::Point => TRAVEL_MINUTES_MAX,
                Kind::Window(minutes) => minutes,
                Kind::Sensible | Kind::SensibleOfCities => WINDOW_MINUTES,
            };
            let departs = Departs::Utc { from: ask.from, until: ask.from + span };
            let query = Query { origins: &origins, destinations: &destinations, departs };
            let started = runtime::now();
            let journeys = match kind {
                Kind::Point => schedule.earliest(&query, &free, &mut scratch),
                Kind::Window(_) => schedule.pareto(&query, &free, &mut scratch),
                Kind::Sensible | Kind::SensibleOfCities => {
                    schedule.journeys(&query, &Rules::default(), &mut scratch)
                }
            };
            answers.ms.push(started.elapsed().as_secs_f64() * 1e3);
            answers.journeys.push(journeys);
            answers.cut += usize::from(round == 1 && scratch.was_cut());
        }
    }
    answers
}

/// All airports of the city of an airport.
fn airports_beside(airport: AirportCode) -> Vec<AirportCode> {
    let atlas = atlas::atlas();
    let city = atlas.airport(airport).map(|airport| Place::City(airport.city));
    city.map_or_else(|| vec![airport], |city| atlas.airports_of(city).to_vec())
}
