//! What every released version wrote, for tests of the crates that read it: `tests/compat/VERSION/NAME`.
//!
//! With `FAREWAY_WRITE_FIXTURES` in the environment at build time, a file of this version that is not
//! there is written. None is ever written over: `docs/compatibility.md` says what to do when a test here
//! fails.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/compat");

/// The file as each version wrote it, with the version. `now`: as this version writes it.
pub(crate) fn of_every_version(name: &str, now: &[u8]) -> Vec<(String, Vec<u8>)> {
    let own = own(name);
    if option_env!("FAREWAY_WRITE_FIXTURES").is_some() {
        write_once(&own, now);
    }
    assert!(own.is_file(), "{} is missing: it is made on purpose", own.display());
    let mut versions: Vec<PathBuf> =
        std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    versions.sort();
    let read = |folder: &PathBuf| {
        let version = folder.file_name().unwrap().to_string_lossy().into_owned();
        std::fs::read(folder.join(name)).ok().map(|bytes| (version, bytes))
    };
    versions.iter().filter_map(read).collect()
}

/// The same for a format without room for more: those of this version read each other's bytes, so it
/// writes the same ones as long as it is this version.
pub(crate) fn of_every_version_alike(name: &str, now: &[u8]) -> Vec<(String, Vec<u8>)> {
    let all = of_every_version(name, now);
    let same = std::fs::read(own(name)).unwrap() == now;
    assert!(same, "{name}: this version writes something else than it did");
    all
}

fn own(name: &str) -> PathBuf {
    Path::new(FOLDER).join(env!("CARGO_PKG_VERSION")).join(name)
}

fn write_once(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    match File::create_new(path) {
        Ok(mut file) => file.write_all(bytes).unwrap(),
        Err(error) => assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{}", path.display()),
    }
}
