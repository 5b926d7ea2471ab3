use std::time::Duration;

use super::super::conformance::{self, entry, get, keys, soon};
use super::*;

#[path = "../../../tests/support/redis_server.rs"]
mod redis_server;

use redis_server::RedisServer;

const LONG: Duration = Duration::from_secs(60);

/// Tries until the cache answers, at most 10 s.
async fn back(cache: &RedisCache) {
    for _ in 0..1_000 {
        let read = cache.get_many(&keys(&["a"]), soon()).await.is_ok();
        if read && cache.delete_many(&keys(&["-"]), soon()).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the cache does not come back");
}

#[tokio::test]
async fn redis_does_what_every_cache_does() {
    let server = RedisServer::start();
    conformance::run(&RedisCache::open(&server.url()).unwrap()).await;
    let by_url = super::super::open(&server.url()).unwrap();
    by_url.delete_many(&keys(&["a", "b"]), soon()).await.unwrap();
    by_url.set_many(&[entry("shared", b"1", LONG)], soon()).await.unwrap();
    let other = RedisCache::open(&server.url()).unwrap();
    assert!(get(&other, &["shared"]).await[0].is_some(), "another process sees the same");
}

#[tokio::test]
async fn a_server_that_died_costs_nothing_after_three_calls_and_is_found_again() {
    let mut server = RedisServer::start();
    let cache = RedisCache::open(&server.url()).unwrap();
    cache.set_many(&[entry("a", b"1", LONG)], soon()).await.unwrap();
    assert!(get(&cache, &["a"]).await[0].is_some());
    server.kill();
    let started = runtime::now();
    for _ in 0..1_000 {
        cache.get_many(&keys(&["a"]), soon()).await.unwrap_err();
    }
    let took = started.elapsed();
    assert!(took < 6 * CALL_MAX, "a thousand calls to a dead server took {took:?}");
    let told = cache.get_many(&keys(&["a"]), soon()).await.unwrap_err();
    assert!(matches!(told, CacheError::Resting { .. }), "{told:?}");
    assert!(!cache.is_ready());
    server.restart();
    back(&cache).await;
    assert_eq!(get(&cache, &["a"]).await, [None], "its loss costs what it kept");
    cache.set_many(&[entry("a", b"2", LONG)], soon()).await.unwrap();
    assert!(get(&cache, &["a"]).await[0].is_some());
}

#[tokio::test]
async fn a_server_that_hangs_is_waited_for_no_longer_than_the_deadline() {
    let server = RedisServer::start();
    let cache = RedisCache::open(&server.url()).unwrap();
    cache.set_many(&[entry("a", b"1", LONG)], soon()).await.unwrap();
    get(&cache, &["a"]).await;
    server.hang();
    let started = runtime::now();
    let within = Deadline::after(started, Duration::from_millis(20));
    let told = cache.get_many(&keys(&["a"]), within).await.unwrap_err();
    assert_eq!(told, CacheError::TimedOut);
    let took = started.elapsed();
    assert!((20..200).contains(&took.as_millis()), "{took:?}");
    for _ in 0..10 {
        let far = Deadline::after(runtime::now(), LONG);
        cache.get_many(&keys(&["a"]), far).await.unwrap_err();
    }
    let took = started.elapsed();
    assert!(took < Duration::from_millis(600), "{took:?}");
    server.go_on();
    back(&cache).await;
    assert!(get(&cache, &["a"]).await[0].is_some(), "it only hung");
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_found_when_it_comes() {
    let mut server = RedisServer::start();
    server.kill();
    let cache = RedisCache::open(&server.url()).unwrap();
    let told = cache.get_many(&keys(&["a"]), soon()).await.unwrap_err();
    assert!(matches!(told, CacheError::Unreachable(_)), "{told:?}");
    server.restart();
    back(&cache).await;
}

#[tokio::test]
async fn what_the_server_refuses_is_told_and_reading_goes_on_when_writing_fails() {
    let server = RedisServer::start();
    let cache = RedisCache::open(&server.url()).unwrap();
    cache.set_many(&[entry("a", b"1", LONG)], soon()).await.unwrap();
    let mut admin = cache.writes.state().manager.clone();
    for set in [["maxmemory-policy", "noeviction"], ["maxmemory", "1"]] {
        let mut config = ::redis::cmd("CONFIG");
        config.arg("SET").arg(&set).exec_async(&mut admin).await.unwrap();
    }
    for _ in 0..5 {
        let told = cache.set_many(&[entry("b", b"2", LONG)], soon()).await.unwrap_err();
        assert!(matches!(told, CacheError::Refused(_) | CacheError::Resting { .. }), "{told:?}");
    }
    assert!(get(&cache, &["a"]).await[0].is_some());
}

#[tokio::test]
async fn a_url_without_a_server_is_refused_without_repeating_its_password() {
    for url in ["redis://", "redis://user:secret@/0", "redis://:secret@host:notaport/0"] {
        if let Err(told) = RedisCache::open(url) {
            assert!(!told.to_string().contains("secret"), "{told}");
        }
    }
    assert!(RedisCache::open("redis://:secret@host:notaport/0").is_err());
    let cache = RedisCache::open("redis://:secret@127.0.0.1:1/0").unwrap();
    assert!(!format!("{cache:?}").contains("secret"));
}
