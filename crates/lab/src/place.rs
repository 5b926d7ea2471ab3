//! Folders that a measurement fills, and what they take of the disk.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// A folder for one run, gone with it.
#[derive(Debug)]
pub(crate) struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    /// Makes `fareway-<name>-<process>` below a folder.
    pub(crate) fn make(below: &Path, name: &str) -> Result<Self> {
        let path = below.join(format!("fareway-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| format!("{}", path.display()))?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What cannot be removed stays below a folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Bytes of all files in a folder and below. Files may vanish meanwhile.
pub(crate) fn bytes_below(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let entry = entry?;
        let Ok(kind) = entry.metadata() else { continue };
        bytes += if kind.is_dir() { bytes_below(&entry.path())? } else { kind.len() };
    }
    Ok(bytes)
}

/// Bytes that may still be written below a folder, as `df` says.
pub(crate) fn bytes_free(folder: &Path) -> Result<u64> {
    let output = Command::new("df").arg("-Pk").arg(folder).output().context("df is not there")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let kib = text.lines().nth(1).and_then(|line| line.split_whitespace().nth(3));
    let kib: u64 = kib.and_then(|kib| kib.parse().ok()).with_context(|| format!("df: {text}"))?;
    Ok(kib << 10)
}
