//! One search's worth of partner answers, made by the sandbox: as decoded columns and as bytes.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use atlas::atlas;
use domain::{
    AirportCode, Answer, Cabin, CountryCode, Date, LegRequest, Place, Question, SearchRequest,
    Travellers,
};
use partners::{PartnerSettings, ProtocolKind};
use sandbox::{Market, MarketSettings, asked, wire};

/// Answers of a search, as LIMITS of this project count one.
pub(crate) const ANSWERS: usize = 30;
/// Quotes of a search: 100 billion prices a day over 1.1 billion searches a month.
const QUOTES_MIN: usize = 2_700;

/// The answers of one search.
pub(crate) struct Corpus {
    pub(crate) market: Market,
    pub(crate) request: SearchRequest,
    pub(crate) question: Question,
    pub(crate) decoded: Vec<Arc<Answer>>,
    pub(crate) settings: Vec<PartnerSettings>,
}

/// An answer in a partner's own bytes.
pub(crate) struct Wire {
    pub(crate) settings: PartnerSettings,
    pub(crate) bytes: Vec<u8>,
}

impl Corpus {
    /// London to New York and back: busy, with many sellers.
    pub(crate) fn make() -> Result<Self> {
        let market = Market::generate(1, MarketSettings::fast())?;
        let today = Date::from_days((runtime::unix_ms() / 86_400_000) as i32);
        let place = |code| Place::Airport(AirportCode::literal(code));
        let leg = |from, to, days| LegRequest {
            origin: place(from),
            destination: place(to),
            date: today.plus_days(days),
        };
        let request = SearchRequest {
            legs: vec![leg("LHR", "JFK", 60), leg("JFK", "LHR", 74)],
            cabin: Cabin::Economy,
            travellers: Travellers::one_adult(),
            market: CountryCode::literal("GB"),
            nearby: false,
        };
        let question =
            Question::normalise(&request, |place, nearby| atlas().resolve(place, nearby))
                .context("LHR and JFK are airports")?;
        let mut corpus =
            Self { market, request, question, decoded: Vec::new(), settings: Vec::new() };
        corpus.choose(today)?;
        Ok(corpus)
    }

    /// The 30 covering partners whose answers come closest to 90 offers each.
    fn choose(&mut self, today: Date) -> Result<()> {
        let mut found = Vec::new();
        for (name, text) in self.market.partner_files("http://127.0.0.1:1") {
            let settings = PartnerSettings::parse(&name, &text, None)?;
            if settings.coverage.covers(&self.question, today).is_ok() {
                let answer = self.market.answer(settings.id, &self.question);
                found.push((answer.offers().len().abs_diff(100), settings, answer));
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.id.cmp(&b.1.id)));
        for (_, settings, answer) in found.into_iter().take(ANSWERS) {
            self.settings.push(settings);
            self.decoded.push(Arc::new(answer));
        }
        ensure!(self.quotes() >= QUOTES_MIN, "only {} quotes", self.quotes());
        Ok(())
    }

    pub(crate) fn quotes(&self) -> usize {
        self.decoded.iter().map(|answer| answer.offers().len()).sum()
    }

    /// Answers of Duffel and Amadeus partners, in turn, until they hold that many bytes.
    pub(crate) fn json_answers(&self, bytes_wanted: usize) -> Result<Vec<Wire>> {
        let mut answers = Vec::new();
        let mut total = 0;
        for (name, text) in self.market.partner_files("http://127.0.0.1:1") {
            let settings = PartnerSettings::parse(&name, &text, None)?;
            let turn = [ProtocolKind::Duffel, ProtocolKind::Amadeus][answers.len() % 2];
            if settings.protocol != turn {
                continue;
            }
            let Some(bytes) = self.bytes_of(&settings) else { continue };
            if (10_000..bytes_wanted / 4).contains(&bytes.len()) {
                total += bytes.len();
                answers.push(Wire { settings, bytes });
            }
            if total >= bytes_wanted {
                return Ok(answers);
            }
        }
        anyhow::bail!("the sandbox gave only {total} bytes of JSON for this question")
    }

    fn bytes_of(&self, settings: &PartnerSettings) -> Option<Vec<u8>> {
        let seller = self.market.seller(settings.id)?;
        let seen = asked::as_seen(seller, &self.question)?;
        let shelf = self.market.shelf(seller, &seen);
        let mut bytes = Vec::new();
        match settings.protocol {
            ProtocolKind::Duffel => wire::duffel::answer(seller, &seen, &shelf, &mut bytes),
            ProtocolKind::Amadeus => wire::amadeus::answer(seller, &seen, &shelf, &mut bytes),
            ProtocolKind::Fareway => return None,
        }
        Some(bytes)
    }
}
