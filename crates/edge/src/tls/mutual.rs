//! Both sides show who they are: edge and cells know each other by certificates of the fleet's authority.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use fleet::CellId;
use http::Uri;
use runtime::FixedMap;
use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use thiserror::Error;

use super::connector::{Connector, Spoken};
use super::handshake::{Setup, roots};
use super::shown::Shown;

/// What a client shows cells, and whom it believes.
#[derive(Clone, Debug)]
pub struct Mutual {
    shown: Arc<Shown>,
    authority: PathBuf,
    cells: Arc<RwLock<FixedMap<SocketAddr, CellId>>>,
}

/// Nobody said which cell is at an address, so nobody there is believed.
#[derive(Debug, Error)]
#[error("no cell is known at {0}")]
struct NoCellThere(String);

impl Mutual {
    /// Shows this certificate, and believes cells whose own the authority in a file has signed.
    #[must_use]
    pub fn new(shown: Arc<Shown>, authority: &Path) -> Self {
        Self { shown, authority: authority.to_owned(), cells: Arc::default() }
    }

    /// Which cell must be at which address from now on.
    pub fn expect(&self, cells: impl IntoIterator<Item = (CellId, SocketAddr)>) {
        let cells = cells.into_iter().map(|(id, address)| (address, id)).collect();
        *self.cells.write().unwrap_or_else(PoisonError::into_inner) = cells;
    }

    /// Opens connections to cells.
    ///
    /// # Errors
    /// [`Setup`] if the authority's file is refused.
    pub fn connector(&self, spoken: Spoken, within: Duration) -> Result<Connector, Setup> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions()?;
        let builder = builder.with_root_certificates(roots(&self.authority)?);
        let mut config = builder.with_client_cert_resolver(Arc::clone(&self.shown) as _);
        // Every connection shows anew who is there.
        config.resumption = Resumption::disabled();
        let known = self.clone();
        Ok(Connector::new(config, move |uri: &Uri| known.name_at(uri), spoken, within))
    }

    /// The name that the certificate of whoever is at an address must have.
    fn name_at(&self, uri: &Uri) -> Result<ServerName<'static>, NoCellThere> {
        let place = uri.authority().map_or("", http::uri::Authority::as_str);
        let address: Option<SocketAddr> = place.parse().ok();
        let cells = self.cells.read().unwrap_or_else(PoisonError::into_inner);
        let cell = address.and_then(|address| cells.get(&address));
        cell.and_then(|cell| ServerName::try_from(cell.to_string()).ok())
            .ok_or_else(|| NoCellThere(place.to_owned()))
    }
}
