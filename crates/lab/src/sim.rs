//! `sim`: the policy simulator. Regions, cells, edges, partners and travellers in virtual time on one
//! thread, without sockets and without a clock; one seed is one world, and always the same.
//!
//! ```text
//! seed ─▶ faults, load, chance ─▶ World: events by time ─▶ Outcome: counts, broken rules, trace hash
//!                                   │ asks the real fleet and runtime code
//!                                   ▼
//!                    routes, health, attempts, budget, take-up, plans, rollouts, admission, tokens
//! ```
//!
//! Simulated are the network, the machines, how long partners take, and how much work a search is.
//! Decided is everything by the code that decides in production, rollouts included.
//!
//! Start reading at [`mod@world`], then `faults` and `checks`.

mod cell;
mod checks;
mod control;
mod deploy;
mod edge;
mod event;
mod faults;
mod load;
mod log;
mod queue;
mod settings;
mod slab;
mod suite;
mod tally;
mod trace;
mod work;
mod world;

use anyhow::{Result, ensure};

use self::settings::WorldSettings;
use self::tally::{Outcome, Tally};
use self::world::World;

/// Which worlds.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct SimArgs {
    /// The world, or the first of several.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many worlds, one seed after the other.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// Hours that each lasts.
    #[arg(long, default_value_t = 24)]
    hours: u64,
    /// Minutes in place of hours.
    #[arg(long)]
    minutes: Option<u64>,
    /// Cells of all regions together.
    #[arg(long, default_value_t = 24)]
    cells: u8,
    /// Regions.
    #[arg(long, default_value_t = 4)]
    regions: u8,
    /// Worlds at a time.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

impl SimArgs {
    fn seconds(&self) -> u64 {
        self.minutes.map_or(self.hours.saturating_mul(3_600), |minutes| minutes.saturating_mul(60))
    }

    fn settings(&self, seed: u64) -> Result<WorldSettings> {
        WorldSettings::new(seed, self.seconds(), self.regions, self.cells)
    }

    /// The line that shows one of these worlds again.
    fn again(&self, seed: u64) -> String {
        let Self { cells, regions, .. } = self;
        let time = match self.minutes {
            Some(minutes) => format!("--minutes {minutes}"),
            None => format!("--hours {}", self.hours),
        };
        format!("cargo xtask sim --seed {seed} {time} --cells {cells} --regions {regions}")
    }
}

/// Runs one world.
pub(crate) fn world(settings: WorldSettings) -> Result<Outcome> {
    World::new(settings)?.run()
}

/// Runs the worlds and prints what happened; the words at the end are those of a test runner.
///
/// # Errors
/// If a world cannot be made, or a rule was broken.
pub(crate) fn run(wanted: &SimArgs) -> Result<()> {
    // Asked for first: wrong numbers are told before anything runs.
    wanted.settings(wanted.seed)?;
    if wanted.seeds == 1 {
        World::new(wanted.settings(wanted.seed)?)?.tell_faults();
    }
    ensure!(wanted.seeds > 0 && wanted.threads > 0, "seeds and threads are at least 1");
    let outcomes = suite::run(wanted)?;
    let mut tally = Tally::default();
    let (mut worst, mut failed) = (1_000_000, 0);
    for outcome in &outcomes {
        tally.add(&outcome.tally);
        worst = worst.min(outcome.worst);
        if outcome.broken > 0 {
            failed += 1;
            for violation in &outcome.violations {
                say!("seed {} at {violation}", outcome.seed);
            }
            say!("again: {}", wanted.again(outcome.seed));
        }
    }
    suite::print(&tally, worst, &outcomes);
    say!("{} passed, {failed} failed", outcomes.len() - failed);
    ensure!(failed == 0, "{failed} of {} worlds broke a rule", outcomes.len());
    Ok(())
}

#[cfg(test)]
mod tests;
