//! A world: six hosts in one thread, ten seconds and more, a network in which things go wrong.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use runtime::simulated::turmoil::{self, Sim};
use xxhash_rust::xxh3::xxh3_64;

use super::faults::{self, Fault, LATENCY};
use super::ground::{Ground, MARKET};
use super::hosts::{self, CELLS};
use super::judge::{HEALED_MS, Tally, judge};
use super::traveller::{self, Shared};
use crate::settings::Settings;

/// No world lives longer.
const ENDS: Duration = Duration::from_secs(40);
/// A world lives at least so long, milliseconds.
const LIVES_MS: u64 = 10_000;

/// A world that has lived.
#[derive(Debug)]
pub(super) struct Lived {
    pub(super) faults: Vec<Fault>,
    pub(super) tally: Tally,
    /// Offers that were compared with the market's.
    pub(super) compared: usize,
    /// What broke a rule.
    pub(super) broken: Vec<String>,
    /// All that travellers saw, in the order in which they saw it.
    pub(super) told: Vec<String>,
    /// Of that and all faults.
    pub(super) trace: u64,
}

/// Lets the world of a seed live.
pub(super) fn live(seed: u64) -> Lived {
    live_with(seed, faults::drawn(seed), |_| ())
}

/// The same with these faults, and with settings that may be wrong.
pub(super) fn live_with(seed: u64, faults: Vec<Fault>, change: fn(&mut Settings)) -> Lived {
    // Made outside of any world's time.
    let _ = Ground::get();
    let mut settings = hosts::settings();
    change(&mut settings);
    let mut sim = runtime::simulated::begin(seed)
        .simulation_duration(ENDS)
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(LATENCY)
        .tcp_capacity(1_024)
        .enable_random_order()
        .build();
    let diary = Shared::default();
    let in_use = Rc::new(RefCell::new(Vec::new()));
    let last = faults.iter().map(|fault| fault.until + HEALED_MS).max().unwrap_or_default();
    people(&mut sim, seed, &settings);
    let (told, seen) = (Rc::clone(&diary), Rc::clone(&in_use));
    sim.client("travellers", async move {
        traveller::run_all(seed, told).await;
        let elapsed = turmoil::sim_elapsed().unwrap_or_default();
        let rest = Duration::from_millis(last.max(LIVES_MS)).saturating_sub(elapsed);
        tokio::time::sleep(rest).await;
        *seen.borrow_mut() = traveller::cells_in_use().await;
        Ok(())
    });
    let ended = run(&mut sim, &faults);
    drop(sim);
    let diary = diary.take();
    let (tally, mut broken) = judge(&diary, &faults);
    if let Err(error) = ended {
        broken.push(format!("the world broke: {error}"));
    }
    let in_use = in_use.take();
    if in_use.len() != CELLS as usize {
        broken.push(format!("in the end only {in_use:?} are in use"));
    }
    let told: Vec<String> = diary.entries.iter().map(|entry| format!("{entry:?}")).collect();
    let trace = xxh3_64(format!("{told:?}{faults:?}").as_bytes());
    Lived { faults, tally, compared: diary.compared, broken, told, trace }
}

/// All hosts but the travellers'.
fn people(sim: &mut Sim<'_>, seed: u64, settings: &Settings) {
    let cells: Vec<IpAddr> = (1..=CELLS).map(|id| sim.lookup(format!("cell-{id}"))).collect();
    sim.host(MARKET, || async { Ok(hosts::run_market().await?) });
    for id in 1..=CELLS {
        let settings = settings.clone();
        sim.host(format!("cell-{id}"), move || {
            let settings = settings.clone();
            async move { Ok(hosts::run_cell(id, settings).await?) }
        });
    }
    let (disk, settings) = (hosts::edge_disk(seed, &cells), settings.clone());
    sim.host("edge", move || {
        let (disk, settings) = (disk.clone(), settings.clone());
        async move { Ok(hosts::run_edge(disk, settings).await?) }
    });
}

/// Until the travellers have left, with faults at their moments.
fn run(sim: &mut Sim<'_>, faults: &[Fault]) -> turmoil::Result {
    let mut due: Vec<(u64, &Fault)> =
        faults.iter().flat_map(|fault| [(fault.from, fault), (fault.until, fault)]).collect();
    due.sort_by_key(|&(at, _)| std::cmp::Reverse(at));
    let mut going_on: Vec<Fault> = Vec::new();
    loop {
        while let Some(&(at, fault)) = due.last()
            && at <= sim.elapsed().as_millis() as u64
        {
            due.pop();
            if at == fault.from {
                fault.begin(sim, &going_on);
                going_on.push(*fault);
            } else {
                going_on.retain(|other| other != fault);
                fault.end(sim);
            }
        }
        if sim.step()? {
            return Ok(());
        }
    }
}
