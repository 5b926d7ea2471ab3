//! A cache on a Redis or Valkey server: `redis://HOST:PORT/DATABASE`.
//!
//! ```text
//! get_many ─────────────▶ MGET                  ─┐ a connection and a breaker each, so that large
//! set_many, delete_many ▶ SET … PX, UNLINK, one ─┘ writes do not hold up a search that reads
//!                         pipeline a call
//! ```
//!
//! Connections are opened when first needed and again after a loss. When a breaker opens, its
//! connection is given up and the next try makes a new one: a server that vanished without a word
//! would otherwise be waited for until the kernel notices.
//!
//! A call that ran out of time may still be carried out. Limits: as of [`super`]; [`UNDER_WAY_MAX`]
//! calls a connection. Cost: one round trip a call.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{Client, Cmd, FromRedisValue, Pipeline, RedisError};
use bytes::Bytes;
use runtime::Deadline;

use super::breaker::Breaker;
use super::{
    CALL_MAX, Cache, CacheEntry, CacheError, CacheFuture, CacheUrlError, LIFETIME_MAX,
    VALUE_BYTES_MAX, check_entries, check_keys,
};

/// Calls under way on a connection at once.
const UNDER_WAY_MAX: usize = 1_024;
/// Longest time to connect. Callers do not wait for it longer than for anything else.
const CONNECT_MAX: Duration = Duration::from_millis(500);

/// Keeps values on a server.
#[derive(Debug)]
pub struct RedisCache {
    reads: Link,
    writes: Link,
}

impl RedisCache {
    /// A cache on the server of a URL, which need not be there yet. Call it on a tokio runtime.
    ///
    /// # Errors
    /// [`CacheUrlError::Form`] for a URL that names no server.
    pub fn open(url: &str) -> Result<Self, CacheUrlError> {
        let client = Client::open(url).map_err(|_| CacheUrlError::Form)?;
        Ok(Self { reads: Link::new(client.clone())?, writes: Link::new(client)? })
    }
}

impl Cache for RedisCache {
    fn get_many<'a>(
        &'a self,
        keys: &'a [String],
        deadline: Deadline,
    ) -> CacheFuture<'a, Vec<Option<Bytes>>> {
        Box::pin(async move {
            check_keys(keys.iter().map(String::as_str))?;
            if keys.is_empty() {
                return Ok(Vec::new());
            }
            let mut get = Cmd::with_capacity(keys.len() + 1, keys.iter().map(String::len).sum());
            get.arg("MGET").arg(keys);
            let mut values: Vec<Option<Bytes>> = self.reads.call(deadline, Asked::One(get)).await?;
            if values.len() != keys.len() {
                return Err(CacheError::Refused("another number of values".to_owned()));
            }
            for value in &mut values {
                value.take_if(|value| value.len() > VALUE_BYTES_MAX);
            }
            Ok(values)
        })
    }

    fn set_many<'a>(
        &'a self,
        entries: &'a [CacheEntry],
        deadline: Deadline,
    ) -> CacheFuture<'a, ()> {
        Box::pin(async move {
            check_entries(entries)?;
            let mut all = Pipeline::with_capacity(entries.len());
            for CacheEntry { key, value, lifetime } in entries {
                let lifetime_ms = lifetime.min(&LIFETIME_MAX).as_millis() as u64;
                match lifetime_ms {
                    0 => all.cmd("UNLINK").arg(key).ignore(),
                    _ => {
                        let set = all.cmd("SET").arg(key).arg(value.as_ref());
                        set.arg("PX").arg(lifetime_ms).ignore()
                    }
                };
            }
            if all.is_empty() {
                return Ok(());
            }
            self.writes.call(deadline, Asked::Many(all)).await
        })
    }

    fn delete_many<'a>(&'a self, keys: &'a [String], deadline: Deadline) -> CacheFuture<'a, ()> {
        Box::pin(async move {
            check_keys(keys.iter().map(String::as_str))?;
            if keys.is_empty() {
                return Ok(());
            }
            let mut delete = Pipeline::new();
            delete.cmd("UNLINK").arg(keys).ignore();
            self.writes.call(deadline, Asked::Many(delete)).await
        })
    }

    fn is_ready(&self) -> bool {
        self.reads.state().breaker.would_allow(runtime::now())
    }
}

/// What a server is asked in one go.
enum Asked {
    One(Cmd),
    Many(Pipeline),
}

/// One connection, and whether it is worth trying.
struct Link {
    client: Client,
    state: Mutex<State>,
}

struct State {
    manager: ConnectionManager,
    breaker: Breaker,
}

impl fmt::Debug for Link {
    // The client holds the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("breaker", &self.state().breaker).finish_non_exhaustive()
    }
}

impl Link {
    fn new(client: Client) -> Result<Self, CacheUrlError> {
        let manager = connect_lazily(&client).map_err(|_| CacheUrlError::Form)?;
        let state = Mutex::new(State { manager, breaker: Breaker::default() });
        Ok(Self { client, state })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // changed by steps that leave it whole
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn call<T: FromRedisValue>(
        &self,
        deadline: Deadline,
        asked: Asked,
    ) -> Result<T, CacheError> {
        let now = runtime::now();
        let mut manager = {
            let mut state = self.state();
            let allowed = state.breaker.allow(now);
            allowed.map_err(|retry_after| CacheError::Resting { retry_after })?;
            state.manager.clone()
        };
        let left = deadline.left(now).min(CALL_MAX);
        let answer = async {
            match asked {
                Asked::One(one) => one.query_async(&mut manager).await,
                Asked::Many(many) => many.query_async(&mut manager).await,
            }
        };
        let answered = match tokio::time::timeout(left, answer).await {
            Ok(answered) => answered.map_err(|error| error_of(&error)),
            Err(_) => Err(CacheError::TimedOut),
        };
        let mut state = self.state();
        match &answered {
            Ok(_) => state.breaker.succeeded(),
            Err(_) => {
                if state.breaker.failed(runtime::now())
                    && let Ok(anew) = connect_lazily(&self.client)
                {
                    state.manager = anew;
                }
            }
        }
        answered
    }
}

fn connect_lazily(client: &Client) -> Result<ConnectionManager, RedisError> {
    let config = ConnectionManagerConfig::new()
        // The breaker decides when to try again.
        .set_number_of_retries(0)
        .set_connection_timeout(Some(CONNECT_MAX))
        .set_response_timeout(Some(CONNECT_MAX))
        .set_concurrency_limit(UNDER_WAY_MAX);
    ConnectionManager::new_lazy_with_config(client.clone(), config)
}

fn error_of(error: &RedisError) -> CacheError {
    if error.is_timeout() {
        CacheError::TimedOut
    } else if error.is_io_error() || error.is_unrecoverable_error() {
        CacheError::Unreachable(error.to_string())
    } else {
        CacheError::Refused(error.to_string())
    }
}

#[cfg(test)]
mod tests;
