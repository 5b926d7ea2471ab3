//! From lists of flights to columns.

use domain::{AirportCode, CarrierCode, FlightNumber};
use runtime::FixedMap;

use super::{
    BLOCK_MINUTES_MAX, FLIGHTS_MAX, Flight, KM_UNKNOWN, MINUTES_MAX, Route, Schedule, Stand, Times,
    WeeklyFlight,
};
use crate::clock::Clock;
use crate::error::ScheduleError;
use crate::ground::{AirportFacts, Ground, great_circle_km};

/// Airports have an index of 16 bits, of which the last is taken.
const AIRPORTS_MAX: usize = u16::MAX as usize - 1;

/// Packed codes are three digits of base 36.
const CODES: usize = 36 * 36 * 36;

/// A flight on its way into the columns; the order of fields is the order of the columns.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    origin: AirportCode,
    destination: AirportCode,
    departs: i32,
    block: u16,
    carrier: CarrierCode,
    operating: CarrierCode,
    number: FlightNumber,
}

impl Schedule {
    /// A schedule of flights of certain days. The order of the flights makes no difference.
    ///
    /// # Errors
    /// [`ScheduleError`] if there are too many flights or airports, or one that is no flight.
    pub fn build(
        flights: impl IntoIterator<Item = Flight>,
        ground: &Ground,
    ) -> Result<Self, ScheduleError> {
        let rows = flights.into_iter().map(|flight| {
            let Flight { carrier, operating, number, origin, destination, departs, arrives } =
                flight;
            let sane = (-MINUTES_MAX..MINUTES_MAX).contains(&departs);
            let block = if sane { arrives.saturating_sub(departs) } else { 0 };
            checked_block(block, &flight_names(carrier, number, origin, destination)).map(|block| {
                Row { origin, destination, departs, block, carrier, operating, number }
            })
        });
        columns(collect(rows)?, Times::Utc, ground)
    }

    /// A schedule of flights that repeat every week, which answers for every date that the clocks
    /// of `ground` know. The order of the flights makes no difference.
    ///
    /// # Errors
    /// [`ScheduleError`] if there are too many flights or airports, or one that is no flight.
    pub fn build_weekly(
        flights: impl IntoIterator<Item = WeeklyFlight>,
        ground: &Ground,
    ) -> Result<Self, ScheduleError> {
        let rows = flights.into_iter().flat_map(|flight| {
            let WeeklyFlight { carrier, operating, number, origin, destination, .. } = flight;
            let names = flight_names(carrier, number, origin, destination);
            let minute = i32::from(flight.departs_minute);
            let days = (0..7).filter(move |day| flight.weekdays & (1 << day) != 0);
            days.map(move |day| {
                let block = if minute < 1_440 { i32::from(flight.block_minutes) } else { 0 };
                let departs = day * 1_440 + minute;
                checked_block(block, &names).map(|block| Row {
                    origin,
                    destination,
                    departs,
                    block,
                    carrier,
                    operating,
                    number,
                })
            })
        });
        columns(collect(rows)?, Times::WeeklyLocal, ground)
    }
}

fn flight_names(
    carrier: CarrierCode,
    number: FlightNumber,
    origin: AirportCode,
    destination: AirportCode,
) -> ScheduleError {
    ScheduleError::NotAFlight { carrier, number, origin, destination }
}

/// The block time as a column holds it; `refusal` if it is none, or the flight goes nowhere.
fn checked_block(block: i32, refusal: &ScheduleError) -> Result<u16, ScheduleError> {
    let nowhere = matches!(refusal, ScheduleError::NotAFlight { origin, destination, .. }
        if origin == destination);
    if nowhere || !(1..=BLOCK_MINUTES_MAX).contains(&block) {
        return Err(refusal.clone());
    }
    Ok(block as u16)
}

fn collect(
    rows: impl Iterator<Item = Result<Row, ScheduleError>>,
) -> Result<Vec<Row>, ScheduleError> {
    let mut collected = Vec::new();
    for row in rows {
        if collected.len() >= FLIGHTS_MAX {
            return Err(ScheduleError::TooManyFlights { max: FLIGHTS_MAX });
        }
        collected.push(row?);
    }
    Ok(collected)
}

fn columns(mut rows: Vec<Row>, times: Times, ground: &Ground) -> Result<Schedule, ScheduleError> {
    rows.sort_unstable();
    let mut schedule = Schedule {
        times,
        index_of_code: vec![0; CODES],
        stands: Vec::new(),
        clocks: Vec::new(),
        cities: Vec::new(),
        city_members: Vec::new(),
        city_transfer: Vec::new(),
        routes: Vec::new(),
        routes_out: Vec::new(),
        routes_in: Vec::new(),
        routes_in_ids: Vec::new(),
        departs: rows.iter().map(|row| row.departs).collect(),
        block: rows.iter().map(|row| row.block).collect(),
        carrier: rows.iter().map(|row| row.carrier).collect(),
        operating: rows.iter().map(|row| row.operating).collect(),
        number: rows.iter().map(|row| row.number).collect(),
    };
    schedule.place_airports(&rows, ground)?;
    schedule.group_cities(ground)?;
    schedule.group_routes(&rows);
    Ok(schedule)
}

impl Schedule {
    /// Gives the airports that rows use an index, in the order of their codes, and collects their
    /// clocks.
    fn place_airports(&mut self, rows: &[Row], ground: &Ground) -> Result<(), ScheduleError> {
        let mut used: Vec<AirportCode> =
            rows.iter().flat_map(|row| [row.origin, row.destination]).collect();
        used.sort_unstable();
        used.dedup();
        if used.len() > AIRPORTS_MAX {
            return Err(ScheduleError::TooManyAirports { max: AIRPORTS_MAX });
        }
        let facts: FixedMap<AirportCode, &AirportFacts> =
            ground.airports.iter().map(|facts| (facts.code, facts)).collect();
        let mut clocks: FixedMap<Clock, u16> = FixedMap::default();
        for code in used {
            let unknown = AirportFacts::unknown(code);
            let facts = facts.get(&code).copied().unwrap_or(&unknown);
            let clock = clocks.get(&facts.clock).copied().unwrap_or_else(|| {
                let index = self.clocks.len() as u16;
                self.clocks.push(facts.clock.clone());
                clocks.insert(facts.clock.clone(), index);
                index
            });
            self.stands.push(Stand {
                code,
                country: facts.country,
                position: facts.position,
                clock,
                city: 0,
                connect_min: [facts.connect_international_min, facts.connect_domestic_min],
            });
            self.index_of_code[usize::from(code.packed())] = self.stands.len() as u16;
        }
        Ok(())
    }

    fn group_cities(&mut self, ground: &Ground) -> Result<(), ScheduleError> {
        const ALONE: u16 = u16::MAX;
        let mut city_of = vec![ALONE; self.stands.len()];
        self.cities.push(0);
        for group in &ground.cities {
            let mut members: Vec<u16> =
                group.airports.iter().filter_map(|&code| self.index(code)).collect();
            members.sort_unstable();
            members.dedup();
            if members.len() < 2 {
                continue;
            }
            for &member in &members {
                if city_of[usize::from(member)] != ALONE {
                    let airport = self.stands[usize::from(member)].code;
                    return Err(ScheduleError::InTwoCities { airport });
                }
                city_of[usize::from(member)] = self.city_transfer.len() as u16;
            }
            self.push_city(&members, group.transfer_min);
        }
        for (airport, city) in city_of.into_iter().enumerate() {
            self.stands[airport].city = city;
            if city == ALONE {
                self.stands[airport].city = self.city_transfer.len() as u16;
                self.push_city(&[airport as u16], 0);
            }
        }
        Ok(())
    }

    fn push_city(&mut self, members: &[u16], transfer_min: u16) {
        self.city_members.extend_from_slice(members);
        self.cities.push(self.city_members.len() as u32);
        self.city_transfer.push(transfer_min);
    }

    fn group_routes(&mut self, rows: &[Row]) {
        let airports = self.stands.len();
        let mut first = 0;
        for group in rows.chunk_by(|a, b| (a.origin, a.destination) == (b.origin, b.destination)) {
            let ends = self.index(group[0].origin).zip(self.index(group[0].destination));
            if let Some((origin, destination)) = ends {
                let route = self.describe(origin, destination, group, first);
                self.routes.push(route);
            }
            first += group.len() as u32;
        }
        self.routes_out = (0..=airports)
            .map(|airport| {
                self.routes.partition_point(|route| usize::from(route.origin) < airport) as u32
            })
            .collect();
        self.routes_in_ids = (0..self.routes.len() as u32).collect();
        let routes = &self.routes;
        self.routes_in_ids.sort_by_key(|&id| routes[id as usize].destination);
        self.routes_in = (0..=airports)
            .map(|airport| {
                let before = |&id: &u32| usize::from(routes[id as usize].destination) < airport;
                self.routes_in_ids.partition_point(before) as u32
            })
            .collect();
        // One past the end, so that every route's flights end where the next one's begin.
        self.routes.push(Route {
            origin: u16::MAX,
            destination: u16::MAX,
            flights: first,
            km: KM_UNKNOWN,
            block_min: 0,
            domestic: false,
        });
    }

    fn describe(&self, origin: u16, destination: u16, rows: &[Row], flights: u32) -> Route {
        let (a, b) = (&self.stands[usize::from(origin)], &self.stands[usize::from(destination)]);
        Route {
            origin,
            destination,
            flights,
            km: self.kilometres(origin, destination),
            block_min: rows.iter().map(|row| row.block).min().unwrap_or(0),
            domestic: a.country.is_some() && a.country == b.country,
        }
    }

    /// Great-circle distance of two airports in whole kilometres, or [`KM_UNKNOWN`].
    pub(crate) fn kilometres(&self, from: u16, to: u16) -> u16 {
        let position = |airport: u16| self.stands[usize::from(airport)].position;
        position(from)
            .zip(position(to))
            .map_or(KM_UNKNOWN, |(from, to)| great_circle_km(from, to).round() as u16)
    }
}
