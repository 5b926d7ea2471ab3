//! `fareway fleet …`: talks to the edge and the control plane of a running fleet.

mod lately;
mod overrides;
mod rollout;

use std::fmt::Write;

use anyhow::{Context, Result};
use fleet::control::Change;
use fleet::topology::OverrideKind;
use serde_json::{Value, json};

use super::machine::Machine;
use crate::api_client::ApiClient;
use crate::cli::{DrainArgs, FleetCommand, PlanArgs, PurgeArgs};
use crate::front_door;
use crate::settings::Settings;
use crate::terminal::say;

/// Runs the command against the fleet of a data folder.
pub(crate) async fn command(settings: &Settings, command: FleetCommand) -> Result<()> {
    let data = &settings.server.data;
    let machine = Machine::read(data)?;
    let token = data.join("operator.token");
    let token = std::fs::read_to_string(&token)
        .with_context(|| format!("{} cannot be read", token.display()))?;
    let files = front_door::files(&settings.tls, data)?;
    let certificate = files.as_ref().map(|files| files.certificate.as_path());
    let edge = ApiClient::of_door(machine.edge, certificate)?.for_operator(token.trim());
    let control = ApiClient::new(machine.control).for_operator(token.trim());
    match command {
        FleetCommand::Status => status(&edge, &control).await,
        FleetCommand::Purge(PurgeArgs { prefix }) => {
            let purged = edge.post("/v1/fleet/purge", &json!({"prefix": prefix})).await;
            let purged = purged.context("the edge")?;
            say(&format!("{} kept answers were taken away", purged["purged"]));
            Ok(())
        }
        FleetCommand::Drain(DrainArgs { cell, force }) => {
            let changes = vec![Change::Drain(cell)];
            apply(&control, changes, force).await?;
            say(&format!("{cell} finishes what it has and gets nothing new"));
            Ok(())
        }
        FleetCommand::Undrain(DrainArgs { cell, force }) => {
            apply(&control, vec![Change::Undrain(cell)], force).await?;
            say(&format!("{cell} gets new work again"));
            Ok(())
        }
        FleetCommand::Pin(args) => overrides::add(&control, OverrideKind::Pinned, args).await,
        FleetCommand::Canary(args) => overrides::add(&control, OverrideKind::Canary, args).await,
        FleetCommand::Quarantine(args) => {
            overrides::add(&control, OverrideKind::Quarantine, args).await
        }
        FleetCommand::Unpin(whom) => overrides::take_back(&control, &whom).await,
        FleetCommand::Rollout(args) => rollout::rollout(&control, &machine, data, args).await,
        FleetCommand::Rollback { why } => {
            let known = control.post("/fleet/rollback", &json!({"why": why})).await?;
            say(rollout::render(&known).trim_end());
            Ok(())
        }
        FleetCommand::Freeze { why } => {
            control.post("/fleet/freeze", &json!({"why": why})).await?;
            say(
                "nothing changes until `fareway fleet unfreeze`; draining and quarantine stay possible with --force",
            );
            Ok(())
        }
        FleetCommand::Unfreeze => {
            control.post("/fleet/freeze", &json!({"why": null})).await?;
            say("changes are allowed again");
            Ok(())
        }
        FleetCommand::Plan(args) => plan(&control, args).await,
    }
}

async fn status(edge: &ApiClient, control: &ApiClient) -> Result<()> {
    let seen = edge.get("/v1/fleet").await.context("the edge")?;
    say(render_status(&seen).trim_end());
    let lately = lately::render(&seen["control"]);
    if !lately.is_empty() {
        say(lately.trim_end());
    }
    // An empty plan: whether the control plane speaks, and what every loss would leave.
    match control.post("/fleet/plan", &json!({"changes": []})).await {
        Ok(_) => {
            say("control plane: answers");
            let known = control.get("/fleet/rollout").await.context("the control plane")?;
            let text = rollout::render(&known);
            if !text.is_empty() {
                say(text.trim_end());
            }
        }
        Err(error) => {
            say(&format!("control plane: {error:#}; edges and cells go on, nothing can be changed"))
        }
    }
    Ok(())
}

async fn plan(control: &ApiClient, args: PlanArgs) -> Result<()> {
    let (go, force, changes) = (args.apply, args.force, changes_of(args));
    let plan = match go {
        true => apply(control, changes, force).await?,
        false => control.post("/fleet/plan", &json!({"changes": changes})).await?,
    };
    say(render_plan(&plan).trim_end());
    say(if go { "made" } else { "nothing was changed; --apply does it" });
    Ok(())
}

async fn apply(control: &ApiClient, changes: Vec<Change>, force: bool) -> Result<Value> {
    let body = json!({"changes": changes, "force": force});
    control.post("/fleet/change", &body).await.context("the control plane")
}

fn changes_of(args: PlanArgs) -> Vec<Change> {
    let PlanArgs { drain, undrain, weight, remove, apply: _, force: _ } = args;
    let drain = drain.into_iter().map(Change::Drain);
    let undrain = undrain.into_iter().map(Change::Undrain);
    let weight = weight.into_iter().map(|(cell, weight)| Change::Weight(cell, weight));
    let remove = remove.into_iter().map(Change::Remove);
    drain.chain(undrain).chain(weight).chain(remove).collect()
}

/// Writing to a String cannot fail, so its results are dropped.
fn render_status(seen: &Value) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "topology {} in region {}; {} searches moved",
        seen["version"],
        word(&seen["region"]),
        seen["moved"]
    );
    let _ = writeln!(
        text,
        "{:<9} {:<10} {:<10} {:>7} {:>6} {:>9} {:>10} {:>7}  {:<9} address",
        "cell",
        "standing",
        "place",
        "weight",
        "share",
        "in flight",
        "answered",
        "failed",
        "version"
    );
    for cell in list(&seen["cells"]) {
        let place = format!("{}/{}", word(&cell["region"]), word(&cell["zone"]));
        let standing = match (&cell["draining"], word(&cell["standing"])) {
            (Value::Bool(true), "up") => "draining",
            (_, standing) => standing,
        };
        let _ = writeln!(
            text,
            "{:<9} {:<10} {:<10} {:>7} {:>5}% {:>9} {:>10} {:>7}  {:<9} {}",
            word(&cell["cell"]),
            standing,
            place,
            cell["weight"].to_string(),
            cell["share_percent"].to_string(),
            cell["in_flight"].to_string(),
            cell["answered"].to_string(),
            cell["failed"].to_string(),
            word(&cell["version"]),
            word(&cell["address"]),
        );
    }
    overrides::render(&mut text, list(&seen["overrides"]));
    render_door(&mut text, seen);
    for region in list(&seen["capacity"]) {
        let _ = writeln!(
            text,
            "region {}: peak {}, serving {}, after the worst loss {}: {}",
            word(&region["region"]),
            region["peak"],
            region["serving"],
            region["after_worst_loss"],
            if region["holds"] == true { "N+2 is kept" } else { "N+2 is NOT kept" }
        );
    }
    text
}

/// What the edge says of itself: kept answers, WebSockets, its certificate.
fn render_door(text: &mut String, seen: &Value) {
    let cache = &seen["cache"];
    if cache.is_object() {
        let _ = writeln!(
            text,
            "kept: {} addresses, {} bytes; {} hits, {} of them past their end, {} in need, {} misses",
            cache["addresses"],
            cache["bytes"],
            [&cache["hits"], &cache["hits_meanwhile"], &cache["hits_in_need"]]
                .iter()
                .filter_map(|count| count.as_u64())
                .sum::<u64>(),
            cache["hits_meanwhile"],
            cache["hits_in_need"],
            cache["misses"]
        );
    }
    let websockets = &seen["websockets"];
    if websockets["opened"].as_u64().is_some_and(|opened| opened > 0) {
        let _ = writeln!(
            text,
            "websockets: {} open, {} opened, {} turned away",
            websockets["open"], websockets["opened"], websockets["refused"]
        );
    }
    let tls = &seen["tls"];
    if let Some(until) = tls["until"].as_str() {
        let soon = if tls["ends_soon"] == true { ": RENEW IT" } else { "" };
        let days = &tls["days_left"];
        let _ = writeln!(text, "certificate: until {until}, {days} days left{soon}");
    }
    if let Some(refused) = tls["refused"].as_str() {
        let _ = writeln!(text, "certificate: a newer one is REFUSED: {refused}");
    }
}

fn render_plan(plan: &Value) -> String {
    let mut text = String::new();
    for moved in list(&plan["moves"]) {
        let _ = writeln!(
            text,
            "region {}: {} of 65536 buckets move, the change of weights requires {}",
            word(&moved["region"]),
            moved["moved"],
            moved["required"]
        );
        for load in list(&moved["loads"]) {
            let cell = word(&load["cell"]);
            let _ = writeln!(
                text,
                "  {cell:<9} {:>6} -> {:>6}",
                load["before"].to_string(),
                load["after"].to_string()
            );
        }
    }
    for region in list(&plan["capacity"]) {
        let _ = writeln!(
            text,
            "region {}: peak {}, serving {}, worst loss leaves {} (before: {}), {:.2} x",
            word(&region["region"]),
            region["peak"],
            region["serving"],
            region["worst_after"],
            region["worst_before"],
            region["ratio"].as_f64().unwrap_or_default()
        );
        for loss in list(&region["losses"]) {
            let lost: Vec<&str> = list(&loss["lost"]).iter().map(word).collect();
            let _ = writeln!(text, "  without {:<20} {}", lost.join(" and "), loss["remaining"]);
        }
    }
    if let Some(refused) = plan["refused"].as_str() {
        let _ = writeln!(text, "REFUSED: {refused}");
    }
    text
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_names_every_cell_and_what_is_left() {
        let seen = json!({
            "version": 4, "region": "local", "moved": 2,
            "cells": [
                {"cell": "cell-1", "region": "local", "zone": "b", "standing": "up", "draining": true, "weight": 100},
                {"cell": "cell-2", "standing": "gone", "draining": false, "weight": 100},
            ],
            "capacity": [{"region": "local", "peak": 100, "serving": 200, "after_worst_loss": 0, "holds": false}],
            "cache": {"addresses": 3, "bytes": 900, "hits": 5, "hits_meanwhile": 1, "hits_in_need": 1, "misses": 2},
            "websockets": {"open": 2, "opened": 5, "refused": 1},
            "overrides": [{"kind": "quarantine", "first": 7, "last": 7, "cell": 2}, {"kind": "canary", "first": 0, "last": 6, "cell": 1}],
            "tls": {"until": "May 1", "days_left": 3, "ends_soon": true, "refused": "a.pem is damaged"},
        });
        let text = render_status(&seen);
        assert!(text.contains("until May 1, 3 days left: RENEW IT"), "{text}");
        assert!(text.contains("REFUSED: a.pem is damaged"), "{text}");
        assert!(
            text.contains("cell-1    draining   local/b  ") && text.contains("cell-2    gone"),
            "{text}"
        );
        assert!(text.contains("N+2 is NOT kept"), "{text}");
        assert!(text.contains("QUARANTINE: bucket 7 goes to cell-2 or nowhere"), "{text}");
        assert!(text.contains("canary: buckets 0-6 go to cell-1"), "{text}");
        assert!(text.contains("websockets: 2 open, 5 opened, 1 turned away"), "{text}");
        assert!(text.contains("kept: 3 addresses, 900 bytes; 7 hits, 1 of them"), "{text}");
    }

    #[test]
    fn a_plan_shows_moves_losses_and_why_it_would_be_refused() {
        let plan = json!({
            "moves": [{"region": "local", "moved": 7, "required": 6, "loads": [{"cell": "cell-1", "before": 1, "after": 8}]}],
            "capacity": [{"region": "local", "peak": 1, "serving": 2, "worst_after": 0, "worst_before": 1, "ratio": 0.0,
                "losses": [{"lost": ["cell-1", "cell-2"], "remaining": 0}]}],
            "refused": "too little",
        });
        let text = render_plan(&plan);
        for part in
            ["7 of 65536", "1 ->      8", "without cell-1 and cell-2", "REFUSED: too little"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
