//! Every way a partner can fail ends by the deadline in an error that names it.

use std::time::Duration;

use partners::AskerSettings;

use crate::server::{Server, Then, full, http1, raw, status};
use crate::world::{ask, ask_within, asker, document, partner};

/// Asks a server that answers with `bytes` and then does as told; expects the failure's code and
/// the offers handed over before it.
async fn check(protocol: &str, bytes: Vec<u8>, then: Then, expected: (&str, u32)) {
    let (endpoint, _) = raw(bytes, None, then).await;
    let partner =
        partner(&asker(AskerSettings::default()), protocol, &endpoint, "timeout_ms = 300");
    let outcome = ask(&*partner).await;
    assert_eq!((outcome.code(), outcome.asked.offers), expected, "{protocol}, then {then:?}");
}

#[tokio::test]
async fn a_connection_that_ends_too_early_is_lost() {
    let whole = document("duffel/three_offers.json");
    let lost = ("partner_connection_lost", 0);
    check("duffel", Vec::new(), Then::Close, lost).await;
    check("duffel", Vec::new(), Then::Reset, lost).await;
    check("duffel", b"HTTP/1.1 200 OK\r\ncontent-le".to_vec(), Then::Close, lost).await;
    check("duffel", http1(&whole[..5_000], whole.len()), Then::Close, lost).await;
    check("duffel", http1(&whole[..5_000], whole.len()), Then::Reset, lost).await;
    check("duffel", http1(&whole, whole.len() + 10), Then::Close, lost).await;
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n100\r\n{\"data\"".to_vec();
    check("duffel", chunked, Then::Close, lost).await;
    check("duffel", b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(), Then::Close, lost).await;
}

#[tokio::test]
async fn a_content_length_that_is_too_short_gives_an_unreadable_answer() {
    let whole = document("duffel/three_offers.json");
    check("duffel", http1(&whole, 5_000), Then::Close, ("partner_unreadable", 0)).await;
    check("amadeus", http1(b"<html>sorry</html>", 18), Then::Close, ("partner_unreadable", 0))
        .await;
}

#[tokio::test]
async fn a_hanging_or_dripping_partner_is_left_at_the_deadline() {
    let whole = document("duffel/three_offers.json");
    let late = ("partner_timeout", 0);
    check("duffel", Vec::new(), Then::Hang, late).await;
    check("duffel", http1(&whole[..5_000], whole.len()), Then::Hang, late).await;
    let pause = Some(Duration::from_millis(40));
    let (endpoint, _) = raw(http1(&whole, whole.len()), pause, Then::Close).await;
    let partner = partner(&asker(AskerSettings::default()), "duffel", &endpoint, "");
    let outcome = ask_within(&*partner, Duration::from_millis(250)).await;
    assert_eq!(outcome.code(), "partner_timeout");
    assert!(outcome.asked.took >= Duration::from_millis(240));
    assert!(outcome.asked.bytes > 0, "what came is counted");
}

#[tokio::test]
async fn parts_that_came_before_a_failure_count() {
    let part = document("fareway/no_end.ndjson");
    let whole = [part.as_slice(), b"{\"type\":\"end\",\"parts\":1}\n"].concat();
    let wrong_end = [part.as_slice(), b"{\"type\":\"end\",\"parts\":2}\n"].concat();
    let broken = [part.as_slice(), b"{\"type\":\"pa\n"].concat();
    let cut = [part.as_slice(), &part[..300]].concat();
    check("fareway", http1(&whole, whole.len()), Then::Hang, ("whole", 2)).await;
    check("fareway", http1(&part, part.len()), Then::Hang, ("partner_connection_lost", 2)).await;
    check("fareway", http1(&part, 100_000), Then::Close, ("partner_connection_lost", 2)).await;
    check("fareway", http1(&part, 100_000), Then::Reset, ("partner_connection_lost", 2)).await;
    check("fareway", http1(&part, 100_000), Then::Hang, ("partner_timeout", 2)).await;
    check("fareway", http1(&cut, cut.len()), Then::Hang, ("partner_connection_lost", 2)).await;
    let unreadable = ("partner_unreadable", 2);
    check("fareway", http1(&wrong_end, wrong_end.len()), Then::Hang, unreadable).await;
    check("fareway", http1(&broken, broken.len()), Then::Hang, unreadable).await;
}

#[tokio::test]
async fn a_refusal_names_its_status_and_a_throttle_is_remembered() {
    let server = Server::start(|seen| match seen.path.split('/').nth(1).unwrap_or_default() {
        "throttle" | "unavailable" => {
            let code = if seen.path.starts_with("/throttle") { 429 } else { 503 };
            let mut answer = status(code);
            answer.headers_mut().insert("retry-after", "1".parse().unwrap());
            answer
        }
        "down" => status(503),
        _ => status(500),
    })
    .await;
    let asker = asker(AskerSettings::default());
    let at = |path: &str| partner(&asker, "duffel", &format!("{}/{path}", server.endpoint), "");
    for (path, expected) in [("broken", 500), ("down", 503)] {
        let outcome = ask(&*at(path)).await;
        assert_eq!((outcome.code(), outcome.asked.status), ("partner_refused", Some(expected)));
    }
    for path in ["throttle", "unavailable"] {
        let before = server.seen().len();
        let partner = at(path);
        assert_eq!(partner.paused(), None);
        assert_eq!(ask(&*partner).await.code(), "partner_throttled");
        assert!(partner.paused().is_some_and(|left| left <= Duration::from_secs(1)));
        assert_eq!(ask(&*partner).await.code(), "partner_throttled");
        assert_eq!(server.seen().len(), before + 1, "it is not asked while it wants us to wait");
        tokio::time::sleep(Duration::from_millis(1_050)).await;
        assert_eq!(ask(&*partner).await.code(), "partner_throttled");
        assert_eq!(server.seen().len(), before + 2, "afterwards it is asked again");
    }
}

#[tokio::test]
async fn nobody_listening_is_unreachable_and_so_is_a_server_without_tls() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let asker = asker(AskerSettings::default());
    let closed = partner(&asker, "duffel", &format!("http://{address}"), "");
    assert_eq!(ask(&*closed).await.code(), "partner_unreachable");
    let server = Server::of("{}").await;
    let https = server.endpoint.replace("http://", "https://");
    let plain = partner(&asker, "duffel", &https, "");
    assert_eq!(ask(&*plain).await.code(), "partner_unreachable");
    assert!(server.seen().is_empty(), "no credentials went out unencrypted");
}

#[tokio::test]
async fn an_answer_beyond_its_size_limit_is_not_read_to_the_end() {
    let server = Server::start(|seen| {
        let length: usize = 4 << 20;
        if seen.path.starts_with("/announced") {
            return http::Response::new(full(vec![b' '; length]));
        }
        let pieces = futures_util::stream::repeat_with(|| {
            Ok(hyper::body::Frame::data(bytes::Bytes::from_static(&[b' '; 4_096])))
        });
        http::Response::new(http_body_util::BodyExt::boxed(http_body_util::StreamBody::new(pieces)))
    })
    .await;
    let asker = asker(AskerSettings::default());
    for (protocol, path) in [("duffel", "announced"), ("duffel", "endless"), ("fareway", "endless")]
    {
        let endpoint = format!("{}/{path}", server.endpoint);
        let partner = partner(&asker, protocol, &endpoint, "answer_bytes_max = 1000000");
        let outcome = ask(&*partner).await;
        assert_eq!(outcome.code(), "partner_too_large", "{protocol} {path}");
        assert!(outcome.asked.bytes < 2_000_000);
    }
}
