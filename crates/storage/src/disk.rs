//! The seam between what must survive and the disk it survives on.
//!
//! A [`Disk`] is one folder with relative paths (`a/b.log`). Calls block; they belong on a worker
//! or a thread of their own. What a disk promises, and no more than that:
//!
//! - written bytes survive a crash only after [`DiskFile::sync`] returned without an error;
//! - a created, renamed or removed name survives only after [`Disk::sync_dir`] of its folder;
//! - after a failed `sync` the bytes written since the last good one are in doubt for ever, even if
//!   a later `sync` succeeds: write them again elsewhere.
//!
//! [`RealDisk`] is the operating system's; [`FaultDisk`] keeps exactly these promises in memory and
//! breaks everything else on demand.
//!
//! Limits: none of its own; whoever writes limits what it writes.

mod fault;
mod real;

use std::fmt;
use std::io;
use std::sync::Arc;

pub use fault::{DiskFault, FaultDisk};
pub use real::RealDisk;

/// A folder of files.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Makes an empty file, emptying the one that may be there.
    ///
    /// # Errors
    /// If the disk refuses.
    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens a file that exists, for reading and, where the disk allows it, for writing.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Makes a folder and those above it; fine if it exists.
    ///
    /// # Errors
    /// If the disk refuses.
    fn create_dir(&self, path: &str) -> io::Result<()>;

    /// What a folder holds, sorted by name. The folder `""` is the disk itself.
    ///
    /// # Errors
    /// `NotFound` if there is no such folder.
    fn list(&self, folder: &str) -> io::Result<Vec<DiskEntry>>;

    /// Gives a file another name, replacing the one that may have it.
    ///
    /// # Errors
    /// `NotFound` if there is no such file.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file. Those who have it open can go on reading it.
    ///
    /// # Errors
    /// `NotFound` if there is no such file.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Makes the names in a folder survive a crash.
    ///
    /// # Errors
    /// If the disk refuses: then a name may or may not survive.
    fn sync_dir(&self, folder: &str) -> io::Result<()>;

    /// Bytes that can still be written.
    ///
    /// # Errors
    /// If the disk does not say.
    fn free_bytes(&self) -> io::Result<u64>;

    /// Takes a lock that ends with the process or with the value.
    ///
    /// # Errors
    /// `WouldBlock` if somebody else has it.
    fn lock(&self, path: &str) -> io::Result<DiskLock>;
}

/// An open file. Reading is safe while another thread writes.
pub trait DiskFile: Send + Sync + fmt::Debug {
    /// Writes all bytes at a position, growing the file as needed.
    ///
    /// # Errors
    /// If the disk refuses; part of the bytes may have been written.
    fn write_at(&self, position: u64, bytes: &[u8]) -> io::Result<()>;

    /// Reads into the buffer from a position; fewer bytes only at the end of the file.
    ///
    /// # Errors
    /// If the disk refuses.
    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Makes what was written, and the length, survive a crash.
    ///
    /// # Errors
    /// If the disk refuses: everything since the last good `sync` is then in doubt.
    fn sync(&self) -> io::Result<()>;

    /// Length in bytes.
    ///
    /// # Errors
    /// If the disk does not say.
    fn length(&self) -> io::Result<u64>;

    /// Cuts the file to a length.
    ///
    /// # Errors
    /// If the disk refuses.
    fn truncate(&self, length: u64) -> io::Result<()>;
}

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DiskEntry {
    /// Its last part.
    pub name: String,
    /// Whether it is a folder.
    pub is_dir: bool,
}

/// Held as long as this value lives.
#[derive(Debug)]
pub struct DiskLock {
    _held: Box<dyn Held>,
}

/// What keeps a lock.
trait Held: fmt::Debug + Send + Sync {}

/// Reads a whole file of at most `bytes_max` bytes.
///
/// # Errors
/// `FileTooLarge` beyond the limit, and whatever the disk says.
pub fn read_whole(disk: &dyn Disk, path: &str, bytes_max: u64) -> io::Result<Vec<u8>> {
    let file = disk.open(path)?;
    let length = file.length()?;
    if length > bytes_max {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    let mut bytes = vec![0; length as usize];
    let read = file.read_at(0, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// Replaces a file as a whole: after a crash it holds either the old bytes or the new ones.
///
/// # Errors
/// If the disk refuses; the old file is then still there, or the new one is.
pub fn replace_whole(disk: &dyn Disk, path: &str, bytes: &[u8]) -> io::Result<()> {
    replace_with(disk, path, |file| file.write_at(0, bytes))
}

/// The same with bytes that are written piece by piece.
///
/// # Errors
/// If the disk refuses or `write` fails; the old file is then still there, or the new one is.
pub fn replace_with(
    disk: &dyn Disk,
    path: &str,
    write: impl FnOnce(&dyn DiskFile) -> io::Result<()>,
) -> io::Result<()> {
    let draft = format!("{path}.draft");
    let file = disk.create(&draft)?;
    if let Err(error) = write(&*file).and_then(|()| file.sync()) {
        // A disk that is full shall not stay full of this. If it refuses, the next draft replaces it.
        let _ = disk.remove(&draft);
        return Err(error);
    }
    disk.rename(&draft, path)?;
    disk.sync_dir(folder_of(path))
}

/// A place in a file from which one reads or writes on, through a buffer of your own.
#[derive(Debug)]
pub struct Cursor<'a> {
    file: &'a dyn DiskFile,
    position: u64,
}

impl<'a> Cursor<'a> {
    /// The beginning of a file.
    #[must_use]
    pub fn new(file: &'a dyn DiskFile) -> Self {
        Self { file, position: 0 }
    }
}

impl io::Write for Cursor<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_at(self.position, bytes)?;
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl io::Read for Cursor<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(self.position, buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

/// The folder of a path.
#[must_use]
pub fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests;
