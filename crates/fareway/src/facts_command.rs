//! `fareway facts`: what happened, read from the logs of a data folder, also while Fareway writes them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use events::fact::kinds::{self, ALL};
use events::fact::{FactBatch, Kind, Profile};
use events::log::{FollowedLog, LogError, ReadLog, StoredBatch, TopicPartition};
use storage::disk::RealDisk;

use crate::cli::{FactsCommand, FactsReadArgs};
use crate::remembering::LOG_FOLDER;
use crate::settings::Settings;
use crate::terminal;

/// Bytes of a log that are read at once.
const READ_BYTES: usize = 1 << 20;
/// Time between two looks for more.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Runs the command.
pub(crate) async fn facts(settings: &Settings, command: FactsCommand) -> Result<()> {
    match command {
        FactsCommand::Kinds => print_kinds(),
        FactsCommand::Schemas { out } => return write_schemas(&out),
        FactsCommand::Read(wanted) => return read(&settings.server.data, &wanted).await,
    }
    Ok(())
}

fn print_kinds() {
    let row = |[kind, version, profile, owner, privacy, doc]: [&str; 6]| {
        terminal::say(&format!(
            "{kind:<16} {version:>7}  {profile:<7} {owner:<9} {privacy:<8} {doc}"
        ));
    };
    row(["kind", "version", "profile", "owner", "privacy", "what happened"]);
    for kind in ALL {
        let version = kind.version.to_string();
        let (profile, privacy) = (kind.profile.name(), kind.privacy.name());
        row([kind.name, &version, profile, kind.owner, privacy, kind.doc]);
    }
}

/// Writes the schema of each kind into a folder.
fn write_schemas(folder: &Path) -> Result<()> {
    let describe = || format!("{} cannot be written", folder.display());
    std::fs::create_dir_all(folder).with_context(describe)?;
    for kind in ALL {
        let mut text = serde_json::to_string_pretty(&kind.published())?;
        text.push('\n');
        let path = folder.join(format!("{}.json", kind.name));
        std::fs::write(&path, text).with_context(describe)?;
        terminal::say(&path.display().to_string());
    }
    Ok(())
}

/// A topic of a log, and how far it has been read.
struct Place {
    log: Arc<FollowedLog>,
    topic: TopicPartition,
    next: u64,
}

async fn read(data: &Path, wanted: &FactsReadArgs) -> Result<()> {
    let kind = wanted.kind.as_deref().map(known).transpose()?;
    let mut places = places_of(data, kind, wanted.minutes).await?;
    let mut left = wanted.limit.unwrap_or(u64::MAX);
    loop {
        let mut news = false;
        for place in &mut places {
            while let Some(batches) = next(place).await? {
                news = true;
                if !print(&batches, kind, &mut left) {
                    return Ok(());
                }
            }
        }
        if !wanted.follow {
            return Ok(());
        }
        if !news {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

fn known(name: &str) -> Result<&'static Kind> {
    let names = || ALL.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
    kinds::named(name)
        .with_context(|| format!("--kind {name}: no kind of fact; there are {}", names()))
}

/// Where reading begins: in the log of the folder, or of each cell in it.
async fn places_of(data: &Path, kind: Option<&Kind>, minutes: Option<u32>) -> Result<Vec<Place>> {
    let folders = folders_of(data)?;
    if folders.is_empty() {
        bail!("{} has no log: has Fareway run with this data folder?", data.display());
    }
    let disk = Arc::new(RealDisk::open(data)?);
    let mut places = Vec::new();
    for folder in folders {
        let log = Arc::new(FollowedLog::open(Arc::clone(&disk) as _, &folder, 1)?);
        let profiles = Profile::ALL
            .into_iter()
            .filter(|&profile| kind.is_none_or(|kind| kind.profile == profile));
        for profile in profiles {
            let topic = TopicPartition::new(profile.topic(), 0)?;
            let bounds = log.bounds(&topic).await?;
            let next = match minutes {
                None => bounds.start,
                Some(minutes) => {
                    let from_ms = runtime::unix_ms() - i64::from(minutes) * 60_000;
                    log.offset_at(&topic, from_ms).await?.unwrap_or(bounds.end)
                }
            };
            places.push(Place { log: Arc::clone(&log), topic, next });
        }
    }
    Ok(places)
}

/// Folders of logs within a data folder, as the disk names them.
fn folders_of(data: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(data)
        .with_context(|| format!("the data folder {} cannot be read", data.display()))?;
    let mut folders = Vec::new();
    if data.join(LOG_FOLDER).is_dir() {
        folders.push(LOG_FOLDER.to_owned());
    }
    let paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    let mut cells: Vec<u32> = paths
        .iter()
        .filter(|path| path.join(LOG_FOLDER).is_dir())
        .filter_map(|path| path.file_name()?.to_str()?.strip_prefix("cell-")?.parse().ok())
        .collect();
    cells.sort_unstable();
    folders.extend(cells.into_iter().map(|cell| format!("cell-{cell}/{LOG_FOLDER}")));
    Ok(folders)
}

/// The batches that come next; none at the end.
async fn next(place: &mut Place) -> Result<Option<Vec<StoredBatch>>> {
    match place.log.read(&place.topic, place.next, READ_BYTES).await {
        Ok(fetched) => {
            let more = fetched.next != place.next;
            place.next = fetched.next;
            Ok(more.then_some(fetched.batches))
        }
        // Older ones were removed meanwhile.
        Err(LogError::Gone { start }) => {
            place.next = start;
            Ok(Some(Vec::new()))
        }
        Err(LogError::Lost(lost)) => {
            tracing::warn!(topic = %place.topic, %lost, "facts are damaged and left out");
            place.next = lost.offsets.end;
            Ok(Some(Vec::new()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Prints facts, and returns whether more are wanted.
fn print(batches: &[StoredBatch], kind: Option<&Kind>, left: &mut u64) -> bool {
    for batch in batches {
        let records = batch.records().unwrap_or_else(|error| {
            tracing::warn!(%error, "a batch of the log is left out");
            Vec::new()
        });
        for record in &records {
            let facts = match FactBatch::from_record(record) {
                Ok(facts) => facts,
                Err(error) => {
                    tracing::warn!(%error, "a record of the log is left out");
                    continue;
                }
            };
            if kind.is_some_and(|kind| kind != facts.kind()) {
                continue;
            }
            for row in 0..facts.len() {
                if *left == 0 {
                    return false;
                }
                *left -= 1;
                let line = serde_json::Value::Object(facts.to_json(row)).to_string();
                if !terminal::is_read(&line) {
                    return false;
                }
            }
        }
    }
    *left > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_found_in_the_folder_of_one_process_and_of_cells() {
        let data = std::env::temp_dir().join(format!("fareway-facts-{}", std::process::id()));
        for folder in ["log", "cell-2/log", "cell-10/log", "cell-3", "edge/log", "cell-x/log"] {
            std::fs::create_dir_all(data.join(folder)).unwrap();
        }
        let found = folders_of(&data);
        std::fs::remove_dir_all(&data).unwrap();
        assert_eq!(found.unwrap(), ["log", "cell-2/log", "cell-10/log"]);
    }

    #[test]
    fn a_kind_nobody_knows_is_refused_with_those_there_are() {
        let told = known("clicks").unwrap_err().to_string();
        assert!(told.contains("clicks") && told.contains("click_out"), "{told}");
    }
}
