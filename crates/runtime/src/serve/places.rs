//! Places among the connections that are open at once, and how many of them one client may have.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::FixedMap;

/// Names a client by its address, of version 6 by the first 64 bits: a household has those.
#[must_use]
pub fn household_of(client: IpAddr) -> u64 {
    match client.to_canonical() {
        // Of the range for documentation, so that no household has it.
        IpAddr::V4(four) => (0x2001_0db8 << 32) | u64::from(u32::from(four)),
        IpAddr::V6(six) => (u128::from(six) >> 64) as u64,
    }
}

/// The places of a listener.
pub(super) struct Places {
    free: Arc<Semaphore>,
    /// 0: all of them.
    per_client: usize,
    taken: Arc<Mutex<FixedMap<u64, usize>>>,
}

/// One that a connection has; given back when it is dropped.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    _counted: Option<Counted>,
}

struct Counted {
    client: u64,
    taken: Arc<Mutex<FixedMap<u64, usize>>>,
}

impl Places {
    pub(super) fn new(all: usize, per_client: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(all)), per_client, taken: Arc::default() }
    }

    /// Waits for one that is nobody's yet.
    pub(super) async fn free(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// Gives it to a client; `None` if that has as many as it may.
    pub(super) fn take(&self, free: OwnedSemaphorePermit, client: IpAddr) -> Option<Place> {
        if self.per_client == 0 {
            return Some(Place { _permit: free, _counted: None });
        }
        let client = household_of(client);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(client).or_default();
        if *count >= self.per_client {
            return None;
        }
        *count += 1;
        let counted = Counted { client, taken: Arc::clone(&self.taken) };
        Some(Place { _permit: free, _counted: Some(counted) })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_gets_so_many_places_and_gives_them_back_and_others_get_theirs() {
        let places = Places::new(3, 2);
        let take = async |client: &str| {
            let free = places.free().await.unwrap();
            places.take(free, client.parse().unwrap())
        };
        let first = take("192.0.2.1").await.unwrap();
        let second = take("::ffff:192.0.2.1").await.unwrap();
        assert!(take("192.0.2.1").await.is_none());
        let other = take("192.0.2.2").await.unwrap();
        drop(first);
        let third = take("192.0.2.1").await.unwrap();
        drop((second, other, third));
        assert!(places.taken.lock().unwrap().is_empty());
        assert_eq!(places.free.available_permits(), 3);
    }

    #[test]
    fn a_household_is_one_client() {
        let [one, same, next, four] =
            ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1", "192.0.2.1"]
                .map(|text| household_of(text.parse().unwrap()));
        assert_eq!(one, same);
        assert!(one != next && one != four);
    }
}
