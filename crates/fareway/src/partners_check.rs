//! `fareway partners check FILE`: asks the partner of a file one question and shows what was
//! understood and what was not.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use domain::{Cabin, CountryCode, Date, LegRequest, Place, Question, SearchRequest, Travellers};
use partners::{CheckReport, PartnerSettings, check as ask_partner};
use runtime::{Deadline, Shutdown, TaskSet, Workers};

use crate::platform::open_asker;
use crate::settings::Settings;
use crate::terminal::say;

/// Days ahead of the question if none are said.
const DAYS_AHEAD: i32 = 60;

/// Runs the command; fails if the partner gave nothing that could be shown.
pub(crate) async fn check(
    settings: &Settings,
    file: &Path,
    from: &str,
    to: &str,
    date: Option<Date>,
) -> Result<()> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("{name} cannot be read"))?;
    let partner = PartnerSettings::parse(&name, &text, None)?;
    let date = date.unwrap_or_else(|| today().plus_days(DAYS_AHEAD));
    let question = Arc::new(question(from, to, date)?);
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let workers = Workers::start("work", 1, 64)?;
    let asker = open_asker(settings, &workers, &tasks, &shutdown)?;
    let within = Duration::from_millis(settings.search.deadline_ms.get());
    let id = partner.id;
    let report =
        ask_partner(&asker, partner, question, Deadline::after(runtime::now(), within)).await;
    say(render(&id.to_string(), &report).trim_end());
    shutdown.begin();
    if report.offers == 0 {
        bail!("partner {id} gave no offer that could be shown");
    }
    Ok(())
}

fn today() -> Date {
    Date::from_days((runtime::unix_ms() / 86_400_000) as i32)
}

fn question(from: &str, to: &str, date: Date) -> Result<Question> {
    let request = SearchRequest {
        legs: vec![LegRequest {
            origin: place("--from", from)?,
            destination: place("--to", to)?,
            date,
        }],
        cabin: Cabin::Economy,
        travellers: Travellers::one_adult(),
        market: CountryCode::literal("GB"),
        nearby: false,
    };
    request.validate(today().plus_days(-1), 400)?;
    Question::normalise(&request, |place, nearby| atlas::atlas().resolve(place, nearby))
        .context("one end has no airport")
}

fn place(flag: &str, text: &str) -> Result<Place> {
    let atlas = atlas::atlas();
    if let Some(city) = text.strip_prefix("city:") {
        let city = city.parse().with_context(|| format!("{flag} {text}"))?;
        atlas.city(city).with_context(|| format!("{flag}: there is no city {city}"))?;
        return Ok(Place::City(city));
    }
    let airport = text.parse().with_context(|| format!("{flag} {text}"))?;
    atlas.airport(airport).with_context(|| format!("{flag}: there is no airport {airport}"))?;
    Ok(Place::Airport(airport))
}

fn render(id: &str, report: &CheckReport) -> String {
    let status =
        report.status.map_or_else(|| "no answer".to_owned(), |status| format!("HTTP {status}"));
    let mut text = format!(
        "partner {id} at {}\n{status}, {} bytes, {} ms, {} parts\n",
        report.endpoint,
        report.bytes,
        report.took.as_millis(),
        report.parts
    );
    if let Some(reason) = report.not_covered {
        text.push_str(&format!("a search would not ask it this question: {}\n", reason.code()));
    }
    if let Some((code, sentence)) = &report.failure {
        text.push_str(&format!("failed: {sentence} ({code})\n"));
    }
    text.push_str(&format!(
        "understood: {} offers of {} itineraries\n",
        report.offers, report.itineraries
    ));
    for line in &report.sample {
        text.push_str(&format!("    {line}\n"));
    }
    text.push_str(&format!("not understood: {} offers\n", report.unread_count));
    for offer in &report.unread {
        text.push_str(&format!("    {}: {}\n", offer.path, offer.reason.code()));
    }
    text
}
