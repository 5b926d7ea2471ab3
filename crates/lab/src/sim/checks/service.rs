//! Whether a region serves as it should: always, but for the time of a fault that travellers may
//! notice and half a minute after it.

use super::super::faults::RECOVERY;
use super::super::queue::{At, SECOND};
use super::{Rule, Violations};

/// Quiet seconds that are judged together.
const TOGETHER: u64 = 10;
/// New searches that may be refused while less than the peak is asked: one in so many. What is
/// sampled falls unevenly on cells.
const REFUSED_ONE_IN: u64 = 20;
/// Losses that must not be noticed.
const LOSSES: usize = 2;

#[derive(Clone, Debug, Default)]
struct Region {
    /// Faults that last.
    faults: u32,
    quiet_from: At,
    /// Until when new searches may be refused.
    refuses_until: At,
    seconds: u64,
    requests: u64,
    creates: u64,
    failed: u64,
    refused: u64,
}

impl Region {
    fn begin_anew(&mut self) {
        let Self { faults, quiet_from, refuses_until, .. } = *self;
        *self = Self { faults, quiet_from, refuses_until, ..Self::default() };
    }
}

/// All regions.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    regions: Vec<Region>,
    minute: (u64, u64),
    /// Least share of requests that did not fail in a minute, of a million.
    pub(crate) worst: u64,
}

impl Service {
    pub(crate) fn new(regions: u8) -> Self {
        let regions = vec![Region::default(); usize::from(regions)];
        Self { regions, minute: (0, 0), worst: 1_000_000 }
    }

    fn each(&mut self, region: Option<u8>, change: impl Fn(&mut Region)) {
        match region {
            None => self.regions.iter_mut().for_each(change),
            Some(at) => self.regions.get_mut(usize::from(at)).into_iter().for_each(change),
        }
    }

    /// A fault begins that may be noticed while it lasts.
    pub(crate) fn on_fault(&mut self, region: Option<u8>) {
        self.each(region, |region| region.faults += 1);
    }

    /// It is over.
    pub(crate) fn on_fault_end(&mut self, region: Option<u8>, now: At) {
        self.each(region, |region| region.faults = region.faults.saturating_sub(1));
        self.on_shock(region, now);
    }

    /// Something happened that may be noticed for a moment.
    pub(crate) fn on_shock(&mut self, region: Option<u8>, now: At) {
        self.each(region, |region| {
            region.quiet_from = region.quiet_from.max(now + RECOVERY);
        });
    }

    /// A cell of a region is started again in good order: that may cost no answer, but its searches are
    /// asked for elsewhere, at the price of new ones; a real cell remembers most of their answers.
    pub(crate) fn on_restart(&mut self, region: u8, now: At) {
        self.each(Some(region), |region| region.refuses_until = now + RECOVERY);
    }

    /// Whether a fault lasts that may be noticed.
    pub(crate) fn is_disturbed(&self, region: u8) -> bool {
        self.regions.get(usize::from(region)).is_some_and(|region| region.faults > 0)
    }

    /// Whether nothing excuses that a region does not serve as it should.
    pub(crate) fn is_quiet(&self, region: u8, now: At) -> bool {
        let known = self.regions.get(usize::from(region));
        known.is_some_and(|region| region.faults == 0 && now >= region.quiet_from)
    }

    pub(crate) fn on_request(&mut self, region: u8, creates: bool) {
        self.minute.0 += 1;
        self.each(Some(region), |region| {
            region.requests += 1;
            region.creates += u64::from(creates);
        });
    }

    pub(crate) fn on_failed(&mut self, region: u8) {
        self.minute.1 += 1;
        self.each(Some(region), |region| region.failed += 1);
    }

    pub(crate) fn on_refused(&mut self, region: u8) {
        self.each(Some(region), |region| region.refused += 1);
    }

    /// A second is over in which so many cells of each region were out.
    pub(crate) fn on_second(&mut self, now: At, out: &[usize], broken: &mut Violations) {
        for (index, (region, &out)) in self.regions.iter_mut().zip(out).enumerate() {
            if out > LOSSES {
                region.quiet_from = now + RECOVERY;
            }
            if region.faults > 0 || now < region.quiet_from {
                region.begin_anew();
                continue;
            }
            region.seconds += 1;
            if region.seconds < TOGETHER {
                continue;
            }
            let Region { requests, creates, failed, refused, .. } = *region;
            let refuses = now >= region.refuses_until && refused * REFUSED_ONE_IN > creates;
            if failed > 0 || refuses {
                let rule = if out > 0 { Rule::Capacity } else { Rule::Recovery };
                broken.add(now, rule, || {
                    format!("in 10 s without excuse {failed} of {requests} requests of region {index} failed and {refused} of {creates} new searches were refused; {out} cells are out")
                });
            }
            region.begin_anew();
        }
        let (requests, failed) = self.minute;
        if now % (60 * SECOND) < SECOND && requests > 0 {
            self.worst = self.worst.min((requests - failed.min(requests)) * 1_000_000 / requests);
            self.minute = (0, 0);
        }
    }
}
