//! Certificates between edge and cells: `tls` in the parent's data folder.
//!
//! The parent keeps the authority, made at the first start, and signs for everybody at every start and
//! once a day; who runs takes the new ones up. A certificate is for a server (`cell-N`) or for a client
//! (`edge`, `control`, `operator`): whoever steals that of a cell cannot ask another with it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use edge::Upstream;
use edge::tls::issue::{self, Side};
use edge::tls::{Files, Handshakes, Mutual, Shown, Spoken, TlsSettings};
use fleet::CellId;
use runtime::{Shutdown, TaskSet, Workers, unix_ms};

use super::machine::Machine;
use crate::api_client::{ApiClient, CONNECT_WITHIN};
use crate::data_folder::DataFolder;
use crate::front_door::Tls;
use crate::settings::Settings;

/// Time after which everybody gets a new one; a certificate is valid for `issue::SIGNED_DAYS`.
pub(super) const SIGN_EVERY: Duration = Duration::from_secs(86_400);
/// The folder, and the authority in it.
const FOLDER: &str = "tls";
const AUTHORITY: &str = "authority";
/// Who asks cells.
const CLIENTS: [&str; 3] = ["edge", "control", OPERATOR];
/// The parent, and people with `curl`.
const OPERATOR: &str = "operator";

/// Signs for everybody, and makes the authority if there is none.
pub(super) fn sign_all(data: &DataFolder, machine: &Machine) -> Result<()> {
    let folder = data.join(FOLDER);
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("{} cannot be created", folder.display()))?;
    let now_s = unix_ms() / 1_000;
    let key = authority_key(data, now_s)?;
    let sign = |name: &str, side| -> Result<()> {
        let issued = issue::signed(&key, name, side, now_s).with_context(|| {
            format!("{} cannot be used", file(data.path(), AUTHORITY, "key").display())
        })?;
        write(data, name, &issued)
    };
    for client in CLIENTS {
        sign(client, Side::Client)?;
    }
    for (cell, _) in &machine.cells {
        sign(&cell.to_string(), Side::Server)?;
    }
    Ok(())
}

fn authority_key(data: &DataFolder, now_s: i64) -> Result<String> {
    let path = file(data.path(), AUTHORITY, "key");
    if path.try_exists().unwrap_or(true) {
        let describe = || format!("{} cannot be read", path.display());
        return std::fs::read_to_string(&path).with_context(describe);
    }
    let issued = issue::authority(now_s)?;
    write(data, AUTHORITY, &issued)?;
    Ok(issued.key)
}

/// The certificate first for the authority's sake: its key is what tells that it is there.
fn write(data: &DataFolder, name: &str, issued: &issue::Issued) -> Result<()> {
    let at = |extension: &str| format!("{FOLDER}/{name}.{extension}");
    data.write_private(&at("pem"), &issued.certificate)
        .and_then(|()| data.write_private(&at("key"), &issued.key))
        .with_context(|| format!("{} cannot be written", file(data.path(), name, "pem").display()))
}

fn file(data: &Path, name: &str, extension: &str) -> PathBuf {
    data.join(FOLDER).join(format!("{name}.{extension}"))
}

fn shown(settings: &TlsSettings, data: &Path, name: &str) -> Result<Arc<Shown>> {
    let files = Files { certificate: file(data, name, "pem"), key: file(data, name, "key") };
    Ok(Shown::open(files, settings, unix_ms() / 1_000)?)
}

/// The door of a cell: for clients of the fleet only. `None` if the settings want none.
pub(super) fn cell_door(
    settings: &TlsSettings,
    machine: &Path,
    cell: CellId,
) -> Result<Option<Tls>> {
    if !settings.mutual.enabled {
        return Ok(None);
    }
    let shown = shown(settings, machine, &cell.to_string())?;
    let authority = file(machine, AUTHORITY, "pem");
    let handshakes = Handshakes::with_known(Arc::clone(&shown), &authority, settings)?;
    Ok(Some(Tls::new(shown, handshakes, settings)))
}

/// Connections to cells as the settings want them; what is shown there is taken up anew while it runs.
pub(super) fn upstream(
    settings: &Settings,
    machine: &Path,
    name: &str,
    workers: &Workers,
    (tasks, shutdown): (&TaskSet, &Shutdown),
) -> Result<Upstream> {
    if !settings.tls.mutual.enabled {
        return Ok(Upstream::new(&settings.edge));
    }
    let shown = shown(&settings.tls, machine, name)?;
    let watch =
        Arc::clone(&shown).run_watch(settings.tls.look_ms.ms(), workers.clone(), shutdown.clone());
    tasks.spawn(watch);
    let mutual = Mutual::new(shown, &file(machine, AUTHORITY, "pem"));
    Ok(Upstream::over_tls(&settings.edge, mutual)?)
}

/// How the parent reaches a cell.
pub(super) fn client_of(
    settings: &TlsSettings,
    data: &Path,
    (cell, address): (CellId, SocketAddr),
) -> Result<ApiClient> {
    if !settings.mutual.enabled {
        return Ok(ApiClient::new(address));
    }
    let shown = shown(settings, data, OPERATOR)?;
    let mutual = Mutual::new(shown, &file(data, AUTHORITY, "pem"));
    mutual.expect([(cell, address)]);
    Ok(ApiClient::over(address, mutual.connector(Spoken::Http1, CONNECT_WITHIN)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_gets_new_papers_of_one_authority_and_a_damaged_one_is_said() {
        let path = std::env::temp_dir().join(format!("fareway-papers-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let data = DataFolder::open(&path).unwrap();
        let mut settings = Settings::default();
        settings.server.listen.set_port(0);
        settings.fleet.cells = runtime::Limited::literal(2);
        settings.tls.mutual.enabled = true;
        let machine = Machine::plan(&settings, None).unwrap();
        let read = |name, extension| std::fs::read(file(&path, name, extension)).unwrap();

        sign_all(&data, &machine).unwrap();
        let (authority, edge) = (read(AUTHORITY, "pem"), read("edge", "pem"));
        sign_all(&data, &machine).unwrap();
        assert_eq!(read(AUTHORITY, "pem"), authority);
        assert_ne!(read("edge", "pem"), edge);
        assert!(cell_door(&settings.tls, &path, CellId(2)).unwrap().is_some());
        let nobody = cell_door(&settings.tls, &path, CellId(3)).unwrap_err().to_string();
        assert!(nobody.contains("cell-3.pem cannot be read"), "{nobody}");

        std::fs::write(file(&path, AUTHORITY, "key"), "no key").unwrap();
        let error = sign_all(&data, &machine).unwrap_err().to_string();
        assert!(error.contains("authority.key cannot be used"), "{error}");
        std::fs::remove_dir_all(&path).unwrap();
    }
}
