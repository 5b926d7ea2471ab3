//! `fareway search`: asks one question through the HTTP API of a platform of its own, and prints
//! the offers as a table or as the API's JSON.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cell::OperatorToken;
use runtime::Random;
use search::TokenKeys;
use serde_json::{Value, json};

use crate::api_client::ApiClient;
use crate::cli::SearchArgs;
use crate::platform::{ONLY_CELL, OWN_RELEASE, Platform, PlatformParts};
use crate::settings::Settings;
use crate::table;
use crate::terminal::{progress, progress_done, say};

/// Time between two looks at the growing answer.
const LOOK: Duration = Duration::from_millis(150);

/// Runs the command.
pub(crate) async fn search(settings: &Settings, wanted: &SearchArgs) -> Result<()> {
    if !["best", "cheapest", "fastest"].contains(&wanted.sort.as_str()) {
        bail!("--sort must be best, cheapest or fastest, not {}", wanted.sort);
    }
    if !(1..=100).contains(&wanted.limit) {
        bail!("--limit must be 1 to 100, not {}", wanted.limit);
    }
    let keys = TokenKeys::single(&Random::secret_bytes()?);
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    progress("making the market …");
    let parts = PlatformParts {
        keys,
        listen: anywhere,
        data: None,
        operator: OperatorToken::default(),
        cell: ONLY_CELL,
        release: OWN_RELEASE.to_owned(),
        tls: None,
        market: None,
        beside: Vec::new(),
        behind_edges: false,
    };
    let platform = Platform::start(settings, parts).await?;
    let client = ApiClient::new(platform.address);
    let page = ask(&client, wanted).await;
    progress_done();
    let page = page?;
    if wanted.json {
        say(&serde_json::to_string_pretty(&page)?);
    } else {
        say(table::render(&page, wanted.currency)?.trim_end());
    }
    platform.stop().await;
    Ok(())
}

async fn ask(client: &ApiClient, wanted: &SearchArgs) -> Result<Value> {
    let created = client.post("/v1/searches", &body_of(wanted)).await?;
    let token = created["token"].as_str().context("the answer has no token")?;
    let path = format!("/v1/searches/{token}?sort={}&limit={}", wanted.sort, wanted.limit);
    loop {
        let page = client.get(&path).await?;
        if page["status"] != "incomplete" {
            return Ok(page);
        }
        let partners = &page["partners"];
        progress(&format!(
            "{} of {} partners answered, {} itineraries",
            partners["answered"], partners["asked"], page["total"]
        ));
        tokio::time::sleep(LOOK).await;
    }
}

fn body_of(wanted: &SearchArgs) -> Value {
    let mut legs = vec![json!({
        "origin": wanted.origin, "destination": wanted.destination, "date": wanted.date.to_string(),
    })];
    if let Some(back) = wanted.back {
        legs.push(json!({
            "origin": wanted.destination, "destination": wanted.origin, "date": back.to_string(),
        }));
    }
    json!({
        "legs": legs,
        "cabin": wanted.cabin.name(),
        "adults": wanted.adults,
        "children_ages": wanted.children,
        "market": wanted.market.to_string(),
        "locale": "en-GB",
        "currency": wanted.currency.to_string(),
        "nearby": wanted.nearby,
    })
}
