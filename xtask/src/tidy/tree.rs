//! The files of the project as the checks see them: paths with forward slashes, and texts.
//!
//! Limits: a file above 8 MiB is listed without its text.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Larger files are data, not text to check.
const TEXT_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// All files, sorted by path. The text is `None` for a binary or very large file.
#[derive(Debug, Default)]
pub(super) struct Tree {
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads what git tracks plus what is new and not ignored, so that a check sees a file before
    /// its first commit.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let output = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .context("git did not start")?;
        if !output.status.success() {
            bail!("git ls-files failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let mut files = BTreeMap::new();
        for name in output.stdout.split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
            let name = String::from_utf8_lossy(name).into_owned();
            let path = root.join(&name);
            // A deleted file stays in the index until the next commit; a link is not ours to read.
            let Ok(about) = fs::symlink_metadata(&path) else { continue };
            if !about.is_file() {
                continue;
            }
            let text = match about.len() {
                0..=TEXT_BYTES_MAX => String::from_utf8(fs::read(&path)?).ok(),
                _ => None,
            };
            files.insert(name, text.filter(|text| !text.contains('\0')));
        }
        Ok(Self { files })
    }

    /// A tree made of texts, for tests.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files =
            files.iter().map(|&(path, text)| (path.to_owned(), Some(text.to_owned()))).collect();
        Self { files }
    }

    /// All paths.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// All files with text.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// The Rust files with text.
    pub(super) fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(|(path, _)| path.ends_with(".rs"))
    }

    /// One file's text.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether `path` is a file or a folder with files in it.
    pub(super) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let inside = format!("{path}/");
        self.files.contains_key(path)
            || self
                .files
                .range(inside.clone()..)
                .next()
                .is_some_and(|(next, _)| next.starts_with(&inside))
    }

    /// The names of the folders in `crates/` that hold a manifest.
    pub(super) fn crates(&self) -> Vec<&str> {
        self.paths()
            .filter_map(|path| path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml"))
            .filter(|name| !name.contains('/'))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_exists_when_a_file_is_in_it() {
        let tree = Tree::of(&[("docs/recipes/a.md", "")]);
        assert!(tree.has("docs/recipes") && tree.has("docs/") && tree.has("docs/recipes/a.md"));
        assert!(!tree.has("docs/rec") && !tree.has("doc"));
    }

    #[test]
    fn only_folders_with_a_manifest_right_below_crates_are_crates() {
        let tree = Tree::of(&[("crates/a/Cargo.toml", ""), ("crates/a/fuzz/Cargo.toml", "")]);
        assert_eq!(tree.crates(), ["a"]);
    }
}
