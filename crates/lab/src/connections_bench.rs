//! `lab bench connections`: the connection builder beside nigiri, on the same flights.
//!
//! Flows in: a file of monthly flight counts (`--segments`), or a seed for a generated network.
//! Flows out: `bench/results/…-connections-….json` with latencies, memory, and how many of the
//! other's unbeaten journeys each side finds. nigiri (the core of MOTIS) reads the same week as
//! GTFS through its Python wheel; without a Python that has it, only our own figures are taken.
//!
//! Both sides answer on one thread: `point` is the earliest arrival for 0, 1, 2 changes from a
//! minute on, `window` the unbeaten journeys of a day in departure, arrival and changes.
//!
//! Where the two differ: nigiri leaves out of a window what a departure after its end beats, so
//! its journeys of a window are compared with ours of a longer one; its answer is wrapped for
//! Python within its time; it reads any timetable with any number of changes, footpaths and
//! delays, where ours only joins up to three flights; and ours never passes one city twice.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use connections::{Ground, Schedule};
use domain::Date;
use runtime::Random;

use crate::report::Report;
use network::Network;
use nigiri::Comparison;
use ours::{Answers, Kind, measure};

mod gtfs;
mod network;
mod nigiri;
mod ours;

/// The week of the network begins on this Monday; clocks are read on it.
const MONDAY: &str = "2027-03-01";

/// Longest way from the asked minute to arrival, minutes: both sides' limit.
const TRAVEL_MINUTES_MAX: i32 = 2_880;

/// Span of departures of a window query, minutes.
const WINDOW_MINUTES: i32 = 1_440;

/// The longest span we answer, to find what departs after a window and beats what is in it.
const BEYOND_MINUTES: i32 = 4_320;

/// Days of the schedule of days: all that the queries reach.
const DAYS: i32 = 14;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct ConnectionsArgs {
    /// Monthly flight counts (`origin;destination;airline;month;seats;flights`, bzip2); a network
    /// generated from the seed if not given.
    #[arg(long)]
    segments: Option<PathBuf>,
    /// How many queries.
    #[arg(long, default_value_t = 1_000)]
    queries: usize,
    /// Seed of the queries and of a generated network.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Minimum connecting time everywhere, minutes.
    #[arg(long, default_value_t = 60)]
    connect_min: u16,
    /// A Python interpreter with pynigiri; taken from the variable PYTHON if not given.
    #[arg(long)]
    python: Option<PathBuf>,
    /// Flights a day of a generated network.
    #[arg(long, default_value_t = 98_600)]
    flights_per_day: u32,
}

/// One question both sides answer.
#[derive(Clone, Copy, Debug)]
struct Ask {
    origin: domain::AirportCode,
    destination: domain::AirportCode,
    /// UTC minutes since 1970.
    from: i32,
}

/// Measures, prints and writes the results.
pub(crate) fn run(args: &ConnectionsArgs) -> Result<()> {
    let monday: Date = MONDAY.parse()?;
    let network = match &args.segments {
        Some(path) => Network::read(path, monday)?,
        None => Network::generate(args.seed, args.flights_per_day, monday),
    };
    let mut report = Report::new("connections");
    note_settings(&mut report, args, &network);

    let started = runtime::now();
    let weekly = Schedule::build_weekly(network.flights.iter().copied(), &Ground::default())?;
    report.figure("ours: build of the week, ms", started.elapsed().as_secs_f64() * 1e3);
    let days = Schedule::build(network.days(monday, DAYS), &Ground::default())?;
    report.figure("network: flights a day", weekly.len() as f64 / 7.0);
    report.figure("network: airports", weekly.airports().count());
    report.figure("network: routes", weekly.route_count());
    report.figure("ours: memory, weekly schedule, MB", weekly.bytes() as f64 / 1e6);
    report.figure("ours: memory, schedule of 14 days, MB", days.bytes() as f64 / 1e6);

    let asks = draw(&network, args, monday);
    let point = measure(&weekly, args, &asks, Kind::Point);
    let point_of_days = measure(&days, args, &asks, Kind::Point);
    let alike = point.criteria() == point_of_days.criteria();
    ensure!(alike, "the weekly schedule and the one of days answer differently");
    let window = measure(&weekly, args, &asks, Kind::Window(WINDOW_MINUTES));
    let sensible = measure(&weekly, args, &asks, Kind::Sensible);
    report_times(&mut report, "ours: point", &point.ms);
    report_times(&mut report, "ours: point, schedule of days", &point_of_days.ms);
    report_times(&mut report, "ours: window", &window.ms);
    report_times(&mut report, "ours: all sensible journeys of a day", &sensible.ms);
    let cities = measure(&weekly, args, &asks, Kind::SensibleOfCities);
    report_times(&mut report, "ours: the same between all airports of both cities", &cities.ms);
    let sensible_count: usize = sensible.journeys.iter().map(Vec::len).sum();
    let mean = sensible_count as f64 / asks.len().max(1) as f64;
    report.figure("ours: sensible journeys an answer, mean", mean);
    report.figure("ours: queries cut by the budget", sensible.cut + cities.cut);

    let python = args.python.clone().or_else(|| std::env::var_os("PYTHON").map(PathBuf::from));
    match python {
        Some(python) => {
            let theirs = nigiri::measure(&python, &network, &asks, args.connect_min, monday)?;
            report_theirs(&mut report, &theirs);
            let beyond = measure(&weekly, args, &asks, Kind::Window(BEYOND_MINUTES));
            compare(&mut report, &theirs, &asks, &[point, window, beyond]);
        }
        None => say!("no Python with pynigiri: nigiri is not measured"),
    }
    report.write()
}

fn note_settings(report: &mut Report, args: &ConnectionsArgs, network: &Network) {
    let source = match &args.segments {
        Some(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        None => "generated".to_owned(),
    };
    report.setting("network", source);
    report.setting("rows left out", network.left_out);
    report.setting("queries", args.queries);
    report.setting("seed", args.seed);
    report.setting("minimum connecting time, minutes", args.connect_min);
    report.setting("changes, most", 2);
    report.setting("travel time, most, minutes", TRAVEL_MINUTES_MAX);
    report.setting("window, minutes", WINDOW_MINUTES);
    report.setting("threads", 1);
}

/// Pairs of airports by their traffic, at random minutes of the middle of the fortnight.
fn draw(network: &Network, args: &ConnectionsArgs, monday: Date) -> Vec<Ask> {
    let mut random = Random::from_seed(args.seed);
    let busy = network.traffic();
    let total: u64 = busy.iter().map(|&(_, flights)| flights).sum();
    let pick = |random: &mut Random| {
        let mut left = random.below(total);
        busy.iter()
            .find(|&&(_, flights)| {
                let here = left < flights;
                left = left.saturating_sub(flights);
                here
            })
            .map(|&(code, _)| code)
    };
    let mut asks = Vec::with_capacity(args.queries);
    while asks.len() < args.queries {
        let (Some(origin), Some(destination)) = (pick(&mut random), pick(&mut random)) else {
            return asks;
        };
        if origin != destination {
            let minute = 2 * 1_440 + random.below(7 * 1_440) as i32;
            asks.push(Ask { origin, destination, from: monday.at_minute(minute).minutes() });
        }
    }
    asks
}

fn report_theirs(report: &mut Report, theirs: &nigiri::Measured) {
    report.figure("nigiri: load, s", theirs.load_seconds);
    report.figure("nigiri: memory, process before loading, MB", theirs.rss_before_mb);
    report.figure("nigiri: memory, process after loading, MB", theirs.rss_loaded_mb);
    report_times(report, "nigiri: point", &theirs.point.ms);
    report_times(report, "nigiri: window", &theirs.window.ms);
}

/// Ratios of time, and how much of each other's unbeaten journeys both find. Of ours: of a point,
/// of a window, and of a window far beyond its end.
fn compare(
    report: &mut Report,
    theirs: &nigiri::Measured,
    asks: &[Ask],
    [point, window, beyond]: &[Answers; 3],
) {
    for (name, ours, others) in
        [("point", point, &theirs.point), ("window", window, &theirs.window)]
    {
        for share in [50, 95, 99] {
            let ratio = percentile(&others.ms, share) / percentile(&ours.ms, share);
            report.figure(&format!("ratio: {name}, nigiri's p{share} / ours"), ratio);
        }
    }
    // nigiri counts its travel time from the asked minute.
    let mut reached = point.criteria();
    let mut unbeaten_later = beyond.criteria();
    for (ask, journeys) in asks.iter().zip(&mut reached) {
        journeys.retain(|journey| journey.1 <= ask.from + TRAVEL_MINUTES_MAX);
    }
    for (ask, journeys) in asks.iter().zip(&mut unbeaten_later) {
        journeys.retain(|journey| journey.0 <= ask.from + WINDOW_MINUTES);
    }
    report_found(report, "point", &Comparison::of(&reached, &theirs.point.journeys, false));
    let found = Comparison::of(&window.criteria(), &theirs.window.journeys, true);
    report_found(report, "window", &found);
    let found = Comparison::of(&unbeaten_later, &theirs.window.journeys, true);
    report_found(report, "window, later ones considered", &found);
}

fn report_found(report: &mut Report, name: &str, found: &Comparison) {
    report.figure(&format!("{name}: nigiri's unbeaten journeys"), found.theirs);
    report.figure(&format!("{name}: of these ours finds or beats"), found.theirs_in_ours);
    report.figure(&format!("{name}: our unbeaten journeys"), found.ours);
    report.figure(&format!("{name}: of these nigiri finds or beats"), found.ours_in_theirs);
}

fn report_times(report: &mut Report, name: &str, ms: &[f64]) {
    for share in [50, 95, 99] {
        report.figure(&format!("{name}, p{share} ms"), percentile(ms, share));
    }
}

/// The value that so many percent do not exceed.
fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}
