//! What every cache does, whatever is behind it.

use std::time::Duration;

use bytes::Bytes;
use runtime::{Deadline, Fault};

use super::{CALL_MAX, Cache, CacheEntry, KEY_BYTES_MAX, KEYS_MAX, LIFETIME_MAX, VALUE_BYTES_MAX};

const LONG: Duration = Duration::from_secs(60);

pub(super) fn soon() -> Deadline {
    Deadline::after(runtime::now(), CALL_MAX)
}

pub(super) fn keys(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

pub(super) fn entry(key: &str, value: &'static [u8], lifetime: Duration) -> CacheEntry {
    CacheEntry { key: key.to_owned(), value: Bytes::from_static(value), lifetime }
}

pub(super) async fn get(cache: &dyn Cache, names: &[&str]) -> Vec<Option<Bytes>> {
    cache.get_many(&keys(names), soon()).await.unwrap()
}

async fn set(cache: &dyn Cache, entries: &[CacheEntry]) {
    cache.set_many(entries, soon()).await.unwrap();
}

/// Runs the suite on an empty cache.
pub(super) async fn run(cache: &dyn Cache) {
    what_was_set_is_given_back_in_the_order_asked(cache).await;
    values_end_with_their_time(cache).await;
    what_was_deleted_is_gone(cache).await;
    nothing_in_nothing_out(cache).await;
    any_bytes_are_a_value(cache).await;
    limits_hold(cache).await;
    assert!(cache.is_ready());
}

async fn what_was_set_is_given_back_in_the_order_asked(cache: &dyn Cache) {
    assert_eq!(get(cache, &["a", "b"]).await, [None, None]);
    set(cache, &[entry("a", b"1", LONG), entry("b", b"2", LONG)]).await;
    let (one, two) = (Some(Bytes::from_static(b"1")), Some(Bytes::from_static(b"2")));
    assert_eq!(get(cache, &["b", "c", "a", "b"]).await, [two.clone(), None, one, two.clone()]);
    set(cache, &[entry("a", b"3", LONG), entry("a", b"2", LONG)]).await;
    assert_eq!(get(cache, &["a"]).await, [two], "the last one stays");
}

async fn values_end_with_their_time(cache: &dyn Cache) {
    let short = Duration::from_millis(80);
    set(cache, &[entry("short", b"x", short), entry("long", b"x", LONG)]).await;
    let found = get(cache, &["short", "long"]).await;
    assert!(found.iter().all(Option::is_some));
    // A new value has a new time, shorter or longer.
    set(cache, &[entry("longer", b"x", short)]).await;
    set(cache, &[entry("longer", b"x", LONG)]).await;
    tokio::time::sleep(short * 2).await;
    let found = get(cache, &["short", "long", "longer"]).await;
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true, true]);
    set(cache, &[entry("long", b"y", Duration::from_micros(900))]).await;
    assert_eq!(get(cache, &["long"]).await, [None], "without a time nothing is kept");
    set(cache, &[entry("ever", b"x", LIFETIME_MAX * 100)]).await;
    assert!(get(cache, &["ever"]).await[0].is_some());
}

async fn what_was_deleted_is_gone(cache: &dyn Cache) {
    set(cache, &[entry("gone", b"x", LONG), entry("kept", b"x", LONG)]).await;
    cache.delete_many(&keys(&["gone", "never there"]), soon()).await.unwrap();
    let found = get(cache, &["gone", "kept"]).await;
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
}

async fn nothing_in_nothing_out(cache: &dyn Cache) {
    assert_eq!(cache.get_many(&[], soon()).await, Ok(Vec::new()));
    assert_eq!(cache.set_many(&[], soon()).await, Ok(()));
    assert_eq!(cache.delete_many(&[], soon()).await, Ok(()));
}

async fn any_bytes_are_a_value(cache: &dyn Cache) {
    let all: Vec<u8> = (0..=255).collect();
    for value in [Bytes::new(), Bytes::from(all), Bytes::from(vec![0; 300_000])] {
        let entry = CacheEntry { key: "b\r\n\0 ü".to_owned(), value, lifetime: LONG };
        set(cache, std::slice::from_ref(&entry)).await;
        assert_eq!(get(cache, &[&entry.key]).await, [Some(entry.value)]);
    }
}

async fn limits_hold(cache: &dyn Cache) {
    let longest = "k".repeat(KEY_BYTES_MAX);
    set(cache, &[entry(&longest, b"x", LONG)]).await;
    assert!(get(cache, &[&longest]).await[0].is_some());
    for key in [String::new(), "k".repeat(KEY_BYTES_MAX + 1)] {
        let told = [
            cache.get_many(std::slice::from_ref(&key), soon()).await.map(drop),
            cache.set_many(&[entry(&key, b"x", LONG)], soon()).await,
            cache.delete_many(&[key], soon()).await,
        ];
        for told in told {
            assert_eq!(told.unwrap_err().code(), "cache_over_limit");
        }
    }
    let many: Vec<String> = (0..=KEYS_MAX).map(|number| number.to_string()).collect();
    assert_eq!(cache.get_many(&many, soon()).await.unwrap_err().code(), "cache_over_limit");
    assert_eq!(cache.get_many(&many[1..], soon()).await.unwrap().len(), KEYS_MAX);
    let value = Bytes::from(vec![0; VALUE_BYTES_MAX + 1]);
    let large = CacheEntry { key: "large".to_owned(), value, lifetime: LONG };
    let told = cache.set_many(&[entry("beside", b"x", LONG), large], soon()).await;
    assert_eq!(told.unwrap_err().code(), "cache_over_limit");
    assert_eq!(get(cache, &["beside"]).await, [None], "nothing of the call is kept");
}
