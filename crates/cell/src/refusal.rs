//! Why a request is not answered, and the two forms that is said in.
//!
//! ```text
//! any error ──From──▶ Refusal ──respond(Family)──▶ v3: {"code","message","details"} + x-fareway-code
//!                                              └─▶ else: application/problem+json
//! ```
//!
//! HTTP status codes exist only here and in the handlers' happy paths. A refusal says what the
//! caller can do about it; causes inside the service go to the log, not to the caller.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};
use runtime::{Blame, Fault, Retry};

use crate::json::Json;
use crate::loose::{FieldError, Unreadable};

/// Header that carries the stable code on the v3 paths.
pub const CODE_HEADER: HeaderName = HeaderName::from_static("x-fareway-code");

/// Which form the errors of a path have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Paths under `/apiservices/v3`: numeric code, message, details.
    V3,
    /// Everything else: problem+json.
    Own,
}

impl Family {
    /// The family of a path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        if path.starts_with("/apiservices") { Self::V3 } else { Self::Own }
    }
}

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    field: Option<String>,
    sentence: String,
    retry_after: Option<Duration>,
    allow: Option<&'static str>,
}

impl Refusal {
    /// A refusal with its stable code and a sentence for the caller.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            status,
            code,
            field: None,
            sentence: sentence.into(),
            retry_after: None,
            allow: None,
        }
    }

    /// A field that is missing or wrong.
    #[must_use]
    pub fn field(path: impl Into<String>, sentence: impl Into<String>) -> Self {
        let refusal = Self::new(StatusCode::BAD_REQUEST, "invalid_field", sentence);
        Self { field: Some(path.into()), ..refusal }
    }

    /// There is nothing at this path.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "unknown_path", "There is nothing at this path.")
    }

    /// The path exists, but not for this method.
    #[must_use]
    pub fn wrong_method(allow: &'static str) -> Self {
        let sentence = "This path does not take this method.";
        let refusal = Self::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", sentence);
        Self { allow: Some(allow), ..refusal }
    }

    /// Something of ours went wrong.
    #[must_use]
    pub fn internal() -> Self {
        let sentence = "Something went wrong on our side.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", sentence)
    }

    /// We are at a limit; trying again later can help.
    #[must_use]
    pub fn busy(code: &'static str, sentence: &str, retry_after: Duration) -> Self {
        let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, code, sentence);
        Self { retry_after: Some(retry_after), ..refusal }
    }

    /// The same refusal, about a field.
    #[must_use]
    pub fn about(self, field: String) -> Self {
        Self { field: Some(field).filter(|field| !field.is_empty()), ..self }
    }

    /// The same refusal, because what is asked for is not there.
    #[must_use]
    pub fn missing(self) -> Self {
        Self { status: StatusCode::NOT_FOUND, ..self }
    }

    /// The same refusal, because we are not serving now.
    #[must_use]
    pub fn unavailable(self) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, ..self }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The field it is about.
    #[must_use]
    pub fn field_name(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The same refusal, worth trying again after this long.
    #[must_use]
    pub fn after(self, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..self }
    }

    /// The answer in the form of the family.
    #[must_use]
    pub fn respond(self, family: Family) -> Response {
        self.render(family).map(Body::from)
    }

    /// The same, with its bytes.
    #[must_use]
    pub fn render(self, family: Family) -> http::Response<Bytes> {
        let mut json = Json::with_capacity(256);
        let media = match family {
            Family::V3 => {
                self.write_v3(&mut json);
                "application/json"
            }
            Family::Own => {
                self.write_problem(&mut json);
                "application/problem+json"
            }
        };
        let mut response = http::Response::new(Bytes::from(json.into_bytes()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CODE_HEADER, HeaderValue::from_static(self.code));
        if let Some(after) = self.retry_after {
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        response
    }

    fn write_v3(&self, json: &mut Json) {
        let message = match &self.field {
            Some(path) if !path.is_empty() => format!("{path}: {}", self.sentence),
            _ => self.sentence.clone(),
        };
        json.object(|json| {
            json.key("code").number(grpc_code(self.status));
            json.key("message").text(&message);
            json.key("details").list(|_| ());
        });
    }

    fn write_problem(&self, json: &mut Json) {
        json.object(|json| {
            json.key("type").text(&format!("/problems/{}", self.code));
            json.key("title").text(self.status.canonical_reason().unwrap_or_default());
            json.key("status").number(self.status.as_u16());
            json.key("code").plain(self.code.as_bytes());
            json.key("field");
            match &self.field {
                Some(path) => json.text(path),
                None => json.null(),
            };
            json.key("detail").text(&self.sentence);
        });
    }
}

/// The gRPC code that stands for an HTTP status.
fn grpc_code(status: StatusCode) -> u8 {
    match status.as_u16() {
        401 => 16,
        403 => 7,
        404 => 5,
        405 => 12,
        408 | 504 => 4,
        429 => 8,
        503 => 14,
        400..=499 => 3,
        _ => 13,
    }
}

impl From<FieldError> for Refusal {
    fn from(error: FieldError) -> Self {
        Self::field(error.path, error.sentence)
    }
}

impl From<Unreadable> for Refusal {
    fn from(error: Unreadable) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_body", error.to_string())
    }
}

/// The refusal for a failure of the parts below: the caller's faults are told to the caller.
#[must_use]
pub fn of_fault(fault: &dyn Fault) -> Refusal {
    match (fault.blame(), fault.retry()) {
        (Blame::Caller, Retry::After(after)) => {
            Refusal::busy(fault.code(), &fault.to_string(), after)
        }
        (Blame::Caller, Retry::Never | Retry::Elsewhere) => {
            Refusal::new(StatusCode::BAD_REQUEST, fault.code(), fault.to_string())
        }
        (_, Retry::After(after)) => Refusal {
            retry_after: Some(after),
            ..Refusal::new(StatusCode::SERVICE_UNAVAILABLE, fault.code(), fault.to_string())
        },
        (_, Retry::Never | Retry::Elsewhere) => {
            tracing::error!(code = fault.code(), error = %fault, "a request failed");
            Refusal::internal()
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use serde_json::{Value, json};

    use super::*;

    async fn body(response: Response) -> Value {
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[tokio::test]
    async fn a_v3_error_is_code_message_details_and_nothing_else() {
        let refusal = Refusal::field("query.adults", "must be 1 to 8");
        let response = refusal.respond(Family::V3);
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()["x-fareway-code"], "invalid_field");
        let expected = json!({"code": 3, "message": "query.adults: must be 1 to 8", "details": []});
        assert_eq!(body(response).await, expected);
    }

    #[tokio::test]
    async fn our_own_errors_are_problems_with_code_field_and_sentence() {
        let response = Refusal::field("legs[0].date", "is required").respond(Family::Own);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let read = body(response).await;
        assert_eq!(read["code"], "invalid_field");
        assert_eq!(read["field"], "legs[0].date");
        assert_eq!(read["detail"], "is required");
        assert_eq!(read["status"], 400);
    }

    #[test]
    fn a_busy_service_says_when_to_come_back_in_whole_seconds() {
        let wait = Duration::from_millis(1_200);
        let response = Refusal::busy("busy", "Too much.", wait).respond(Family::V3);
        assert_eq!(
            (response.status().as_u16(), &response.headers()["retry-after"]),
            (429, &HeaderValue::from(2))
        );
    }

    #[test]
    fn statuses_have_their_grpc_codes() {
        let check = |status: u16, code| {
            assert_eq!(grpc_code(StatusCode::from_u16(status).unwrap()), code, "{status}");
        };
        [(400, 3), (401, 16), (403, 7), (404, 5), (429, 8), (500, 13), (503, 14), (504, 4)]
            .into_iter()
            .for_each(|(status, code)| check(status, code));
        check(413, 3);
    }
}
