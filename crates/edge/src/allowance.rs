//! How much one client may ask for, and what it is told of it.
//!
//! A client is an address (of IPv6 the first 64 bits, which one household has); behind a proxy, the address
//! that the proxy names last. Told with the fields `RateLimit-Policy` and `RateLimit` of
//! draft-ietf-httpapi-ratelimit-headers-10; refused with 429 and `retry-after`.
//!
//! Limits: clients that are remembered, in two generations: when the young one has half of them, or as
//! long as a bucket takes to fill, the old one goes. Whoever is forgotten early begins with a full
//! bucket.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use runtime::{FixedMap, Limited, Moment, TokenBucket};
use serde::{Deserialize, Serialize};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// `[edge.allowance]`: requests of one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AllowanceSettings {
    /// Requests a second on average; 0: as many as it likes.
    pub per_second: Limited<0, 1_000_000>,
    /// Requests at once after a quiet time.
    pub burst: Limited<1, 1_000_000>,
    /// Clients that are remembered.
    pub clients_max: Limited<16, 10_000_000>,
}

impl Default for AllowanceSettings {
    fn default() -> Self {
        Self {
            per_second: Limited::literal(0),
            burst: Limited::literal(200),
            clients_max: Limited::literal(100_000),
        }
    }
}

/// The allowances of all clients.
#[derive(Debug)]
pub(crate) struct Allowances {
    settings: AllowanceSettings,
    policy: HeaderValue,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    young: FixedMap<u64, TokenBucket>,
    old: FixedMap<u64, TokenBucket>,
    turned_at: Option<Moment>,
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    policy: HeaderValue,
    limit: HeaderValue,
    /// How long it has to wait; `None`: it may go on.
    pub(crate) wait: Option<Duration>,
}

impl Told {
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        headers.insert(POLICY, self.policy);
        headers.insert(LIMIT, self.limit);
    }
}

impl Allowances {
    pub(crate) fn new(settings: AllowanceSettings) -> Self {
        let window = settings.burst.get().div_ceil(settings.per_second.get().max(1));
        let policy = format!("\"client\";q={};w={window}", settings.burst.get());
        // Of figures only.
        let policy = HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(""));
        Self { settings, policy, known: Mutex::default() }
    }

    /// Counts one request; `None` if there is no limit.
    pub(crate) fn take(&self, client: IpAddr, now: Moment) -> Option<Told> {
        let per_second = self.settings.per_second.get();
        if per_second == 0 {
            return None;
        }
        let (rate, burst) = (per_second as f64, self.settings.burst.get() as f64);
        let key = key_of(client);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let fills = Duration::from_secs_f64(burst / rate);
        let turned_at = *known.turned_at.get_or_insert(now);
        let many = known.young.len() >= self.settings.clients_max.size() / 2;
        if many || now.saturating_duration_since(turned_at) > fills {
            known.old = std::mem::take(&mut known.young);
            known.turned_at = Some(now);
        }
        let Known { young, old, .. } = &mut *known;
        let bucket = young.entry(key).or_insert_with(|| {
            old.remove(&key).unwrap_or_else(|| TokenBucket::new(rate, burst, now))
        });
        let wait = bucket.take(now).err();
        let left = bucket.left();
        drop(known);
        let until_more = wait.unwrap_or(Duration::from_secs_f64((burst - left).max(0.0) / rate));
        let seconds = until_more.as_secs_f64().ceil();
        let limit = format!("\"client\";r={};t={seconds}", left.floor());
        let limit = HeaderValue::try_from(limit).unwrap_or(HeaderValue::from_static(""));
        Some(Told { policy: self.policy.clone(), limit, wait })
    }

    /// Clients that are remembered.
    pub(crate) fn clients(&self) -> usize {
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

/// Names a client.
pub(crate) fn key_of(client: IpAddr) -> u64 {
    match client.to_canonical() {
        // Of the range for documentation, so that no household has it.
        IpAddr::V4(four) => (0x2001_0db8 << 32) | u64::from(u32::from(four)),
        IpAddr::V6(six) => (u128::from(six) >> 64) as u64,
    }
}

#[cfg(test)]
mod tests;
