//! Many worlds, some at a time: each on one thread, none knowing of the others.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, anyhow};
use xxhash_rust::xxh3::xxh3_64;

use super::queue::SECOND;
use super::tally::{Outcome, Tally};
use super::{SimArgs, world};

/// Runs all worlds; the outcomes in the order of their seeds.
pub(crate) fn run(wanted: &SimArgs) -> Result<Vec<Outcome>> {
    let next = AtomicU64::new(0);
    let work = || -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= wanted.seeds {
                return Ok(outcomes);
            }
            outcomes.push(world(wanted.settings(wanted.seed.wrapping_add(at))?)?);
        }
    };
    let mut outcomes = Vec::new();
    std::thread::scope(|scope| -> Result<()> {
        let started: Vec<_> = (0..wanted.threads).map(|_| scope.spawn(work)).collect();
        for thread in started {
            let done = thread.join().map_err(|_| anyhow!("a world broke off"))?;
            outcomes.extend(done?);
        }
        Ok(())
    })?;
    outcomes.sort_by_key(|outcome| outcome.seed.wrapping_sub(wanted.seed));
    Ok(outcomes)
}

/// Prints what happened in all of them.
pub(crate) fn print(tally: &Tally, worst: u64, outcomes: &[Outcome]) {
    let Tally { travellers, served, turned_away, failed, .. } = tally;
    say!("travellers {travellers}: served {served}, turned away {turned_away}, failed {failed}");
    let Tally { requests, sent_again, errors, refused, recreated, .. } = tally;
    say!(
        "requests {requests}: sent twice {sent_again}, errors {errors}, refused {refused}, searches re-created {recreated}"
    );
    let faults: Vec<String> =
        tally.faults.iter().map(|(kind, count)| format!("{} {count}", kind.name())).collect();
    say!("faults: {}", faults.join(", "));
    let Tally { tables_refused, drains_refused, facts, events, .. } = tally;
    say!(
        "offers refused by edges {tables_refused}, drains refused {drains_refused}, facts acknowledged {facts}, events {events}"
    );
    let Tally { good_done, good_returned, bad_done, bad_returned, .. } = tally;
    say!(
        "releases: good ones everywhere {good_done}, sent back {good_returned}; bad ones everywhere {bad_done}, sent back {bad_returned}"
    );
    let (longest, wait) = (tally.longest as f64, tally.longest_wait as f64);
    say!(
        "longest search {:.1} s, longest wait for all prices {:.1} s, worst availability in a minute {:.4}%",
        longest / SECOND as f64,
        wait / SECOND as f64,
        worst as f64 / 10_000.0
    );
    let traces: Vec<u8> = outcomes.iter().flat_map(|outcome| outcome.trace.to_le_bytes()).collect();
    let trace = match outcomes {
        [one] => one.trace,
        _ => xxh3_64(&traces),
    };
    say!("trace {trace:016x}");
}
