//! `fareway fleet rollout`: shows what another release would change, makes it, and hands it to the
//! control plane. The release is made here, on the machine that runs the cells; the control plane
//! decides when which cell runs it.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use partners::PartnerSettings;
use serde_json::{Value, json};

use super::{list, word};
use crate::api_client::ApiClient;
use crate::cli::RolloutArgs;
use crate::fleet_of_processes::machine::Machine;
use crate::fleet_of_processes::release::{Content, Releases, Sources, check_name, diff};
use crate::terminal::say;

/// Notes that are shown.
const NOTES_SHOWN: usize = 12;

/// Shows or begins a rollout.
pub(super) async fn rollout(
    control: &ApiClient,
    machine: &Machine,
    data: &Path,
    args: RolloutArgs,
) -> Result<()> {
    let releases = Releases::of(data);
    let wanted: Value = control.get("/fleet/wanted").await.context("the control plane")?;
    let running = running(&wanted);
    let Some(base) = running.first() else { bail!("there is no cell") };
    let sources = Sources {
        binary: args.binary.clone().unwrap_or_else(|| machine.sources.binary.clone()),
        ..machine.sources.clone()
    };
    let (name, content) = match &args.to {
        Some(name) => {
            check_name(name)?;
            (name.clone(), releases.read(name)?.content)
        }
        None => (releases.next_name(), sources.content()?),
    };
    show_difference(&releases, base, (&name, &content), args.to.is_none().then_some(&sources))?;
    if args.to.is_none() {
        check(&sources)?;
    }
    let settings = json!({
        "bake_ms": args.bake.saturating_mul(1_000),
        "warm_up_ms": args.warm_up.saturating_mul(1_000),
        "requests_min": args.requests,
        "out_percent": args.out_percent,
    });
    let mut body = json!({"to": name, "settings": settings, "force": args.force, "dry_run": true});
    let planned = control.post("/fleet/rollout", &body).await?;
    say(render_plan(&planned, &args).trim_end());
    if !args.go && !args.make {
        say("nothing was changed; --go does it");
        return Ok(());
    }
    if args.to.is_none() {
        releases.make(&name, &sources, &running)?;
    }
    if !args.go {
        say(&format!(
            "{name} is made and no cell runs it; the console or `fareway fleet rollout --to {name} --go` takes cells there"
        ));
        return Ok(());
    }
    body["dry_run"] = json!(false);
    control.post("/fleet/rollout", &body).await?;
    say(&format!(
        "begun; `fareway fleet status` shows how far {name} is, `fareway fleet rollback` ends it"
    ));
    Ok(())
}

/// The releases that cells are to run, each once.
fn running(wanted: &Value) -> Vec<String> {
    let cells = wanted.as_object().into_iter().flatten();
    let mut all: Vec<String> =
        cells.filter_map(|(_, release)| release.as_str().map(str::to_owned)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn show_difference(
    releases: &Releases,
    base: &str,
    (name, content): (&str, &Content),
    sources: Option<&Sources>,
) -> Result<()> {
    let settings = match sources {
        Some(sources) => sources.settings.clone(),
        None => releases.settings(name),
    };
    let kept = releases.settings(base);
    let lines =
        diff((&releases.read(base)?.content, kept.as_deref()), (content, settings.as_deref()));
    if lines.is_empty() {
        bail!("nothing differs between {base}, which cells run, and {name}");
    }
    say(&format!("from {base} to {name}:"));
    lines.iter().for_each(|line| say(&format!("  {line}")));
    Ok(())
}

/// What is known to be wrong before any cell runs it: settings by the new binary itself, partner files
/// by this one.
fn check(sources: &Sources) -> Result<()> {
    let mut command = Command::new(&sources.binary);
    if let Some(settings) = &sources.settings {
        command.arg("--settings").arg(settings);
    }
    let ran = command.args(["settings", "explain"]).stdin(Stdio::null()).output();
    let binary = sources.binary.display();
    let ran = ran.with_context(|| format!("{binary} cannot be run"))?;
    if !ran.status.success() {
        let said = String::from_utf8_lossy(&ran.stderr);
        bail!("{binary} refuses the settings: {}", said.trim());
    }
    let folder = &sources.partners;
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "toml")) {
        let path = entry.path();
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        PartnerSettings::parse(&path.display().to_string(), &text, Some(folder))?;
    }
    Ok(())
}

/// Writing to a String cannot fail, so its results are dropped.
fn render_plan(planned: &Value, args: &RolloutArgs) -> String {
    let mut text = String::new();
    for (at, wave) in list(&planned["waves"]).iter().enumerate() {
        let cells: Vec<&str> = list(wave).iter().map(word).collect();
        let _ = writeln!(text, "wave {}: {}", at + 1, cells.join(" "));
    }
    let RolloutArgs { bake, warm_up, requests, out_percent, .. } = args;
    let _ = writeln!(
        text,
        "each wave: {warm_up} s to warm up, {bake} s watched, {requests} requests at least; \
         at most {out_percent}% of a region out at once, one cell at least"
    );
    let _ = writeln!(
        text,
        "back by itself: not ready, dies, or worse than the cells beside it by Fisher's exact test"
    );
    text
}

/// Where a rollout is, for `fareway fleet status`.
pub(super) fn render(known: &Value) -> String {
    let mut text = String::new();
    if let Some(why) = known["frozen"]["why"].as_str() {
        let _ = writeln!(text, "FROZEN: {why}");
    }
    let (state, rollout) = match (&known["current"], list(&known["past"]).first()) {
        (Value::Object(_), _) => ("rollout", &known["current"]),
        (_, Some(last)) => ("last rollout", last),
        _ => return text,
    };
    let waves = list(&rollout["waves"]).len();
    let stage = word(&rollout["stage"]);
    let wave = &rollout["wave"];
    let _ = writeln!(text, "{state} to {}: {stage}, wave {wave} of {waves}", word(&rollout["to"]));
    if let Some(why) = rollout["why"].as_str() {
        let _ = writeln!(text, "  because {why}");
    }
    let notes = list(&rollout["notes"]);
    let began = rollout["began"].as_u64().unwrap_or_default();
    for note in notes.iter().skip(notes.len().saturating_sub(NOTES_SHOWN)) {
        let seconds = note["at"].as_u64().unwrap_or_default().saturating_sub(began) / 1_000;
        let _ = writeln!(text, "  {seconds:>5} s  {}", word(&note["note"]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_where_a_rollout_is_and_why() {
        let rollout = json!({
            "to": "r2", "stage": "returning", "wave": 1, "waves": [["cell-1"], ["cell-2"]],
            "began": 1_000, "why": "cell-1 was not ready",
            "notes": [{"at": 1_000, "note": "begun"}, {"at": 4_500, "note": "going back"}],
        });
        let text = render(&json!({"frozen": null, "current": rollout, "past": []}));
        assert!(text.contains("rollout to r2: returning, wave 1 of 2"), "{text}");
        assert!(text.contains("because cell-1 was not ready"), "{text}");
        assert!(text.contains("3 s  going back"), "{text}");
        let text =
            render(&json!({"frozen": {"why": "holiday"}, "current": null, "past": [rollout]}));
        assert!(text.starts_with("FROZEN: holiday\nlast rollout to r2"), "{text}");
        assert_eq!(render(&json!({"frozen": null, "current": null, "past": []})), "");
    }

    #[test]
    fn releases_that_run_are_named_once() {
        assert_eq!(running(&json!({"1": "r2", "2": "r1", "3": "r2"})), ["r1", "r2"]);
    }
}
