//! The certificate in use, and the look at its files that replaces it while connections go on.
//!
//! Files that have changed are judged when two looks in a row find them the same, so that a certificate
//! whose key is still being written is no news. What is good is used from the next handshake on; what is
//! not is said once, and the one in use stays.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use runtime::{Shutdown, Workers};
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::identity::{FileError, Files, Identity};
use super::settings::TlsSettings;

const DAY_S: i64 = 86_400;

/// The certificate in use.
pub struct Shown {
    files: Files,
    warn_days: i64,
    identity: RwLock<Arc<Identity>>,
    watch: Mutex<Watch>,
}

/// What the looks at the files have seen.
#[derive(Debug, Default)]
struct Watch {
    /// The files as they were when they were last judged.
    judged: u64,
    /// The files as they were at the last look, if that was another state.
    changed: Option<u64>,
    refused: Option<String>,
    warned_s: Option<i64>,
}

/// What an operator wants to know of the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsStatus {
    /// The file.
    pub certificate: String,
    /// When it ends.
    pub until: String,
    /// Whole days until then; negative once it is over.
    pub days_left: i64,
    /// Whether it ends within the days that were set.
    pub ends_soon: bool,
    /// Why newer files are not used.
    pub refused: Option<String>,
}

/// What a look at the files found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Same,
    /// They have changed; the next look judges them.
    Changing,
    Taken,
    Refused(String),
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Shown {
    /// Reads the files for the first time.
    ///
    /// # Errors
    /// [`FileError`] with the file and what is wrong.
    pub fn open(files: Files, settings: &TlsSettings, now_s: i64) -> Result<Arc<Self>, FileError> {
        let found = files.find()?;
        let identity = files.judge(&found, now_s)?;
        let watch = Watch { judged: found.stamp(), ..Watch::default() };
        Ok(Arc::new(Self {
            files,
            warn_days: settings.warn_days.get() as i64,
            identity: RwLock::new(Arc::new(identity)),
            watch: Mutex::new(watch),
        }))
    }

    /// How the certificate fares.
    #[must_use]
    pub fn status(&self, now_s: i64) -> TlsStatus {
        let identity = self.identity();
        let days_left = (identity.until_s - now_s).div_euclid(DAY_S);
        TlsStatus {
            certificate: self.files.certificate.display().to_string(),
            until: identity.until.clone(),
            days_left,
            ends_soon: days_left < self.warn_days,
            refused: self.watch().refused.clone(),
        }
    }

    /// Looks at the files again and again.
    pub async fn run_watch(self: Arc<Self>, every: Duration, workers: Workers, shutdown: Shutdown) {
        loop {
            let (shown, now_s) = (Arc::clone(&self), runtime::unix_ms() / 1_000);
            // Without a free worker there is another look soon.
            if let Ok(look) = workers.run(move || shown.look(now_s)).await {
                self.tell(&look);
            }
            self.warn(now_s);
            tokio::select! {
                biased;
                () = shutdown.begun() => return,
                () = tokio::time::sleep(every) => {}
            }
        }
    }

    pub(super) fn look(&self, now_s: i64) -> Look {
        let found = self.files.find();
        let stamp = match &found {
            Ok(found) => found.stamp(),
            // Files that cannot be read are a state too.
            Err(error) => xxhash_rust::xxh3::xxh3_64(error.to_string().as_bytes()),
        };
        let mut watch = self.watch();
        if stamp == watch.judged {
            watch.changed = None;
            return Look::Same;
        }
        if watch.changed != Some(stamp) {
            watch.changed = Some(stamp);
            return Look::Changing;
        }
        (watch.judged, watch.changed) = (stamp, None);
        match found.and_then(|found| self.files.judge(&found, now_s)) {
            Ok(identity) => {
                let mut shown = self.identity.write().unwrap_or_else(PoisonError::into_inner);
                *shown = Arc::new(identity);
                (watch.refused, watch.warned_s) = (None, None);
                Look::Taken
            }
            Err(error) => {
                let error = error.to_string();
                watch.refused = Some(error.clone());
                Look::Refused(error)
            }
        }
    }

    fn tell(&self, look: &Look) {
        match look {
            Look::Same | Look::Changing => {}
            Look::Taken => {
                let (file, until) =
                    (self.files.certificate.display(), self.identity().until.clone());
                tracing::info!(%file, until, "a new certificate is used");
            }
            Look::Refused(error) => {
                tracing::error!(error, "a new certificate is refused; the one in use stays");
            }
        }
    }

    /// Says once a day that the end is near.
    fn warn(&self, now_s: i64) {
        let status = self.status(now_s);
        if self.warns(&status, now_s) {
            let TlsStatus { certificate: file, until, days_left, .. } = status;
            tracing::warn!(file, until, days_left, "the certificate expires soon");
        }
    }

    pub(super) fn warns(&self, status: &TlsStatus, now_s: i64) -> bool {
        let mut watch = self.watch();
        let warns = status.ends_soon && watch.warned_s.is_none_or(|then| now_s - then >= DAY_S);
        if warns {
            watch.warned_s = Some(now_s);
        }
        warns
    }

    pub(super) fn identity(&self) -> Arc<Identity> {
        Arc::clone(&self.identity.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.identity().pair))
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.identity().pair))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
