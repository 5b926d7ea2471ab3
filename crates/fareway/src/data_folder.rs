//! The data folder: everything this process writes.
//!
//! One process owns a folder (`fareway.lock`). Secrets are files only their owner can read:
//! `token.key` signs search tokens and links, `operator.token` opens the operator's actions,
//! `development.key` belongs to the development certificate, `tls` holds certificates between edge and cells.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use runtime::Random;

/// A data folder owned by this process until it ends.
#[derive(Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
    /// Held open: the lock lives as long as the file.
    _lock: File,
}

impl DataFolder {
    /// Opens the folder, creating it if needed, and takes its lock.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path)
            .with_context(|| format!("the data folder {} cannot be created", path.display()))?;
        let lock_path = path.join("fareway.lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .with_context(|| format!("the data folder {} is not writable", path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => bail!(
                "another Fareway uses the data folder {}: stop it or choose another with --data",
                path.display()
            ),
            Err(std::fs::TryLockError::Error(error)) => {
                return Err(error)
                    .with_context(|| format!("{} cannot be locked", lock_path.display()));
            }
        }
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A file or folder inside.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A secret of 32 bytes, made at the first start. Returns it and whether it is new.
    pub(crate) fn secret(&self, name: &str) -> Result<([u8; 32], bool)> {
        let path = self.path.join(name);
        if path.try_exists().unwrap_or(true) {
            return Ok((read_secret(&path)?, false));
        }
        let describe = || format!("the key file {} cannot be used", path.display());
        let key = Random::secret_bytes::<32>().with_context(describe)?;
        self.write_private(name, &format!("{}\n", render_hex(&key))).with_context(describe)?;
        Ok((key, true))
    }

    /// Writes a file that only its owner can read. Written whole under another name first: a crash leaves
    /// no half of it behind.
    pub(crate) fn write_private(&self, name: &str, text: &str) -> std::io::Result<()> {
        let path = self.path.join(name);
        let mut unfinished = path.clone().into_os_string();
        unfinished.push(".new");
        // One that a crash left may be readable by others.
        let _ = std::fs::remove_file(&unfinished);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&unfinished)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &path)?;
        File::open(path.parent().unwrap_or(&self.path))?.sync_all()
    }
}

/// Reads a secret that is there, also one of a folder that another process owns.
pub(crate) fn read_secret(path: &Path) -> Result<[u8; 32]> {
    let describe = || format!("the key file {} cannot be used", path.display());
    let mut text = String::new();
    File::open(path).and_then(|mut file| file.read_to_string(&mut text)).with_context(describe)?;
    parse_hex(text.trim()).with_context(describe)
}

fn render_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse_hex(text: &str) -> Result<[u8; 32]> {
    let mut key = [0_u8; 32];
    if text.len() != 64 || !text.is_ascii() {
        bail!("expected 64 hexadecimal digits");
    }
    for (index, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16)
            .context("expected 64 hexadecimal digits")?;
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("fareway-test-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn a_secret_is_made_once_and_only_its_owner_can_read_it() {
        let path = folder("secret");
        let data = DataFolder::open(&path).unwrap();
        let (first, made) = data.secret("token.key").unwrap();
        assert!(made);
        assert_eq!(data.secret("token.key").unwrap(), (first, false));
        let mode = std::fs::metadata(path.join("token.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_file_stops_the_start_instead_of_being_replaced() {
        let path = folder("damaged");
        let data = DataFolder::open(&path).unwrap();
        std::fs::write(path.join("token.key"), "not a key").unwrap();
        let error = format!("{:#}", data.secret("token.key").unwrap_err());
        assert!(error.contains("token.key") && error.contains("64 hexadecimal digits"), "{error}");
    }

    #[test]
    fn a_second_process_is_refused_with_a_sentence() {
        let path = folder("locked");
        let _first = DataFolder::open(&path).unwrap();
        let error = DataFolder::open(&path).unwrap_err().to_string();
        assert!(error.contains("another Fareway uses the data folder"), "{error}");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let path = folder("file");
        std::fs::write(&path, "a file, not a folder").unwrap();
        let error = DataFolder::open(&path).unwrap_err().to_string();
        assert!(error.contains("cannot be created"), "{error}");
        std::fs::remove_file(&path).unwrap();
    }
}
