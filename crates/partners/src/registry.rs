//! All partners: read from a folder, checked, and exchanged without restart.
//!
//! ```text
//! config/partners/*.toml ─▶ scan ─▶ parse ─▶ PartnerSet ◀─ snapshot() by every search
//! register_toml (generated) ──────────────┘
//! ```
//!
//! A bad file is refused with a [`FileError`] and changes nothing: if it was good before, its last
//! good version keeps running. Changed, added and removed files are taken up by [`Registry::run`]
//! within two seconds; unchanged partners keep their connections, quota and pauses.
//!
//! Limits: 5,000 partners, 1 MiB a file. Files are read on the thread that calls [`Registry::poll`];
//! [`Registry::run`] hands that to the workers, if there are any.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use domain::PartnerId;
use runtime::{FixedMap, Shutdown, Workers};

use crate::asker::Asker;
use crate::contract::Partner;
use crate::settings::{FileError, PartnerSettings};

mod scan;

use scan::{Scanned, Stamp};

/// Partners at most, disabled ones included.
pub const PARTNERS_MAX: usize = 5_000;

/// How often the folder is looked at.
const POLL_EVERY: Duration = Duration::from_millis(1_000);

/// The partners of one moment. A search takes one snapshot and keeps it.
#[derive(Debug, Default)]
pub struct PartnerSet {
    partners: Vec<Arc<dyn Partner>>,
    by_id: FixedMap<PartnerId, usize>,
    version: u64,
}

impl PartnerSet {
    /// Enabled partners, by id.
    #[must_use]
    pub fn partners(&self) -> &[Arc<dyn Partner>] {
        &self.partners
    }

    /// The partner of an id, if it is enabled.
    #[must_use]
    pub fn get(&self, id: PartnerId) -> Option<&Arc<dyn Partner>> {
        self.by_id.get(&id).and_then(|&index| self.partners.get(index))
    }

    /// Counts changes.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }
}

/// A source that is running: a file on disk or a registered text.
#[derive(Debug)]
struct Source {
    /// What the file looked like; `None` for registered texts.
    stamp: Option<Stamp>,
    /// Its last good version.
    partner: Option<Arc<dyn Partner>>,
    /// What is wrong with its newest version.
    error: Option<FileError>,
}

/// Keeps the set of partners.
#[derive(Debug)]
pub struct Registry {
    asker: Asker,
    folder: Option<PathBuf>,
    sources: Mutex<BTreeMap<String, Source>>,
    set: RwLock<Arc<PartnerSet>>,
}

impl Registry {
    /// A registry over a folder, if one is given; reads it once. Bad files are in
    /// [`Registry::errors`]; a folder that cannot be read is too.
    #[must_use]
    pub fn open(folder: Option<&Path>, asker: Asker) -> Self {
        let registry = Self {
            asker,
            folder: folder.map(Path::to_path_buf),
            sources: Mutex::default(),
            set: RwLock::default(),
        };
        registry.poll();
        registry
    }

    /// The partners now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<PartnerSet> {
        Arc::clone(&self.set.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is wrong with the newest versions of files and registered texts, by name.
    #[must_use]
    pub fn errors(&self) -> Vec<FileError> {
        self.lock().values().filter_map(|source| source.error.clone()).collect()
    }

    /// The asker behind the partners.
    #[must_use]
    pub const fn asker(&self) -> &Asker {
        &self.asker
    }

    /// Adds or changes a partner by the text of a partner file; `name` stands for the file.
    ///
    /// # Errors
    /// [`FileError`]; the last good text of that name, if any, keeps running.
    pub fn register_toml(&self, name: &str, text: &str) -> Result<PartnerId, FileError> {
        let texts = [(name.to_owned(), text.to_owned())];
        match self.register_all(texts).into_iter().next() {
            Some(error) => Err(error),
            None => {
                let id = self.lock().get(name).and_then(|source| source.partner.clone());
                id.map(|partner| partner.settings().id)
                    .ok_or_else(|| FileError::whole(name, "nothing was registered"))
            }
        }
    }

    /// Adds or changes many partners at once; gives what is wrong with each bad text.
    pub fn register_all(
        &self,
        texts: impl IntoIterator<Item = (String, String)>,
    ) -> Vec<FileError> {
        let mut sources = self.lock();
        let mut errors = Vec::new();
        for (name, text) in texts {
            let parsed = PartnerSettings::parse(&name, &text, None);
            errors.extend(self.take_up(&mut sources, &name, None, parsed));
        }
        self.publish(&sources);
        errors
    }

    /// Removes what was registered under a name. Returns whether there was something.
    pub fn unregister(&self, name: &str) -> bool {
        let mut sources = self.lock();
        let removed = sources.remove(name).is_some();
        self.publish(&sources);
        removed
    }

    /// Looks at the folder and takes up what changed. Returns whether anything did.
    pub fn poll(&self) -> bool {
        let Some(folder) = &self.folder else { return false };
        let known: BTreeMap<String, Stamp> = {
            let sources = self.lock();
            let on_disk = |(name, source): (&String, &Source)| {
                source.stamp.map(|stamp| (name.clone(), stamp))
            };
            sources.iter().filter_map(on_disk).collect()
        };
        // Files are read without the lock: a slow disk does not hold up anyone else.
        let scanned = scan::scan(folder, &known);
        let mut sources = self.lock();
        let changed = self.apply(&mut sources, folder, scanned);
        if changed {
            self.publish(&sources);
        }
        changed
    }

    /// Looks at the folder every second until stopping begins, and closes unused connections.
    pub async fn run(self: Arc<Self>, workers: Option<Workers>, shutdown: Shutdown) {
        loop {
            tokio::select! {
                biased;
                () = shutdown.begun() => return,
                () = tokio::time::sleep(POLL_EVERY) => {}
            }
            self.asker.sweep();
            if self.folder.is_none() {
                continue;
            }
            match &workers {
                Some(workers) => {
                    let registry = Arc::clone(&self);
                    // A full or stopped queue only delays the look by a second.
                    let _ = workers.run(move || registry.poll()).await;
                }
                None => drop(self.poll()),
            }
        }
    }

    fn apply(
        &self,
        sources: &mut BTreeMap<String, Source>,
        folder: &Path,
        scanned: Result<Scanned, FileError>,
    ) -> bool {
        let folder_name = folder.display().to_string();
        let Scanned { present, changed } = match scanned {
            Ok(scanned) => scanned,
            Err(error) => {
                // Nothing is known about the files now: what runs keeps running.
                let known = sources.get(&folder_name).and_then(|source| source.error.as_ref());
                let news = known != Some(&error);
                let source = Source { stamp: None, partner: None, error: Some(error) };
                sources.insert(folder_name, source);
                return news;
            }
        };
        let before = sources.len();
        sources.remove(&folder_name);
        sources.retain(|name, source| source.stamp.is_none() || present.contains(name));
        let mut news = sources.len() != before;
        for file in changed {
            news = true;
            if let Some(error) = self.take_up(sources, &file.name, Some(file.stamp), file.parsed) {
                tracing::warn!(%error, "a partner file is refused");
            }
        }
        // A file refused for another's sake may be good now that the other has changed or gone.
        if news {
            self.retry_refused(sources, folder);
        }
        news
    }

    /// Puts a new version of a source in place, or notes why not.
    fn take_up(
        &self,
        sources: &mut BTreeMap<String, Source>,
        name: &str,
        stamp: Option<Stamp>,
        parsed: Result<PartnerSettings, FileError>,
    ) -> Option<FileError> {
        let checked = parsed.and_then(|settings| {
            check_room(sources, name)?;
            check_id(sources, name, settings.id)?;
            Ok(settings)
        });
        let known = sources.remove(name).and_then(|source| source.partner);
        let (partner, error) = match (checked, known) {
            (Err(error), known) => (known, Some(error)),
            // The same settings keep their connections, quota and pause.
            (Ok(settings), Some(known)) if *known.settings() == settings => (Some(known), None),
            (Ok(settings), _) => (Some(self.asker.partner(settings)), None),
        };
        sources.insert(name.to_owned(), Source { stamp, partner, error: error.clone() });
        error
    }

    fn retry_refused(&self, sources: &mut BTreeMap<String, Source>, folder: &Path) {
        let refused: Vec<(String, Stamp)> = sources
            .iter()
            .filter(|(_, source)| source.error.is_some())
            .filter_map(|(name, source)| source.stamp.map(|stamp| (name.clone(), stamp)))
            .collect();
        for (name, stamp) in refused {
            let parsed = scan::read(folder, &name);
            if parsed.is_ok() {
                self.take_up(sources, &name, Some(stamp), parsed);
            }
        }
    }

    fn publish(&self, sources: &BTreeMap<String, Source>) {
        let mut partners: Vec<Arc<dyn Partner>> = sources
            .values()
            .filter_map(|source| source.partner.clone())
            .filter(|partner| partner.settings().enabled)
            .collect();
        partners.sort_by_key(|partner| partner.settings().id);
        let by_id = partners.iter().enumerate();
        let by_id = by_id.map(|(index, partner)| (partner.settings().id, index)).collect();
        let mut set = self.set.write().unwrap_or_else(PoisonError::into_inner);
        let version = set.version + 1;
        *set = Arc::new(PartnerSet { partners, by_id, version });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Source>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_room(sources: &BTreeMap<String, Source>, name: &str) -> Result<(), FileError> {
    if sources.len() >= PARTNERS_MAX && !sources.contains_key(name) {
        return Err(FileError::whole(name, format!("more than {PARTNERS_MAX} partners")));
    }
    Ok(())
}

fn check_id(
    sources: &BTreeMap<String, Source>,
    name: &str,
    id: PartnerId,
) -> Result<(), FileError> {
    let other = sources.iter().find(|(other, source)| {
        *other != name && source.partner.as_ref().is_some_and(|known| known.settings().id == id)
    });
    match other {
        None => Ok(()),
        Some((other, _)) => Err(FileError {
            file: name.to_owned(),
            line: None,
            key: "id".to_owned(),
            value: format!("{id:?}", id = id.as_str()),
            problem: format!("already used by {other}"),
        }),
    }
}
