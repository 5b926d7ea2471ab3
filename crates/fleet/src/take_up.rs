//! Whether a topology and a table are taken up in place of those at hand. Old, forged, damaged and
//! poisoned ones are refused, and what is at hand stays.

use thiserror::Error;

use crate::signed::{SignedError, Verifier};
use crate::table::{MOVED_BEYOND_MAX, Table, TableError};
use crate::topology::Topology;

/// A topology with its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// The document.
    pub topology: Topology,
    /// The table it names.
    pub table: Table,
}

/// What is not taken up.
#[derive(Debug, Error)]
pub enum TakeUpError {
    /// The document is not believed.
    #[error("a topology is refused")]
    Signed(#[from] SignedError),
    /// The document is older than the one at hand.
    #[error("topology {offered} is older than {at_hand}, which is at hand")]
    Older {
        /// Its version.
        offered: u64,
        /// The version at hand.
        at_hand: u64,
    },
    /// Two documents claim one version.
    #[error("there are two topologies of version {version}")]
    Split {
        /// The version.
        version: u64,
    },
    /// The table is not used.
    #[error("a table is refused")]
    Table(#[from] TableError),
}

/// What a topology needs to be taken up.
#[derive(Debug)]
pub enum Offer {
    /// It is the one at hand.
    Known,
    /// It is newer and has the table at hand.
    Ready(Box<Fleet>),
    /// It is newer and has another table, which must be got.
    NeedsTable(Box<Topology>),
}

impl Fleet {
    /// A fleet with the table its topology needs.
    #[must_use]
    pub fn new(mut topology: Topology) -> Self {
        let table = Table::build(&topology);
        topology.table = table.sum();
        Self { topology, table }
    }

    /// Reads both from bytes; for a start without anything at hand.
    ///
    /// # Errors
    /// [`TakeUpError`].
    pub fn open(signed: &[u8], table: &[u8], verifier: &Verifier) -> Result<Self, TakeUpError> {
        Self::with_table(None, verifier.open(signed)?, table)
    }

    /// Looks at a signed topology.
    ///
    /// # Errors
    /// [`TakeUpError`] if it is forged, wrong or older.
    pub fn consider(
        at_hand: Option<&Self>,
        signed: &[u8],
        verifier: &Verifier,
    ) -> Result<Offer, TakeUpError> {
        let topology = verifier.open(signed)?;
        let Some(at_hand) = at_hand else { return Ok(Offer::NeedsTable(Box::new(topology))) };
        let (offered, known) = (topology.version, at_hand.topology.version);
        if offered < known {
            return Err(TakeUpError::Older { offered, at_hand: known });
        }
        if offered == known {
            let same = topology == at_hand.topology;
            return if same {
                Ok(Offer::Known)
            } else {
                Err(TakeUpError::Split { version: known })
            };
        }
        if topology.table != at_hand.topology.table {
            return Ok(Offer::NeedsTable(Box::new(topology)));
        }
        if !at_hand.table.is_of(&topology) {
            return Err(TableError::OtherFleet.into());
        }
        Ok(Offer::Ready(Box::new(Self { topology, table: at_hand.table.clone() })))
    }

    /// Puts a topology and the bytes of its table together.
    ///
    /// # Errors
    /// [`TakeUpError::Table`] if it is not the topology's table, or moves more than it may.
    pub fn with_table(
        at_hand: Option<&Self>,
        topology: Topology,
        table: &[u8],
    ) -> Result<Self, TakeUpError> {
        let table = Table::decode(table)?;
        let (wanted, found) = (topology.table, table.sum());
        if wanted != found {
            return Err(TableError::OtherTable { wanted, found }.into());
        }
        if !table.is_of(&topology) {
            return Err(TableError::OtherFleet.into());
        }
        if let Some(at_hand) = at_hand {
            check_step(&at_hand.table, &table)?;
        }
        Ok(Self { topology, table })
    }
}

/// Whether a table may follow another: in no region may more move than weights require and 1%.
pub(crate) fn check_step(old: &Table, new: &Table) -> Result<(), TableError> {
    for new in new.regions() {
        let Some(old) = old.region(new.name()) else { continue };
        let (moved, required) = (old.moved(new), old.must_move(new));
        if moved > required + MOVED_BEYOND_MAX {
            return Err(TableError::MovesTooMuch {
                region: new.name().to_owned(),
                moved,
                required,
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Change, plan};
    use crate::signed::Signer;
    use crate::topology::CellId;
    use crate::topology::tests::{fleet_of, region};

    fn signer() -> Signer {
        Signer::new(&[3; 32]).unwrap()
    }

    fn fleet() -> Fleet {
        Fleet::new(fleet_of(vec![region("local", 1..=3, 100)]))
    }

    fn offered(at_hand: &Fleet, topology: &Topology) -> Result<Offer, TakeUpError> {
        Fleet::consider(Some(at_hand), &signer().sign(topology).unwrap(), &signer().verifier())
    }

    #[test]
    fn a_newer_topology_is_taken_up_with_its_table() {
        let old = fleet();
        assert!(matches!(offered(&old, &old.topology), Ok(Offer::Known)));
        let drained = plan(&old, &[Change::Drain(CellId(1))]).unwrap().fleet;
        let Ok(Offer::Ready(ready)) = offered(&old, &drained.topology) else { panic!("not ready") };
        assert_eq!(*ready, drained);
        let weighed = plan(&old, &[Change::Weight(CellId(1), 50)]).unwrap().fleet;
        let Ok(Offer::NeedsTable(topology)) = offered(&old, &weighed.topology) else {
            panic!("the table at hand is another")
        };
        let taken = Fleet::with_table(Some(&old), *topology, &weighed.table.encode()).unwrap();
        assert_eq!(taken, weighed);
    }

    #[test]
    fn older_ones_and_twins_are_refused() {
        let old = fleet();
        let newer = plan(&old, &[Change::Drain(CellId(1))]).unwrap().fleet;
        assert!(matches!(
            offered(&newer, &old.topology),
            Err(TakeUpError::Older { offered: 1, at_hand: 2 })
        ));
        let twin = plan(&old, &[Change::Drain(CellId(2))]).unwrap().fleet;
        assert!(matches!(offered(&newer, &twin.topology), Err(TakeUpError::Split { version: 2 })));
    }

    /// A table that is whole and well-formed, whose first two cells have changed places.
    fn poisoned(table: &Table) -> Vec<u8> {
        let mut bytes = table.encode();
        bytes.truncate(bytes.len() - 16);
        let ranks = bytes.len() - 3 * crate::BUCKETS;
        for place in &mut bytes[ranks..] {
            *place = [1, 0, 2][usize::from(*place)];
        }
        let sum = xxhash_rust::xxh3::xxh3_128(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    #[test]
    fn a_table_that_moves_more_than_its_weights_require_is_refused() {
        let old = fleet();
        let bytes = poisoned(&old.table);
        let mut topology = Topology { version: 2, ..old.topology.clone() };
        topology.table = Table::decode(&bytes).unwrap().sum();
        let error = Fleet::with_table(Some(&old), topology.clone(), &bytes).unwrap_err();
        let TakeUpError::Table(TableError::MovesTooMuch { moved, required: 0, .. }) = error else {
            panic!("{error:?}")
        };
        assert!(moved > 40_000, "{moved}");
        // Without one at hand there is nothing to compare it with.
        Fleet::with_table(None, topology, &bytes).unwrap();
    }

    #[test]
    fn a_table_that_is_not_the_one_named_is_refused() {
        let old = fleet();
        let other = Fleet::new(fleet_of(vec![region("local", 2..=4, 100)]));
        let given = Fleet::with_table(None, old.topology.clone(), &other.table.encode());
        assert!(matches!(given, Err(TakeUpError::Table(TableError::OtherTable { .. }))));
        let mut lying = old.topology.clone();
        lying.table = other.topology.table;
        let given = Fleet::with_table(None, lying, &other.table.encode());
        assert!(matches!(given, Err(TakeUpError::Table(TableError::OtherFleet))));
    }
}
