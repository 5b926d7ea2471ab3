//! What the front door must be told, because it knows no domain: whose work a request is, whether it
//! can be sent twice, and how a refusal looks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fleet::attempts::Work;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Response, StatusCode, response};
use runtime::Priority;

/// Why a request is turned away at the door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turned {
    /// The HTTP status.
    pub status: StatusCode,
    /// Stable code.
    pub code: &'static str,
    /// For the caller.
    pub sentence: String,
    /// When it is worth trying again.
    pub retry_after: Option<Duration>,
}

impl Turned {
    pub(crate) fn new(status: StatusCode, code: &'static str, sentence: impl Into<String>) -> Self {
        Self { status, code, sentence: sentence.into(), retry_after: None }
    }

    pub(crate) fn client_asks_too_much(wait: Duration) -> Self {
        let sentence = "You ask for more than one client may; see the field ratelimit-policy.";
        let turned = Self::new(StatusCode::TOO_MANY_REQUESTS, "client_limit", sentence);
        Self { retry_after: Some(wait), ..turned }
    }

    pub(crate) fn key_asks_too_much(wait: Duration) -> Self {
        let sentence =
            "More is asked with this API key than one may; see the field ratelimit-policy.";
        let turned = Self::new(StatusCode::TOO_MANY_REQUESTS, "key_limit", sentence);
        Self { retry_after: Some(wait), ..turned }
    }

    pub(crate) fn cell_overloaded() -> Self {
        let sentence = "There is more to do than can be done in time.";
        let turned = Self::new(StatusCode::TOO_MANY_REQUESTS, "cell_overloaded", sentence);
        Self { retry_after: Some(Duration::from_secs(1)), ..turned }
    }

    pub(crate) fn for_now(code: &'static str, sentence: &str) -> Self {
        let turned = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, sentence);
        Self { retry_after: Some(Duration::from_secs(1)), ..turned }
    }
}

/// Given by whoever knows the domain.
#[derive(Clone)]
pub struct Rules {
    /// Whose work a request is.
    pub work: fn(&Parts) -> Work,
    /// Hash of the API key behind a request: its work reaches few cells only.
    pub tenant: fn(&Parts) -> Option<u64>,
    /// How much a request for new work matters.
    pub priority: fn(&Parts) -> Priority,
    /// Whether a request does no harm when it is carried out twice.
    pub repeatable: fn(&Parts) -> bool,
    /// Whether a cell may refuse a request because it has more to do than can be done in time.
    pub refusable: fn(&Parts) -> bool,
    /// Whether an answer says that the cell takes no work any more, and not only that it could not
    /// do this.
    pub declines: fn(&response::Parts) -> bool,
    /// Whether an answer says that the cell has more to do than can be done in time.
    pub overloaded: fn(&response::Parts) -> bool,
    /// Whether the answer to a GET of this path may be given to others too, if the answer says so
    /// itself; not asked of requests with credentials of HTTP.
    pub keeps: fn(&Parts) -> bool,
    /// Which header lines of such a request a cell is shown. What it is not shown cannot get into what
    /// others are given.
    pub shows: fn(&HeaderName) -> bool,
    /// The cookie that names a visit.
    pub visit_cookie: &'static str,
    /// Whether a request opens a page without naming its visit, so that a good answer to it begins one.
    pub begins_visit: fn(&Parts) -> bool,
    /// How a refusal of a path looks.
    pub refuse: fn(&str, &Turned) -> Response<Bytes>,
    /// Whether the operator asks.
    pub operator: Arc<dyn Fn(&HeaderMap) -> bool + Send + Sync>,
    /// The header line by which that is known; passed on to the control plane.
    pub proof: HeaderName,
    /// Whether a request of the operator concerns every cell; gives how path and query of the kept answers
    /// begin that it makes wrong.
    pub everywhere: fn(&Parts) -> Option<&'static str>,
    /// Pages that the door answers itself, so that they are there when no cell is.
    pub own: fn(&Parts) -> Option<Response<Bytes>>,
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rules")
    }
}

/// Whose work a request is, and how much it matters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whose {
    pub(crate) work: Work,
    pub(crate) tenant: Option<u64>,
    pub(crate) priority: Priority,
    /// Whether a cell may refuse it because it has more to do than can be done in time.
    pub(crate) refusable: bool,
}

impl Whose {
    pub(crate) fn of(head: &Parts, rules: &Rules) -> Self {
        Self {
            work: (rules.work)(head),
            tenant: (rules.tenant)(head),
            priority: (rules.priority)(head),
            refusable: (rules.refusable)(head),
        }
    }
}
