//! What comes out: one to three flights in a row.

use crate::schedule::FlightId;

/// One flight of a journey, on its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Hop {
    /// Which flight of the schedule.
    pub flight: FlightId,
    /// UTC minutes since 1970.
    pub departs: i32,
    /// UTC minutes since 1970.
    pub arrives: i32,
}

/// Flights in a row from an origin to a destination.
///
/// Shape: one to three hops, each departing after the one before it has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Journey {
    hops: [Hop; 3],
    count: u8,
}

impl Journey {
    pub(crate) const fn direct(hop: Hop) -> Self {
        const NONE: Hop = Hop { flight: FlightId(0), departs: 0, arrives: 0 };
        Self { hops: [hop, NONE, NONE], count: 1 }
    }

    /// This journey and one more flight; a journey of three stays as it is.
    pub(crate) const fn then(mut self, hop: Hop) -> Self {
        if (self.count as usize) < self.hops.len() {
            self.hops[self.count as usize] = hop;
            self.count += 1;
        }
        self
    }

    /// Its flights in flying order.
    #[must_use]
    pub fn hops(&self) -> &[Hop] {
        &self.hops[..usize::from(self.count)]
    }

    /// UTC minute of the first departure.
    #[must_use]
    pub const fn departs(&self) -> i32 {
        self.hops[0].departs
    }

    /// UTC minute of the last arrival.
    #[must_use]
    pub const fn arrives(&self) -> i32 {
        self.hops[self.count as usize - 1].arrives
    }

    /// Minutes from first departure to last arrival.
    #[must_use]
    pub const fn elapsed_minutes(&self) -> i32 {
        self.arrives() - self.departs()
    }

    /// Changes of aircraft: 0, 1 or 2.
    #[must_use]
    pub const fn stops(&self) -> u8 {
        self.count - 1
    }

    /// Flight ids, the missing ones last and alike: for a total order.
    pub(crate) fn flights(&self) -> [u32; 3] {
        self.hops.map(|hop| hop.flight.0)
    }
}
