//! The door over TLS: the real binary with real handshakes.

use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use edge::tls::issue::{self, Issued, Side};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::cells::{create, until};
use crate::process::{Folder, Platform, fareway};

const LOCAL: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const DAY_S: i64 = 86_400;

fn now_s() -> i64 {
    runtime::unix_ms() / 1_000
}

/// A pair of files of the operator's.
struct Pair {
    certificate: PathBuf,
    key: PathBuf,
}

impl Pair {
    fn write(folder: &Path, made_s: i64) -> Self {
        let pair = Self { certificate: folder.join("own.pem"), key: folder.join("own.key") };
        pair.rewrite(made_s);
        pair
    }

    fn rewrite(&self, made_s: i64) {
        let issued = issue::development(LOCAL, made_s).unwrap();
        std::fs::write(&self.key, issued.key).unwrap();
        std::fs::write(&self.certificate, issued.certificate).unwrap();
    }

    fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(&self.certificate).unwrap()
    }

    fn settings(&self) -> [(&str, &str); 2] {
        [
            ("tls.certificate", self.certificate.to_str().unwrap()),
            ("tls.key", self.key.to_str().unwrap()),
        ]
    }
}

fn address(platform: &Platform) -> SocketAddr {
    platform.base.strip_prefix("https://").expect("the door speaks https").parse().unwrap()
}

/// A client that believes these certificates and checks everything.
async fn connect(
    to: SocketAddr,
    name: &str,
    believed: &[CertificateDer<'static>],
) -> std::io::Result<TlsStream<TcpStream>> {
    connect_as(to, name, believed, None).await
}

/// The same for one that shows a certificate itself.
async fn connect_as(
    to: SocketAddr,
    name: &str,
    believed: &[CertificateDer<'static>],
    shows: Option<&Issued>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    believed.iter().for_each(|one| roots.add(one.clone()).unwrap());
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_root_certificates(roots);
    let config = match shows {
        None => builder.with_no_client_auth(),
        Some(Issued { certificate, key }) => {
            let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            builder.with_client_auth_cert(vec![certificate], key).unwrap()
        }
    };
    let stream = TcpStream::connect(to).await?;
    let name = name.to_owned().try_into().unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// A kept connection, to ask once more.
async fn keep(stream: TlsStream<TcpStream>) -> SendRequest<Empty<Bytes>> {
    let (sender, driver) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    runtime::TaskSet::default().spawn(driver);
    sender
}

async fn ask(sender: &mut SendRequest<Empty<Bytes>>, path: &str) -> u16 {
    sender.ready().await.expect("the connection is still there");
    let request = http::Request::get(path).header("host", "localhost").body(Empty::new()).unwrap();
    let response = sender.send_request(request).await.unwrap();
    let status = response.status().as_u16();
    response.into_body().collect().await.unwrap();
    status
}

#[tokio::test]
async fn a_development_certificate_is_made_once_and_serves_who_trusts_it() {
    let settings = [("tls.development", "true"), ("sandbox.partners", "20")];
    let platform = Platform::start(&settings);
    assert!(platform.first_line.starts_with("Fareway is ready: https://127.0.0.1:"));
    let (file, key) =
        (platform.data.0.join("development.pem"), platform.data.0.join("development.key"));
    assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    let trusted = [CertificateDer::from_pem_file(&file).unwrap()];
    for name in ["localhost", "127.0.0.1"] {
        let stream = connect(address(&platform), name, &trusted).await.unwrap();
        assert_eq!(ask(&mut keep(stream).await, "/readyz").await, 200, "{name}");
    }
    assert!(connect(address(&platform), "fares.example", &trusted).await.is_err());
    assert!(connect(address(&platform), "localhost", &[]).await.is_err());

    // Links in answers lead back over https.
    let days = (runtime::unix_ms() / 86_400_000) as i32 + 40;
    let date = domain::Date::from_days(days).to_string();
    let (year, rest) = date.split_at(4);
    let (month, day) = (&rest[1..3], &rest[4..6]);
    let number = |text: &str| text.parse::<u32>().unwrap();
    let place = |iata: &str| json!({"iata": iata});
    let question = json!({"query": {
        "market": "UK", "locale": "en-GB", "currency": "GBP", "adults": 1,
        "cabinClass": "CABIN_CLASS_ECONOMY",
        "queryLegs": [{
            "originPlaceId": place("EDI"), "destinationPlaceId": place("LHR"),
            "date": {"year": number(year), "month": number(month), "day": number(day)},
        }],
    }});
    let path = "/apiservices/v3/flights/live/search";
    let (status, created) = platform.call("POST", &format!("{path}/create"), Some(&question)).await;
    assert_eq!(status, 200, "{created}");
    let token = created["sessionToken"].as_str().unwrap().to_owned();
    let links = || async {
        let (_, page) = platform.call("POST", &format!("{path}/poll/{token}"), None).await;
        let text = page.to_string();
        assert!(!text.contains("http://"), "{text}");
        text.contains(&format!("{}/v1/go/", platform.base))
    };
    until(links).await;

    let before = std::fs::read(&file).unwrap();
    let mut again = fareway(&platform.data.0, &["serve"]);
    let second = again.env("FAREWAY__TLS__DEVELOPMENT", "true").output().unwrap();
    assert!(!second.status.success(), "the folder has an owner");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_bad_certificate_stops_the_start_with_its_file_and_what_is_wrong() {
    let folder = Folder::new();
    let pair = Pair::write(&folder.0, now_s());
    let refused = |expected: &[&str]| {
        for more in [&["serve"][..], &["serve", "--cells", "2"]] {
            let data = Folder::new();
            let arguments = [&["--listen", "127.0.0.1:0"], more].concat();
            let output = fareway(&data.0, &arguments)
                .env("FAREWAY__TLS__CERTIFICATE", &pair.certificate)
                .env("FAREWAY__TLS__KEY", &pair.key)
                .output()
                .unwrap();
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success());
            assert_eq!(error.trim().lines().count(), 1, "one sentence, not {error}");
            for part in expected {
                assert!(error.contains(part), "{error:?} does not say {part:?}");
            }
        }
    };
    pair.rewrite(now_s() - 398 * DAY_S);
    refused(&["own.pem has a certificate that expired at"]);
    pair.rewrite(now_s() + 2 * DAY_S);
    refused(&["own.pem has a certificate that is not valid before"]);
    pair.rewrite(now_s());
    std::fs::write(&pair.key, issue::development(LOCAL, now_s()).unwrap().key).unwrap();
    refused(&["own.key does not match the certificate in", "own.pem"]);
    std::fs::remove_file(&pair.key).unwrap();
    refused(&["own.key cannot be read"]);
}

#[tokio::test]
async fn a_new_certificate_is_shown_without_dropping_connections_and_a_bad_one_is_not() {
    let folder = Folder::new();
    let pair = Pair::write(&folder.0, now_s());
    let first = pair.der();
    let more = [("tls.look_ms", "100"), ("sandbox.partners", "20"), ("edge.probe_ms", "100")];
    let settings = [&pair.settings()[..], &more].concat();
    let platform = Platform::start_as(&["--cells", "1"], &settings);
    let to = address(&platform);
    let mut kept =
        keep(connect(to, "localhost", std::slice::from_ref(&first)).await.unwrap()).await;
    until(|| async { platform.call("GET", "/readyz", None).await.0 == 200 }).await;
    assert_eq!(ask(&mut kept, "/openapi.json").await, 200);

    // The end is near from the start.
    pair.rewrite(now_s() - 390 * DAY_S - 100);
    let second = pair.der();
    let both = [first.clone(), second.clone()];
    let shown = || async {
        let stream = connect(to, "localhost", &both).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone()
    };
    until(|| async { shown().await == second }).await;
    assert_eq!(ask(&mut kept, "/openapi.json").await, 200);
    let text = status(&platform);
    assert!(text.contains("6 days left: RENEW IT"), "{text}");

    std::fs::write(&pair.certificate, "").unwrap();
    let seen = seen_by_edge(to, &both, &platform.data.0);
    until(|| async { seen().await["tls"]["refused"].is_string() }).await;
    let refused = seen().await["tls"]["refused"].as_str().unwrap().to_owned();
    assert!(refused.contains("own.pem has no certificate"), "{refused}");
    assert_eq!(shown().await, second);
    assert_eq!(ask(&mut kept, "/openapi.json").await, 200);
}

/// What `fareway fleet status` prints.
fn status(platform: &Platform) -> String {
    let mut command = fareway(&platform.data.0, &["fleet", "status"]);
    for (key, value) in &platform.settings {
        command.env(key, value);
    }
    let output = command.output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Asks the edge how it sees the fleet.
fn seen_by_edge<'a>(
    to: SocketAddr,
    believed: &'a [CertificateDer<'static>],
    data: &Path,
) -> impl Fn() -> std::pin::Pin<Box<dyn Future<Output = Value> + 'a>> + use<'a> {
    let token = std::fs::read_to_string(data.join("operator.token")).unwrap();
    let token = token.trim().to_owned();
    move || {
        let token = token.clone();
        Box::pin(async move {
            let mut stream = connect(to, "localhost", believed).await.unwrap();
            let request = format!(
                "GET /v1/fleet HTTP/1.1\r\nhost: localhost\r\nx-fareway-operator: {token}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer).await;
            let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
            serde_json::from_str(body).expect("JSON")
        })
    }
}

#[tokio::test]
async fn cells_that_shall_take_only_the_fleets_own_clients() {
    let settings = [
        ("tls.mutual.enabled", "true"),
        ("sandbox.partners", "40"),
        ("sandbox.latency_percent", "10"),
        ("search.late_ms", "10000"),
        ("edge.probe_ms", "100"),
    ];
    let platform = Platform::start_as(&["--cells", "2"], &settings);
    until(|| async { platform.call("GET", "/readyz", None).await.0 == 200 }).await;
    for day in 0..4 {
        let token = create(&platform, day).await;
        let path = format!("/v1/searches/{token}?limit=10");
        until(|| async { platform.get(&path).await["status"] == "complete" }).await;
    }
    let text = status(&platform);
    assert_eq!(text.matches(" up ").count(), 2, "{text}");

    let folder = platform.data.0.join("tls");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let (authority, authority_key) = (read("authority.pem"), read("authority.key"));
    for entry in std::fs::read_dir(&folder).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "readable by others");
    }
    let machine = std::fs::read_to_string(platform.data.0.join("machine.json")).unwrap();
    let machine: Value = serde_json::from_str(&machine).unwrap();
    let to: SocketAddr = machine["cells"][0][1].as_str().unwrap().parse().unwrap();
    let believed = [CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()];

    let operator = Issued { certificate: read("operator.pem"), key: read("operator.key") };
    let late = issue::signed(&authority_key, "late", Side::Client, now_s() - 60 * DAY_S).unwrap();
    let cell = Issued { certificate: read("cell-2.pem"), key: read("cell-2.key") };
    let foreign = issue::authority(now_s()).unwrap();
    let foreign = issue::signed(&foreign.key, "edge", Side::Client, now_s()).unwrap();
    let answered = async |name: &str, shows: Option<&Issued>| {
        let Ok(mut stream) = connect_as(to, name, &believed, shows).await else { return false };
        let request = "GET /healthz HTTP/1.1\r\nhost: cell-1\r\nconnection: close\r\n\r\n";
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        answer.starts_with(b"HTTP/1.1 200")
    };
    assert!(answered("cell-1", Some(&operator)).await);
    assert!(!answered("cell-2", Some(&operator)).await, "another cell is not believed");
    assert!(!answered("cell-1", None).await, "without a certificate");
    assert!(!answered("cell-1", Some(&foreign)).await, "of another authority");
    assert!(!answered("cell-1", Some(&late)).await, "expired");
    assert!(!answered("cell-1", Some(&cell)).await, "a cell is no client");

    let mut plain = TcpStream::connect(to).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let _ = plain.read_to_string(&mut answer).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[test]
fn one_process_has_nobody_to_speak_to_behind_its_door() {
    let data = Folder::new();
    let mut command = fareway(&data.0, &["--listen", "127.0.0.1:0", "serve"]);
    let output = command.env("FAREWAY__TLS__MUTUAL__ENABLED", "true").output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains("tls.mutual.enabled is for"), "{error}");
}
