//! Answers that are kept and given to others too: places, prices seen before, the files of the page.
//!
//! ```text
//! request ─▶ may it be kept? ─ no ─▶ a cell
//!              │ yes
//!              ├─ kept and fresh ───────────────▶ answer, or the part of it that is wanted
//!              ├─ kept, past its end a while ───▶ answer; a newer one is fetched in the background
//!              └─ else ─▶ equal request under way? ─ yes ─▶ waits for it
//!                           │ no
//!                           └─▶ a cell ─▶ kept if it may be ─▶ answer
//!                                 └─ none, or an error ─▶ the old answer for a while
//! ```
//!
//! What may be kept is told twice: by [`crate::Rules::keeps`] for a request and by the answer itself
//! (RFC 9111). Never kept and never given from here: requests with credentials, answers that set
//! cookies, parts of bodies. Limits: bytes in all and of one answer, answers of one address, requests
//! that wait, fetches in the background. Start reading at [`serve()`].

mod directives;
mod fetch;
mod flights;
mod kept;
mod key;
mod less;
mod policy;
mod purge;
mod request;
mod serve;
mod settings;
mod store;
mod tap;
mod vary;
mod word;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::header::{CONTENT_LOCATION, LOCATION};
use http::request::Parts;
use http::response;
use tokio::sync::Semaphore;

use self::flights::Flights;
use self::key::Key;
use self::store::Store;
use self::word::Counts;
use crate::rules::Rules;

pub(crate) use self::purge::{PATH as PURGE_PATH, purge};
pub(crate) use self::request::Wanted;
pub(crate) use self::serve::serve;
pub use self::settings::CacheSettings;

/// All kept answers of an edge.
#[derive(Debug)]
pub(crate) struct Cache {
    settings: CacheSettings,
    store: Store,
    flights: Arc<Flights>,
    refreshes: Arc<Semaphore>,
    counts: Counts,
}

impl Cache {
    pub(crate) fn new(settings: &CacheSettings) -> Arc<Self> {
        Arc::new(Self {
            store: Store::new(settings),
            flights: Flights::new(settings.waiters_max.size()),
            refreshes: Arc::new(Semaphore::new(settings.refreshes_max.size())),
            counts: Counts::default(),
            settings: settings.clone(),
        })
    }

    /// The request as one that may be answered from here.
    pub(crate) fn wanted(&self, head: &Parts, rules: &Rules) -> Option<Wanted> {
        if self.settings.enabled { Wanted::of(head, rules) } else { None }
    }

    /// A request that changes something was answered: what is kept of its address, and of those the
    /// answer names, is forgotten. Source: RFC 9111, section 4.4.
    pub(crate) fn on_answered(&self, head: &Parts, rules: &Rules, answer: &response::Parts) {
        let done = answer.status.is_success() || answer.status.is_redirection();
        if head.method.is_safe() || !done || !self.settings.enabled || !(rules.keeps)(head) {
            return;
        }
        let Some(key) = Key::of(head) else { return };
        let named = [LOCATION, CONTENT_LOCATION];
        let named = named.iter().filter_map(|name| key.beside(answer.headers.get(name)?));
        let named: Vec<Key> = named.collect();
        for key in std::iter::once(&key).chain(&named) {
            if self.store.forget(key) {
                Counts::one(&self.counts.invalidated);
            }
        }
    }

    /// Takes away all answers whose path and query begin so; gives how many.
    pub(crate) fn purge(&self, prefix: &str) -> u64 {
        let purged = self.store.purge(prefix);
        self.counts.purged.fetch_add(purged, Ordering::Relaxed);
        purged
    }

    /// For the operator.
    pub(crate) fn render(&self) -> serde_json::Value {
        self.counts.render(&self.store)
    }
}
