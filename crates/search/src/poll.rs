//! Polls a search: what is new since the token was given out, waiting a little for news.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::Engine;
use crate::error::SearchError;
use crate::search::Search;
use crate::snapshot::Snapshot;
use crate::token::Seen;

/// The answer to a poll.
#[derive(Clone, Debug)]
pub struct Polled {
    /// A token whose holder has seen the snapshot.
    pub token: String,
    /// The newest version.
    pub snapshot: Arc<Snapshot>,
    /// Whether it is another version than the one the caller's token has seen.
    pub changed: bool,
}

impl Engine {
    /// Polls a search. If the token has seen the newest version of a search that is not over, waits
    /// for news, at most `wait_ms` and never longer than the settings allow.
    ///
    /// # Errors
    /// [`SearchError::Token`] for a token that cannot be used; what [`Engine::create`] says if the
    /// search is gone and cannot be created again.
    pub async fn poll(&self, token: &str, wait_ms: u64) -> Result<Polled, SearchError> {
        let token = self.open_token(token)?;
        let seen = token.seen;
        let search = self.find_opened(token).await?;
        let wait_ms = wait_ms.min(self.parts.settings.poll_wait_ms.get());
        wait_for_news(&search, seen, Duration::from_millis(wait_ms)).await;
        let snapshot = search.snapshot().await?;
        let changed = snapshot.seen() != seen;
        Ok(Polled { token: self.token(&search, snapshot.seen()), snapshot, changed })
    }
}

async fn wait_for_news(search: &Search, seen: Seen, wait: Duration) {
    let mut news = search.subscribe();
    if wait.is_zero() || search.seen() != seen || search.is_over() {
        return;
    }
    let other = news.wait_for(|&version| version != seen.version);
    // News, the end of the wait or of the search: the caller looks anew in any case.
    let _ = tokio::time::timeout(wait, other).await;
}
