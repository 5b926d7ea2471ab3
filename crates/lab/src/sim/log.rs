//! The log of a cell: what was acknowledged must be somewhere as long as the world lasts.
//!
//! ```text
//! facts ─▶ waiting ─ written to all replicas that can be reached ─▶ acknowledged if two have them
//! ```
//!
//! A replica stands in each zone of the region. The one in the cell's own zone is on its machine, so
//! it is lost with the machine. Prices of a real cell are on Kafka with the same rule
//! (`min.insync.replicas` = 2, acknowledged by all in step).

use super::settings::ZONES;

/// Replicas that must have what is acknowledged.
const IN_STEP_MIN: usize = 2;

/// One replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Replica {
    /// It has so many facts and can be reached.
    Here(u64),
    /// It has so many and cannot be reached.
    Away(u64),
}

/// The log of one cell.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    replicas: [Replica; ZONES],
    own: usize,
    needed: usize,
    waiting: u64,
    written: u64,
    acknowledged: u64,
}

impl Log {
    /// An empty log of a cell in a zone. `early`: acknowledges what one replica has.
    pub(crate) fn new(own: usize, early: bool) -> Self {
        let needed = if early { 1 } else { IN_STEP_MIN };
        let replicas = [Replica::Here(0); ZONES];
        Self { replicas, own, needed, waiting: 0, written: 0, acknowledged: 0 }
    }

    /// A fact that is to be kept; gives whether nothing else was waiting.
    pub(crate) fn append(&mut self) -> bool {
        self.waiting += 1;
        self.waiting == 1
    }

    /// Writes what waits; gives whether it is acknowledged.
    pub(crate) fn flush(&mut self) -> bool {
        let end = self.written + self.waiting;
        let early = self.needed < IN_STEP_MIN;
        let mut have = 0;
        for (zone, replica) in self.replicas.iter_mut().enumerate() {
            if let Replica::Here(_) = *replica
                && (!early || zone == self.own)
            {
                *replica = Replica::Here(end);
                have += 1;
            }
        }
        if have < self.needed {
            return false;
        }
        (self.written, self.waiting, self.acknowledged) = (end, 0, end);
        true
    }

    /// The process is gone: what was not acknowledged is nobody's loss.
    pub(crate) fn on_process_lost(&mut self) {
        self.waiting = 0;
        self.written = self.acknowledged;
    }

    /// The machine is gone, with its disk.
    pub(crate) fn on_machine_lost(&mut self) {
        self.on_process_lost();
        self.replicas[self.own] = Replica::Away(0);
    }

    /// A zone cannot be reached.
    pub(crate) fn on_zone_lost(&mut self, zone: usize) {
        if let Replica::Here(has) = self.replicas[zone] {
            self.replicas[zone] = Replica::Away(has);
        }
    }

    /// A zone, or a machine in it, is back: it takes over what it lacks before it counts.
    pub(crate) fn on_back(&mut self, zone: usize) {
        let own = match self.replicas[zone] {
            Replica::Here(has) | Replica::Away(has) => has,
        };
        let others = self.replicas.iter().filter_map(|replica| match *replica {
            Replica::Here(has) => Some(has),
            Replica::Away(_) => None,
        });
        self.replicas[zone] = Replica::Here(others.fold(own, u64::max));
    }

    fn most(&self) -> u64 {
        let has = self.replicas.iter().map(|replica| match *replica {
            Replica::Here(has) | Replica::Away(has) => has,
        });
        has.max().unwrap_or(0)
    }

    /// Facts that were acknowledged and are nowhere any more.
    pub(crate) fn lost(&self) -> u64 {
        self.acknowledged.saturating_sub(self.most())
    }

    /// Facts that were acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_replicas_have_outlives_a_machine() {
        let mut log = Log::new(0, false);
        assert!(log.append() && !log.append() && log.flush());
        log.on_machine_lost();
        assert_eq!((log.acknowledged(), log.lost()), (2, 0));
        assert!(log.append() && log.flush());
        log.on_zone_lost(1);
        assert!(log.append() && !log.flush());
        log.on_back(1);
        assert!(log.flush());
        log.on_back(0);
        assert_eq!((log.acknowledged(), log.lost()), (4, 0));
    }

    #[test]
    fn what_is_acknowledged_too_early_is_lost_with_the_machine() {
        let mut log = Log::new(0, true);
        log.append();
        assert!(log.flush());
        log.on_machine_lost();
        assert_eq!(log.lost(), 1);
    }
}
