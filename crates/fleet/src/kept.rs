//! The last topology and table that were good, on disk: what an edge starts with when the control
//! plane is dead, and what the control plane goes on from.
//!
//! ```text
//! topology.json         signed
//! table-CHECKSUM.bin    the table it names
//! ```
//!
//! The table is written first and under its own name, so a crash leaves the old pair or the new one.

use std::io;

use storage::disk::{Disk, read_whole, replace_whole};
use thiserror::Error;

use crate::signed::Verifier;
use crate::table::{TABLE_BYTES_MAX, TableSum};
use crate::take_up::{Fleet, TakeUpError};
use crate::topology::TOPOLOGY_BYTES_MAX;

const TOPOLOGY: &str = "topology.json";

/// What is kept cannot be read or written.
#[derive(Debug, Error)]
pub enum KeptError {
    /// The disk refuses.
    #[error("the kept topology cannot be read or written")]
    Disk(#[from] io::Error),
    /// What is there is not to be used.
    #[error("the kept topology is refused")]
    Refused(#[from] TakeUpError),
}

/// A kept fleet, with the bytes that were signed.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The fleet.
    pub fleet: Fleet,
    /// The signed document.
    pub signed: Vec<u8>,
}

fn table_file(sum: TableSum) -> String {
    format!("table-{sum}.bin")
}

/// Reads what is kept; `None` if nothing is.
///
/// # Errors
/// [`KeptError`] if the disk refuses, or what is there is damaged or not signed with the key.
pub fn read(disk: &dyn Disk, verifier: &Verifier) -> Result<Option<Kept>, KeptError> {
    let signed = match read_whole(disk, TOPOLOGY, 2 * TOPOLOGY_BYTES_MAX as u64) {
        Ok(signed) => signed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let topology = verifier.open(&signed).map_err(TakeUpError::from)?;
    let table = read_whole(disk, &table_file(topology.table), TABLE_BYTES_MAX as u64)?;
    let fleet = Fleet::with_table(None, topology, &table)?;
    Ok(Some(Kept { fleet, signed }))
}

/// Keeps a fleet in place of the one before.
///
/// # Errors
/// If the disk refuses: the old pair is still there, or the new one is.
pub fn write(disk: &dyn Disk, kept: &Kept) -> io::Result<()> {
    let file = table_file(kept.fleet.topology.table);
    let table = kept.fleet.table.encode();
    // Compared, not only looked for: what lies there may be damaged.
    let there = read_whole(disk, &file, TABLE_BYTES_MAX as u64).is_ok_and(|bytes| bytes == table);
    if !there {
        replace_whole(disk, &file, &table)?;
    }
    replace_whole(disk, TOPOLOGY, &kept.signed)?;
    for entry in disk.list("")? {
        let table = entry.name.starts_with("table-") && entry.name.ends_with(".bin");
        if table && entry.name != file {
            disk.remove(&entry.name)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use storage::disk::{DiskFault, FaultDisk};

    use super::*;
    use crate::control::{Change, plan};
    use crate::signed::Signer;
    use crate::topology::CellId;
    use crate::topology::tests::{fleet_of, region};

    fn kept(fleet: Fleet) -> Kept {
        let signed = Signer::new(&[3; 32]).unwrap().sign(&fleet.topology).unwrap();
        Kept { fleet, signed }
    }

    fn verifier() -> Verifier {
        Signer::new(&[3; 32]).unwrap().verifier()
    }

    #[test]
    fn what_was_kept_is_there_again_and_the_old_table_is_gone() {
        let disk = FaultDisk::from_seed(1);
        assert!(read(&disk, &verifier()).unwrap().is_none());
        let old = kept(Fleet::new(fleet_of(vec![region("local", 1..=3, 100)])));
        write(&disk, &old).unwrap();
        let new = kept(plan(&old.fleet, &[Change::Weight(CellId(1), 50)]).unwrap().fleet);
        write(&disk, &new).unwrap();
        let back = read(&disk, &verifier()).unwrap().unwrap();
        assert_eq!((back.fleet, back.signed), (new.fleet, new.signed));
        assert_eq!(disk.list("").unwrap().len(), 2);
    }

    #[test]
    fn a_crash_at_any_step_leaves_the_old_pair_or_the_new_one() {
        let old = kept(Fleet::new(fleet_of(vec![region("local", 1..=2, 100)])));
        let new = kept(plan(&old.fleet, &[Change::Weight(CellId(1), 50)]).unwrap().fleet);
        for fault in [DiskFault::Crash, DiskFault::Error, DiskFault::Full] {
            for step in 1.. {
                let disk = FaultDisk::from_seed(step);
                write(&disk, &old).unwrap();
                disk.fail_at(step, fault);
                let written = write(&disk, &new);
                if disk.is_armed() {
                    break;
                }
                disk.reboot();
                let back = read(&disk, &verifier()).unwrap().expect("one of the two").fleet;
                assert!(back == old.fleet || back == new.fleet, "{fault:?} at step {step}");
                assert!(written.is_err() || back == new.fleet, "{fault:?} at step {step}");
            }
        }
    }

    #[test]
    fn a_damaged_table_is_refused_and_written_anew() {
        let disk = FaultDisk::from_seed(1);
        let fleet = kept(Fleet::new(fleet_of(vec![region("local", 1..=2, 100)])));
        write(&disk, &fleet).unwrap();
        assert!(disk.flip(&table_file(fleet.fleet.topology.table), 1_000, 3));
        assert!(matches!(read(&disk, &verifier()), Err(KeptError::Refused(_))));
        write(&disk, &fleet).unwrap();
        assert!(read(&disk, &verifier()).unwrap().is_some());
    }
}
