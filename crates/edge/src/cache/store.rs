//! Where answers are kept: by address, within a number of bytes; what was not asked for lately goes
//! first.
//!
//! An address has several answers if they differ by what the client accepts, the newest first. What
//! was asked for before an address was emptied is not put there after it: a request remembers the
//! [`Store::epoch`] of its address at which it was sent. Many addresses share one, which costs an
//! answer now and then and never gives a wrong one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::HeaderMap;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::kept::Kept;
use super::key::Key;
use super::settings::CacheSettings;

/// An answer that is small for the estimate of how many there are.
const USUAL_BYTES: u64 = 8_192;
/// Counts of what was taken away; each is of a part of all addresses. 32 KiB.
const EPOCHS: usize = 4_096;

type Variants = Arc<[Arc<Kept>]>;

#[derive(Clone, Debug)]
struct Weight;

impl Weighter<Key, Variants> for Weight {
    fn weight(&self, key: &Key, variants: &Variants) -> u64 {
        variants.iter().map(|kept| kept.weight()).sum::<u64>() + 2 * key.len() as u64
    }
}

/// Kept answers.
#[derive(Debug)]
pub(crate) struct Store {
    answers: Cache<Key, Variants, Weight>,
    variants_max: usize,
    /// Of all answers of one address.
    address_bytes_max: u64,
    epochs: Box<[AtomicU64]>,
}

impl Store {
    pub(crate) fn new(settings: &CacheSettings) -> Self {
        let bytes = settings.bytes.get();
        let usual = (bytes / USUAL_BYTES).clamp(64, 1 << 22) as usize;
        // A shard must have room for the largest address, or it would never be kept.
        let shards = (bytes / (4 * settings.largest())).clamp(1, 16) as usize;
        let mut options = OptionsBuilder::new();
        options.estimated_items_capacity(usual).weight_capacity(bytes).shards(shards);
        let (hasher, life) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        let answers = match options.build() {
            Ok(options) => Cache::with_options(options, Weight, hasher, life),
            Err(_) => Cache::with(usual, bytes, Weight, hasher, life),
        };
        let address_bytes_max = answers.shard_capacity() / 2;
        let variants_max = settings.variants_max.size();
        let epochs = (0..EPOCHS).map(|_| AtomicU64::new(0)).collect();
        Self { answers, variants_max, address_bytes_max, epochs }
    }

    /// The answer that fits a request, and any of its address, by which others are told apart.
    pub(crate) fn find(
        &self,
        key: &Key,
        request: &HeaderMap,
    ) -> (Option<Arc<Kept>>, Option<Arc<Kept>>) {
        let Some(variants) = self.answers.get(key) else { return (None, None) };
        let fits = variants.iter().find(|kept| kept.selection.fits(request)).cloned();
        (fits, variants.first().cloned())
    }

    /// Counts how often the part an address is of was emptied so far.
    pub(crate) fn epoch(&self, key: &Key) -> u64 {
        self.epoch_of(key).load(Ordering::Acquire)
    }

    fn epoch_of(&self, key: &Key) -> &AtomicU64 {
        &self.epochs[key.part(EPOCHS)]
    }

    /// Keeps an answer that was asked for at an epoch. Gives whether it is kept.
    pub(crate) fn keep(&self, key: &Key, kept: Arc<Kept>, asked_at: u64) -> bool {
        if self.epoch(key) != asked_at {
            return false;
        }
        let before = self.answers.peek(key);
        let before = before.iter().flat_map(|variants| variants.iter());
        let others = before.filter(|other| other.selection != kept.selection);
        let mut left = self.address_bytes_max.saturating_sub(kept.weight());
        let fits = |other: &&Arc<Kept>| {
            let fits = other.weight() <= left;
            left = left.saturating_sub(other.weight());
            fits
        };
        let others = others.take(self.variants_max - 1).take_while(fits).cloned();
        let variants: Variants = std::iter::once(Arc::clone(&kept)).chain(others).collect();
        self.answers.insert(key.clone(), variants);
        // Whoever took something away meanwhile may have missed what was put here just now.
        if self.epoch(key) != asked_at {
            self.answers.remove(key);
            return false;
        }
        self.answers.contains_key(key)
    }

    /// Takes away all answers of an address. Gives whether there were any.
    pub(crate) fn forget(&self, key: &Key) -> bool {
        self.epoch_of(key).fetch_add(1, Ordering::AcqRel);
        self.answers.remove(key).is_some()
    }

    /// Takes away one answer, if it is still the one that is kept.
    pub(crate) fn forget_one(&self, key: &Key, kept: &Arc<Kept>) {
        self.answers
            .remove_if(key, |variants| variants.iter().any(|known| Arc::ptr_eq(known, kept)));
    }

    /// Takes away all answers whose path and query begin so, at whatever host. Gives how many.
    pub(crate) fn purge(&self, prefix: &str) -> u64 {
        for epoch in &*self.epochs {
            epoch.fetch_add(1, Ordering::AcqRel);
        }
        let purged = AtomicU64::new(0);
        self.answers.retain(|key, variants| {
            let stays = !key.path().starts_with(prefix);
            if !stays {
                purged.fetch_add(variants.len() as u64, Ordering::Relaxed);
            }
            stays
        });
        purged.into_inner()
    }

    /// Addresses with answers.
    pub(crate) fn len(&self) -> usize {
        self.answers.len()
    }

    /// Bytes of all of them.
    pub(crate) fn bytes(&self) -> u64 {
        self.answers.weight()
    }
}

#[cfg(test)]
mod tests;
