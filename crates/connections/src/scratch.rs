//! Memory that queries reuse.

use crate::rank::Ranked;

/// No entry.
pub(crate) const NONE: u32 = u32::MAX;

/// No time is enough.
pub(crate) const NEVER: u16 = u16::MAX;

/// What the query says of an airport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Aircraft may be changed here.
    Stop,
    /// Named as an origin: the slot among them.
    Origin(u8),
    /// Named as a destination: the slot among them.
    Destination(u8),
}

/// A last flight's route, seen from an airport of arrival in the same city as its origin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Final {
    pub(crate) route: u32,
    /// The next of the same airport, or [`NONE`].
    pub(crate) next: u32,
    /// Least wait before it, after an international and after a domestic flight.
    pub(crate) wait: [u16; 2],
}

/// A middle flight's route, seen from an airport of arrival in the same city as its origin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Middle {
    pub(crate) route: u32,
    /// Where it lands.
    pub(crate) to: u16,
    /// Least wait before it, after an international and after a domestic flight.
    pub(crate) wait: [u16; 2],
    /// Least minutes from landing before it to landing at a destination.
    pub(crate) rest: u16,
    /// Least kilometres of it and a last flight.
    pub(crate) km: u32,
}

/// A first flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct First {
    pub(crate) route: u32,
    pub(crate) flight: u32,
    pub(crate) departs: i32,
    pub(crate) arrives: i32,
    /// Where it lands.
    pub(crate) to: u16,
}

/// What is known of an airport during one query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) role: Role,
    /// First of its finals, or [`NONE`].
    pub(crate) finals: u32,
    /// Least minutes from landing here to landing at a destination, by one flight.
    pub(crate) onward: u16,
    /// Least kilometres of a last flight from here.
    pub(crate) onward_km: u16,
    /// First of its middles, or [`NONE`] while they are not known.
    pub(crate) middles: u32,
    pub(crate) middles_len: u32,
    /// Least minutes from landing here to landing at a destination, by two flights.
    pub(crate) twice: u16,
}

/// Memory of one thread that asks; grows to what the largest query needed and is reused.
///
/// Cost: 24 bytes an airport, and some hundred kilobytes for the lists of a busy query.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) seen: Vec<Seen>,
    /// Least and most minutes ahead of UTC of each clock, around the time of the query.
    pub(crate) offsets: Vec<(i16, i16)>,
    pub(crate) origins: Vec<u16>,
    pub(crate) destinations: Vec<u16>,
    /// Most kilometres from an origin slot to a destination slot, destinations side by side.
    pub(crate) km_limits: Vec<u32>,
    pub(crate) finals: Vec<Final>,
    pub(crate) middles: Vec<Middle>,
    pub(crate) firsts: Vec<First>,
    pub(crate) order: Vec<(i32, u32)>,
    pub(crate) ranked: Vec<Ranked>,
    pub(crate) work: u32,
    pub(crate) cut: bool,
}

impl Scratch {
    /// Whether the last query reached its budget, so that its answer may lack journeys.
    #[must_use]
    pub const fn was_cut(&self) -> bool {
        self.cut
    }

    /// How many flights the last query looked at.
    #[must_use]
    pub const fn work(&self) -> u32 {
        self.work
    }
}
