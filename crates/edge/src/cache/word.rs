//! What the cache says of itself: `Cache-Status` in answers (RFC 9211) and counts for the operator.

use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::store::Store;

/// How an answer came to be.
pub(crate) const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
/// The name of this cache in it.
const NAME: &str = "fareway-edge";

/// How a request was dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// From what is kept.
    Hit,
    /// From what is kept and past its end, while a newer one is fetched.
    Meanwhile,
    /// A cell said that the kept one still holds.
    Renewed,
    /// The kept one, because no cell gave a good answer.
    InNeed(Option<u16>),
    /// A cell answered.
    Forwarded(Why),
}

/// Why a cell was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Nothing is kept.
    UriMiss,
    /// Nothing that fits.
    VaryMiss,
    /// What is kept is past its end.
    Stale,
    /// The client wanted it so.
    Request,
    /// A part or a head was wanted of what is not kept.
    Partial,
}

impl Why {
    fn name(self) -> &'static str {
        match self {
            Self::UriMiss => "uri-miss",
            Self::VaryMiss => "vary-miss",
            Self::Stale => "stale",
            Self::Request => "request",
            Self::Partial => "partial",
        }
    }
}

/// All that is told of one answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub(crate) how: How,
    /// Seconds it lasts yet.
    pub(crate) lasts: Option<i64>,
    pub(crate) stored: bool,
    pub(crate) collapsed: bool,
}

impl Told {
    pub(crate) fn new(how: How) -> Self {
        Self { how, lasts: None, stored: false, collapsed: false }
    }

    /// Adds the line to an answer; what stands there is of caches behind us and stays.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        let mut text = NAME.to_owned();
        match self.how {
            How::Hit => text.push_str("; hit"),
            How::Meanwhile => text.push_str("; hit; detail=meanwhile"),
            How::Renewed => text.push_str("; fwd=stale; fwd-status=304"),
            How::InNeed(status) => {
                text.push_str("; fwd=stale");
                if let Some(status) = status {
                    text.push_str(&format!("; fwd-status={status}"));
                }
                text.push_str("; detail=in-need");
            }
            How::Forwarded(why) => text.push_str(&format!("; fwd={}", why.name())),
        }
        if let Some(lasts) = self.lasts {
            text.push_str(&format!("; ttl={lasts}"));
        }
        for (so, word) in [(self.stored, "; stored"), (self.collapsed, "; collapsed")] {
            text.push_str(if so { word } else { "" });
        }
        if let Ok(line) = HeaderValue::try_from(text) {
            headers.append(CACHE_STATUS, line);
        }
    }
}

/// Counts since the start.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) hits: AtomicU64,
    pub(crate) meanwhile: AtomicU64,
    pub(crate) in_need: AtomicU64,
    pub(crate) renewed: AtomicU64,
    pub(crate) misses: AtomicU64,
    pub(crate) stored: AtomicU64,
    pub(crate) too_large: AtomicU64,
    pub(crate) collapsed: AtomicU64,
    pub(crate) alone: AtomicU64,
    pub(crate) refreshed: AtomicU64,
    pub(crate) not_refreshed: AtomicU64,
    pub(crate) invalidated: AtomicU64,
    pub(crate) purged: AtomicU64,
}

impl Counts {
    pub(crate) fn one(count: &AtomicU64) {
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// For the operator.
    pub(crate) fn render(&self, store: &Store) -> Value {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        json!({
            "addresses": store.len(),
            "bytes": store.bytes(),
            "hits": of(&self.hits),
            "hits_meanwhile": of(&self.meanwhile),
            "hits_in_need": of(&self.in_need),
            "renewed": of(&self.renewed),
            "misses": of(&self.misses),
            "stored": of(&self.stored),
            "too_large": of(&self.too_large),
            "collapsed": of(&self.collapsed),
            "not_collapsed": of(&self.alone),
            "refreshed": of(&self.refreshed),
            "not_refreshed": of(&self.not_refreshed),
            "invalidated": of(&self.invalidated),
            "purged": of(&self.purged),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(told: Told) -> String {
        let mut headers = HeaderMap::new();
        told.write(&mut headers);
        headers[CACHE_STATUS].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_line_says_how_an_answer_came_to_be() {
        let hit = Told { lasts: Some(29), collapsed: true, ..Told::new(How::Hit) };
        assert_eq!(line(hit), "fareway-edge; hit; ttl=29; collapsed");
        let miss = Told { stored: true, ..Told::new(How::Forwarded(Why::VaryMiss)) };
        assert_eq!(line(miss), "fareway-edge; fwd=vary-miss; stored");
        let need = Told { lasts: Some(-5), ..Told::new(How::InNeed(Some(503))) };
        assert_eq!(line(need), "fareway-edge; fwd=stale; fwd-status=503; detail=in-need; ttl=-5");
    }
}
