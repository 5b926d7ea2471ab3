//! nigiri's side: runs `xtask/bench/nigiri.py` on the exported feed and reads what it found.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use domain::Date;
use serde::{Deserialize, Serialize};

use super::network::Network;
use super::{Ask, TRAVEL_MINUTES_MAX, WINDOW_MINUTES, gtfs};

/// What the script is told.
#[derive(Serialize)]
struct Task<'a> {
    feed: &'a Path,
    start_date: String,
    end_date: String,
    travel_minutes_max: i32,
    window_minutes: i32,
    transfers_max: u8,
    /// Origin, destination, minute.
    queries: Vec<(String, String, i32)>,
}

/// What it found.
#[derive(Debug, Deserialize)]
pub(super) struct Measured {
    pub(super) load_seconds: f64,
    pub(super) rss_before_mb: f64,
    pub(super) rss_loaded_mb: f64,
    pub(super) point: Answers,
    pub(super) window: Answers,
}

/// Departure and arrival in UTC minutes, and changes.
type Found = (i32, i32, u8);

/// Its answers to all questions of a kind.
#[derive(Debug, Deserialize)]
pub(super) struct Answers {
    pub(super) ms: Vec<f64>,
    pub(super) journeys: Vec<Vec<Found>>,
}

/// Exports the network and lets nigiri answer.
pub(super) fn measure(
    python: &Path,
    network: &Network,
    asks: &[Ask],
    connect_min: u16,
    monday: Date,
) -> Result<Measured> {
    let folder = std::env::temp_dir().join(format!("fareway-gtfs-{}", std::process::id()));
    let feed = folder.join("feed");
    std::fs::create_dir_all(&feed)?;
    let measured = gtfs::export(network, monday, connect_min, &feed)
        .and_then(|()| ask(python, &folder, &feed, asks, monday));
    std::fs::remove_dir_all(&folder)?;
    let measured = measured?;
    for answers in [&measured.point, &measured.window] {
        ensure!(answers.ms.len() == asks.len(), "nigiri.py answered only a part");
        ensure!(answers.journeys.len() == asks.len(), "nigiri.py answered only a part");
    }
    Ok(measured)
}

fn ask(python: &Path, folder: &Path, feed: &Path, asks: &[Ask], monday: Date) -> Result<Measured> {
    let task = Task {
        feed,
        start_date: monday.to_string(),
        end_date: monday.plus_days(13).to_string(),
        travel_minutes_max: TRAVEL_MINUTES_MAX,
        window_minutes: WINDOW_MINUTES,
        transfers_max: 2,
        queries: asks
            .iter()
            .map(|ask| (ask.origin.to_string(), ask.destination.to_string(), ask.from))
            .collect(),
    };
    let (input, output) = (folder.join("task.json"), folder.join("measured.json"));
    std::fs::write(&input, serde_json::to_vec(&task)?)?;
    // Its log goes to both outputs; only the end of it matters, and only if it fails.
    let ran = Command::new(python)
        .arg("xtask/bench/nigiri.py")
        .args([&input, &output])
        .output()
        .with_context(|| format!("{} cannot be started", python.display()))?;
    let log = String::from_utf8_lossy(&ran.stderr);
    let last = log.lines().next_back().unwrap_or_default();
    ensure!(ran.status.success(), "nigiri.py failed: {last}");
    Ok(serde_json::from_slice(&std::fs::read(&output)?)?)
}

/// How much of the other's unbeaten journeys each side finds, or finds a better one.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) theirs: usize,
    pub(super) theirs_in_ours: usize,
    pub(super) ours: usize,
    pub(super) ours_in_theirs: usize,
}

impl Comparison {
    /// Compares arrival and changes, and the departure too if it is a goal.
    pub(super) fn of(ours: &[Vec<Found>], theirs: &[Vec<Found>], departure_counts: bool) -> Self {
        let mut sum = Self::default();
        for (ours, theirs) in ours.iter().zip(theirs) {
            sum.theirs += theirs.len();
            sum.theirs_in_ours += covered(theirs, ours, departure_counts);
            sum.ours += ours.len();
            sum.ours_in_theirs += covered(ours, theirs, departure_counts);
        }
        sum
    }
}

/// How many of the wanted are found or beaten.
fn covered(wanted: &[Found], found: &[Found], departure_counts: bool) -> usize {
    let is_covered = |one: &&Found| {
        found.iter().any(|other| {
            other.1 <= one.1 && other.2 <= one.2 && (!departure_counts || other.0 >= one.0)
        })
    };
    wanted.iter().filter(is_covered).count()
}

#[cfg(test)]
mod tests {
    use super::covered;

    #[test]
    fn a_journey_is_covered_by_its_equal_or_a_better_one_only() {
        let wanted = [(600, 900, 1)];
        assert_eq!(covered(&wanted, &[(600, 900, 1)], true), 1);
        assert_eq!(covered(&wanted, &[(610, 890, 0)], true), 1);
        assert_eq!(covered(&wanted, &[(590, 900, 1)], true), 0);
        assert_eq!(covered(&wanted, &[(590, 900, 1)], false), 1);
        assert_eq!(covered(&wanted, &[(600, 901, 1)], true), 0);
        assert_eq!(covered(&wanted, &[(600, 900, 2)], true), 0);
    }
}
