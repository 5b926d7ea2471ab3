//! A cache within the process: `memory://`.
//!
//! Values go when their time is over, and, at the limit, those whose time is over soonest. Nothing
//! waits and no thread sweeps: every `set` first drops what has run out.
//!
//! Limit: [`MemoryCache::new`], 64 MiB unless told. Cost: a lock, and a logarithm of the keys held.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use runtime::{Deadline, FixedMap, Moment};

use super::{Cache, CacheEntry, CacheFuture, LIFETIME_MAX, check_entries, check_keys};

/// Bytes counted for an entry beside key (twice) and value: the nodes of both maps.
const ENTRY_BYTES: usize = 160;

/// Keeps values in memory.
#[derive(Debug)]
pub struct MemoryCache {
    bytes_max: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    values: FixedMap<String, Value>,
    /// By end, then by number, so that ends may be equal.
    ends: BTreeMap<(Moment, u64), String>,
    bytes: usize,
    numbers: u64,
}

#[derive(Debug)]
struct Value {
    bytes: Bytes,
    end: (Moment, u64),
}

impl Default for MemoryCache {
    fn default() -> Self {
        Self::new(64 << 20)
    }
}

impl MemoryCache {
    /// An empty cache; keys, values and what holds them take at most so many bytes.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self { bytes_max, held: Mutex::default() }
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.held().bytes
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // changed by steps that leave it whole
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn cost(key: &str, value: &Bytes) -> usize {
        2 * key.len() + value.len() + ENTRY_BYTES
    }

    fn remove(&mut self, key: &str) {
        if let Some(gone) = self.values.remove(key) {
            self.bytes -= Self::cost(key, &gone.bytes);
            self.ends.remove(&gone.end);
        }
    }

    fn set(&mut self, entry: &CacheEntry, now: Moment) {
        self.remove(&entry.key);
        let lifetime = entry.lifetime.min(LIFETIME_MAX);
        if lifetime.as_millis() == 0 {
            return;
        }
        self.numbers += 1;
        let end = (now + lifetime, self.numbers);
        // A copy: the value may be a slice that keeps a large buffer alive.
        let bytes = Bytes::copy_from_slice(&entry.value);
        self.bytes += Self::cost(&entry.key, &bytes);
        self.values.insert(entry.key.clone(), Value { bytes, end });
        self.ends.insert(end, entry.key.clone());
    }

    /// Drops what has run out and, beyond the limit, what would run out next.
    fn shrink(&mut self, bytes_max: usize, now: Moment) {
        while let Some((&(end, _), key)) = self.ends.first_key_value() {
            if now < end && self.bytes <= bytes_max {
                return;
            }
            let key = key.clone();
            self.remove(&key);
        }
    }
}

impl Cache for MemoryCache {
    fn get_many<'a>(
        &'a self,
        keys: &'a [String],
        _deadline: Deadline,
    ) -> CacheFuture<'a, Vec<Option<Bytes>>> {
        Box::pin(async move {
            check_keys(keys.iter().map(String::as_str))?;
            let (held, now) = (self.held(), runtime::now());
            let value = |key: &String| {
                let value = held.values.get(key).filter(|value| now < value.end.0);
                value.map(|value| value.bytes.clone())
            };
            Ok(keys.iter().map(value).collect())
        })
    }

    fn set_many<'a>(
        &'a self,
        entries: &'a [CacheEntry],
        _deadline: Deadline,
    ) -> CacheFuture<'a, ()> {
        Box::pin(async move {
            check_entries(entries)?;
            let (mut held, now) = (self.held(), runtime::now());
            for entry in entries {
                held.set(entry, now);
                held.shrink(self.bytes_max, now);
            }
            Ok(())
        })
    }

    fn delete_many<'a>(&'a self, keys: &'a [String], _deadline: Deadline) -> CacheFuture<'a, ()> {
        Box::pin(async move {
            check_keys(keys.iter().map(String::as_str))?;
            let mut held = self.held();
            keys.iter().for_each(|key| held.remove(key));
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cache::VALUE_BYTES_MAX;

    fn entry(key: usize, bytes: usize, seconds: u64) -> CacheEntry {
        let value = Bytes::from(vec![7; bytes]);
        CacheEntry { key: format!("k{key}"), value, lifetime: Duration::from_secs(seconds) }
    }

    fn soon() -> Deadline {
        Deadline::after(runtime::now(), Duration::from_millis(10))
    }

    async fn there(cache: &MemoryCache, key: usize) -> bool {
        let found = cache.get_many(&[format!("k{key}")], soon()).await.unwrap();
        found[0].is_some()
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_limit_what_would_end_soonest_goes_first() {
        let cache = MemoryCache::new(10 * 1_200);
        for key in 0..10 {
            cache.set_many(&[entry(key, 1_000, 100 - key as u64)], soon()).await.unwrap();
        }
        assert!(there(&cache, 9).await);
        cache.set_many(&[entry(10, 1_500, 1_000)], soon()).await.unwrap();
        assert!(!there(&cache, 9).await);
        assert!(there(&cache, 0).await && there(&cache, 10).await);
        assert!(cache.bytes() <= 10 * 1_200, "{}", cache.bytes());
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_run_out_takes_no_room_after_the_next_value() {
        let cache = MemoryCache::default();
        for key in 0..100 {
            cache.set_many(&[entry(key, 100, 5)], soon()).await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
        cache.set_many(&[entry(100, 100, 5)], soon()).await.unwrap();
        assert!(cache.bytes() < 300, "{}", cache.bytes());
        cache.delete_many(&["k100".to_owned()], soon()).await.unwrap();
        assert_eq!(cache.bytes(), 0);
        assert!(cache.held().ends.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_value_larger_than_the_cache_is_not_kept() {
        let cache = MemoryCache::new(VALUE_BYTES_MAX / 2);
        cache.set_many(&[entry(1, VALUE_BYTES_MAX, 5)], soon()).await.unwrap();
        assert_eq!(cache.bytes(), 0);
    }
}
