//! `bench search`: the four figures of a live search, each with the wall it is measured against.
//!
//! (a) merge, rank and render from decoded answers; (b) the same from partners' JSON; (c) a page over
//! HTTP; (d) live searches at a fixed rate; (e) remembered ones over HTTP. One result file a run.

pub(crate) mod corpus;
mod live;
mod merge;
mod owned;
mod page;
mod questions;
mod remembered;

use anyhow::{Result, bail};

use crate::report::Report;

pub(crate) use live::Plan;

/// Runs the parts named by the letters in `parts`.
pub(crate) fn run(parts: &str, seconds: u64, plan: Plan) -> Result<()> {
    if let Some(unknown) = parts.chars().find(|part| !"abcde".contains(*part)) {
        bail!("--parts takes the letters a, b, c, d and e, not {unknown}");
    }
    let mut report = Report::new("search");
    report.setting("seconds_per_measurement", seconds);
    if parts.contains(['a', 'b']) {
        merge::run(&mut report, seconds)?;
    }
    if parts.contains('c') {
        page::run(&mut report, seconds)?;
    }
    if parts.contains('d') {
        live::run(&mut report, plan)?;
    }
    if parts.contains('e') {
        remembered::run(&mut report, seconds)?;
    }
    report.write()
}
