//! Values that may be lost: kept for a while, shared by whoever opens the same URL.
//!
//! ```text
//! get_many, set_many, delete_many ─ checked against the limits ─▶ MemoryCache  memory://
//!                                                                 RedisCache   redis://…  (feature `redis`)
//! ```
//!
//! A cache promises little: what it gives back for a key was set for that key and its time to live
//! is not over. It may forget anything at any moment, so nothing may be kept only here. Whoever
//! reads must be able to tell damaged values by themselves: other programs write to the same server.
//!
//! Every call ends within its deadline, and at the latest after [`CALL_MAX`]. A server that does
//! not answer is left alone for a while, during which calls fail at once
//! ([`CacheError::Resting`]): a dead cache must cost a search nothing.
//!
//! Both backends pass one conformance suite (`cache/conformance.rs`), the second against a real
//! server. Limits: [`KEY_BYTES_MAX`], [`VALUE_BYTES_MAX`], [`KEYS_MAX`], [`LIFETIME_MAX`].

#[cfg(any(feature = "redis", test))]
mod breaker;
mod memory;
#[cfg(feature = "redis")]
mod redis;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use runtime::{Blame, Deadline, Fault, Retry};
use thiserror::Error;

#[cfg(feature = "redis")]
pub use self::redis::RedisCache;
pub use memory::MemoryCache;

/// Bytes of a key.
pub const KEY_BYTES_MAX: usize = 256;
/// Bytes of a value.
pub const VALUE_BYTES_MAX: usize = 4 << 20;
/// Keys of one call.
pub const KEYS_MAX: usize = 1_024;
/// Longest time to live; longer ones are cut to it.
pub const LIFETIME_MAX: Duration = Duration::from_secs(30 * 86_400);
/// Longest time of a call, whatever its deadline.
pub const CALL_MAX: Duration = Duration::from_millis(50);

/// What a call gives back, in a while.
pub type CacheFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, CacheError>> + Send + 'a>>;

/// A value to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheEntry {
    /// Its key, 1 to [`KEY_BYTES_MAX`] bytes.
    pub key: String,
    /// At most [`VALUE_BYTES_MAX`] bytes.
    pub value: Bytes,
    /// How long it may be given out; nothing is kept that has less than a millisecond.
    pub lifetime: Duration,
}

/// Keeps values for a while.
pub trait Cache: Send + Sync + fmt::Debug {
    /// The values of keys, in their order; `None` for what is not there.
    ///
    /// # Errors
    /// [`CacheError`]; then nothing is known of any of the keys.
    fn get_many<'a>(
        &'a self,
        keys: &'a [String],
        deadline: Deadline,
    ) -> CacheFuture<'a, Vec<Option<Bytes>>>;

    /// Keeps values, replacing those that are there.
    ///
    /// # Errors
    /// [`CacheError`]; then any of the values may have been kept.
    fn set_many<'a>(&'a self, entries: &'a [CacheEntry], deadline: Deadline)
    -> CacheFuture<'a, ()>;

    /// Forgets keys; fine if they are not there.
    ///
    /// # Errors
    /// [`CacheError`]; then any of them may still be there.
    fn delete_many<'a>(&'a self, keys: &'a [String], deadline: Deadline) -> CacheFuture<'a, ()>;

    /// Whether a call would be tried at all; `false` while the server is left alone. Costs nothing.
    fn is_ready(&self) -> bool {
        true
    }
}

/// A call came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CacheError {
    /// No answer before the deadline.
    #[error("the cache did not answer in time")]
    TimedOut,
    /// No connection, or it was lost.
    #[error("the cache cannot be reached: {0}")]
    Unreachable(String),
    /// The server said no.
    #[error("the cache refused: {0}")]
    Refused(String),
    /// Not tried: the server failed too often a moment ago.
    #[error("the cache is left alone after failures")]
    Resting {
        /// When it is tried again.
        retry_after: Duration,
    },
    /// The call asks for what no cache takes.
    #[error("a cache takes no {0}")]
    OverLimit(&'static str),
}

impl Fault for CacheError {
    fn code(&self) -> &'static str {
        match self {
            Self::TimedOut => "cache_timeout",
            Self::Unreachable(_) => "cache_unreachable",
            Self::Refused(_) => "cache_refused",
            Self::Resting { .. } => "cache_resting",
            Self::OverLimit(_) => "cache_over_limit",
        }
    }

    fn blame(&self) -> Blame {
        match self {
            Self::OverLimit(_) => Blame::Us,
            _ => Blame::Dependency,
        }
    }

    fn retry(&self) -> Retry {
        match self {
            Self::OverLimit(_) => Retry::Never,
            Self::Resting { retry_after } => Retry::After(*retry_after),
            _ => Retry::After(Duration::from_secs(1)),
        }
    }
}

/// A URL opens no cache.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CacheUrlError {
    /// The scheme is none of a cache.
    #[error("a cache is opened by memory:// or redis://HOST:PORT/DATABASE, not by `{0}`")]
    Scheme(String),
    /// Redis is asked for in a build without it.
    #[error("this build cannot reach Redis or Valkey: build it with --features redis")]
    NotBuilt,
    /// The rest of the URL makes no sense. Does not repeat it: it may hold a password.
    #[error("the URL of the cache is not of the form redis://USER:PASSWORD@HOST:PORT/DATABASE")]
    Form,
}

/// Opens the cache behind a URL. A server need not be there yet. Call it on a tokio runtime.
///
/// # Errors
/// [`CacheUrlError`] for a URL that opens none.
pub fn open(url: &str) -> Result<Arc<dyn Cache>, CacheUrlError> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(CacheUrlError::Scheme("a text without ://".to_owned()));
    };
    match scheme {
        "memory" if rest.is_empty() => Ok(Arc::new(MemoryCache::default())),
        "memory" => Err(CacheUrlError::Form),
        "redis" => open_redis(url),
        _ => Err(CacheUrlError::Scheme(format!("{scheme}://"))),
    }
}

#[cfg(feature = "redis")]
fn open_redis(url: &str) -> Result<Arc<dyn Cache>, CacheUrlError> {
    Ok(Arc::new(RedisCache::open(url)?))
}

#[cfg(not(feature = "redis"))]
fn open_redis(_url: &str) -> Result<Arc<dyn Cache>, CacheUrlError> {
    Err(CacheUrlError::NotBuilt)
}

/// Holds keys against the limits.
fn check_keys<'a>(keys: impl ExactSizeIterator<Item = &'a str>) -> Result<(), CacheError> {
    if keys.len() > KEYS_MAX {
        return Err(CacheError::OverLimit("more than 1,024 keys at once"));
    }
    for key in keys {
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Err(CacheError::OverLimit("key that is empty or longer than 256 bytes"));
        }
    }
    Ok(())
}

/// Holds entries against the limits.
fn check_entries(entries: &[CacheEntry]) -> Result<(), CacheError> {
    check_keys(entries.iter().map(|entry| entry.key.as_str()))?;
    if entries.iter().any(|entry| entry.value.len() > VALUE_BYTES_MAX) {
        return Err(CacheError::OverLimit("value larger than 4 MiB"));
    }
    Ok(())
}

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod tests;
