use super::*;

#[tokio::test]
async fn memory_does_what_every_cache_does() {
    conformance::run(&MemoryCache::default()).await;
}

#[tokio::test]
async fn a_url_opens_a_cache_or_says_in_a_sentence_why_not() {
    let cache = open("memory://").unwrap();
    let one = conformance::entry("a", b"1", Duration::from_secs(1));
    cache.set_many(&[one], conformance::soon()).await.unwrap();
    assert!(conformance::get(&*cache, &["a"]).await[0].is_some());
    for (url, says) in [
        ("", "not by `a text without ://`"),
        ("localhost:6379", "a text without ://"),
        ("rediss://example.org", "not by `rediss://`"),
        ("memory://64", "of the form"),
    ] {
        let told = open(url).unwrap_err().to_string();
        assert!(told.contains(says), "{url}: {told}");
    }
}

#[cfg(not(feature = "redis"))]
#[test]
fn a_build_without_redis_says_how_to_get_one_with_it() {
    let told = open("redis://localhost:6379/0").unwrap_err().to_string();
    assert!(told.contains("--features redis"), "{told}");
}
