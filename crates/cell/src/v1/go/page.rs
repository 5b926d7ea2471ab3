//! The page a person reads when a link does not simply lead to its seller.
//!
//! Works without scripts: what happened, a way back to the search, and to the other sellers of the same
//! itinerary. Everything that came from outside is escaped; the only address of others is the seller's.

use std::fmt::Write;

use domain::{Cabin, ItineraryKey, Money, Place, SearchRequest};
use search::{Followed, SearchError, Token, TokenError};

use crate::agents::AgentBook;
use crate::texts::Texts;

/// What happened to the link.
#[derive(Debug)]
pub(super) enum What {
    /// The offer is not sold any more; of this itinerary, if that is known.
    Gone(Option<ItineraryKey>),
    /// The seller has it at another price.
    Changed(Followed),
    /// The search is too old.
    Expired,
    /// It is no link of ours.
    Broken,
    /// We are at a limit or something broke; trying again can help.
    Failed,
}

impl What {
    pub(super) fn of(error: &SearchError) -> Self {
        match error {
            SearchError::NoSuchOffer { itinerary } => Self::Gone(*itinerary),
            SearchError::Token(TokenError::Expired) => Self::Expired,
            SearchError::Token(TokenError::Forged) => Self::Broken,
            SearchError::Invalid(_)
            | SearchError::UnknownPlace { .. }
            | SearchError::Display(_)
            | SearchError::Overloaded { .. }
            | SearchError::Stopping
            | SearchError::Internal => Self::Failed,
        }
    }

    /// Its title and its text in the dictionaries, and its picture.
    fn names(&self) -> [&'static str; 3] {
        match self {
            Self::Gone(Some(_)) => ["go.gone", "go.gone_text", "empty"],
            // Nobody could be asked again.
            Self::Gone(None) => ["go.gone", "go.lost_text", "empty"],
            Self::Changed(_) => ["go.changed", "go.changed_text", "filtered"],
            Self::Expired => ["go.expired", "go.expired_text", "expired"],
            Self::Broken => ["go.broken", "go.broken_text", "expired"],
            Self::Failed => ["go.failed", "go.failed_text", "failed"],
        }
    }

    fn itinerary(&self) -> Option<ItineraryKey> {
        match self {
            Self::Gone(itinerary) => *itinerary,
            Self::Changed(followed) => Some(followed.itinerary),
            Self::Expired | Self::Broken | Self::Failed => None,
        }
    }
}

/// What the page is made of.
pub(super) struct Notice<'a> {
    pub(super) texts: &'static Texts,
    pub(super) what: &'a What,
    pub(super) token: &'a str,
    /// What the token asks for, if it is one of ours, however old.
    pub(super) opened: Option<&'a Token>,
    pub(super) agents: &'a AgentBook,
}

impl Notice<'_> {
    /// The page as HTML.
    pub(super) fn render(&self) -> String {
        let Texts { language, right_to_left, .. } = *self.texts;
        let [title, text, picture] = self.what.names();
        let (title, text) = (self.say(title), self.sentence(text));
        let direction = if right_to_left { "rtl" } else { "ltr" };
        let (home, skip, foot) =
            (self.say("shell.home"), self.say("shell.skip"), self.say("shell.foot"));
        let actions = self.actions();
        format!(
            r##"<!doctype html>
<html lang="{language}" dir="{direction}" data-spoken>
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{title} – Fareway</title>
  <meta name="robots" content="noindex">
  <meta name="color-scheme" content="light dark">
  <meta name="theme-color" content="#073b30">
  <link rel="icon" href="/img/favicon.svg" type="image/svg+xml">
  <script src="/js/early.js"></script>
  <link rel="stylesheet" href="/css/tokens.css">
  <link rel="stylesheet" href="/css/base.css">
  <link rel="stylesheet" href="/css/shell.css">
  <link rel="stylesheet" href="/css/results.css">
</head>
<body class="in-results">
  <a class="skip" href="#main">{skip}</a>
  <header class="top"><div class="wrap top-in"><a class="logo" href="/" aria-label="{home}"><svg class="icon logo-mark" aria-hidden="true"><use href="/img/icons.svg#logo"/></svg><span class="logo-word" translate="no">Fareway</span></a></div></header>
  <main id="main" tabindex="-1"><div class="wrap notice-page"><section class="notice notice-{picture}">
    <div class="notice-icon"><svg class="icon" aria-hidden="true"><use href="/img/icons.svg#state-{picture}"/></svg></div>
    <h1>{title}</h1>
    <p>{text}</p>
    <div class="notice-actions">{actions}</div>
  </section></div></main>
  <footer class="foot"><div class="wrap foot-in"><p>{foot}</p></div></footer>
</body>
</html>
"##
        )
    }

    /// A sentence of the dictionary, escaped.
    fn say(&self, key: &str) -> String {
        escaped(self.texts.say(key))
    }

    /// A sentence with what it speaks of: `{seller}`, `{was}` and `{now}`.
    fn sentence(&self, key: &str) -> String {
        let text = self.say(key);
        let What::Changed(followed) = self.what else { return text };
        let Some(change) = &followed.change else { return text };
        let agent = followed.agent;
        let seller = self.agents.card(agent).map_or(agent.as_str(), |card| &card.name);
        let apart = |text: &str| format!("<bdi translate=\"no\">{}</bdi>", escaped(text));
        text.replace("{seller}", &apart(seller))
            .replace("{was}", &apart(&money(change.was)))
            .replace("{now}", &apart(&change.now.map_or_else(|| "–".to_owned(), money)))
    }

    fn actions(&self) -> String {
        let mut actions = String::new();
        let mut add = |key: &str, address: &str| {
            let class = if actions.is_empty() { "btn primary" } else { "btn quiet" };
            let (label, address) = (self.say(key), escaped(address));
            // Writing to a string cannot fail.
            let _ = write!(actions, "<a class=\"{class}\" href=\"{address}\">{label}</a>");
        };
        if let What::Changed(followed) = self.what {
            add("go.on", &followed.address);
        }
        if let Some(opened) = self.opened {
            let search = address(opened);
            if let Some(itinerary) = self.what.itinerary() {
                let token = self.token;
                add("go.others", &format!("{search}&token={token}&open={:032x}", itinerary.0));
            }
            add("state.again", &search);
        }
        add("state.new", "/");
        actions
    }
}

/// An amount as its seller wrote it: every language reads a code and digits.
fn money(money: Money) -> String {
    let known = atlas::atlas().currency(money.currency);
    let decimals = known.map_or(2, |currency| currency.decimals);
    format!("{} {}", money.currency, money.to_decimal(decimals))
}

/// The page's address of a search: the same that the page itself writes.
fn address(token: &Token) -> String {
    let Token { request, display, .. } = token;
    let SearchRequest { legs, cabin, travellers, market, nearby } = request;
    let mut text = "/search?".to_owned();
    match &legs[..] {
        [out] => route(&mut text, out.origin, out.destination, &out.date.to_string()),
        [out, back] if (out.origin, out.destination) == (back.destination, back.origin) => {
            route(&mut text, out.origin, out.destination, &out.date.to_string());
            let _ = write!(text, "return={}&", back.date);
        }
        legs => {
            for leg in legs {
                let (from, to) = (id(leg.origin), id(leg.destination));
                let _ = write!(text, "leg={from}~{to}~{}&", leg.date);
            }
        }
    }
    let _ = write!(text, "adults={}", travellers.adults());
    let infants = usize::from(travellers.infants());
    let ages = travellers.children().iter().copied().chain(std::iter::repeat_n(1, infants));
    let ages: Vec<String> = ages.map(|age| age.to_string()).collect();
    if !ages.is_empty() {
        let _ = write!(text, "&children={}", ages.join(","));
    }
    if *cabin != Cabin::Economy {
        let _ = write!(text, "&cabin={}", cabin.name());
    }
    if *nearby {
        text.push_str("&nearby=1");
    }
    let _ = write!(text, "&market={market}&currency={}", display.currency);
    text
}

fn route(text: &mut String, from: Place, to: Place, day: &str) {
    let _ = write!(text, "from={}&to={}&depart={day}&", id(from), id(to));
}

/// A place as the page names it.
fn id(place: Place) -> String {
    match place {
        Place::Airport(code) => code.to_string(),
        Place::City(code) => format!("city:{code}"),
    }
}

/// Text that can stand in HTML, between tags and in quoted attributes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests;
