//! (a) Merge, rank and render a top-10 page from 30 decoded answers; (b) the same from the
//! partners' JSON. One thread each; the ratio to plain hyper is over the same page's bytes.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use atlas::atlas;
use cell::agents::AgentBook;
use cell::v1::page::{PageParts, render_parts};
use domain::{Answer, CurrencyCode};
use partners::{DecodeContext, ProtocolKind, protocol};
use search::{Display, Locale, Progress, View, merge, view};

use super::corpus::{Corpus, Wire};
use super::owned;
use super::page::median;
use crate::report::Report;

/// JSON of one search, bytes.
const JSON_BYTES: usize = 750_000;
const ROUNDS: usize = 5;
/// Options of an itinerary on a page unless more are asked for, as the cell has it.
const OPTIONS: usize = 3;

/// Measures (a) and (b) and returns the page.
pub(crate) fn run(report: &mut Report, seconds: u64) -> Result<Vec<u8>> {
    let corpus = Corpus::make()?;
    let slice = Duration::from_millis(1_000 * seconds / ROUNDS as u64);
    let page = Renderer::new(&corpus);
    let bytes = page.render(&corpus.decoded);
    report.figure("a. answers", corpus.decoded.len());
    report.figure("a. quotes", corpus.quotes());
    report.figure(
        "a. itineraries",
        merge(&corpus.decoded, &page.display, atlas()).itineraries().len(),
    );
    report.figure("a. page bytes", bytes.len());
    let merged_only =
        rate(slice, || drop(black_box(merge(&corpus.decoded, &page.display, atlas()))));
    let whole = rate(slice, || drop(black_box(page.render(&corpus.decoded))));
    report.figure("a. merge only, searches/s/core", merged_only);
    report.figure("a. merge + rank + render, searches/s/core", whole);
    from_json(report, &corpus, &page, slice)?;
    Ok(bytes)
}

fn from_json(
    report: &mut Report,
    corpus: &Corpus,
    page: &Renderer<'_>,
    slice: Duration,
) -> Result<()> {
    let answers = corpus.json_answers(JSON_BYTES)?;
    let total: usize = answers.iter().map(|answer| answer.bytes.len()).sum();
    let decoded: Vec<Arc<Answer>> =
        decode_all(&answers, corpus).into_iter().map(Arc::new).collect();
    let quotes: usize = decoded.iter().map(|answer| answer.offers().len()).sum();
    ensure!(quotes > 100, "the decoders understood only {quotes} quotes");
    report.figure("b. answers", answers.len());
    report.figure("b. JSON bytes a search", total);
    report.figure("b. quotes in them", quotes);
    let searches = rate(slice, || {
        let decoded: Vec<Arc<Answer>> =
            decode_all(&answers, corpus).into_iter().map(Arc::new).collect();
        drop(black_box(page.render(&decoded)));
    });
    let decode_only = rate(slice, || drop(black_box(decode_all(&answers, corpus))));
    for answer in &answers {
        let read = owned::read_sonic(answer.settings.protocol, &answer.bytes)
            .context("sonic-rs reads it")?;
        ensure!(read > 0, "the owned structs hold nothing");
    }
    let sonic = rate(slice, || {
        for answer in &answers {
            let _ = black_box(owned::read_sonic(answer.settings.protocol, &answer.bytes));
        }
    });
    let serde = rate(slice, || {
        for answer in &answers {
            let _ = black_box(owned::read_serde(answer.settings.protocol, &answer.bytes));
        }
    });
    let megabytes = total as f64 / 1e6;
    report.figure("b. decode + merge + rank + render, searches/s/core", searches);
    report
        .figure("b. scaled to exactly 750,000 bytes", searches * total as f64 / JSON_BYTES as f64);
    report.figure("b. decode only, MB/s", decode_only * megabytes);
    report.figure("b. sonic-rs into owned structs, MB/s", sonic * megabytes);
    report.figure("b. serde_json into owned structs, MB/s", serde * megabytes);
    report.figure("b. whole search / sonic-rs owned", searches / sonic);
    Ok(())
}

fn decode_all(answers: &[Wire], corpus: &Corpus) -> Vec<Answer> {
    let decimals = |currency: CurrencyCode| atlas().currency(currency).map(|known| known.decimals);
    let decode = |answer: &Wire| {
        let context = DecodeContext {
            question: &corpus.question,
            settings: &answer.settings,
            decimals,
            offers_max: protocol::OFFERS_MAX,
        };
        match answer.settings.protocol {
            ProtocolKind::Duffel => protocol::duffel::decode(&answer.bytes, context),
            ProtocolKind::Amadeus => protocol::amadeus::decode(&answer.bytes, context),
            ProtocolKind::Fareway => Ok(protocol::Decoded::default()),
        }
        .map(|decoded| decoded.answer)
        .unwrap_or_default()
    };
    answers.iter().map(decode).collect()
}

/// Renders the first page of a search, as the cell does.
struct Renderer<'c> {
    corpus: &'c Corpus,
    display: Display,
    agents: AgentBook,
}

impl<'c> Renderer<'c> {
    fn new(corpus: &'c Corpus) -> Self {
        let agents = AgentBook::new(
            corpus.settings.iter().map(|settings| (settings.id, settings.agents.as_slice())),
        );
        let display = Display::new(CurrencyCode::literal("GBP"), Locale::EN_GB);
        Self { corpus, display, agents }
    }

    fn render(&self, answers: &[Arc<Answer>]) -> Vec<u8> {
        let merged = merge(answers, &self.display, atlas());
        let page = view(&merged, &self.corpus.question, &self.display, &View::default());
        // Links are signed in the cell; here a mark of the same length stands for the signature,
        // whose cost (about 50 ns a link) is part of (c).
        let write_link =
            |_: &search::MergedItinerary, _: &search::OfferView<'_>, _: u8, out: &mut String| {
                out.push_str("AAAAAAAAAAAAAAAAAAAAAA");
            };
        render_parts(&PageParts {
            atlas: atlas(),
            agents: &self.agents,
            token: TOKEN,
            status: "complete",
            version: 30,
            partners: Progress { asked: 30, remembered: 0, answered: 30, failed: 0 },
            request: &self.corpus.request,
            display: &self.display,
            merged: &merged,
            page: &page,
            options: OPTIONS,
            write_link: &write_link,
        })
    }
}

/// A token's length is part of a page's size.
const TOKEN: &str = "AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj9AQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo-cell1";

/// Times a second, on this thread; the median of five slices.
fn rate(slice: Duration, mut work: impl FnMut()) -> f64 {
    work();
    let mut rates = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let mut count = 0_u32;
        while started.elapsed() < slice {
            work();
            count += 1;
        }
        rates.push(f64::from(count) / started.elapsed().as_secs_f64());
    }
    median(&mut rates)
}
