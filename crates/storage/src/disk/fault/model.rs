//! The plain model of a disk: what a reader sees, and what would be left after a crash.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::ops::Range;

use runtime::Random;

use super::DiskFault;
use crate::disk::{DiskEntry, folder_of};

/// Bytes a disk writes at once or not at all.
const SECTOR: usize = 512;

pub(super) type FileId = usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Dir,
    File(FileId),
}

#[derive(Debug, Default)]
struct Contents {
    /// As a reader sees it.
    seen: Vec<u8>,
    /// As a crash would leave it.
    kept: Vec<u8>,
    /// Written since the last sync.
    dirty: Vec<Range<usize>>,
    /// The shortest it was cut to since the last sync.
    cut: Option<usize>,
    /// Bad sectors.
    unreadable: Range<u64>,
}

/// Changes of names that belong together, not yet synced.
type NameChange = Vec<(String, Option<Node>)>;

#[derive(Debug)]
pub(super) struct Model {
    files: Vec<Contents>,
    seen: BTreeMap<String, Node>,
    kept: BTreeMap<String, Node>,
    pending: Vec<NameChange>,
    random: Random,
    pub(super) locked: BTreeSet<String>,
    pub(super) boot: u64,
    pub(super) changes: u64,
    pub(super) fault: Option<(u64, DiskFault)>,
    pub(super) crashed: bool,
    pub(super) capacity: u64,
    pub(super) read_only: bool,
    pub(super) sync_failing: bool,
}

impl Model {
    pub(super) fn from_seed(seed: u64) -> Self {
        Self {
            files: Vec::new(),
            seen: BTreeMap::new(),
            kept: BTreeMap::new(),
            pending: Vec::new(),
            random: Random::from_seed(seed),
            locked: BTreeSet::new(),
            boot: 0,
            changes: 0,
            fault: None,
            crashed: false,
            capacity: u64::MAX,
            read_only: false,
            sync_failing: false,
        }
    }

    pub(super) fn alive(&self) -> io::Result<()> {
        if self.crashed { Err(io::Error::other("the machine has stopped")) } else { Ok(()) }
    }

    /// Counts one change; gives the fault that is due.
    fn due(&mut self) -> io::Result<Option<DiskFault>> {
        self.alive()?;
        self.changes += 1;
        if self.read_only {
            return Err(ErrorKind::ReadOnlyFilesystem.into());
        }
        match self.fault {
            Some((at, fault)) if at <= self.changes => {
                self.fault = None;
                Ok(Some(fault))
            }
            _ => Ok(None),
        }
    }

    fn fail(&mut self, fault: DiskFault) -> io::Error {
        match fault {
            DiskFault::Error => io::Error::other("a fault on demand"),
            DiskFault::Full => ErrorKind::StorageFull.into(),
            DiskFault::Crash => {
                self.crashed = true;
                io::Error::other("the machine stops")
            }
        }
    }

    /// A change that is done as a whole or fails as a whole.
    pub(super) fn change(&mut self) -> io::Result<()> {
        match self.due()? {
            Some(fault) => Err(self.fail(fault)),
            None => Ok(()),
        }
    }

    // ---- names

    fn set_names(&mut self, change: NameChange) {
        for (path, node) in &change {
            match node {
                Some(node) => self.seen.insert(path.clone(), *node),
                None => self.seen.remove(path),
            };
        }
        self.pending.push(change);
    }

    pub(super) fn is_dir(&self, path: &str) -> bool {
        path.is_empty() || self.seen.get(path) == Some(&Node::Dir)
    }

    pub(super) fn find(&self, path: &str) -> io::Result<FileId> {
        match self.seen.get(path) {
            Some(Node::File(id)) => Ok(*id),
            Some(Node::Dir) => Err(ErrorKind::IsADirectory.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    pub(super) fn create(&mut self, path: &str) -> io::Result<FileId> {
        if !self.is_dir(folder_of(path)) {
            return Err(ErrorKind::NotFound.into());
        }
        if let Ok(id) = self.find(path) {
            self.truncate(id, 0);
            return Ok(id);
        }
        self.files.push(Contents::default());
        let id = self.files.len() - 1;
        self.set_names(vec![(path.to_owned(), Some(Node::File(id)))]);
        Ok(id)
    }

    pub(super) fn create_dir(&mut self, path: &str) {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends.collect::<Vec<_>>() {
            if !self.is_dir(&path[..end]) {
                self.set_names(vec![(path[..end].to_owned(), Some(Node::Dir))]);
            }
        }
    }

    pub(super) fn list(&self, folder: &str) -> io::Result<Vec<DiskEntry>> {
        if !self.is_dir(folder) {
            return Err(ErrorKind::NotFound.into());
        }
        let inside = self.seen.iter().filter(|(path, _)| folder_of(path) == folder);
        let entry = |(path, node): (&String, &Node)| DiskEntry {
            name: path.rsplit('/').next().unwrap_or_default().to_owned(),
            is_dir: *node == Node::Dir,
        };
        Ok(inside.map(entry).collect())
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let id = self.find(from)?;
        self.set_names(vec![(from.to_owned(), None), (to.to_owned(), Some(Node::File(id)))]);
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &str) -> io::Result<()> {
        self.find(path)?;
        self.set_names(vec![(path.to_owned(), None)]);
        Ok(())
    }

    pub(super) fn sync_dir(&mut self, folder: &str) -> io::Result<()> {
        if !self.is_dir(folder) {
            return Err(ErrorKind::NotFound.into());
        }
        let touches =
            |change: &NameChange| change.iter().any(|(path, _)| folder_of(path) == folder);
        let (now, later) = std::mem::take(&mut self.pending).into_iter().partition(touches);
        self.pending = later;
        let now: Vec<NameChange> = now;
        now.into_iter().for_each(|change| self.keep_names(change));
        Ok(())
    }

    fn keep_names(&mut self, change: NameChange) {
        for (path, node) in change {
            match node {
                Some(node) => self.kept.insert(path, node),
                None => self.kept.remove(&path),
            };
        }
    }

    // ---- bytes

    fn used_bytes(&self) -> u64 {
        let ids: BTreeSet<FileId> = self
            .seen
            .values()
            .filter_map(|node| if let Node::File(id) = node { Some(*id) } else { None })
            .collect();
        ids.into_iter().map(|id| self.files[id].seen.len() as u64).sum()
    }

    pub(super) fn free_bytes(&self) -> u64 {
        self.capacity.saturating_sub(self.used_bytes())
    }

    pub(super) fn write(&mut self, id: FileId, position: u64, bytes: &[u8]) -> io::Result<()> {
        let fault = self.due()?;
        let mut fits = if fault.is_some() { bytes.len() / 2 } else { bytes.len() };
        let position = position as usize;
        let mut full = false;
        if self.capacity != u64::MAX {
            let length = self.files[id].seen.len();
            let room = length as u64 + self.free_bytes();
            let end = (position + fits) as u64;
            if end > room {
                full = true;
                fits = fits.saturating_sub((end - room) as usize);
            }
        }
        let file = &mut self.files[id];
        let end = position + fits;
        if fits > 0 {
            if file.seen.len() < end {
                file.seen.resize(end, 0);
            }
            file.seen[position..end].copy_from_slice(&bytes[..fits]);
            file.dirty.push(position..end);
        }
        match fault {
            Some(fault) => Err(self.fail(fault)),
            None if full => Err(ErrorKind::StorageFull.into()),
            None => Ok(()),
        }
    }

    pub(super) fn read(&self, id: FileId, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let Contents { seen, unreadable, .. } = &self.files[id];
        if position < unreadable.end && unreadable.start < position + buffer.len() as u64 {
            return Err(io::Error::other("a bad sector"));
        }
        let from = seen.len().min(position as usize);
        let read = buffer.len().min(seen.len() - from);
        buffer[..read].copy_from_slice(&seen[from..from + read]);
        Ok(read)
    }

    pub(super) fn length(&self, id: FileId) -> u64 {
        self.files[id].seen.len() as u64
    }

    pub(super) fn truncate(&mut self, id: FileId, length: u64) {
        let file = &mut self.files[id];
        let length = length as usize;
        if length < file.seen.len() {
            file.cut = Some(file.cut.map_or(length, |cut| cut.min(length)));
            file.dirty.retain_mut(|range| {
                range.end = range.end.min(length);
                range.start < range.end
            });
        } else {
            file.dirty.push(file.seen.len()..length);
        }
        file.seen.resize(length, 0);
    }

    pub(super) fn sync(&mut self, id: FileId) -> io::Result<()> {
        let fault = self.due()?;
        match fault {
            Some(fault @ DiskFault::Crash) => return Err(self.fail(fault)),
            None if !self.sync_failing => {}
            fault => {
                // The pages are marked clean although they never reached the disk.
                self.settle(id, false);
                return Err(self.fail(fault.unwrap_or(DiskFault::Error)));
            }
        }
        let file = &mut self.files[id];
        if let Some(cut) = file.cut.take() {
            file.kept.truncate(cut);
        }
        for range in std::mem::take(&mut file.dirty) {
            if file.kept.len() < range.end {
                file.kept.resize(range.end, 0);
            }
            file.kept[range.clone()].copy_from_slice(&file.seen[range]);
        }
        Ok(())
    }

    /// Lets chance decide what became of the un-synced bytes of a file.
    fn settle(&mut self, id: FileId, cut_too: bool) {
        let random = &mut self.random;
        let file = &mut self.files[id];
        let fate = random.below(4);
        if cut_too
            && let Some(cut) = file.cut.take()
            && fate > 0
        {
            file.kept.truncate(cut);
        }
        let ranges = std::mem::take(&mut file.dirty);
        let first = random.below(1 + ranges.iter().map(|range| range.len() as u64).sum::<u64>());
        let mut written = 0;
        for range in ranges {
            let mut at = range.start;
            while at < range.end {
                let end = ((at / SECTOR + 1) * SECTOR).min(range.end);
                let survives = match fate {
                    0 => false,
                    1 => true,
                    2 => written < first,
                    _ => random.below(2) == 0,
                };
                if survives {
                    if file.kept.len() < end {
                        file.kept.resize(end, 0);
                    }
                    file.kept[at..end].copy_from_slice(&file.seen[at..end]);
                }
                written += (end - at) as u64;
                at = end;
            }
        }
    }

    pub(super) fn reboot(&mut self) {
        for id in 0..self.files.len() {
            self.settle(id, true);
            let file = &mut self.files[id];
            file.seen = file.kept.clone();
            file.cut = None;
        }
        let pending = std::mem::take(&mut self.pending);
        let survive = self.random.below(pending.len() as u64 + 1) as usize;
        pending.into_iter().take(survive).for_each(|change| self.keep_names(change));
        // What lies in a folder that is gone cannot be found.
        let kept = self.kept.clone();
        self.kept.retain(|path, _| {
            let folder = folder_of(path);
            folder.is_empty() || kept.get(folder) == Some(&Node::Dir)
        });
        self.seen = self.kept.clone();
        self.locked.clear();
        self.fault = None;
        self.crashed = false;
        self.sync_failing = false;
        self.boot += 1;
    }

    // ---- for tests

    pub(super) fn set_unreadable(&mut self, path: &str, bytes: Range<u64>) {
        if let Ok(id) = self.find(path) {
            self.files[id].unreadable = bytes;
        }
    }

    pub(super) fn flip(&mut self, path: &str, position: u64, bit: u8) -> bool {
        let Ok(id) = self.find(path) else { return false };
        let file = &mut self.files[id];
        let at = position as usize;
        if at >= file.seen.len() {
            return false;
        }
        file.seen[at] ^= 1 << (bit % 8);
        if let Some(byte) = file.kept.get_mut(at) {
            *byte ^= 1 << (bit % 8);
        }
        true
    }

    pub(super) fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        self.find(path).ok().map(|id| self.files[id].seen.clone())
    }

    pub(super) fn put(&mut self, path: &str, bytes: &[u8]) {
        self.create_dir(folder_of(path));
        let contents =
            Contents { seen: bytes.to_vec(), kept: bytes.to_vec(), ..Contents::default() };
        self.files.push(contents);
        let node = Node::File(self.files.len() - 1);
        self.set_names(vec![(path.to_owned(), Some(node))]);
        let pending = std::mem::take(&mut self.pending);
        pending.into_iter().for_each(|change| self.keep_names(change));
    }
}
