//! How far the death of cells reaches.
//!
//! Harmed may be: requests that were in flight to a cell that died, and for as long as edges may take
//! to notice its share of all requests. Nobody else, and nobody after that.

use super::super::faults::RECOVERY;
use super::super::queue::{At, SECOND};
use super::{Rule, Violations};

/// Time within which every edge must have noticed.
const NOTICED_WITHIN: At = 5 * SECOND;
/// Requests by which a share may be missed: they are counted, not divided.
const SLACK: u64 = 3;

/// A death that is watched.
#[derive(Clone, Debug)]
struct Death {
    at: At,
    region: u8,
    /// Places of the dead cells.
    cells: Vec<u8>,
    of: u64,
    in_flight: u64,
    requests: u64,
    failed: u64,
    others: u64,
}

/// The deaths of the last half minute.
#[derive(Clone, Debug, Default)]
pub(crate) struct Blast {
    deaths: Vec<Death>,
}

impl Blast {
    /// Cells of a region of so many die, with so many requests in flight to them.
    pub(crate) fn on_death(
        &mut self,
        at: At,
        region: u8,
        cells: &[u8],
        (of, in_flight): (u8, u64),
    ) {
        let death = Death {
            at,
            region,
            cells: cells.to_vec(),
            of: u64::from(of),
            in_flight,
            requests: 0,
            failed: 0,
            others: 0,
        };
        self.deaths.push(death);
    }

    /// Something else troubles a region: what comes now is not the deaths' doing alone.
    pub(crate) fn on_other_trouble(&mut self, region: Option<u8>) {
        self.deaths.retain(|death| region.is_some_and(|region| region != death.region));
    }

    pub(crate) fn on_request(&mut self, now: At, region: u8) {
        for death in self.deaths.iter_mut().filter(|death| death.region == region) {
            death.requests += u64::from(now < death.at + NOTICED_WITHIN);
        }
    }

    /// A request that was sent at a time to a cell failed in the eyes of a client.
    pub(crate) fn on_failed(&mut self, region: u8, cell: Option<u8>, sent: At) {
        let of_it = |death: &Death| {
            let dead = cell.is_some_and(|cell| death.cells.contains(&cell));
            dead && sent < death.at + NOTICED_WITHIN
        };
        let explained = self.deaths.iter().any(of_it);
        for death in self.deaths.iter_mut().filter(|death| death.region == region) {
            death.failed += u64::from(of_it(death));
            death.others += u64::from(!explained);
        }
    }

    pub(crate) fn on_second(&mut self, now: At, broken: &mut Violations) {
        let over = |death: &Death| now >= death.at + RECOVERY;
        for death in self.deaths.iter().filter(|death| over(death)) {
            let Death { region, cells, of, in_flight, requests, failed, others, .. } = death;
            let dead = cells.len() as u64;
            let share = (requests * dead).div_ceil(*of);
            if *failed > in_flight + share + SLACK {
                broken.add(now, Rule::BlastRadius, || {
                    format!("the death of {dead} of {of} cells of region {region} failed {failed} of {requests} requests; {in_flight} were in flight")
                });
            }
            if *others > 0 {
                broken.add(now, Rule::BlastRadius, || {
                    format!("{others} requests of region {region} failed that had to do with none of the {dead} cells that died")
                });
            }
        }
        self.deaths.retain(|death| !over(death));
    }
}
