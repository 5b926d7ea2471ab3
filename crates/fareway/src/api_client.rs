//! Talks to the platform's own HTTP API, as anyone could.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use cell::OPERATOR_HEADER;
use edge::tls::{Connector, trusting_only};
use http::{Method, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use runtime::net::HttpConnector;
use serde_json::Value;

/// Largest answer read.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Time to connect to a door that speaks TLS.
pub(crate) const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Time for a whole answer. Who hangs must not hang who asks.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A client of one address.
#[derive(Debug)]
pub(crate) struct ApiClient {
    base: String,
    operator: Option<String>,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Plain(Client<HttpConnector, Full<Bytes>>),
    Secure(Client<Connector, Full<Bytes>>),
}

impl ApiClient {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let way = Way::Plain(Client::builder(TokioExecutor::new()).build(HttpConnector::new()));
        Self { base: format!("http://{address}"), operator: None, way }
    }

    /// A client of a door that shows the certificate in a file; without one, of a plain one.
    pub(crate) fn of_door(address: SocketAddr, certificate: Option<&Path>) -> Result<Self> {
        let Some(certificate) = certificate else { return Ok(Self::new(address)) };
        Ok(Self::over(address, trusting_only(certificate, CONNECT_WITHIN)?))
    }

    /// A client that connects so.
    pub(crate) fn over(address: SocketAddr, connector: Connector) -> Self {
        let way = Way::Secure(Client::builder(TokioExecutor::new()).build(connector));
        Self { base: format!("https://{address}"), operator: None, way }
    }

    /// The same client with the operator's token.
    pub(crate) fn for_operator(self, token: &str) -> Self {
        Self { operator: Some(token.to_owned()), ..self }
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, Bytes::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::POST, path, Bytes::from(body.to_string())).await
    }

    async fn call(&self, method: Method, path: &str, body: Bytes) -> Result<Value> {
        let answer = tokio::time::timeout(ANSWER_WITHIN, self.ask(method, path, body)).await;
        answer.with_context(|| format!("no answer within {} s", ANSWER_WITHIN.as_secs()))?
    }

    async fn ask(&self, method: Method, path: &str, body: Bytes) -> Result<Value> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("content-type", "application/json")
            .body(Full::new(body))?;
        if let Some(token) = &self.operator {
            request.headers_mut().insert(OPERATOR_HEADER, token.parse()?);
        }
        let response = match &self.way {
            Way::Plain(client) => client.request(request).await,
            Way::Secure(client) => client.request(request).await,
        };
        let response = response.context("no answer")?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let bytes =
            body.map_err(|error| anyhow::anyhow!("the answer broke off: {error}"))?.to_bytes();
        let value: Value = serde_json::from_slice(&bytes).context("the answer is not JSON")?;
        if !status.is_success() {
            bail!("{}", sentence(&value));
        }
        Ok(value)
    }
}

/// A problem document as one sentence that names the field.
fn sentence(problem: &Value) -> String {
    let text = |key: &str| problem[key].as_str().filter(|text| !text.is_empty());
    let detail = text("detail").or(text("title")).unwrap_or("the request was refused");
    match text("field") {
        Some(field) if !detail.starts_with(field) => format!("{field}: {detail}"),
        _ => detail.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ApiClient, sentence};

    #[tokio::test(start_paused = true)]
    async fn who_accepts_and_says_nothing_is_waited_for_ten_seconds_at_most() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let asked = ApiClient::new(silent.local_addr().unwrap()).get("/healthz").await;
        assert_eq!(asked.unwrap_err().to_string(), "no answer within 10 s");
    }

    #[test]
    fn a_refusal_names_its_field_even_if_the_sentence_has_the_same_word() {
        let check = |field: &str, detail: &str, expected: &str| {
            assert_eq!(sentence(&json!({"field": field, "detail": detail})), expected);
        };
        let money = "must be a currency prices can be shown in, e.g. GBP";
        check("currency", money, &format!("currency: {money}"));
        check("", "the service is stopping", "the service is stopping");
        check("adults", "adults must be 1 to 8", "adults must be 1 to 8");
    }
}
