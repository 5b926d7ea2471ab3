//! Names of failed tests, shown once more where a long run ends.

use std::sync::Mutex;

/// Names that are shown; the others are counted.
const SHOWN: usize = 40;

static NAMES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// A test failed.
pub(crate) fn note(name: impl Into<String>) {
    if let Ok(mut names) = NAMES.lock() {
        names.push(name.into());
    }
}

/// Prints what failed since the last time, if anything.
pub(crate) fn show() {
    let Ok(mut names) = NAMES.lock() else { return };
    for name in names.iter().take(SHOWN) {
        println!("failed: {name}");
    }
    if names.len() > SHOWN {
        println!("failed: and {} more", names.len() - SHOWN);
    }
    names.clear();
}
