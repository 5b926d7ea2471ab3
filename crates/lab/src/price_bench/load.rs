//! Searches to be remembered: the answers of one real one, given to many questions.

use std::sync::Arc;

use anyhow::Result;
use domain::{CountryCode, Question};
use prices::Seen;

use crate::search_bench::corpus::Corpus;

/// Days of departure of the questions.
const DAYS: u64 = 300;

/// Thirty answers with some 2,700 prices, and as many questions as are wanted.
pub(super) struct Load {
    answers: Vec<Seen>,
    pub(super) prices: usize,
    markets: Vec<CountryCode>,
}

impl Load {
    pub(super) fn make() -> Result<Self> {
        let corpus = Corpus::make()?;
        let question = Arc::new(corpus.question.clone());
        let answers = corpus
            .settings
            .iter()
            .zip(&corpus.decoded)
            .map(|(settings, answer)| Seen {
                partner: settings.id,
                question: Arc::clone(&question),
                at_ms: 0,
                answer: Arc::clone(answer),
            })
            .collect();
        let markets = atlas::atlas().countries().iter().map(|country| country.code).collect();
        Ok(Self { answers, prices: corpus.quotes(), markets })
    }

    pub(super) fn answers(&self) -> usize {
        self.answers.len()
    }

    /// One search: the answers to question `number`, seen then. Questions differ by day of departure
    /// and market; the flights stay those of the first day, which nothing here looks at.
    pub(super) fn search(&self, number: u64, at_ms: i64) -> Vec<Seen> {
        let mut question = Question::clone(&self.answers[0].question);
        for leg in &mut question.legs {
            leg.date = leg.date.plus_days((number % DAYS) as i32);
        }
        question.market = self.markets[(number / DAYS) as usize % self.markets.len()];
        let question = Arc::new(question);
        self.answers
            .iter()
            .map(|one| Seen { question: Arc::clone(&question), at_ms, ..one.clone() })
            .collect()
    }
}
