//! `fareway fleet pin`, `canary`, `quarantine`, `unpin`: who does not go where the table says.

use std::fmt::Write;

use anyhow::{Context, Result};
use fleet::control::Change;
use fleet::topology::{Override, OverrideKind};
use fleet::{BUCKETS, bucket_of};
use serde_json::Value;

use super::{apply, word};
use crate::api_client::ApiClient;
use crate::cli::{OverrideArgs, WhomArgs};
use crate::terminal::say;

/// Sends somebody to a cell.
pub(super) async fn add(control: &ApiClient, kind: OverrideKind, args: OverrideArgs) -> Result<()> {
    let OverrideArgs { cell, whom, force } = args;
    let (first, last) = buckets_of(&whom).context("whose work is not said")?;
    let entry = Override { kind, first, last, cell };
    let mut text = String::new();
    render(&mut text, &[serde_json::to_value(&entry)?]);
    apply(control, vec![Change::Override(entry)], force).await?;
    say(text.trim_end());
    Ok(())
}

/// Lets somebody go where the table says.
pub(super) async fn take_back(control: &ApiClient, whom: &WhomArgs) -> Result<()> {
    let (first, last) = buckets_of(whom).context("whose work is not said")?;
    apply(control, vec![Change::FollowTable { first, last }], false).await?;
    say(&format!("{} where the table says", go(first.into(), last.into())));
    Ok(())
}

/// The buckets of those who are named; one way to name them is given.
fn buckets_of(whom: &WhomArgs) -> Option<(u16, u16)> {
    let WhomArgs { key, visit, buckets, percent } = whom;
    let of_text = |text: &String| {
        let bucket = bucket_of(text.as_bytes());
        (bucket, bucket)
    };
    let of_percent = |percent: u32| {
        let buckets = BUCKETS as u32 * percent.min(100) / 100;
        (0, u16::try_from(buckets.saturating_sub(1)).unwrap_or(u16::MAX))
    };
    let named = key.as_ref().or(visit.as_ref()).map(of_text);
    named.or(*buckets).or(percent.map(of_percent))
}

/// Shows overrides, those that refuse most loudly. Writing to a String cannot fail.
pub(super) fn render(text: &mut String, overrides: &[Value]) {
    for entry in overrides {
        let number = |name: &str| entry[name].as_u64().unwrap_or_default();
        let (name, instead) = match word(&entry["kind"]) {
            "quarantine" => ("QUARANTINE", " or nowhere"),
            other => (other, ""),
        };
        let buckets = go(number("first"), number("last"));
        let _ = writeln!(text, "{name}: {buckets} to cell-{}{instead}", number("cell"));
    }
}

fn go(first: u64, last: u64) -> String {
    if first == last {
        format!("bucket {first} goes")
    } else {
        format!("buckets {first}-{last} go")
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command, FleetCommand};

    fn parsed(line: &str) -> Result<(u16, u16), String> {
        let words = ["fareway", "fleet", "pin", "cell-2"].into_iter().chain(line.split(' '));
        let cli = Cli::try_parse_from(words).map_err(|error| error.to_string())?;
        let Some(Command::Fleet { command: FleetCommand::Pin(args) }) = cli.command else {
            panic!("{line}")
        };
        Ok(buckets_of(&args.whom).unwrap())
    }

    #[test]
    fn a_key_a_visit_a_percentage_and_buckets_name_buckets() {
        let bucket = bucket_of(b"abc");
        assert_eq!(parsed("--key abc"), Ok((bucket, bucket)));
        assert_eq!(parsed("--visit abc"), Ok((bucket, bucket)));
        assert_eq!(parsed("--percent 1"), Ok((0, 654)));
        assert_eq!(parsed("--percent 100"), Ok((0, u16::MAX)));
        assert_eq!(parsed("--buckets 700"), Ok((700, 700)));
        assert_eq!(parsed("--buckets 5-9"), Ok((5, 9)));
    }

    #[test]
    fn whom_it_is_about_is_said_once_and_in_range() {
        for (wrong, told) in [
            ("--buckets 9-5", "comes before the first"),
            ("--buckets 65536", "no bucket"),
            ("--percent 0", "0 is not in"),
            ("--key a --visit b", "cannot be used with"),
            ("--force", "required"),
        ] {
            let error = parsed(wrong).unwrap_err();
            assert!(error.contains(told), "{wrong}: {error}");
        }
    }
}
