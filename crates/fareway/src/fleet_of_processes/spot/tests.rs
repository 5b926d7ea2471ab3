use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Response;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use runtime::{HttpLimits, Limited, Shutdown, TaskSet, serve_http};

use super::*;

/// A metadata service: its second token is the good one, and it answers these one after the other.
async fn service(answers: Vec<(u16, String)>) -> (String, Arc<AtomicUsize>) {
    let listener = crate::platform::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (asked, tokens) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (seen, answers) = (Arc::clone(&asked), Arc::new(answers));
    let service = service_fn(move |request: Request<Incoming>| {
        let (seen, tokens, answers) =
            (Arc::clone(&seen), Arc::clone(&tokens), Arc::clone(&answers));
        async move {
            let header = |name: &str| request.headers().get(name).and_then(|v| v.to_str().ok());
            let (status, text) = match (request.method().as_str(), request.uri().path()) {
                ("PUT", "/latest/api/token") => {
                    assert_eq!(header("x-aws-ec2-metadata-token-ttl-seconds"), Some("21600"));
                    (200, format!("token-{}", tokens.fetch_add(1, Ordering::SeqCst)))
                }
                ("GET", "/latest/meta-data/spot/instance-action") => {
                    match header("x-aws-ec2-metadata-token") {
                        Some("token-1") => {
                            let at = seen.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
                            answers[at].clone()
                        }
                        _ => (401, String::new()),
                    }
                }
                other => panic!("{other:?}"),
            };
            let response = Response::builder().status(status).body(Full::new(Bytes::from(text)));
            Ok::<_, Infallible>(response.unwrap())
        }
    });
    let tasks = TaskSet::default();
    let serving =
        serve_http(listener, service, HttpLimits::default(), tasks.clone(), Shutdown::default());
    tasks.spawn(serving);
    std::mem::forget(tasks);
    (url, asked)
}

fn settings(metadata_url: String) -> SpotSettings {
    SpotSettings {
        metadata_url,
        look_ms: Limited::literal(100),
        margin_ms: Limited::literal(10_000),
    }
}

#[tokio::test]
async fn a_notice_gives_the_time_that_is_left_less_a_margin() {
    let ends = runtime::unix_ms() / 1_000 + 120;
    let (date, second) = (Date::from_days((ends / 86_400) as i32), ends % 86_400);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    let time = format!("{date}T{hour:02}:{minute:02}:{:02}Z", second % 60);
    let notice_text = format!("{{\"action\": \"terminate\", \"time\": \"{time}\"}}");
    let answers = vec![
        (404, String::new()),
        (200, "no JSON".to_owned()),
        (500, String::new()),
        (200, notice_text),
    ];
    let (url, asked) = service(answers).await;
    let within = notice(&settings(url)).await;
    assert!((105..=110).contains(&within.as_secs()), "{within:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_notice_that_is_over_leaves_no_time_and_without_a_service_there_is_none() {
    let answer = "{\"action\": \"stop\", \"time\": \"2017-09-18T08:22:00Z\"}".to_owned();
    let (url, _) = service(vec![(200, answer)]).await;
    assert_eq!(notice(&settings(url)).await, Duration::ZERO);
    for url in [String::new(), "http://127.0.0.1:9".to_owned(), "no url".to_owned()] {
        let waiting = tokio::time::timeout(Duration::from_millis(300), async {
            notice(&settings(url)).await
        });
        assert!(waiting.await.is_err());
    }
}

#[test]
fn a_time_is_read_as_the_cloud_writes_it_and_nothing_else_is() {
    assert_eq!(unix_s("1970-01-01T00:00:00Z"), Some(0));
    assert_eq!(unix_s("2017-09-18T08:22:00Z"), Some(1_505_722_920));
    for wrong in [
        "2017-09-18T08:22:00",
        "2017-09-18 08:22:00Z",
        "2017-09-18T24:00:00Z",
        "T",
        "Z",
        "2017-09-18T08:22Z",
        "2017-09-18T08:22:00:00Z",
        "2017-02-30T08:22:00Z",
        "2017-09-18T-1:00:00Z",
    ] {
        assert_eq!(unix_s(wrong), None, "{wrong}");
    }
}
