//! A partner's access token: fetched by one request at a time, used until shortly before it ends.

use std::time::Duration;

use runtime::Moment;
use tokio::sync::Mutex;

use crate::protocol::amadeus::AccessToken;
use crate::settings::Secret;

/// A token is not used in its last minute, or its last tenth if it is short-lived.
const MARGIN: Duration = Duration::from_secs(60);

#[derive(Clone)]
struct Known {
    token: Secret,
    until: Moment,
}

/// The token of one partner.
#[derive(Default)]
pub(super) struct TokenCache(Mutex<Option<Known>>);

impl TokenCache {
    /// The token, fetched by `fetch` if there is none that still lasts. Others wait meanwhile.
    /// `stale` is a token the partner has just refused: it is not given again.
    pub(super) async fn get<E>(
        &self,
        stale: Option<&Secret>,
        fetch: impl Future<Output = Result<AccessToken, E>>,
    ) -> Result<Secret, E> {
        let mut known = self.0.lock().await;
        if let Some(Known { token, until }) = known.as_ref()
            && *until > runtime::now()
            && Some(token) != stale
        {
            return Ok(token.clone());
        }
        *known = None;
        let AccessToken { token, lasts } = fetch.await?;
        let until = runtime::now() + lasts.saturating_sub(MARGIN.min(lasts / 10));
        *known = Some(Known { token: token.clone(), until });
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_token_is_fetched_once_and_again_shortly_before_it_ends() {
        let cache = TokenCache::default();
        let fetched = AtomicU32::new(0);
        let get = async |stale: Option<&Secret>| {
            let fetch = async {
                let count = fetched.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                let token = Secret::new(format!("token-{count}"));
                Ok::<_, ()>(AccessToken { token, lasts: Duration::from_secs(600) })
            };
            cache.get(stale, fetch).await.unwrap().reveal().to_owned()
        };
        let (one, two) = tokio::join!(get(None), get(None));
        assert_eq!((one.as_str(), two.as_str()), ("token-0", "token-0"));
        tokio::time::advance(Duration::from_secs(539)).await;
        assert_eq!(get(None).await, "token-0");
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(get(None).await, "token-1");
        assert_eq!(get(Some(&Secret::new("token-1".to_owned()))).await, "token-2");
        assert_eq!(get(Some(&Secret::new("token-1".to_owned()))).await, "token-2");
    }
}
