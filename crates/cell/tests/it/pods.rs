//! Processes of one cell share what their partners answered.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use prices::shared::SharedPrices;
use serde_json::Value;
#[cfg(feature = "redis")]
use storage::cache::Cache;
use storage::cache::open;

#[cfg(feature = "redis")]
#[path = "../../../storage/tests/support/redis_server.rs"]
mod redis_server;

use crate::prices::alone;
use crate::site::Site;

#[cfg(feature = "redis")]
fn sharing(cache: &Arc<dyn Cache>) -> Arc<SharedPrices> {
    Arc::new(SharedPrices::new(Arc::clone(cache)))
}

/// The page of a search that is over.
async fn searched(pod: &Site, body: &Value) -> Value {
    let token = pod.search(body).await;
    pod.finished(&token, "limit=100").await
}

fn remembered(page: &Value) -> (u64, u64) {
    let of = |key: &str| page["partners"][key].as_u64().unwrap();
    (of("remembered"), of("asked"))
}

fn prices(page: &Value) -> BTreeSet<(String, Option<i64>)> {
    let rows = page["itineraries"].as_array().unwrap();
    rows.iter().map(|row| (row["id"].to_string(), row["price"].as_i64())).collect()
}

/// Waits until so many answers were given away.
async fn given(shared: &SharedPrices, answers: u64) {
    for _ in 0..400 {
        if shared.counts().given >= answers {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{:?}, {answers} are due", shared.counts());
}

#[tokio::test]
async fn what_one_pod_asked_the_other_shows_at_once_without_asking() {
    let cache = open("memory://").unwrap();
    // A busy machine is to find what is there, too.
    let patient =
        || Arc::new(SharedPrices::new(Arc::clone(&cache)).patient(Duration::from_secs(30)));
    let (one, other) = (patient(), patient());
    let pods = Site::pods([Arc::clone(&one), Arc::clone(&other)]).await;
    // Too near for a change of tickets: each partner is asked once.
    let mut body = alone(50, Some(57));
    for (leg, end) in [(0, "destination"), (1, "origin")] {
        body["legs"][leg][end] = "EDI".into();
    }
    let live = searched(&pods[0], &body).await;
    let (_, asked) = remembered(&live);
    given(&one, asked).await;
    let page = pods[1].post("/v1/searches", &body).await.json();
    assert_eq!(page["status"], "complete", "at once");
    let page = searched(&pods[1], &body).await;
    assert_eq!(remembered(&page), (asked, asked));
    assert_eq!(prices(&page), prices(&live));
    assert_eq!((other.counts().found, other.counts().given), (asked, 0));
    // Another question is asked as ever.
    let (remembered, _) = remembered(&searched(&pods[1], &alone(51, None)).await);
    assert_eq!(remembered, 0);
}

#[cfg(feature = "redis")]
mod redis {
    use super::redis_server::RedisServer;
    use super::*;

    #[tokio::test]
    async fn searches_go_on_while_redis_hangs_or_is_dead_and_are_shared_again_afterwards() {
        let mut server = RedisServer::start();
        let caches = [open(&server.url()).unwrap(), open(&server.url()).unwrap()];
        let (one, other) = (sharing(&caches[0]), sharing(&caches[1]));
        let pods = Site::pods([Arc::clone(&one), Arc::clone(&other)]).await;
        let (_, asked) = remembered(&searched(&pods[0], &alone(50, None)).await);
        given(&one, asked).await;
        let page = searched(&pods[1], &alone(50, None)).await;
        assert_eq!(remembered(&page), (asked, asked));

        server.hang();
        let page = searched(&pods[1], &alone(52, None)).await;
        assert_eq!((remembered(&page).0, page["status"].as_str()), (0, Some("complete")));
        server.go_on();
        server.kill();
        for days in 53..60 {
            let page = searched(&pods[(days % 2) as usize], &alone(days, None)).await;
            assert_eq!((remembered(&page).0, page["status"].as_str()), (0, Some("complete")));
        }
        // What a pod took over is its own.
        let page = searched(&pods[1], &alone(50, None)).await;
        assert_eq!(remembered(&page), (asked, asked));
        assert!(one.counts().failed + other.counts().failed > 0);

        server.restart();
        for days in 70..120 {
            let before = one.counts().given;
            let (_, asked) = remembered(&searched(&pods[0], &alone(days, None)).await);
            tokio::time::sleep(Duration::from_millis(100)).await;
            if one.counts().given < before + asked {
                continue;
            }
            if remembered(&searched(&pods[1], &alone(days, None)).await) == (asked, asked) {
                return;
            }
        }
        panic!("they do not share again: {:?}, {:?}", one.counts(), other.counts());
    }
}
