//! An index in shares, each behind its own lock, with one limit of memory over all of them.
//!
//! At the limit the share whose oldest entry is the oldest of all drops its oldest ones, again until
//! there is room. One lock is held at a time.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Shares of an index.
pub(crate) const SHARES: usize = 64;

/// A part of an index.
pub(crate) trait Share: Default {
    /// Heap bytes it counts.
    fn bytes(&self) -> usize;
    /// When its oldest entry was seen; `None` if it is empty.
    fn oldest_s(&self) -> Option<u32>;
    /// Drops the oldest entries. Returns how many went: none if it turns out to have none that old,
    /// which [`Self::oldest_s`] then says.
    fn drop_oldest(&mut self) -> usize;
}

/// All shares and what they hold together.
#[derive(Debug)]
pub(crate) struct Shares<S> {
    shares: Vec<RwLock<S>>,
    bytes: AtomicUsize,
    /// Entries that had to go because memory was at its limit.
    dropped: AtomicU64,
}

impl<S: Share> Default for Shares<S> {
    fn default() -> Self {
        let shares = (0..SHARES).map(|_| RwLock::default()).collect();
        Self { shares, bytes: AtomicUsize::new(0), dropped: AtomicU64::new(0) }
    }
}

impl<S: Share> Shares<S> {
    /// Reads a share.
    pub(crate) fn read(&self, index: usize) -> RwLockReadGuard<'_, S> {
        // A share is changed by steps that leave it whole.
        self.shares[index].read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads one share after the other.
    pub(crate) fn each(&self) -> impl Iterator<Item = RwLockReadGuard<'_, S>> {
        (0..SHARES).map(|index| self.read(index))
    }

    /// Opens a share for several changes, each by [`Self::count`].
    pub(crate) fn open(&self, index: usize) -> RwLockWriteGuard<'_, S> {
        self.shares[index].write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes an open share and keeps count of the bytes.
    pub(crate) fn count<T>(&self, share: &mut S, change: impl FnOnce(&mut S) -> T) -> T {
        let before = share.bytes();
        let result = change(share);
        // Wrapping: what the share grew or shrank by.
        self.bytes.fetch_add(share.bytes().wrapping_sub(before), Ordering::Relaxed);
        result
    }

    /// Changes a share and keeps count of the bytes.
    pub(crate) fn change<T>(&self, index: usize, change: impl FnOnce(&mut S) -> T) -> T {
        self.count(&mut self.open(index), change)
    }

    /// Changes every share; the sum of what that gives.
    pub(crate) fn change_all(&self, change: impl Fn(&mut S) -> usize) -> usize {
        (0..SHARES).map(|index| self.change(index, &change)).sum()
    }

    /// Heap bytes of all shares.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Entries dropped for want of room since the start.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Drops oldest entries until memory is within a limit. Returns how many went.
    pub(crate) fn make_room(&self, bytes_max: usize) -> usize {
        let mut dropped = 0;
        while self.bytes() > bytes_max {
            let oldest = self
                .each()
                .enumerate()
                .filter_map(|(index, share)| share.oldest_s().map(|oldest_s| (oldest_s, index)));
            let Some((_, index)) = oldest.min() else { break };
            dropped += self.change(index, S::drop_oldest);
        }
        self.dropped.fetch_add(dropped as u64, Ordering::Relaxed);
        dropped
    }
}
