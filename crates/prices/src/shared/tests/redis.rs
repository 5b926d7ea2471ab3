//! The same on a real server that hangs, dies and comes back.

use super::*;

#[path = "../../../../storage/tests/support/redis_server.rs"]
mod redis_server;

use redis_server::RedisServer;

/// Remembers answers until they reach the cache again, at most 10 s.
async fn back(pod: &Pod) {
    let before = pod.shared.counts().given;
    for number in 0..1_000 {
        pod.memory.remember(seen(1_000 + number, 60, 0)).await.unwrap();
        if pod.shared.counts().given > before {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the second level does not come back");
}

#[tokio::test]
async fn pods_share_answers_over_redis_each_for_its_own_lifetime() {
    let server = RedisServer::start();
    let (cache, second) = (open(&server.url()).unwrap(), open(&server.url()).unwrap());
    let (one, other) = (Pod::start(&cache).await, Pod::start(&second).await);
    for number in 0..20 {
        let seen = seen(number, 3 + 4 * number as i32, 5_000);
        one.memory.remember(seen.clone()).await.unwrap();
        assert_eq!((other.known(&seen), other.search(&seen).await), (0, 3), "{number}");
    }
    assert!(other.memory.store().same_as(one.memory.store()));
    // Nearly stale when it is given away: gone a moment later.
    let four_hours_ms = 4 * 3_600_000;
    let short = seen(100, 5, four_hours_ms - 400);
    one.memory.remember(short.clone()).await.unwrap();
    assert!(value_of(&second, &wishes(&short)[0]).await.is_some());
    tokio::time::sleep(Duration::from_millis(450)).await;
    assert_eq!(value_of(&second, &wishes(&short)[0]).await, None);
}

#[tokio::test]
async fn a_redis_that_dies_costs_warmth_only_and_is_used_again_when_it_returns() {
    let mut server = RedisServer::start();
    let (cache, second) = (open(&server.url()).unwrap(), open(&server.url()).unwrap());
    let (one, other) = (Pod::start(&cache).await, Pod::start(&second).await);
    let lost = seen(1, 60, 0);
    one.memory.remember(lost.clone()).await.unwrap();
    server.kill();
    let started = runtime::now();
    for _ in 0..200 {
        assert_eq!(other.search(&lost).await, 0);
    }
    let took = started.elapsed();
    assert!(took < Duration::from_secs(1), "200 searches beside a dead server took {took:?}");
    let meanwhile = seen(2, 75, 0);
    one.memory.remember(meanwhile.clone()).await.unwrap();
    assert_eq!(one.known(&meanwhile), 3, "its own answers are not touched");
    assert!(other.shared.counts().failed > 0);
    server.restart();
    back(&one).await;
    let after = seen(3, 90, 0);
    one.memory.remember(after.clone()).await.unwrap();
    let mut found = 0;
    for _ in 0..1_000 {
        found = other.search(&after).await;
        if found == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!((found, other.search(&lost).await), (3, 0));
}

#[tokio::test]
async fn a_redis_that_hangs_holds_a_search_up_for_20_ms_at_most_and_then_not_at_all() {
    let server = RedisServer::start();
    let cache = open(&server.url()).unwrap();
    let one = Pod::start(&cache).await;
    let seen = seen(1, 60, 0);
    assert_eq!(one.search(&seen).await, 0);
    server.hang();
    let started = runtime::now();
    assert_eq!(one.search(&seen).await, 0);
    let first = started.elapsed();
    assert!((READ_MAX..READ_MAX * 5).contains(&first), "{first:?}");
    for _ in 0..1_000 {
        one.search(&seen).await;
    }
    let took = started.elapsed();
    assert!(took < Duration::from_millis(500), "1,001 searches took {took:?}");
    server.go_on();
    back(&one).await;
}

#[tokio::test]
async fn what_others_wrote_to_redis_under_our_keys_is_ignored_and_counted() {
    let server = RedisServer::start();
    let cache = open(&server.url()).unwrap();
    let one = Pod::start(&cache).await;
    let seen = seen(1, 60, 0);
    one.memory.remember(seen.clone()).await.unwrap();
    put(&cache, &wishes(&seen)[0], b"nonsense".to_vec()).await;
    let other = Pod::start(&cache).await;
    assert_eq!(other.search(&seen).await, 2);
    assert_eq!(other.shared.counts().damaged, 1);
}
