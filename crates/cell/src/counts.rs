//! What this cell did, for whoever moves cells to another release.
//!
//! Counts since the process began, of the API's requests only: those for the page's files, and looks
//! at the cell itself, say nothing about a release.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fleet::rollout::Evidence;
use fleet::rollout::evidence::TIME_BUCKETS;
use http::StatusCode;

use crate::v1::{beacon, cell_report, facts, fleet_of_one};

/// Counts that handlers add to.
#[derive(Debug)]
pub(crate) struct Counts {
    /// When the process began, milliseconds since 1970: another process has another.
    pub(crate) process: i64,
    requests: AtomicU64,
    failed: AtomicU64,
    refused: AtomicU64,
    followed: AtomicU64,
    changed: AtomicU64,
    times: [AtomicU64; TIME_BUCKETS],
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            process: runtime::unix_ms(),
            requests: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            followed: AtomicU64::new(0),
            changed: AtomicU64::new(0),
            times: [const { AtomicU64::new(0) }; TIME_BUCKETS],
        }
    }
}

impl Counts {
    /// Whether requests of a path are counted: those that somebody waits for, not looks at the cell nor
    /// what is told to it.
    pub(crate) fn counts(path: &str) -> bool {
        let others = [cell_report::PATH, fleet_of_one::PATH, "/v1/load", facts::PATH, beacon::PATH];
        (path.starts_with("/v1/") && !others.contains(&path)) || path.starts_with("/apiservices/")
    }

    /// A request was answered after so long.
    pub(crate) fn on_answer(&self, status: StatusCode, took: Duration) {
        let one = |count: &AtomicU64| count.fetch_add(1, Ordering::Relaxed);
        one(&self.requests);
        match status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                one(&self.refused);
            }
            status if status.is_server_error() => {
                one(&self.failed);
            }
            _ => {}
        }
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(bucket) = self.times.get(Evidence::bucket(us)) {
            one(bucket);
        }
    }

    /// A price was asked anew on the way to its seller.
    pub(crate) fn on_followed(&self, held: bool) {
        self.followed.fetch_add(1, Ordering::Relaxed);
        self.changed.fetch_add(u64::from(!held), Ordering::Relaxed);
    }

    pub(crate) fn evidence(&self) -> Evidence {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Evidence {
            requests: get(&self.requests),
            failed: get(&self.failed),
            refused: get(&self.refused),
            followed: get(&self.followed),
            changed: get(&self.changed),
            times: self.times.iter().map(get).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_what_they_say_of_the_cell() {
        let counts = Counts::default();
        for (status, ms) in [(200, 2), (404, 2), (429, 4), (503, 4), (500, 4), (504, 2_000)] {
            counts.on_answer(StatusCode::from_u16(status).unwrap(), Duration::from_millis(ms));
        }
        counts.on_followed(true);
        counts.on_followed(false);
        let seen = counts.evidence();
        assert_eq!((seen.requests, seen.failed, seen.refused), (6, 2, 2));
        assert_eq!((seen.followed, seen.changed), (2, 1));
        assert_eq!((seen.times[4], seen.times[8], seen.times[44]), (2, 3, 1));
    }

    #[test]
    fn only_the_api_counts() {
        for path in ["/v1/searches", "/apiservices/v3/culture/locales"] {
            assert!(Counts::counts(path), "{path}");
        }
        for path in [
            "/",
            "/app/main.js",
            "/healthz",
            "/v1/cell",
            "/v1/facts",
            "/v1/beacon",
            "/openapi.json",
        ] {
            assert!(!Counts::counts(path), "{path}");
        }
    }
}
