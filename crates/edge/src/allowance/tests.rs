use super::*;

fn allowances(per_second: u64, burst: u64, clients_max: u64) -> Allowances {
    Allowances::new(&AllowanceSettings {
        per_second: Limited::new(per_second).unwrap(),
        burst: Limited::new(burst).unwrap(),
        clients_max: Limited::new(clients_max).unwrap(),
        ..AllowanceSettings::default()
    })
}

fn client(address: IpAddr) -> Asking {
    Asking { client: Some(address), key: None }
}

/// How long one who asks has to wait, by the code of the refusal.
fn wait(told: Option<Told>) -> Option<(&'static str, Duration)> {
    let turned = told.unwrap().refused?;
    Some((turned.code, turned.retry_after.unwrap()))
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_client_is_told_what_is_left_and_when_there_is_more() {
    let allowances = allowances(2, 4, 100);
    let (asking, start) = (client(address("192.0.2.1")), runtime::now());
    let take = |after_ms: u64| {
        let told = allowances.take(asking, start + Duration::from_millis(after_ms)).unwrap();
        let mut headers = HeaderMap::new();
        let wait = wait(Some(told.clone()));
        told.write(&mut headers);
        assert_eq!(headers["ratelimit-policy"], "\"client\";q=4;w=2");
        (headers["ratelimit"].to_str().unwrap().to_owned(), wait)
    };
    for (left, seconds) in [(3, 1), (2, 1), (1, 2), (0, 2)] {
        assert_eq!(take(0), (format!("\"client\";r={left};t={seconds}"), None));
    }
    let half = Some(("client_limit", Duration::from_millis(500)));
    assert_eq!(take(0), ("\"client\";r=0;t=1".to_owned(), half));
    assert_eq!(take(500).1, None);
}

#[test]
fn without_a_limit_nobody_is_counted() {
    let allowances = allowances(0, 1, 100);
    let asking = Asking { key: Some(1), ..client(address("192.0.2.1")) };
    assert_eq!(allowances.take(asking, runtime::now()), None);
    assert!(!allowances.count_keys());
    assert_eq!([allowances.clients(), allowances.keys()], [0, 0]);
}

#[test]
fn one_client_does_not_take_from_another_but_a_household_shares() {
    let allowances = allowances(1, 1, 100);
    let now = runtime::now();
    let waits = |one: &str| wait(allowances.take(client(address(one)), now)).is_some();
    assert_eq!([waits("192.0.2.1"), waits("192.0.2.1"), waits("192.0.2.2")], [false, true, false]);
    // The same address, written as version 6.
    assert!(waits("::ffff:192.0.2.2"));
    let homes = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"];
    assert_eq!(homes.map(waits), [false, true, false]);
}

#[test]
fn an_api_key_has_one_allowance_wherever_it_is_shown_and_no_client_gains_by_another_key() {
    let allowances = Allowances::new(&AllowanceSettings {
        per_second: Limited::literal(1),
        burst: Limited::literal(3),
        key_per_second: Limited::literal(1),
        key_burst: Limited::literal(2),
        ..AllowanceSettings::default()
    });
    let now = runtime::now();
    let ask = |at: &str, key| allowances.take(Asking { key, ..client(address(at)) }, now);
    let second = Duration::from_secs(1);
    let mut headers = HeaderMap::new();
    ask("192.0.2.1", Some(7)).unwrap().write(&mut headers);
    assert_eq!(headers["ratelimit-policy"], "\"client\";q=3;w=3, \"key\";q=2;w=2");
    assert_eq!(headers["ratelimit"], "\"client\";r=2;t=1, \"key\";r=1;t=1");
    assert_eq!(wait(ask("192.0.2.2", Some(7))), None);
    assert_eq!(wait(ask("192.0.2.3", Some(7))), Some(("key_limit", second)));
    // Without a key, or with another, others go on; its own client has asked once.
    assert_eq!(wait(ask("192.0.2.3", None)), None);
    assert_eq!(wait(ask("192.0.2.1", Some(8))), None);
    assert_eq!(wait(ask("192.0.2.1", Some(9))), None);
    // It has used up what a client may, whatever key it invents; and the key is not charged for it.
    assert_eq!(wait(ask("192.0.2.1", Some(10))), Some(("client_limit", second)));
    assert_eq!([wait(ask("192.0.2.4", Some(10))), wait(ask("192.0.2.5", Some(10)))], [None, None]);
    assert_eq!([allowances.clients(), allowances.keys()], [5, 4]);
}

#[test]
fn so_many_clients_are_remembered_and_the_busy_ones_longest() {
    let allowances = allowances(1, 10_000, 100);
    let now = runtime::now();
    let busy = address("192.0.2.1");
    for other in 0..100_000_u32 {
        let other = IpAddr::from((other + (10 << 24)).to_be_bytes());
        allowances.take(client(other), now).unwrap();
        assert!(allowances.clients() <= 101);
        if wait(allowances.take(client(busy), now)).is_some() {
            assert!(other > address("10.0.39.0"), "{other}");
            return;
        }
    }
    panic!("the busy client was forgotten");
}

#[test]
fn behind_a_proxy_the_client_is_whom_the_proxy_names_last() {
    let peer = address("198.51.100.1");
    let of = |lines: &[&'static str], behind_proxy| {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", HeaderValue::from_static(line));
        }
        client_of(&headers, peer, behind_proxy).to_string()
    };
    // Whatever a client writes itself stands before it.
    assert_eq!(of(&["203.0.113.9, 192.0.2.7"], true), "192.0.2.7");
    assert_eq!(of(&["203.0.113.9", "192.0.2.7"], true), "192.0.2.7");
    assert_eq!(of(&["192.0.2.7"], false), "198.51.100.1");
    for broken in ["", "unknown", "192.0.2.7,"] {
        assert_eq!(of(&[broken], true), "198.51.100.1", "{broken}");
    }
    assert_eq!(of(&[], true), "198.51.100.1");
}
