//! The answers of a fan-out, merged when somebody looks: once per version and currency.
//!
//! Large answers are merged on workers; a panic there is this look's failure and nobody else's.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use atlas::Atlas;
use domain::{Answer, CurrencyCode};
use runtime::Workers;

use super::{FanOut, this_minute};
use crate::collect::Role;
use crate::error::SearchError;
use crate::merge::Shown;
use crate::merged::Merged;
use crate::remembered::Source;
use crate::self_transfer::combine;
use crate::settings::SelfTransferSettings;

/// Merged answers kept per fan-out, one a currency.
const CURRENCIES_MAX: usize = 8;
/// From this many offers on, merging may take more than about 100 us and goes to the workers.
const OFFERS_INLINE: usize = 4_000;

/// What a fan-out needs to look at its answers.
#[derive(Clone, Debug)]
pub(crate) struct Bench {
    pub(crate) atlas: &'static Atlas,
    pub(crate) workers: Workers,
    pub(crate) self_transfer: SelfTransferSettings,
}

/// What is kept: merged answers with their currency and version, the oldest currency first.
pub(super) type Kept = tokio::sync::Mutex<Vec<(CurrencyCode, u32, Arc<Merged>)>>;

/// Answers at one moment, by role.
struct Taken {
    version: u32,
    offers: usize,
    whole: Vec<Arc<Answer>>,
    first: Vec<Arc<Answer>>,
    second: Vec<Arc<Answer>>,
    sources: [Vec<Source>; 3],
}

impl FanOut {
    fn take(&self) -> Taken {
        let state = self.state();
        Taken {
            version: state.version(),
            offers: state.offers(),
            whole: state.answers(Role::Whole).to_vec(),
            first: state.answers(Role::First).to_vec(),
            second: state.answers(Role::Second).to_vec(),
            sources: [Role::Whole, Role::First, Role::Second]
                .map(|role| state.sources(role).to_vec()),
        }
    }

    /// The answers so far, merged in a currency; at least as new as `version`.
    ///
    /// # Errors
    /// [`SearchError::Internal`] if merging broke.
    pub(crate) async fn merged(
        &self,
        currency: CurrencyCode,
        version: u32,
        bench: &Bench,
    ) -> Result<Arc<Merged>, SearchError> {
        // Whoever comes while it is merged waits here and finds it done.
        let mut kept = self.merged.lock().await;
        let known = kept.iter().position(|&(known, _, _)| known == currency);
        if let Some(at) = known
            && kept[at].1 >= version
        {
            return Ok(Arc::clone(&kept[at].2));
        }
        let taken = self.take();
        let (at_version, large) = (taken.version, taken.offers > OFFERS_INLINE);
        let (atlas, settings) = (bench.atlas, bench.self_transfer.clone());
        // What is remembered may be of a morning that is over.
        let shown = Shown { currency, not_before: this_minute() };
        let work = move || merge_taken(&taken, shown, &settings, atlas);
        let merged = if large {
            bench.workers.run_if_wanted(work).await.map_err(|_| SearchError::Internal)?
        } else {
            contain(work)?
        };
        self.first_departs.fetch_min(merged.first_departs, Ordering::Relaxed);
        let merged = Arc::new(merged);
        self.count(merged.heap_bytes());
        let freed = match known {
            Some(at) => {
                Some(std::mem::replace(&mut kept[at], (currency, at_version, Arc::clone(&merged))))
            }
            None => {
                let oldest = (kept.len() == CURRENCIES_MAX).then(|| kept.remove(0));
                kept.push((currency, at_version, Arc::clone(&merged)));
                oldest
            }
        };
        if let Some((_, _, old)) = freed {
            self.counted.fetch_sub(old.heap_bytes(), Ordering::Relaxed);
            self.meter.used.fetch_sub(old.heap_bytes(), Ordering::Relaxed);
        }
        Ok(merged)
    }
}

/// Runs a piece of work whose panic must stay here.
fn contain<T>(work: impl FnOnce() -> T) -> Result<T, SearchError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).map_err(|_| {
        tracing::error!("merging a search panicked");
        SearchError::Internal
    })
}

fn merge_taken(
    taken: &Taken,
    shown: Shown,
    settings: &SelfTransferSettings,
    atlas: &'static Atlas,
) -> Merged {
    let [whole, first, second] = &taken.sources;
    let merged = |answers: &[Arc<Answer>], sources: &[Source]| Merged {
        sources: sources.to_vec(),
        ..shown.merge(answers, None, atlas)
    };
    if taken.first.is_empty() || taken.second.is_empty() {
        return merged(&taken.whole, whole);
    }
    let combined = combine(&merged(&taken.first, first), &merged(&taken.second, second), settings);
    let all = shown.merge(&taken.whole, combined, atlas);
    Merged { sources: whole.clone(), ..all }
}
