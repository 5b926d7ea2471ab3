use super::*;

/// 2026-03-01T00:00:00Z
const NOON_MS: i64 = 1_772_323_200_000;

fn parts(status: u16, lines: &[(&str, &str)]) -> response::Parts {
    let mut response = Response::builder().status(status);
    for (name, value) in lines {
        response = response.header(*name, *value);
    }
    response.body(()).unwrap().into_parts().0
}

fn policy_of(status: u16, lines: &[(&str, &str)]) -> Option<(Policy, Moment)> {
    let now = runtime::now();
    let when = Exchange { sent: now, answered: now, wall_ms: NOON_MS };
    Policy::of(&HeaderMap::new(), &parts(status, lines), when).map(|policy| (policy, now))
}

/// Seconds an answer lasts; `None`: it is not kept.
fn lasts(status: u16, lines: &[(&str, &str)]) -> Option<u64> {
    policy_of(status, lines).map(|(policy, now)| policy.lasts(now).as_secs())
}

fn wishes(text: &str) -> Directives {
    let line = (CACHE_CONTROL, HeaderValue::from_str(text).unwrap());
    Directives::of_request(&HeaderMap::from_iter([line]))
}

const ONE_HOUR_AGO: &str = "Sat, 28 Feb 2026 23:00:00 GMT";
const IN_AN_HOUR: &str = "Sun, 01 Mar 2026 01:00:00 GMT";
const NOON: &str = "Sun, 01 Mar 2026 00:00:00 GMT";

#[test]
fn an_answer_lasts_as_long_as_it_says_to_a_shared_cache() {
    for (lines, expected) in [
        (&[("cache-control", "max-age=60")][..], 60),
        (&[("cache-control", "max-age=60, s-maxage=5")], 5),
        (&[("cache-control", "s-maxage=60, max-age=5")], 60),
        (&[("cache-control", "max-age=60"), ("age", "20")], 40),
        (&[("cache-control", "max-age=60"), ("age", "x")], 0),
        (&[("cache-control", "max-age=60"), ("age", "0, 0")], 0),
        (&[("cache-control", "max-age=7200"), ("date", ONE_HOUR_AGO)], 3_600),
        (&[("expires", IN_AN_HOUR)], 3_600),
        (&[("expires", IN_AN_HOUR), ("date", "yesterday")], 3_600),
        (&[("expires", ONE_HOUR_AGO)], 0),
        (&[("expires", "0")], 0),
        (&[("expires", IN_AN_HOUR), ("cache-control", "max-age=1")], 1),
        (&[("last-modified", ONE_HOUR_AGO), ("date", NOON)], 360),
        (&[("cache-control", "no-cache, max-age=60")], 0),
        (&[("cache-control", "proxy-revalidate, max-age=60")], 60),
        (&[("cache-control", "no-store"), ("cdn-cache-control", "max-age=9")], 9),
        (&[("expires", IN_AN_HOUR), ("cdn-cache-control", "max-age=9")], 9),
    ] {
        assert_eq!(lasts(200, lines), Some(expected), "{lines:?}");
    }
}

#[test]
fn what_is_for_one_or_for_nobody_is_not_kept() {
    for told in ["private, max-age=60", "no-store, max-age=60", "max-age=60, a=\"open"] {
        assert_eq!(lasts(200, &[("cache-control", told)]), None, "{told}");
    }
    let wish = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("no-store"))]);
    let now = runtime::now();
    let when = Exchange { sent: now, answered: now, wall_ms: NOON_MS };
    let answer = parts(200, &[("cache-control", "max-age=60")]);
    assert!(Policy::of(&wish, &answer, when).is_none());
}

#[test]
fn a_status_decides_whether_an_answer_lasts_without_saying_so() {
    let silent = [("last-modified", ONE_HOUR_AGO)];
    let told = [("cache-control", "max-age=60")];
    for status in [200, 203, 204, 301, 404, 410, 501] {
        assert_eq!(lasts(status, &silent), Some(360), "{status}");
    }
    for status in [201, 202, 302, 400, 403, 500, 503, 599] {
        assert_eq!(lasts(status, &silent), None, "{status}");
        assert_eq!(lasts(status, &told), Some(60), "{status}");
    }
    assert_eq!(lasts(206, &told), None);
    let understood = [("cache-control", "max-age=60, must-understand")];
    assert_eq!((lasts(200, &understood), lasts(599, &understood)), (Some(60), None));
}

#[test]
fn wishes_of_a_client_are_heard() {
    let (policy, start) = policy_of(200, &[("cache-control", "max-age=60")]).unwrap();
    let fresh = |text: &str, after: u64| {
        policy.is_fresh_for(&wishes(text), start + Duration::from_secs(after))
    };
    assert!(fresh("", 59) && !fresh("", 60));
    assert!(!fresh("no-cache", 1));
    assert!(fresh("max-age=10", 9) && !fresh("max-age=10", 11));
    assert!(fresh("min-fresh=10", 49) && !fresh("min-fresh=10", 51));
    assert!(fresh("max-stale=10", 65) && !fresh("max-stale=10", 75) && fresh("max-stale", 9_999));
    let (strict, start) = policy_of(200, &[("cache-control", "s-maxage=60")]).unwrap();
    assert!(!strict.is_fresh_for(&wishes("max-stale"), start + Duration::from_secs(61)));
}

#[test]
fn an_answer_past_its_end_is_given_only_as_long_as_it_allows() {
    let day = Duration::from_secs(86_400);
    let at = |policy: &Policy, start: Moment, after: u64| {
        let now = start + Duration::from_secs(after);
        let meanwhile = policy.serves_meanwhile(Duration::ZERO, now);
        let error = policy.serves_on_error(day, false, now);
        (meanwhile, error, policy.serves_on_error(day, true, now))
    };
    let text = "max-age=60, stale-while-revalidate=10, stale-if-error=100";
    let (policy, start) = policy_of(200, &[("cache-control", text)]).unwrap();
    assert_eq!(at(&policy, start, 69), (true, true, true));
    assert_eq!(at(&policy, start, 71), (false, true, true));
    assert_eq!(at(&policy, start, 161), (false, false, false));
    // Without a word of it only when nobody can be reached.
    let (silent, start) = policy_of(200, &[("cache-control", "max-age=60")]).unwrap();
    assert_eq!(at(&silent, start, 61), (false, false, true));
    for strict in ["must-revalidate", "proxy-revalidate", "s-maxage=60", "no-cache"] {
        let text = format!("max-age=60, stale-while-revalidate=9, stale-if-error=9, {strict}");
        let (policy, start) = policy_of(200, &[("cache-control", &text)]).unwrap();
        assert_eq!(at(&policy, start, 61), (false, false, false), "{strict}");
    }
}

#[test]
fn a_slow_answer_is_older_by_the_time_it_took() {
    let sent = runtime::now();
    let answered = sent + Duration::from_secs(7);
    let when = Exchange { sent, answered, wall_ms: NOON_MS };
    let answer = parts(200, &[("cache-control", "max-age=60")]);
    let policy = Policy::of(&HeaderMap::new(), &answer, when).unwrap();
    assert_eq!(policy.age(answered).as_secs(), 7);
    assert_eq!(policy.age(answered + Duration::from_secs(3)).as_secs(), 10);
}

#[test]
fn no_answer_however_odd_makes_the_rules_fail() {
    for age in ["18446744073709551615", "99999999999999999999999", "-1", ""] {
        let lines = [("cache-control", "max-age=18446744073709551615"), ("age", age)];
        let (policy, start) = policy_of(200, &lines).unwrap();
        let later = start + Duration::from_secs(1 << 33);
        assert!(!policy.is_fresh_for(&wishes("max-stale=18446744073709551615"), later), "{age}");
    }
}
