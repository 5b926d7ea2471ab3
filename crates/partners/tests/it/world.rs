//! A question, an asker, partners of a test server, and one ask with what it gave.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::Answer;
use partners::{Asked, Asker, AskerParts, AskerSettings, Partner, PartnerSettings, fuzz};
use runtime::{Deadline, Shutdown, TaskSet, Workers};

/// An asker with its limits.
pub(crate) fn asker(settings: AskerSettings) -> Asker {
    Asker::new(AskerParts {
        settings,
        decimals: fuzz::decimals,
        workers: Some(Workers::start("test", 1, 16).unwrap()),
        tasks: TaskSet::default(),
        shutdown: Shutdown::default(),
    })
    .unwrap()
}

/// The text of a partner file for a test server; `more` are further lines at its top level.
pub(crate) fn partner_file(protocol: &str, endpoint: &str, more: &str) -> String {
    let credentials = match protocol {
        "duffel" => "credentials = { token = \"t0k3n\" }",
        "amadeus" => "credentials = { client_id = \"me\", client_secret = \"s3cr3t\" }",
        _ => "",
    };
    let timeout = if more.contains("timeout_ms") { "" } else { "timeout_ms = 2000" };
    format!(
        r#"
id = "test"
name = "Test"
protocol = "{protocol}"
endpoint = "{endpoint}"
link = "https://shop.example/{{offer_id}}"
{timeout}
requests_per_second = 10000
{credentials}
{more}

[[agents]]
id = "klm1"
name = "KLM"
kind = "airline"
"#
    )
}

/// A partner of a test server.
pub(crate) fn partner(
    asker: &Asker,
    protocol: &str,
    endpoint: &str,
    more: &str,
) -> Arc<dyn Partner> {
    let text = partner_file(protocol, endpoint, more);
    asker.partner(PartnerSettings::parse("test.toml", &text, None).unwrap())
}

/// What one ask gave.
pub(crate) struct Outcome {
    pub(crate) asked: Asked,
    pub(crate) parts: Vec<Answer>,
}

impl Outcome {
    /// The stable code of the failure, or "whole".
    pub(crate) fn code(&self) -> &'static str {
        use runtime::Fault as _;
        self.asked.outcome.as_ref().map_or_else(|error| error.code(), |_| "whole")
    }
}

/// Asks within five seconds, far beyond the partner's own timeout.
pub(crate) async fn ask(partner: &dyn Partner) -> Outcome {
    ask_within(partner, Duration::from_secs(5)).await
}

/// Asks under a deadline, and holds the partner to it.
pub(crate) async fn ask_within(partner: &dyn Partner, within: Duration) -> Outcome {
    let parts: Arc<Mutex<Vec<Answer>>> = Arc::default();
    let kept = Arc::clone(&parts);
    let sink = Box::new(move |answer| kept.lock().unwrap().push(answer));
    let start = runtime::now();
    let deadline = Deadline::after(start, within);
    let asked = partner.ask(Arc::new(fuzz::question()), deadline, sink).await;
    let limit = within.min(partner.settings().timeout_ms.ms());
    let late = start.elapsed().saturating_sub(limit);
    assert!(late < Duration::from_millis(400), "{late:?} after the deadline");
    let parts = std::mem::take(&mut *parts.lock().unwrap());
    let delivered: usize = parts.iter().map(|part| part.offers().len()).sum();
    assert_eq!(delivered, asked.offers as usize, "every offer counted was handed over");
    Outcome { asked, parts }
}

/// One document of the corpus.
pub(crate) fn document(path: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    std::fs::read(folder.join(path)).unwrap()
}
