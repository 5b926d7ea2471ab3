//! What the edge of the tests is told about requests.

use std::sync::Arc;

use bytes::Bytes;
use edge::{Rules, Turned};
use fleet::CellId;
use fleet::attempts::Work;
use http::Response;
use http::request::Parts;
use runtime::Priority;

/// Answers below `/pages/` may be given to others, and cells see few lines of such requests.
/// `/kept/CELL/WORK…` is kept work; the header `x-key` names a key, `x-tenant` an API key; POST to `/once`
/// is not repeatable, cells break off at `/poison`, and `/pages/opened` begins visits.
pub(super) fn rules() -> Rules {
    fn work(head: &Parts) -> Work {
        let mut parts = head.uri.path().split('/').skip(1);
        if parts.next() == Some("kept")
            && let (Some(cell), Some(work)) = (parts.next(), parts.next())
        {
            let (cell, work) = (CellId(cell.parse().unwrap()), work.parse().unwrap());
            return Work::Kept { cell, work, key: None };
        }
        let key = head.headers.get("x-key").and_then(|key| key.to_str().ok());
        Work::New { key: key.map(|key| key.parse::<u64>().unwrap() << 48) }
    }
    fn refuse(_: &str, turned: &Turned) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(turned.code));
        *response.status_mut() = turned.status;
        if let Some(after) = turned.retry_after {
            let seconds = after.as_secs_f64().ceil() as u64;
            response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
        }
        response
    }
    Rules {
        work,
        tenant: |head| head.headers.get("x-tenant")?.to_str().ok()?.parse().ok(),
        priority: |head| match head.headers.contains_key("x-bot") {
            true => Priority::Bot,
            false => Priority::Asked,
        },
        repeatable: |head| head.uri.path() != "/once",
        refusable: |head| head.uri.path() == "/refusable",
        declines: |head| head.status == 503,
        overloaded: |head| head.status == 429,
        keeps: |head| head.uri.path().starts_with("/pages/"),
        shows: |name| ["host", "accept-language", "foo"].contains(&name.as_str()),
        visit_cookie: "visit",
        begins_visit: |head| {
            head.uri.path() == "/pages/opened" && edge::visit_in(&head.headers, "visit").is_none()
        },
        refuse,
        operator: Arc::new(|headers| headers.get("x-operator").is_some_and(|line| line == "1")),
        proof: http::HeaderName::from_static("x-operator"),
        everywhere: |head| (head.uri.path() == "/everywhere").then_some("/pages/"),
        own: |head| {
            let wanted = head.uri.path() == "/own/page";
            wanted.then(|| Response::new(Bytes::from_static(b"the door's own page")))
        },
    }
}
