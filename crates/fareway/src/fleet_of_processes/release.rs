//! Releases: what cells are started with, kept under a name that never means anything else.
//!
//! ```text
//! DATA/releases/r1/
//!   ├─ release.json   checksums, and when it was made
//!   ├─ fareway        the binary, copied
//!   ├─ settings.toml  the settings file, if there was one
//!   └─ partners/      the partner files, and the secrets beside them
//! ```
//!
//! A cell reads nothing else, so that a file that somebody edits, or a binary that is built anew,
//! reaches no cell but by a rollout. The environment is the parent's.
//!
//! Limits: releases, partner files and their bytes. Those that no cell runs go first when there are
//! too many.

mod diff;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use fleet::topology::NAME_BYTES_MAX;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

pub(super) use diff::diff;

/// The folder of all releases in the parent's data folder.
const FOLDER: &str = "releases";
/// What a release is, in its folder.
const DESCRIPTION: &str = "release.json";
const BINARY: &str = "fareway";
const SETTINGS: &str = "settings.toml";
const PARTNERS: &str = "partners";
/// Releases that are kept.
const RELEASES_MAX: usize = 12;
/// Files of a release's partners.
const FILES_MAX: usize = 4_096;
/// Their bytes.
const FILES_BYTES_MAX: u64 = 64 << 20;
/// Bytes copied at once.
const BUFFER_BYTES: usize = 256 << 10;

/// Where the files of a release come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sources {
    pub(super) binary: PathBuf,
    pub(super) settings: Option<PathBuf>,
    /// The folder; it need not be there.
    pub(super) partners: PathBuf,
}

/// Checksums of everything in a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) binary: String,
    pub(super) settings: Option<String>,
    pub(super) partners: BTreeMap<String, String>,
}

/// A release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Release {
    pub(super) name: String,
    /// Milliseconds since 1970.
    pub(super) made: i64,
    pub(super) content: Content,
}

/// All releases of a machine.
#[derive(Clone, Debug)]
pub(super) struct Releases {
    folder: PathBuf,
}

impl Sources {
    /// Reads the sources once, for their checksums.
    pub(super) fn content(&self) -> Result<Content> {
        let sum = |path: &Path| copy(path, None);
        Ok(Content {
            binary: sum(&self.binary)?,
            settings: self.settings.as_deref().map(sum).transpose()?,
            partners: partner_files(&self.partners)?
                .into_iter()
                .map(|name| Ok((name.clone(), sum(&self.partners.join(&name))?)))
                .collect::<Result<_>>()?,
        })
    }
}

impl Releases {
    /// Those in a parent's data folder.
    pub(super) fn of(data: &Path) -> Self {
        Self { folder: data.join(FOLDER) }
    }

    /// The folder of one.
    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(super) fn binary(&self, name: &str) -> PathBuf {
        self.folder(name).join(BINARY)
    }

    /// Its settings file, if it has one.
    pub(super) fn settings(&self, name: &str) -> Option<PathBuf> {
        let path = self.folder(name).join(SETTINGS);
        path.is_file().then_some(path)
    }

    pub(super) fn partners(&self, name: &str) -> PathBuf {
        self.folder(name).join(PARTNERS)
    }

    /// One by its name.
    pub(super) fn read(&self, name: &str) -> Result<Release> {
        check_name(name)?;
        let path = self.folder(name).join(DESCRIPTION);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("there is no release {name}: {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))
    }

    /// All that can be read, the oldest first.
    pub(super) fn list(&self) -> Vec<Release> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut all: Vec<Release> = names.filter_map(|name| self.read(&name).ok()).collect();
        all.sort_by(|one, other| (one.made, &one.name).cmp(&(other.made, &other.name)));
        all
    }

    /// The first name of `r1`, `r2`, … after all that are there.
    pub(super) fn next_name(&self) -> String {
        let numbers = self.list().into_iter().filter_map(|release| {
            release.name.strip_prefix('r').and_then(|number| number.parse::<u32>().ok())
        });
        format!("r{}", numbers.max().unwrap_or(0) + 1)
    }

    /// Copies the sources into a release; those that `in_use` names are never removed for it.
    pub(super) fn make(&self, name: &str, sources: &Sources, in_use: &[String]) -> Result<Release> {
        check_name(name)?;
        let folder = self.folder(name);
        if folder.try_exists().unwrap_or(true) {
            bail!("there is a release {name} already; a name never means anything else");
        }
        self.make_room(in_use)?;
        // Whole under its name or not at all.
        let unfinished = self.folder.join(format!(".{name}.new"));
        let _ = std::fs::remove_dir_all(&unfinished);
        let release = self.fill(name, &unfinished, sources).with_context(|| {
            format!("release {name} cannot be made in {}", self.folder.display())
        })?;
        std::fs::rename(&unfinished, &folder)
            .with_context(|| format!("{} cannot be created", folder.display()))?;
        File::open(&self.folder)?.sync_all()?;
        Ok(release)
    }

    fn fill(&self, name: &str, folder: &Path, sources: &Sources) -> Result<Release> {
        let partners = folder.join(PARTNERS);
        std::fs::create_dir_all(&partners)?;
        let take = |from: &Path, to: PathBuf| copy(from, Some(&to));
        let mut content = Content {
            binary: take(&sources.binary, folder.join(BINARY))?,
            settings: None,
            partners: BTreeMap::new(),
        };
        if let Some(settings) = &sources.settings {
            content.settings = Some(take(settings, folder.join(SETTINGS))?);
        }
        for file in partner_files(&sources.partners)? {
            let sum = take(&sources.partners.join(&file), partners.join(&file))?;
            content.partners.insert(file, sum);
        }
        let release = Release { name: name.to_owned(), made: runtime::unix_ms(), content };
        let mut description = File::create(folder.join(DESCRIPTION))?;
        description.write_all(serde_json::to_string_pretty(&release)?.as_bytes())?;
        description.sync_all()?;
        Ok(release)
    }

    fn make_room(&self, in_use: &[String]) -> Result<()> {
        let mut all = self.list();
        while all.len() >= RELEASES_MAX {
            let Some(at) = all.iter().position(|release| !in_use.contains(&release.name)) else {
                bail!("{RELEASES_MAX} releases are in use, so there is no room for another");
            };
            let gone = all.remove(at);
            std::fs::remove_dir_all(self.folder(&gone.name))
                .with_context(|| format!("release {} cannot be removed", gone.name))?;
        }
        Ok(())
    }
}

/// A name that can be a folder's and stand in a topology.
pub(super) fn check_name(name: &str) -> Result<()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let good = (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(allowed);
    if !good || name.starts_with('.') {
        bail!(
            "{name:?} must be 1 to {NAME_BYTES_MAX} letters, digits, dots, dashes or underscores and not start with a dot"
        );
    }
    Ok(())
}

/// Names of the files in a folder of partners, secrets beside them included; none if it is not there.
fn partner_files(folder: &Path) -> Result<Vec<String>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let (mut names, mut bytes) = (Vec::new(), 0);
    let describe = || format!("{} cannot be read", folder.display());
    for entry in std::fs::read_dir(folder).with_context(describe)? {
        let entry = entry.with_context(describe)?;
        let about = std::fs::metadata(entry.path()).with_context(describe)?;
        if !about.is_file() {
            continue;
        }
        bytes += about.len();
        let name = entry.file_name().into_string();
        names.push(name.map_err(|name| anyhow::anyhow!("{} is no name", name.display()))?);
        if names.len() > FILES_MAX || bytes > FILES_BYTES_MAX {
            let most = FILES_BYTES_MAX >> 20;
            bail!("{} has more than {FILES_MAX} files or {most} MiB", folder.display());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Reads a file once, copying it if there is somewhere to; gives its checksum.
fn copy(from: &Path, to: Option<&Path>) -> Result<String> {
    let describe = || format!("{} cannot be read", from.display());
    let mut source = File::open(from).with_context(describe)?;
    let mut copied = match to {
        Some(to) => {
            let mode = source.metadata().with_context(describe)?.permissions().mode();
            let file = File::create_new(to)?;
            file.set_permissions(std::fs::Permissions::from_mode(mode))?;
            Some(file)
        }
        None => None,
    };
    let (mut sum, mut buffer) = (Xxh3::new(), vec![0; BUFFER_BYTES]);
    loop {
        let read = source.read(&mut buffer).with_context(describe)?;
        if read == 0 {
            break;
        }
        sum.update(&buffer[..read]);
        if let Some(copied) = &mut copied {
            copied.write_all(&buffer[..read])?;
        }
    }
    if let Some(copied) = copied {
        copied.sync_all()?;
    }
    Ok(format!("{:032x}", sum.digest128()))
}

#[cfg(test)]
mod tests;
