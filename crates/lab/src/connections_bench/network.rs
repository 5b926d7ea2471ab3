//! A week of flights: read from monthly counts, or drawn by gravity.
//!
//! Counts say how often, not when: the flights of a carrier on a route are spread evenly over the
//! local day from 06:00 to 22:30, shifted by a hash of the route. Times are UTC afterwards, because
//! both sides of the comparison read them so.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use connections::{Flight, WeeklyFlight};
use domain::{AirportCode, CarrierCode, Date, FlightNumber};
use runtime::Random;

/// Days of the month that the counts are of.
const MONTH_DAYS: f64 = 31.0;

/// Local minutes of the day in which flights depart.
const FIRST_MINUTE: f64 = 360.0;
const DAY_SPAN: f64 = 990.0;

/// A network of one week, UTC.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) flights: Vec<WeeklyFlight>,
    /// Rows that are no flights between two known airports.
    pub(super) left_out: usize,
}

/// So many flights a week of a carrier on a route.
#[derive(Clone, Copy, Debug)]
struct Service {
    origin: AirportCode,
    destination: AirportCode,
    carrier: CarrierCode,
    weekly: u32,
}

impl Network {
    /// Reads `origin;destination;airline;month;seats;flights` rows, bzip2-compressed.
    pub(super) fn read(path: &Path, monday: Date) -> Result<Self> {
        let file = std::fs::File::open(path)
            .with_context(|| format!("{} cannot be opened", path.display()))?;
        let mut text = String::new();
        bzip2_rs::DecoderReader::new(file)
            .read_to_string(&mut text)
            .with_context(|| format!("{} cannot be unpacked", path.display()))?;
        let network = Self::from_rows(&text, monday);
        ensure!(!network.flights.is_empty(), "{} has no flights", path.display());
        Ok(network)
    }

    fn from_rows(text: &str, monday: Date) -> Self {
        let mut left_out = 0;
        let mut carried = 0.0;
        let mut services = Vec::new();
        for row in text.lines().filter(|row| !row.starts_with('#')) {
            let Some((mut service, monthly)) = service_of(row) else {
                left_out += 1;
                continue;
            };
            // What rounding takes from one row goes to the next, so that the sum stays right.
            carried += f64::from(monthly) * 7.0 / MONTH_DAYS;
            service.weekly = carried.round() as u32;
            carried -= f64::from(service.weekly);
            services.push(service);
        }
        Self { flights: timetable(&services, monday), left_out }
    }

    /// Draws a network: airports by popularity, partners by popularity over distance, about so
    /// many flights a day.
    pub(super) fn generate(seed: u64, flights_per_day: u32, monday: Date) -> Self {
        let mut random = Random::from_seed(seed);
        let atlas = atlas::atlas();
        let mut airports: Vec<(AirportCode, f64)> = atlas
            .airports()
            .iter()
            .filter(|airport| airport.popularity > 0.0)
            .map(|airport| (airport.code, f64::from(airport.popularity)))
            .collect();
        airports.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        airports.truncate(2_500);
        let total: f64 = airports.iter().map(|&(_, weight)| weight.sqrt()).sum();
        let pick = |random: &mut Random| {
            let mut left = random.unit() * total;
            let found = airports.iter().find(|&&(_, weight)| {
                left -= weight.sqrt();
                left <= 0.0
            });
            found.or(airports.last()).copied()
        };
        let mut services: BTreeMap<(AirportCode, AirportCode, u16), u32> = BTreeMap::new();
        let mut weekly = 0;
        while weekly < flights_per_day * 7 && airports.len() > 1 {
            let (Some((from, a)), Some((to, b))) = (pick(&mut random), pick(&mut random)) else {
                break;
            };
            let km = atlas.distance_km(from, to).unwrap_or(0.0);
            // Short and popular pairs are taken more often, and flown more often.
            if km < 150.0 || random.unit() > (900.0 / km).min(1.0) {
                continue;
            }
            let flights = (1.0 + 400.0 * (a * b).sqrt() * 800.0 / (km + 400.0)).min(70.0) as u32;
            let carrier = random.below(60) as u16;
            for (origin, destination) in [(from, to), (to, from)] {
                *services.entry((origin, destination, carrier)).or_default() += flights;
                weekly += flights;
            }
        }
        let services: Vec<Service> = services
            .into_iter()
            .filter_map(|((origin, destination, number), weekly)| {
                let letters = [b'A' + (number / 26) as u8, b'A' + (number % 26) as u8];
                let carrier = CarrierCode::from_bytes(&letters).ok()?;
                Some(Service { origin, destination, carrier, weekly })
            })
            .collect();
        Self { flights: timetable(&services, monday), left_out: 0 }
    }

    /// Flights of each airport, in and out, by code.
    pub(super) fn traffic(&self) -> Vec<(AirportCode, u64)> {
        let mut traffic: BTreeMap<AirportCode, u64> = BTreeMap::new();
        for flight in &self.flights {
            for airport in [flight.origin, flight.destination] {
                *traffic.entry(airport).or_default() += u64::from(flight.weekdays.count_ones());
            }
        }
        traffic.into_iter().collect()
    }

    /// The flights of the first days, one by one.
    pub(super) fn days(&self, monday: Date, days: i32) -> impl Iterator<Item = Flight> {
        self.flights.iter().flat_map(move |flight| {
            let runs = (0..days).filter(|day| flight.weekdays & (1 << (day % 7)) != 0);
            runs.map(move |day| {
                let minute = day * 1_440 + i32::from(flight.departs_minute);
                let departs = monday.at_minute(minute).minutes();
                let WeeklyFlight { carrier, operating, number, origin, destination, .. } = *flight;
                let arrives = departs + i32::from(flight.block_minutes);
                Flight { carrier, operating, number, origin, destination, departs, arrives }
            })
        })
    }
}

/// The service of a row and its flights a month; none if it is not between two known airports.
fn service_of(row: &str) -> Option<(Service, u32)> {
    let mut fields = row.split(';');
    let origin = fields.next()?.parse().ok()?;
    let destination = fields.next()?.parse().ok()?;
    let carrier = fields.next()?.parse().ok()?;
    let monthly = fields.nth(2)?.parse().ok()?;
    let atlas = atlas::atlas();
    let known = origin != destination && atlas.distance_km(origin, destination).is_some();
    known.then_some((Service { origin, destination, carrier, weekly: 0 }, monthly))
}

/// Times for all services: whole days first, the rest on some days.
fn timetable(services: &[Service], monday: Date) -> Vec<WeeklyFlight> {
    let mut flights = Vec::new();
    for (index, service) in services.iter().enumerate() {
        let mut random = Random::from_seed(index as u64);
        let shift = random.unit();
        let (daily, rest) = (service.weekly / 7, service.weekly % 7);
        let slots = daily + u32::from(rest > 0);
        let Some(block_minutes) = block_minutes(service) else { continue };
        for slot in 0..slots {
            let minute = FIRST_MINUTE + DAY_SPAN * (f64::from(slot) + shift) / f64::from(slots);
            let minute = (minute / 5.0).floor() as i32 * 5;
            // The rest of the week's flights lie evenly in it, starting on a random day.
            let weekdays = if slot < daily {
                0x7F
            } else {
                let first = random.below(7) as u32;
                (0..rest).fold(0, |days, one| days | 1_u8 << ((first + one * 7 / rest) % 7))
            };
            flights.push(in_utc(service, flights.len(), (minute, weekdays), block_minutes, monday));
        }
    }
    flights
}

/// A flight at a local minute of some weekdays, said in UTC with the offset of the Monday.
fn in_utc(
    service: &Service,
    count: usize,
    (minute, weekdays): (i32, u8),
    block_minutes: u16,
    monday: Date,
) -> WeeklyFlight {
    let local = monday.at_minute(minute);
    let utc = atlas::atlas().utc_minutes(service.origin, local).unwrap_or(local.minutes());
    let minute = utc - monday.at_minute(0).minutes();
    let days = minute.div_euclid(1_440).rem_euclid(7) as u32;
    let weekdays = u32::from(weekdays);
    WeeklyFlight {
        carrier: service.carrier,
        operating: service.carrier,
        number: FlightNumber::new((count % 9_999) as u16 + 1),
        origin: service.origin,
        destination: service.destination,
        departs_minute: minute.rem_euclid(1_440) as u16,
        block_minutes,
        weekdays: ((weekdays << days | weekdays >> (7 - days)) & 0x7F) as u8,
    }
}

/// Half an hour and the way at 800 km/h, to five minutes.
fn block_minutes(service: &Service) -> Option<u16> {
    let km = atlas::atlas().distance_km(service.origin, service.destination)?;
    Some(((30.0 + km / 800.0 * 60.0) / 5.0).round() as u16 * 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn monday() -> Date {
        super::super::MONDAY.parse().unwrap()
    }

    fn weekly(network: &Network) -> u32 {
        network.flights.iter().map(|flight| flight.weekdays.count_ones()).sum()
    }

    #[test]
    fn monthly_counts_become_a_week_with_the_same_sum() {
        let rows =
            "#head\nEDI;AMS;KL;201608;100;124\nAMS;EDI;KL;201608;100;31\nAMS;SIN;SQ;201608;1;9\n";
        let network = Network::from_rows(rows, monday());
        assert_eq!(weekly(&network), 28 + 7 + 2);
        assert_eq!(network.left_out, 0);
        let daily = network.flights.iter().filter(|flight| flight.weekdays == 0x7F).count();
        assert_eq!(daily, 5);
    }

    #[test]
    fn rows_that_go_nowhere_are_left_out_and_counted() {
        let rows = "EDI;EDI;KL;201608;100;124\nEDI;?;KL;201608;1;1\nEDI;AMS;KLM;201608;1;1\nEDI\n";
        let network = Network::from_rows(rows, monday());
        assert_eq!((network.flights.len(), network.left_out), (0, 4));
    }

    #[test]
    fn a_flight_before_midnight_in_utc_departs_on_the_day_before() {
        // Auckland is 13 hours ahead in March: 06:00 on Monday is 17:00 on Sunday.
        let service = service_of("AKL;SYD;NZ;201608;1;1").unwrap().0;
        let flight = in_utc(&service, 0, (360, 1), 200, monday());
        assert_eq!((flight.departs_minute, flight.weekdays), (1_020, 0b100_0000));
    }

    #[test]
    fn a_generated_network_depends_on_its_seed_only() {
        let draw = |seed| Network::generate(seed, 500, monday());
        let (one, again, other) = (draw(7), draw(7), draw(8));
        assert!(one.flights == again.flights && one.flights != other.flights);
        assert!((3_500..4_000).contains(&weekly(&one)));
    }
}
