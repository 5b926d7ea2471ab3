//! The stable numbers of `data/ids.csv`: the file only grows, and no number is given twice.

use domain::AgentId;
use runtime::FixedMap;

use crate::rows::{comma_rows, field};

pub(crate) const IDS: &str = include_str!("../../../data/ids.csv");

/// Numbers by kind and code, used while loading.
pub(crate) struct Ids {
    numbers: FixedMap<(&'static str, &'static str), &'static str>,
}

impl Ids {
    pub(crate) fn read() -> Self {
        let mut numbers = FixedMap::default();
        numbers.reserve(IDS.len() / 18);
        numbers.extend(comma_rows::<3>(IDS).map(|[kind, code, id]| ((kind, code), id)));
        Self { numbers }
    }

    /// Number of a place.
    pub(crate) fn place(&self, kind: &'static str, code: &'static str) -> Option<u32> {
        field(self.numbers.get(&(kind, code))?)
    }

    /// Negative number of a carrier or alliance.
    pub(crate) fn negative(&self, kind: &'static str, code: &'static str) -> Option<i32> {
        field(self.numbers.get(&(kind, code))?)
    }

    /// A carrier as a seller.
    pub(crate) fn agent(&self, code: &'static str) -> Option<AgentId> {
        field(self.numbers.get(&("agent", code))?)
    }
}

#[cfg(test)]
mod tests;
