//! Looks at a folder of partner files and reads the ones that changed.
//!
//! `std::fs` is used here because a partner file is read by whoever polls, on a worker thread; it is
//! not a log or snapshot that a simulation would have to own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::PARTNERS_MAX;
use crate::settings::{FileError, PartnerSettings};

/// Largest partner file, bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What tells two versions of a file apart without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    bytes: u64,
    modified_ns: u128,
    /// A file replaced within one tick of the clock has another number.
    inode: u64,
}

/// One new or changed file.
pub(super) struct Changed {
    pub(super) name: String,
    pub(super) stamp: Stamp,
    pub(super) parsed: Result<PartnerSettings, FileError>,
}

/// What the folder holds.
pub(super) struct Scanned {
    pub(super) present: BTreeSet<String>,
    pub(super) changed: Vec<Changed>,
}

/// Compares a folder with what is known of it. File names are paths as an operator sees them.
pub(super) fn scan(folder: &Path, known: &BTreeMap<String, Stamp>) -> Result<Scanned, FileError> {
    let shown = folder.display().to_string();
    let unreadable =
        |error| FileError::whole(&shown, format!("the folder cannot be read: {error}"));
    let mut scanned = Scanned { present: BTreeSet::new(), changed: Vec::new() };
    let mut paths = Vec::new();
    let entries = match fs::read_dir(folder) {
        // A folder that is not there yet is an empty one; one that has gone is not.
        Err(error) if error.kind() == ErrorKind::NotFound && known.is_empty() => {
            return Ok(scanned);
        }
        entries => entries.map_err(unreadable)?,
    };
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
        if paths.len() > PARTNERS_MAX {
            return Err(FileError::whole(&shown, format!("more than {PARTNERS_MAX} files")));
        }
    }
    // In order of their names, so that of two files with one id the same one wins every time.
    paths.sort();
    for path in paths {
        // A file that went away since the folder was listed is simply not there.
        let Ok(metadata) = fs::metadata(&path) else { continue };
        let name = path.display().to_string();
        let stamp = stamp(&metadata);
        if known.get(&name) != Some(&stamp) {
            let parsed = read(folder, &name);
            scanned.changed.push(Changed { name: name.clone(), stamp, parsed });
        }
        scanned.present.insert(name);
    }
    Ok(scanned)
}

fn stamp(metadata: &fs::Metadata) -> Stamp {
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(metadata);
    #[cfg(not(unix))]
    let inode = 0;
    Stamp { bytes: metadata.len(), modified_ns: modified.map_or(0, |time| time.as_nanos()), inode }
}

/// Reads one file.
pub(super) fn read(folder: &Path, name: &str) -> Result<PartnerSettings, FileError> {
    let unreadable = |error| FileError::whole(name, format!("the file cannot be read: {error}"));
    let mut text = String::new();
    let file = fs::File::open(name).map_err(unreadable)?;
    file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(FileError::whole(name, format!("larger than {FILE_BYTES_MAX} bytes")));
    }
    PartnerSettings::parse(name, &text, Some(folder))
}
