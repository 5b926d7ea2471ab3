//! `cargo xtask screenshot`: renews the pictures in the README.
//!
//! The browser suite takes the pictures while it tests, so they show what was tested.
//! Limit: 400 KiB each, since every clone carries them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::arguments;
use crate::suites::{BROWSER_OUTPUT, Ground, Tally, run_browser};

const TAKEN: [&str; 2] = ["results.png", "explore.png"];
const KEPT: &str = "docs/images";
const BYTES_MAX: u64 = 400 * 1024;

/// Runs the browser suite and keeps its pictures of the results and the map.
pub(crate) fn run(flags: &[String]) -> Result<Tally> {
    arguments::none(flags)?;
    let ground = Ground::find()?;
    let tally = run_browser(&ground)?;
    if tally.failed == 0 {
        for name in TAKEN {
            let from = ground.target.join(BROWSER_OUTPUT).join(name);
            keep(&from, &ground.root.join(KEPT).join(name))?;
            println!("{KEPT}/{name} is renewed");
        }
    }
    Ok(tally)
}

fn keep(from: &Path, to: &Path) -> Result<()> {
    let bytes = fs::metadata(from)
        .with_context(|| format!("the browser suite left no {}", from.display()))?
        .len();
    if bytes > BYTES_MAX {
        bail!("{} has {bytes} bytes; at most {BYTES_MAX} may go into the project", from.display());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_too_large_for_the_project_is_refused() {
        let folder =
            std::env::temp_dir().join(format!("fareway-screenshot-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (small, large) = (folder.join("small.png"), folder.join("large.png"));
        fs::write(&small, [0_u8; 10]).unwrap();
        fs::write(&large, vec![0_u8; 500 * 1024]).unwrap();
        keep(&small, &folder.join("kept/results.png")).unwrap();
        assert_eq!(fs::read(folder.join("kept/results.png")).unwrap(), [0; 10]);
        assert!(keep(&large, &folder.join("kept/results.png")).is_err());
        assert!(keep(&folder.join("none.png"), &folder.join("kept/results.png")).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
