//! One page of a search's results as `/v1` JSON.
//!
//! ```text
//! Merged + search::Page + names ──render_page──▶ about 20 KB of bytes
//! ```
//!
//! Names of carriers and airports stand once at the end, for the itineraries of the page. An
//! itinerary shows its cheapest options only, unless more are asked for, and says how many options
//! and sellers it has: a popular one has thirty sellers, and a list needs the first few.
//!
//! Cost: bytes are pushed straight into one buffer; see `benches/render_a_page.rs`.

mod names;
mod row;

use atlas::Atlas;
use search::{Display, Merged, MergedItinerary, OfferView, Page, Progress, Snapshot};

use self::names::Names;
use self::row::RowWriter;
use super::{facets, request};
use crate::agents::AgentBook;
use crate::json::Json;
use crate::key;

/// Adds the signed id of an offer's link to a text; see [`Snapshot::write_link`].
pub type WriteLink<'a> = dyn Fn(&MergedItinerary, &OfferView<'_>, u8, &mut String) + 'a;

/// What a page is made of.
#[derive(Clone, Copy)]
pub struct PageParts<'a> {
    /// Places, carriers, currencies.
    pub atlas: &'static Atlas,
    /// Names of agents.
    pub agents: &'a AgentBook,
    /// The token the page was asked with.
    pub token: &'a str,
    /// `incomplete`, `complete` or `failed`.
    pub status: &'static str,
    /// Grows with every change of the answer.
    pub version: u32,
    /// Partners asked, answered, failed.
    pub partners: Progress,
    /// What is searched for.
    pub request: &'a domain::SearchRequest,
    /// How it is shown.
    pub display: &'a Display,
    /// The merged answers.
    pub merged: &'a Merged,
    /// The rows shown.
    pub page: &'a Page,
    /// Options of an itinerary shown at most.
    pub options: usize,
    /// Signs links of offers.
    pub write_link: &'a WriteLink<'a>,
}

impl std::fmt::Debug for PageParts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PageParts").field("token", &self.token).finish_non_exhaustive()
    }
}

/// Bytes set aside for a row.
const ROW_BYTES: usize = 3_072;

/// Renders a page of a snapshot, asked for with `token`, with so many options of each itinerary.
#[must_use]
pub fn render_page(
    snapshot: &Snapshot,
    (page, options): (&Page, usize),
    token: &str,
    agents: &AgentBook,
    atlas: &'static Atlas,
) -> Vec<u8> {
    let write_link =
        |itinerary: &MergedItinerary, offer: &OfferView<'_>, part, out: &mut String| {
            snapshot.write_link(itinerary, offer, part, out);
        };
    render_parts(&PageParts {
        atlas,
        agents,
        token,
        status: snapshot.status.name(),
        version: snapshot.version,
        partners: snapshot.progress,
        request: &snapshot.request,
        display: &snapshot.display,
        merged: &snapshot.merged,
        page,
        options,
        write_link: &write_link,
    })
}

/// Renders a page of its parts.
#[must_use]
pub fn render_parts(parts: &PageParts<'_>) -> Vec<u8> {
    let mut json = Json::with_capacity(6_144 + parts.page.rows.len() * ROW_BYTES);
    json.object(|json| write_members(json, parts));
    json.into_bytes()
}

fn write_members(json: &mut Json, parts: &PageParts<'_>) {
    let PageParts { atlas, token, status, version, partners, page, merged, .. } = *parts;
    let currency = merged.currency();
    key!(json, "token").text(token);
    key!(json, "status").plain(status.as_bytes());
    key!(json, "version").number(version);
    key!(json, "total").number(page.total);
    key!(json, "matched").number(page.matched);
    key!(json, "cursor");
    match &page.next {
        Some(next) => json.plain(next.to_text().as_bytes()),
        None => json.null(),
    };
    key!(json, "currency").code(currency.to_bytes());
    let decimals = atlas.currency(currency).map_or(2, |currency| currency.decimals);
    key!(json, "decimals").number(decimals);
    write_progress(key!(json, "partners"), partners);
    request::write(key!(json, "request"), parts.request, parts.display);
    facets::write(key!(json, "facets"), parts);
    let mut names = Names::default();
    let mut writer = RowWriter::new(parts, &mut names);
    key!(json, "itineraries").list(|json| {
        for row in &page.rows {
            writer.row(json, row);
        }
    });
    names.write(json, atlas, parts.display.locale.as_str());
}

/// Writes how many partners did what.
pub(super) fn write_progress(json: &mut Json, progress: Progress) {
    let Progress { asked, remembered, answered, failed } = progress;
    json.object(|json| {
        key!(json, "asked").number(asked);
        key!(json, "remembered").number(remembered);
        key!(json, "answered").number(answered);
        key!(json, "failed").number(failed);
    });
}
