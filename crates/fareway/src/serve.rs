//! `fareway serve`: the platform until Ctrl-C or SIGTERM.

use anyhow::{Context, Result, bail};
use tokio::signal::unix::{SignalKind, signal};

use cell::OperatorToken;

use crate::data_folder::DataFolder;
use crate::front_door;
use crate::platform::{ONLY_CELL, OWN_RELEASE, Platform, PlatformParts, open_keys};
use crate::settings::Settings;
use crate::terminal::say;

/// Runs until told to stop.
pub(crate) async fn serve(settings: &Settings) -> Result<()> {
    if settings.tls.mutual.enabled {
        bail!("tls.mutual.enabled is for edge and cells: serve --cells N");
    }
    let data = DataFolder::open(&settings.server.data)?;
    let (operator, operator_is_new) = data.secret("operator.token")?;
    let keys = open_keys(&data.join("token.key"))?;
    let listen = settings.server.listen;
    let certificate_is_new = front_door::make_development(&settings.tls, &data, listen.ip())?;
    let tls = front_door::open(&settings.tls, data.path())?;
    let mut interrupt = signal(SignalKind::interrupt()).context("Ctrl-C cannot be heard")?;
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be heard")?;
    let parts = PlatformParts {
        keys,
        listen,
        data: Some(&data),
        operator: OperatorToken::new(operator),
        cell: ONLY_CELL,
        release: OWN_RELEASE.to_owned(),
        tls,
        market: None,
        beside: Vec::new(),
        behind_edges: false,
    };
    let platform = Platform::start(settings, parts).await?;
    announce(settings, &platform, &data, (operator_is_new, certificate_is_new));
    tokio::select! {
        biased;
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    say("stopping: open requests may finish");
    if !platform.stop().await {
        say("stopped; some requests were cut off");
    }
    Ok(())
}

fn announce(
    settings: &Settings,
    platform: &Platform,
    data: &DataFolder,
    (operator_is_new, certificate_is_new): (bool, bool),
) {
    let scheme = front_door::scheme(&settings.tls);
    say(&format!("Fareway is ready: {scheme}://{}", platform.address));
    if let Some(market) = &platform.market {
        say(&format!("Sandbox market: http://{} ({} partners)", market.address, market.partners));
    }
    say(&format!("Partners that can be asked: {}", platform.partners));
    for error in &platform.partner_errors {
        say(&format!("partner file refused: {error}"));
    }
    let note = if operator_is_new { ", made just now" } else { "" };
    say(&format!("Operator token: {}{note}", data.join("operator.token").display()));
    let trust = front_door::how_to_trust(&settings.tls, data.path(), certificate_is_new);
    trust.iter().for_each(|line| say(line));
    say("Ctrl-C stops.");
}
