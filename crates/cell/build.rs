//! Lists the files under `web/` for `assets.rs`, so that a new page needs no change here.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let web = manifest.join("../../web");
    println!("cargo:rerun-if-changed={}", web.display());
    let mut files = Vec::new();
    if web.is_dir() {
        walk(&web, "", &mut files)?;
    }
    files.sort();
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default()).join("assets.rs");
    let mut table = fs::File::create(out)?;
    writeln!(table, "&[")?;
    for (path, file) in files {
        println!("cargo:rerun-if-changed={}", file.display());
        let file = file.canonicalize()?;
        writeln!(table, "    ({path:?}, include_bytes!({:?})),", file.display().to_string())?;
    }
    writeln!(table, "]")
}

/// Collects files below a folder. Hidden files, notes and tests are not part of the page.
fn walk(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}/{name}");
        let kind = entry.file_type()?;
        if name.starts_with('.') || ["node_modules", "test", "tests"].contains(&name.as_str()) {
            continue;
        }
        if kind.is_dir() {
            println!("cargo:rerun-if-changed={}", entry.path().display());
            walk(&entry.path(), &path, files)?;
        } else if kind.is_file() && !name.ends_with(".md") {
            files.push((path, entry.path()));
        }
    }
    Ok(())
}
