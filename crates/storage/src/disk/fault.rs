//! A disk in memory that fails on demand and forgets at a crash what was not synced.
//!
//! Every change (write, truncate, sync, create, rename, remove, folder sync) is one fault point,
//! numbered from 1. A test walks `n = 1..` and lets the n-th one fail or crash the machine
//! ([`FaultDisk::fail_at`]); after a crash every call fails until [`FaultDisk::reboot`], which keeps
//! of the un-synced bytes what chance keeps: nothing, all, the first part, or scattered sectors with
//! zeros between; names likewise, in their order. A failed sync drops its bytes for good although
//! they can still be read, as Linux does. Nothing is random but by the seed.

mod model;

use std::io::{self, ErrorKind};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{FileId, Model};

use super::{Disk, DiskEntry, DiskFile, DiskLock, Held, folder_of};

/// What happens at the chosen fault point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskFault {
    /// This one call fails; a write gets half of its bytes down first.
    Error,
    /// This one call fails as on a full disk; a write gets half of its bytes down first.
    Full,
    /// The machine stops in the middle of this call.
    Crash,
}

/// A disk in memory. Clones are the same disk.
///
/// ```
/// use storage::disk::{Disk, DiskFault, DiskFile, FaultDisk};
/// let disk = FaultDisk::from_seed(7);
/// let file = disk.create("a")?;
/// file.write_at(0, b"kept")?;
/// file.sync()?;
/// disk.sync_dir("")?;
/// disk.fail_at(1, DiskFault::Crash);
/// assert!(file.write_at(4, b" or not").is_err());
/// disk.reboot();
/// assert!(disk.bytes("a").unwrap().starts_with(b"kept"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FaultDisk {
    model: Arc<Mutex<Model>>,
}

impl FaultDisk {
    /// An empty disk without faults.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self { model: Arc::new(Mutex::new(Model::from_seed(seed))) }
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        self.model.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the `n`-th change from now (from 1) fail; 0 takes the fault back.
    pub fn fail_at(&self, n: u64, fault: DiskFault) {
        let mut model = self.model();
        model.fault = (n > 0).then(|| (model.changes + n, fault));
    }

    /// Whether a fault is still to come.
    #[must_use]
    pub fn is_armed(&self) -> bool {
        self.model().fault.is_some()
    }

    /// Changes made or tried so far.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.model().changes
    }

    /// Limits the bytes the disk holds.
    pub fn set_capacity(&self, bytes: u64) {
        self.model().capacity = bytes;
    }

    /// Refuses every change, or allows them again.
    pub fn set_read_only(&self, read_only: bool) {
        self.model().read_only = read_only;
    }

    /// Lets every sync of a file fail, or succeed again.
    pub fn set_sync_failing(&self, failing: bool) {
        self.model().sync_failing = failing;
    }

    /// Lets reading these bytes of a file fail, as a bad sector does; an empty range heals it.
    pub fn set_unreadable(&self, path: &str, bytes: Range<u64>) {
        self.model().set_unreadable(path, bytes);
    }

    /// Turns one bit of a file, as decaying media do; gives false if there is no such bit.
    pub fn flip(&self, path: &str, position: u64, bit: u8) -> bool {
        self.model().flip(path, position, bit)
    }

    /// The bytes of a file as a reader sees them.
    #[must_use]
    pub fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        self.model().bytes(path)
    }

    /// Puts a file there, synced.
    pub fn put(&self, path: &str, bytes: &[u8]) {
        self.model().put(path, bytes);
    }

    /// Stops the machine now: what is not synced is left to chance. Open files are of no more use.
    pub fn crash(&self) {
        self.model().crashed = true;
    }

    /// Starts the machine after a crash; without one, it crashes first. Faults are cleared, full
    /// or read-only stays.
    pub fn reboot(&self) {
        self.model().reboot();
    }

    fn file(&self, id: FileId, boot: u64) -> Arc<dyn DiskFile> {
        Arc::new(FaultFile { disk: self.clone(), id, boot })
    }
}

impl Disk for FaultDisk {
    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut model = self.model();
        model.change()?;
        let id = model.create(path)?;
        let boot = model.boot;
        drop(model);
        Ok(self.file(id, boot))
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let model = self.model();
        model.alive()?;
        let id = model.find(path)?;
        let boot = model.boot;
        drop(model);
        Ok(self.file(id, boot))
    }

    fn create_dir(&self, path: &str) -> io::Result<()> {
        let mut model = self.model();
        if model.is_dir(path) {
            return model.alive();
        }
        model.change()?;
        model.create_dir(path);
        Ok(())
    }

    fn list(&self, folder: &str) -> io::Result<Vec<DiskEntry>> {
        let model = self.model();
        model.alive()?;
        model.list(folder)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut model = self.model();
        model.change()?;
        model.rename(from, to)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut model = self.model();
        model.change()?;
        model.remove(path)
    }

    fn sync_dir(&self, folder: &str) -> io::Result<()> {
        let mut model = self.model();
        model.change()?;
        model.sync_dir(folder)
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let model = self.model();
        model.alive()?;
        Ok(model.free_bytes())
    }

    fn lock(&self, path: &str) -> io::Result<DiskLock> {
        let mut model = self.model();
        model.alive()?;
        if !model.is_dir(folder_of(path)) {
            return Err(ErrorKind::NotFound.into());
        }
        if !model.locked.insert(path.to_owned()) {
            return Err(ErrorKind::WouldBlock.into());
        }
        let held = FaultLock { disk: self.clone(), path: path.to_owned(), boot: model.boot };
        Ok(DiskLock { _held: Box::new(held) })
    }
}

#[derive(Debug)]
struct FaultLock {
    disk: FaultDisk,
    path: String,
    boot: u64,
}

impl Held for FaultLock {}

impl Drop for FaultLock {
    fn drop(&mut self) {
        let mut model = self.disk.model();
        if model.boot == self.boot {
            model.locked.remove(&self.path);
        }
    }
}

#[derive(Debug)]
struct FaultFile {
    disk: FaultDisk,
    id: FileId,
    /// A file opened before a reboot is gone.
    boot: u64,
}

impl FaultFile {
    fn model(&self) -> io::Result<MutexGuard<'_, Model>> {
        let model = self.disk.model();
        if model.boot != self.boot {
            return Err(io::Error::other("opened before the machine stopped"));
        }
        Ok(model)
    }
}

impl DiskFile for FaultFile {
    fn write_at(&self, position: u64, bytes: &[u8]) -> io::Result<()> {
        self.model()?.write(self.id, position, bytes)
    }

    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let model = self.model()?;
        model.alive()?;
        model.read(self.id, position, buffer)
    }

    fn sync(&self) -> io::Result<()> {
        self.model()?.sync(self.id)
    }

    fn length(&self) -> io::Result<u64> {
        let model = self.model()?;
        model.alive()?;
        Ok(model.length(self.id))
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        let mut model = self.model()?;
        model.change()?;
        model.truncate(self.id, length);
        Ok(())
    }
}
