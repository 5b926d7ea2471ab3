use bytes::Bytes;
use http::header::HOST;
use http::{HeaderName, HeaderValue, Request, Response};
use runtime::Limited;

use super::*;
use crate::cache::kept::Keepable;
use crate::cache::policy::Exchange;

fn key(path: &str) -> Key {
    let request = Request::get(path).header(HOST, "a").body(()).unwrap();
    Key::of(&request.into_parts().0).unwrap()
}

fn asks(value: &str) -> HeaderMap {
    let name = HeaderName::from_static("foo");
    HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
}

/// An answer chosen by the line `foo`.
fn kept(foo: &str, bytes: usize) -> Arc<Kept> {
    let answer = Response::builder().header("cache-control", "max-age=60").header("vary", "foo");
    let answer = answer.body(()).unwrap().into_parts().0;
    let now = runtime::now();
    let when = Exchange { sent: now, answered: now, wall_ms: 0 };
    let keepable = Keepable::of(&asks(foo), &answer, when).unwrap();
    Arc::new(keepable.with(Bytes::from(vec![b'x'; bytes])))
}

fn settings(bytes: u64) -> CacheSettings {
    CacheSettings {
        bytes: Limited::new(bytes).unwrap(),
        variants_max: Limited::literal(2),
        ..CacheSettings::default()
    }
}

fn store(bytes: u64) -> Store {
    Store::new(&settings(bytes))
}

fn put(store: &Store, path: &str, kept: Arc<Kept>) -> bool {
    let key = key(path);
    store.keep(&key, kept, store.epoch(&key))
}

fn has(store: &Store, path: &str, foo: &str) -> bool {
    store.find(&key(path), &asks(foo)).0.is_some()
}

#[test]
fn an_address_keeps_one_answer_of_each_choice_and_the_newest_so_many() {
    let store = store(64 << 20);
    for foo in ["1", "2", "2", "3"] {
        assert!(put(&store, "/a", kept(foo, 10)));
    }
    assert_eq!(["1", "2", "3"].map(|foo| has(&store, "/a", foo)), [false, true, true]);
    let (none, any) = store.find(&key("/a"), &asks("9"));
    assert!(none.is_none() && any.is_some());
    assert!(store.find(&key("/b"), &asks("1")).1.is_none());
}

#[test]
fn the_largest_answer_fits_and_all_together_stay_within_the_bytes() {
    let store = store(8 << 20);
    let largest = settings(8 << 20).largest() as usize;
    assert_eq!(largest, 1 << 20);
    assert!(put(&store, "/large", kept("1", largest)));
    assert!(put(&store, "/large", kept("2", largest)));
    for number in 0..500 {
        put(&store, &format!("/{number}"), kept("1", 100_000));
        assert!(store.bytes() <= 8 << 20);
    }
    assert!(store.len() > 20, "{}", store.len());
}

#[test]
fn a_purge_takes_what_begins_so_and_nothing_else() {
    let store = store(8 << 20);
    for path in ["/v1/prices/month?a", "/v1/prices/graph", "/v1/places", "/"] {
        assert!(put(&store, path, kept("1", 10)));
    }
    assert!(put(&store, "/v1/prices/month?a", kept("2", 10)));
    assert_eq!(store.purge("/v1/prices"), 3);
    assert!(has(&store, "/v1/places", "1") && !has(&store, "/v1/prices/graph", "1"));
    assert_eq!((store.purge("/"), store.len()), (2, 0));
}

#[test]
fn what_was_asked_for_before_a_purge_is_not_kept_after_it() {
    let store = store(8 << 20);
    let at = key("/a");
    let asked = store.epoch(&at);
    store.purge("/other");
    assert!(!store.keep(&at, kept("1", 10), asked));
    let asked = store.epoch(&at);
    assert!(store.keep(&at, kept("1", 10), asked));
    assert!(store.forget(&at) && !store.forget(&at));
    assert!(!store.keep(&at, kept("1", 10), asked));
    assert!(!has(&store, "/a", "1"));
}

#[test]
fn one_answer_is_taken_away_only_if_it_is_the_one_that_is_kept() {
    let store = store(8 << 20);
    let (old, new) = (kept("1", 1), kept("1", 2));
    assert!(put(&store, "/a", Arc::clone(&old)) && put(&store, "/a", Arc::clone(&new)));
    store.forget_one(&key("/a"), &old);
    assert!(has(&store, "/a", "1"));
    store.forget_one(&key("/a"), &new);
    assert!(!has(&store, "/a", "1"));
}
