//! `bench search`: the figures of a live search, each with the wall it is measured against.
//!
//! (a) merge, rank and render from decoded answers; (b) the same from partners' JSON; (c) a page over
//! HTTP; (d) live searches at a fixed rate; (e) remembered ones over HTTP; (f) suggesting places. One
//! result file a run.

pub(crate) mod corpus;
mod live;
mod merge;
mod owned;
mod page;
pub(crate) mod questions;
mod remembered;
mod suggest;

use anyhow::{Result, bail};

use crate::report::Report;

pub(crate) use live::Plan;
pub(crate) use page::median;

/// Runs the parts named by the letters in `parts`.
pub(crate) fn run(parts: &str, seconds: u64, plan: Plan) -> Result<()> {
    if let Some(unknown) = parts.chars().find(|part| !"abcdef".contains(*part)) {
        bail!("--parts takes the letters a to f, not {unknown}");
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
    if parts.contains('f') {
        suggest::run(&mut report)?;
    }
    report.write()
}
