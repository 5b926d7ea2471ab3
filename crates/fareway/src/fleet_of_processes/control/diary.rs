//! What happened in the last hour, in `happened.json` of the control plane's folder, so that a control
//! plane that was killed still knows.
//!
//! It is for people only: a file that is damaged, or a disk that is full, stops nothing.

use std::sync::PoisonError;

use anyhow::{Context, Result};
use fleet::happened::{EVENTS_MAX, Event, Happened, SENTENCE_BYTES_MAX, Told};
use storage::disk::{RealDisk, read_whole, replace_whole};

use super::{ControlRoom, now_ms};

/// Where it is kept.
const FILE: &str = "happened.json";
/// Largest file that is read: letters may take six bytes each in JSON.
const FILE_BYTES_MAX: u64 = (EVENTS_MAX * (6 * SENTENCE_BYTES_MAX + 200)) as u64;

/// What was kept; nothing if it cannot be read.
pub(super) fn read(disk: &RealDisk) -> Happened {
    match read_whole(disk, FILE, FILE_BYTES_MAX) {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
            tracing::warn!(%error, "{FILE} is damaged: what happened before is not known");
            Happened::default()
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Happened::default(),
        Err(error) => {
            tracing::warn!(%error, "{FILE} cannot be read: what happened before is not known");
            Happened::default()
        }
    }
}

fn write(disk: &RealDisk, happened: &Happened) -> Result<()> {
    replace_whole(disk, FILE, &serde_json::to_vec(happened)?)
        .with_context(|| format!("{FILE} cannot be written"))
}

impl ControlRoom {
    /// Takes up what happened just now.
    pub(in super::super) fn tell(&self, told: Vec<Told>) {
        if told.is_empty() {
            return;
        }
        let now = now_ms();
        let mut diary = self.diary.lock().unwrap_or_else(PoisonError::into_inner);
        told.into_iter().for_each(|told| diary.note(told, now));
        if let Err(error) = write(&self.disk, &diary) {
            tracing::warn!(error = format!("{error:#}"), "what happened is not kept on disk");
        }
    }

    /// What happened in the last hour, the newest first.
    pub(super) fn happened(&self, now: u64) -> Vec<Event> {
        let diary = self.diary.lock().unwrap_or_else(PoisonError::into_inner);
        diary.newest(now).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use fleet::happened::What;

    use super::*;

    #[test]
    fn what_happened_is_known_after_a_restart_and_a_damaged_file_stops_nothing() {
        let name = format!("fareway-diary-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let disk = RealDisk::open(&folder).unwrap();
        assert_eq!(read(&disk), Happened::default());
        let mut happened = Happened::default();
        happened.note(Told::all(What::Started, "the control plane was started"), 5);
        write(&disk, &happened).unwrap();
        assert_eq!(read(&disk), happened);
        std::fs::write(folder.join(FILE), "[{").unwrap();
        assert_eq!(read(&disk), Happened::default());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
