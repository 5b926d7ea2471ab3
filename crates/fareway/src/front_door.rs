//! The listener that travellers reach: plain, or over TLS with files of the operator's or a development
//! certificate of our own.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use edge::tls::{Files, Handshakes, Shown, TlsSettings, Wrong, issue};
use runtime::net::TcpListener;
use runtime::serve::{HttpService, serve_greeted};
use runtime::{HttpLimits, Shutdown, TaskSet, Workers, serve_http, unix_ms};

use crate::data_folder::DataFolder;

/// The development certificate, within the data folder.
const DEVELOPMENT: &str = "development.pem";
/// Its key.
const DEVELOPMENT_KEY: &str = "development.key";
/// A development certificate that ends before is made anew at the start.
const DEVELOPMENT_LEFT_S: i64 = 30 * 86_400;

/// TLS at a listener.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    pub(crate) shown: Arc<Shown>,
    pub(crate) handshakes: Handshakes,
    look: std::time::Duration,
}

impl Tls {
    pub(crate) fn new(shown: Arc<Shown>, handshakes: Handshakes, settings: &TlsSettings) -> Self {
        Self { shown, handshakes, look: settings.look_ms.ms() }
    }
}

/// The files of the front door's certificate; `None`: it speaks plain HTTP. `data` is the folder of the
/// process that was started by hand.
pub(crate) fn files(settings: &TlsSettings, data: &Path) -> Result<Option<Files>> {
    let (certificate, key) = (&settings.certificate, &settings.key);
    let set = |path: &Path| !path.as_os_str().is_empty();
    match (settings.development, set(certificate), set(key)) {
        (true, false, false) => {
            Ok(Some(Files { certificate: data.join(DEVELOPMENT), key: data.join(DEVELOPMENT_KEY) }))
        }
        (true, _, _) => bail!("tls.development is for those without tls.certificate and tls.key"),
        (false, true, true) => {
            Ok(Some(Files { certificate: certificate.clone(), key: key.clone() }))
        }
        (false, true, false) => bail!("tls.key is missing: the key of tls.certificate"),
        (false, false, true) => bail!("tls.certificate is missing: tls.key is its key"),
        (false, false, false) => Ok(None),
    }
}

/// Makes the development certificate if the settings want one and there is none, or one that ends soon.
/// Returns whether it is new.
pub(crate) fn make_development(
    settings: &TlsSettings,
    data: &DataFolder,
    listen: IpAddr,
) -> Result<bool> {
    let Some(files) = files(settings, data.path())?.filter(|_| settings.development) else {
        return Ok(false);
    };
    let now_s = unix_ms() / 1_000;
    if files.certificate.try_exists().unwrap_or(true) {
        match files.read(now_s + DEVELOPMENT_LEFT_S) {
            Ok(_) => return Ok(false),
            Err(error) if matches!(error.wrong, Wrong::Expired(_)) => {}
            // It is not ours to throw away: somebody may have put it there.
            Err(error) => return Err(error.into()),
        }
    }
    let issued = issue::development(listen, now_s)?;
    // The key first: whoever finds a certificate finds its key.
    data.write_private(DEVELOPMENT_KEY, &issued.key)
        .and_then(|()| data.write_private(DEVELOPMENT, &issued.certificate))
        .with_context(|| format!("{} cannot be written", files.certificate.display()))?;
    Ok(true)
}

/// Reads the files of the front door, refusing bad ones with the file and what is wrong.
pub(crate) fn open(settings: &TlsSettings, data: &Path) -> Result<Option<Tls>> {
    let Some(files) = files(settings, data)? else { return Ok(None) };
    let shown = Shown::open(files, settings, unix_ms() / 1_000)?;
    let handshakes = Handshakes::with_all(Arc::clone(&shown), settings)?;
    Ok(Some(Tls::new(shown, handshakes, settings)))
}

/// What a terminal says of a door.
pub(crate) fn scheme(settings: &TlsSettings) -> &'static str {
    if settings.is_on() { "https" } else { "http" }
}

/// How to trust a development certificate, if the settings want one.
pub(crate) fn how_to_trust(settings: &TlsSettings, data: &Path, is_new: bool) -> Option<String> {
    settings.development.then(|| {
        let note = if is_new { ", made just now" } else { "" };
        let path = data.join(DEVELOPMENT);
        let path = path.display();
        format!(
            "Development certificate: {path}{note}. Browsers warn until they trust it; \
             programs take it as a file: curl --cacert {path}"
        )
    })
}

/// Serves a listener, over TLS if there is one.
pub(crate) fn listen(
    (listener, tls): (TcpListener, Option<Tls>),
    service: impl HttpService,
    limits: HttpLimits,
    workers: &Workers,
    (tasks, shutdown): (&TaskSet, &Shutdown),
) {
    let (served_in, until) = (tasks.clone(), shutdown.clone());
    match tls {
        None => {
            tasks.spawn(serve_http(listener, service, limits, served_in, until));
        }
        Some(Tls { shown, handshakes, look }) => {
            tasks.spawn(shown.run_watch(look, workers.clone(), shutdown.clone()));
            let greeted = (listener, handshakes);
            tasks.spawn(serve_greeted(greeted, service, limits, served_in, until));
        }
    }
}

#[cfg(test)]
mod tests;
