//! Names to addresses, remembered for a while, so that asking does not wait for DNS.
//!
//! A name whose addresses are too old is looked up again, by one asker at a time; if that fails, the
//! old addresses are used. Limits: 10,000 names; eight look-ups at once.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::dns::Name;
use runtime::{FixedMap, Moment};
use tokio::sync::Semaphore;
use tower_service::Service;

const NAMES_MAX: usize = 10_000;
const LOOKUPS_AT_ONCE: usize = 8;

type Addresses = std::vec::IntoIter<SocketAddr>;

#[derive(Debug)]
struct Known {
    addresses: Vec<SocketAddr>,
    since: Moment,
}

#[derive(Debug)]
struct Names {
    lasts: Duration,
    known: Mutex<FixedMap<String, Known>>,
    turns: Semaphore,
}

/// A resolver with a memory. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Resolver(Arc<Names>);

impl Resolver {
    pub(super) fn new(lasts: Duration) -> Self {
        Self(Arc::new(Names {
            lasts,
            known: Mutex::default(),
            turns: Semaphore::new(LOOKUPS_AT_ONCE),
        }))
    }
}

impl Names {
    /// Remembered addresses; only fresh ones unless `stale` is given.
    fn remembered(&self, name: &str, stale: bool) -> Option<Vec<SocketAddr>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(name)?;
        let fresh = runtime::now().saturating_duration_since(found.since) <= self.lasts;
        (fresh || stale).then(|| found.addresses.clone())
    }

    fn remember(&self, name: &str, addresses: &[SocketAddr]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= NAMES_MAX && !known.contains_key(name) {
            known.clear();
        }
        let since = runtime::now();
        known.insert(name.to_owned(), Known { addresses: addresses.to_vec(), since });
    }

    async fn resolve(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        if let Some(addresses) = self.remembered(name, false) {
            return Ok(addresses);
        }
        let _turn = self.turns.acquire().await.map_err(io::Error::other)?;
        // Whoever had the turn before may have looked up the same name.
        if let Some(addresses) = self.remembered(name, false) {
            return Ok(addresses);
        }
        match runtime::net::lookup_host((name, 0)).await.map(Iterator::collect::<Vec<_>>) {
            Ok(addresses) if !addresses.is_empty() => {
                self.remember(name, &addresses);
                Ok(addresses)
            }
            Ok(_) => Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address")),
            Err(error) => self.remembered(name, true).ok_or(error),
        }
    }
}

impl Service<Name> for Resolver {
    type Response = Addresses;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Addresses>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let names = Arc::clone(&self.0);
        Box::pin(async move { names.resolve(name.as_str()).await.map(Vec::into_iter) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer than a label may be: refused without asking any server.
    const NO_NAME: &str =
        "this-label-is-longer-than-the-sixty-three-characters-a-label-may-have.test";

    #[tokio::test(start_paused = true)]
    async fn addresses_are_remembered_for_a_while_and_stale_ones_outlive_a_failed_look_up() {
        let Resolver(names) = Resolver::new(Duration::from_secs(60));
        assert!(names.resolve(NO_NAME).await.is_err());
        let address: SocketAddr = "127.0.0.1:0".parse().unwrap();
        names.remember(NO_NAME, &[address]);
        assert_eq!(names.remembered(NO_NAME, false), Some(vec![address]));
        tokio::time::advance(Duration::from_secs(61)).await;
        assert_eq!(names.remembered(NO_NAME, false), None);
        assert_eq!(names.resolve(NO_NAME).await.unwrap(), [address]);
    }
}
