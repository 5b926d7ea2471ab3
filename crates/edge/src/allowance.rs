//! How much one client, and one API key, may ask for, and what they are told of it.
//!
//! A client is an address (of IPv6 the first 64 bits, which one household has); behind a proxy, the address
//! that the proxy names last. A request that shows an API key counts for its client and for its key: keys
//! are not checked here, so whoever invents them gains nothing. Told with the fields `RateLimit-Policy` and
//! `RateLimit` of draft-ietf-httpapi-ratelimit-headers-10; refused with 429 and `retry-after`.
//!
//! Limits: clients and keys that are remembered, each in two generations: when the young one has half of
//! them, or as long as a bucket takes to fill, the old one goes. Whoever is forgotten early begins with
//! a full bucket.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use runtime::serve::household_of;
use runtime::{FixedMap, Limited, Moment, TokenBucket};
use serde::{Deserialize, Serialize};

use crate::rules::Turned;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// `[edge.allowance]`: requests of one client, and of one API key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AllowanceSettings {
    /// Requests of one client a second on average; 0: as many as it likes.
    pub per_second: Limited<0, 1_000_000>,
    /// Its requests at once after a quiet time.
    pub burst: Limited<1, 1_000_000>,
    /// Clients that are remembered.
    pub clients_max: Limited<16, 10_000_000>,
    /// Requests that show one API key, a second on average; 0: as many as it likes.
    pub key_per_second: Limited<0, 1_000_000>,
    /// The same at once after a quiet time.
    pub key_burst: Limited<1, 1_000_000>,
    /// API keys that are remembered.
    pub keys_max: Limited<16, 10_000_000>,
}

impl Default for AllowanceSettings {
    fn default() -> Self {
        Self {
            per_second: Limited::literal(0),
            burst: Limited::literal(200),
            clients_max: Limited::literal(100_000),
            key_per_second: Limited::literal(0),
            key_burst: Limited::literal(1_000),
            keys_max: Limited::literal(100_000),
        }
    }
}

/// The allowances of all clients and keys.
#[derive(Debug)]
pub(crate) struct Allowances {
    clients: Buckets,
    keys: Buckets,
}

/// A request, by whose it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asking {
    pub(crate) client: Option<IpAddr>,
    /// The hash of the API key that it shows.
    pub(crate) key: Option<u64>,
}

/// What the one who asks is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    policy: String,
    limit: String,
    /// Why it has to wait; `None`: it may go on.
    pub(crate) refused: Option<Turned>,
}

impl Told {
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        for (name, line) in [(POLICY, self.policy), (LIMIT, self.limit)] {
            // Of names and figures only.
            if let Ok(line) = HeaderValue::try_from(line) {
                headers.insert(name, line);
            }
        }
    }

    fn add(&mut self, taken: Taken) {
        for (list, one) in [(&mut self.policy, &taken.policy), (&mut self.limit, &taken.limit)] {
            if !list.is_empty() {
                list.push_str(", ");
            }
            list.push_str(one);
        }
    }
}

impl Allowances {
    pub(crate) fn new(settings: &AllowanceSettings) -> Self {
        let AllowanceSettings { per_second, burst, clients_max, .. } = *settings;
        let AllowanceSettings { key_per_second, key_burst, keys_max, .. } = *settings;
        Self {
            clients: Buckets::new("client", (per_second.get(), burst.get()), clients_max.size()),
            keys: Buckets::new("key", (key_per_second.get(), key_burst.get()), keys_max.size()),
        }
    }

    /// Whether it matters which API key a request shows.
    pub(crate) fn count_keys(&self) -> bool {
        self.keys.per_second > 0.0
    }

    /// Counts one request; `None` if there is no limit for it. What its client may not ask for does not
    /// count for its key.
    pub(crate) fn take(&self, asking: Asking, now: Moment) -> Option<Told> {
        let client = asking.client.and_then(|client| self.clients.take(household_of(client), now));
        let mut told = Told::default();
        if let Some(taken) = client {
            let wait = taken.wait;
            told.add(taken);
            if let Some(wait) = wait {
                return Some(Told { refused: Some(Turned::client_asks_too_much(wait)), ..told });
            }
        }
        if let Some(taken) = asking.key.and_then(|key| self.keys.take(key, now)) {
            told.refused = taken.wait.map(Turned::key_asks_too_much);
            told.add(taken);
        }
        (!told.policy.is_empty()).then_some(told)
    }

    /// Clients that are remembered.
    pub(crate) fn clients(&self) -> usize {
        self.clients.len()
    }

    /// API keys that are remembered.
    pub(crate) fn keys(&self) -> usize {
        self.keys.len()
    }
}

/// A bucket for each of a kind.
#[derive(Debug)]
struct Buckets {
    name: &'static str,
    per_second: f64,
    burst: f64,
    most: usize,
    policy: String,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    young: FixedMap<u64, TokenBucket>,
    old: FixedMap<u64, TokenBucket>,
    turned_at: Option<Moment>,
}

/// What a bucket says to one request.
struct Taken {
    policy: String,
    limit: String,
    wait: Option<Duration>,
}

impl Buckets {
    fn new(name: &'static str, (per_second, burst): (u64, u64), most: usize) -> Self {
        let window = burst.div_ceil(per_second.max(1));
        let policy = format!("\"{name}\";q={burst};w={window}");
        let (per_second, burst) = (per_second as f64, burst as f64);
        Self { name, per_second, burst, most, policy, known: Mutex::default() }
    }

    fn take(&self, whose: u64, now: Moment) -> Option<Taken> {
        let &Self { name, per_second, burst, most, .. } = self;
        if per_second == 0.0 {
            return None;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let fills = Duration::from_secs_f64(burst / per_second);
        let turned_at = *known.turned_at.get_or_insert(now);
        let many = known.young.len() >= most / 2;
        if many || now.saturating_duration_since(turned_at) > fills {
            known.old = std::mem::take(&mut known.young);
            known.turned_at = Some(now);
        }
        let Known { young, old, .. } = &mut *known;
        let bucket = young.entry(whose).or_insert_with(|| {
            old.remove(&whose).unwrap_or_else(|| TokenBucket::new(per_second, burst, now))
        });
        let wait = bucket.take(now).err();
        let left = bucket.left();
        drop(known);
        let until_more = (burst - left).max(0.0) / per_second;
        let until_more = wait.unwrap_or(Duration::from_secs_f64(until_more));
        let seconds = until_more.as_secs_f64().ceil();
        let limit = format!("\"{name}\";r={};t={seconds}", left.floor());
        Some(Taken { policy: self.policy.clone(), limit, wait })
    }

    fn len(&self) -> usize {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.young.len() + known.old.len()
    }
}

/// Who asks: the peer, or whom the proxy before us names last.
pub(crate) fn client_of(headers: &HeaderMap, peer: IpAddr, behind_proxy: bool) -> IpAddr {
    let named = || {
        let line = headers.get_all(FORWARDED_FOR).iter().next_back()?.to_str().ok()?;
        line.rsplit(',').next()?.trim().parse().ok()
    };
    if behind_proxy { named().unwrap_or(peer) } else { peer }
}

#[cfg(test)]
mod tests;
