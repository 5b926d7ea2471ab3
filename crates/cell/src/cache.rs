//! Rendered answers of searches, kept by what was asked and which version it shows.
//!
//! A page is found by the exact text of its path and query; it is served only while the search is at
//! the version it was rendered from, so nothing stale is ever shown. A kept page does not keep its
//! search: the engine alone decides how long that lives. Limits: bytes; what was not asked for
//! lately goes first.

use std::sync::Weak;

use bytes::Bytes;
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Weighter};
use search::{Search, SearchId, Seen};

/// Bytes an entry costs besides its texts.
const ENTRY_BYTES: u64 = 256;

/// A rendered page.
#[derive(Clone, Debug)]
pub(crate) struct PageEntry {
    /// The search, to see whether it has moved on.
    pub(crate) search: Weak<Search>,
    /// What the page shows.
    pub(crate) seen: Seen,
    /// When the token in the path ends, milliseconds since 1970.
    pub(crate) until_ms: i64,
    /// The page.
    pub(crate) bytes: Bytes,
}

#[derive(Clone, Debug)]
struct PageWeight;

impl Weighter<Box<str>, PageEntry> for PageWeight {
    fn weight(&self, path: &Box<str>, entry: &PageEntry) -> u64 {
        (path.len() + entry.bytes.len()) as u64 + ENTRY_BYTES
    }
}

/// Pages by path and query.
#[derive(Debug)]
pub(crate) struct PageCache {
    pages: Cache<Box<str>, PageEntry, PageWeight>,
}

impl PageCache {
    pub(crate) fn new(bytes: u64) -> Self {
        let items = (bytes / 20_000).clamp(16, 1 << 20) as usize;
        Self {
            pages: Cache::with(
                items,
                bytes,
                PageWeight,
                DefaultHashBuilder::default(),
                quick_cache::sync::DefaultLifecycle::default(),
            ),
        }
    }

    /// The page of a path and query, if it shows the present version.
    pub(crate) fn find(&self, path: &str, now_ms: i64) -> Option<Bytes> {
        let entry = self.pages.get(path)?;
        let current = entry.search.upgrade()?.seen() == entry.seen;
        (current && now_ms < entry.until_ms).then_some(entry.bytes)
    }

    pub(crate) fn keep(&self, path: &str, entry: PageEntry) {
        self.pages.insert(path.into(), entry);
    }
}

/// What names a rendered v3 content.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ContentKey {
    /// The search.
    pub(crate) search: SearchId,
    /// What the content shows.
    pub(crate) seen: Seen,
    /// Where its links lead to.
    pub(crate) public_url: String,
    /// Counts stretches of ten minutes: links carry a token, which must not grow old here.
    pub(crate) stretch: i64,
}

#[derive(Clone, Debug)]
struct ContentWeight;

impl Weighter<ContentKey, Bytes> for ContentWeight {
    fn weight(&self, key: &ContentKey, bytes: &Bytes) -> u64 {
        (key.public_url.len() + bytes.len()) as u64 + ENTRY_BYTES
    }
}

/// Contents of v3 polls.
#[derive(Debug)]
pub(crate) struct ContentCache {
    contents: Cache<ContentKey, Bytes, ContentWeight>,
}

impl ContentCache {
    pub(crate) fn new(bytes: u64) -> Self {
        let items = (bytes / 500_000).clamp(16, 1 << 16) as usize;
        Self {
            contents: Cache::with(
                items,
                bytes,
                ContentWeight,
                DefaultHashBuilder::default(),
                quick_cache::sync::DefaultLifecycle::default(),
            ),
        }
    }

    pub(crate) fn find(&self, key: &ContentKey) -> Option<Bytes> {
        self.contents.get(key)
    }

    pub(crate) fn keep(&self, key: ContentKey, bytes: Bytes) {
        self.contents.insert(key, bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::{LegRequest, SearchRequest, Travellers};
    use search::{Display, Locale};

    use super::*;
    use crate::state::Shared;

    fn request() -> SearchRequest {
        let today = (runtime::unix_ms() / 86_400_000) as i32;
        SearchRequest {
            legs: vec![LegRequest {
                origin: domain::Place::Airport("EDI".parse().unwrap()),
                destination: domain::Place::Airport("SIN".parse().unwrap()),
                date: domain::Date::from_days(today + 30),
            }],
            cabin: domain::Cabin::Economy,
            travellers: Travellers::one_adult(),
            market: "GB".parse().unwrap(),
            nearby: false,
        }
    }

    #[tokio::test]
    async fn a_kept_page_ends_with_its_search_its_version_or_its_token() {
        let shared = Shared::of_nobody();
        let display = Display::new("GBP".parse().unwrap(), Locale::EN_GB);
        let opened = shared.engine.create(request(), display).await.unwrap();
        let search = shared.engine.find(&opened.token).await.unwrap();
        let keep = |seen: Seen| {
            let entry = PageEntry {
                search: Arc::downgrade(&search),
                seen,
                until_ms: 1_000,
                bytes: Bytes::from_static(b"page"),
            };
            shared.pages.keep("/page", entry);
        };
        keep(search.seen());
        assert_eq!(shared.pages.find("/page", 999).as_deref(), Some(&b"page"[..]));
        assert_eq!(shared.pages.find("/page", 1_000), None, "the token has expired");
        let Seen { run, version } = search.seen();
        keep(Seen { run, version: version + 1 });
        assert_eq!(shared.pages.find("/page", 0), None, "another version");
        let kept = PageCache::new(1 << 20);
        let (seen, weak) = (search.seen(), Arc::downgrade(&search));
        let entry = PageEntry { search: weak, seen, until_ms: 1_000, bytes: Bytes::new() };
        kept.keep("/page", entry);
        assert!(kept.find("/page", 0).is_some());
        drop((search, shared));
        assert_eq!(kept.find("/page", 0), None, "the engine has let it go");
    }
}
