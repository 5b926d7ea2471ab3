//! The network as GTFS, for programs that read it.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use domain::Date;

use super::network::Network;

/// Weeks that the calendar covers.
const WEEKS: i32 = 2;

/// Type of a GTFS route: air service, in the extended list.
const AIR: u32 = 1_100;

/// Writes the files of a feed into a folder: two weeks from a Monday, times in UTC, and the
/// minimum connecting time of every airport.
pub(super) fn export(
    network: &Network,
    monday: Date,
    connect_min: u16,
    folder: &Path,
) -> Result<()> {
    let write = |name: &str, text: &str| {
        fs::write(folder.join(name), text).with_context(|| format!("{name} cannot be written"))
    };
    write(
        "agency.txt",
        "agency_id,agency_name,agency_url,agency_timezone\nall,All,http://localhost,UTC\n",
    )?;
    let atlas = atlas::atlas();
    let mut stops = String::from("stop_id,stop_name,stop_lat,stop_lon\n");
    let mut transfers = String::from("from_stop_id,to_stop_id,transfer_type,min_transfer_time\n");
    for (code, _) in network.traffic() {
        if let Some(airport) = atlas.airport(code) {
            writeln!(stops, "{code},{code},{:.5},{:.5}", airport.latitude, airport.longitude)?;
        }
        writeln!(transfers, "{code},{code},2,{}", u32::from(connect_min) * 60)?;
    }
    write("stops.txt", &stops)?;
    write("transfers.txt", &transfers)?;
    let (start, end) = (ymd(monday), ymd(monday.plus_days(7 * WEEKS - 1)));
    let mut calendar = String::from(
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n",
    );
    let services: BTreeSet<u8> = network.flights.iter().map(|flight| flight.weekdays).collect();
    for days in services {
        write!(calendar, "{days}")?;
        for day in 0..7 {
            write!(calendar, ",{}", days >> day & 1)?;
        }
        writeln!(calendar, ",{start},{end}")?;
    }
    write("calendar.txt", &calendar)?;
    export_trips(network, &write)
}

fn export_trips(network: &Network, write: &dyn Fn(&str, &str) -> Result<()>) -> Result<()> {
    let mut routes =
        String::from("route_id,agency_id,route_short_name,route_long_name,route_type\n");
    let mut trips = String::from("route_id,service_id,trip_id\n");
    let mut times = String::from("trip_id,arrival_time,departure_time,stop_id,stop_sequence\n");
    let pairs: BTreeSet<_> =
        network.flights.iter().map(|flight| (flight.origin, flight.destination)).collect();
    for (origin, destination) in pairs {
        writeln!(routes, "{origin}{destination},all,{origin}{destination},,{AIR}")?;
    }
    for (index, flight) in network.flights.iter().enumerate() {
        let (origin, destination) = (flight.origin, flight.destination);
        let departs = u32::from(flight.departs_minute);
        let arrives = departs + u32::from(flight.block_minutes);
        writeln!(trips, "{origin}{destination},{},{index}", flight.weekdays)?;
        writeln!(times, "{index},{0},{0},{origin},0", clock(departs))?;
        writeln!(times, "{index},{0},{0},{destination},1", clock(arrives))?;
    }
    write("routes.txt", &routes)?;
    write("trips.txt", &trips)?;
    write("stop_times.txt", &times)
}

/// `20270301`.
fn ymd(date: Date) -> String {
    date.to_string().replace('-', "")
}

/// `07:05:00`; hours go on after midnight.
fn clock(minute: u32) -> String {
    format!("{:02}:{:02}:00", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_on_after_midnight_and_dates_have_no_dashes() {
        assert_eq!(clock(425), "07:05:00");
        assert_eq!(clock(1_500), "25:00:00");
        assert_eq!(ymd("2027-03-01".parse().unwrap()), "20270301");
    }
}
