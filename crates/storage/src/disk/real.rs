//! A folder of the operating system: the one home of `std::fs` for what must survive.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::{Disk, DiskEntry, DiskFile, DiskLock, Held};

/// A real folder.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("fareway-real-disk-{}", std::process::id()));
/// use storage::disk::{Disk, DiskFile, RealDisk};
/// let disk = RealDisk::open(&folder)?;
/// let file = disk.create("greeting")?;
/// file.write_at(0, b"good day")?;
/// file.sync()?;
/// disk.sync_dir("")?;
/// assert_eq!(disk.open("greeting")?.length()?, 8);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct RealDisk {
    root: PathBuf,
}

impl RealDisk {
    /// Opens a folder, making it if need be.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        match fs::create_dir_all(&root) {
            // A folder on a disk that cannot be written can still be read.
            Err(_) if root.is_dir() => {}
            made => made?,
        }
        Ok(Self { root })
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Paths stay inside the folder.
    fn path(&self, path: &str) -> io::Result<PathBuf> {
        let relative = Path::new(path);
        if relative.components().all(|part| matches!(part, Component::Normal(_))) {
            Ok(self.root.join(relative))
        } else {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "a path that leaves its folder"))
        }
    }
}

impl Disk for RealDisk {
    fn create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let path = self.path(path)?;
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
        Ok(Arc::new(RealFile(file)))
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        let path = self.path(path)?;
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => File::open(&path)?,
            opened => opened?,
        };
        Ok(Arc::new(RealFile(file)))
    }

    fn create_dir(&self, path: &str) -> io::Result<()> {
        fs::create_dir_all(self.path(path)?)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<DiskEntry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(self.path(folder)?)? {
            let entry = entry?;
            // Names that are not text are not ours.
            let Ok(name) = entry.file_name().into_string() else { continue };
            entries.push(DiskEntry { name, is_dir: entry.file_type()?.is_dir() });
        }
        entries.sort();
        Ok(entries)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from)?, self.path(to)?)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        fs::remove_file(self.path(path)?)
    }

    fn sync_dir(&self, folder: &str) -> io::Result<()> {
        File::open(self.path(folder)?)?.sync_all()
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let space = rustix::fs::statvfs(&self.root)?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }

    fn lock(&self, path: &str) -> io::Result<DiskLock> {
        let path = self.path(path)?;
        let opened =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = match opened {
            // Where nothing can be written, an existing lock file can still be locked.
            Err(error) => File::open(&path).map_err(|_| error)?,
            Ok(file) => file,
        };
        match file.try_lock() {
            Ok(()) => Ok(DiskLock { _held: Box::new(LockedFile(file)) }),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

#[derive(Debug)]
struct LockedFile(#[expect(dead_code, reason = "the lock lives as long as the file")] File);

impl Held for LockedFile {}

#[derive(Debug)]
struct RealFile(File);

impl DiskFile for RealFile {
    fn write_at(&self, position: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, position)
    }

    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            match self.0.read_at(&mut buffer[done..], position + done as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn sync(&self) -> io::Result<()> {
        // Carries the length along where it changed.
        self.0.sync_data()
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.0.set_len(length)
    }
}
