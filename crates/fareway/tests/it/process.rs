//! Starts the real binary on free ports with a data folder of its own, and talks HTTP to it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use edge::tls::{Connector, trusting_only};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// A folder that is removed when the test ends.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("fareway-it-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The binary with a folder of its own and these further arguments.
pub(crate) fn fareway(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fareway"));
    command.arg("--data").arg(data).args(arguments).stdin(Stdio::null());
    command
}

/// A client of a plain door, or of one that shows a certificate.
enum AnyClient {
    Plain(Client<HttpConnector, Full<Bytes>>),
    Secure(Client<Connector, Full<Bytes>>),
}

/// A running platform.
pub(crate) struct Platform {
    child: Child,
    pub(crate) base: String,
    pub(crate) first_line: String,
    /// Where the simulated market is.
    pub(crate) sandbox: String,
    /// The variables it was started with.
    pub(crate) settings: Vec<(String, String)>,
    client: AnyClient,
    pub(crate) data: Folder,
}

impl Platform {
    /// Starts it with these settings on top of the defaults, and waits until it is ready.
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_as(&[], settings)
    }

    /// The same with further arguments of `serve`.
    pub(crate) fn start_as(arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        let data = Folder::new();
        let serve = [&["--listen", "127.0.0.1:0", "serve"], arguments].concat();
        let mut command = fareway(&data.0, &serve);
        let variable = |key: &str| format!("FAREWAY__{}", key.replace('.', "__").to_uppercase());
        let variables: Vec<_> =
            settings.iter().map(|(key, value)| (variable(key), (*value).to_owned())).collect();
        command.envs(variables.iter().map(|(key, value)| (key, value)));
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut first_line = String::new();
        lines.read_line(&mut first_line).expect("a first line");
        let mut second_line = String::new();
        lines.read_line(&mut second_line).expect("a second line");
        let (base, sandbox) = (address_in(&first_line), address_in(&second_line));
        // The rest is read so that the pipe never fills.
        std::thread::spawn(move || lines.lines().for_each(drop));
        let builder = Client::builder(TokioExecutor::new());
        let client = match base.starts_with("https") {
            false => AnyClient::Plain(builder.build_http()),
            true => {
                let shown = settings.iter().find(|(key, _)| *key == "tls.certificate");
                let shown = shown.map(|(_, file)| PathBuf::from(file));
                let shown = shown.unwrap_or_else(|| data.0.join("development.pem"));
                let connector = trusting_only(&shown, Duration::from_secs(10)).unwrap();
                AnyClient::Secure(builder.build(connector))
            }
        };
        Self { child, base, first_line, sandbox, settings: variables, client, data }
    }

    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, Value) {
        self.call_with(method, path, &[], body).await
    }

    /// The same with further header lines.
    pub(crate) async fn call_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> (u16, Value) {
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let (status, _, bytes) = self.raw(method, path, headers, body).await;
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Status, header lines and bytes of an answer.
    pub(crate) async fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> (u16, http::HeaderMap, Bytes) {
        let uri =
            if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let request = http::Request::builder().method(method).uri(&uri);
        let request = request.header("content-type", "application/json");
        let request = headers.iter().fold(request, |request, line| request.header(line.0, line.1));
        let request = request.body(Full::new(body)).unwrap();
        let response = match &self.client {
            AnyClient::Plain(client) => client.request(request).await,
            AnyClient::Secure(client) => client.request(request).await,
        };
        let response = response.unwrap_or_else(|e| panic!("{uri}: {e:?}"));
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        (head.status.as_u16(), head.headers, bytes)
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, None).await;
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    /// Gets it with the operator's token.
    pub(crate) async fn get_as_operator(&self, path: &str, token: &str) -> Value {
        self.call_with("GET", path, &[("x-fareway-operator", token)], None).await.1
    }

    /// The operator's token, as the first start made it.
    pub(crate) fn operator(&self) -> String {
        let token = std::fs::read_to_string(self.data.0.join("operator.token")).unwrap();
        token.trim().to_owned()
    }

    /// The number of the process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends Ctrl-C and waits for the end.
    pub(crate) fn stop(mut self) -> (bool, Duration) {
        let started = runtime::now();
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill runs").success());
        let status = self.child.wait().expect("the binary ends");
        (status.success(), started.elapsed())
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address_in(line: &str) -> String {
    let address = line.split_whitespace().find(|word| word.starts_with("http"));
    address.unwrap_or_else(|| panic!("no address in {line:?}")).to_owned()
}
