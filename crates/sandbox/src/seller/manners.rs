//! How a partner behaves: how long it takes, how often it fails.

use std::time::Duration;

use crate::noise;

/// Behaviour of one partner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Manners {
    /// Half of its answers take less, milliseconds.
    pub median_ms: f64,
    /// Spread of the logarithm of that time.
    pub spread: f64,
    /// Of a thousand questions so many are answered with status 503.
    pub errors_per_mille: u64,
    /// Of a thousand questions so many are never answered.
    pub silences_per_mille: u64,
    /// Parts in which it sends an answer, where the protocol allows.
    pub parts: usize,
    /// Whether it packs answers when asked to.
    pub gzip: bool,
}

/// Longest latency, milliseconds.
const LATENCY_MS_MAX: f64 = 30_000.0;

/// What a partner does with a question before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Answers after this long.
    Answers(Duration),
    /// Fails after this long.
    Fails(Duration),
    /// Says nothing.
    Silent,
}

impl Manners {
    /// The manners of a seller: airlines are slower than agencies, and one in eight is slow.
    #[must_use]
    pub fn drawn(draw: u64, airline: bool) -> Self {
        let of = |salt| noise::join(draw, salt);
        let slow = if noise::below(of(0x51), 8) == 0 { 2.6 } else { 1.0 };
        let base = if airline { (350.0, 1_400.0) } else { (180.0, 1_100.0) };
        Self {
            median_ms: noise::between(of(0x52), base.0, base.1) * slow,
            spread: noise::between(of(0x53), 0.2, 0.6),
            errors_per_mille: noise::below(of(0x54), 13),
            silences_per_mille: noise::below(of(0x55), 7),
            parts: 1 + noise::below(of(0x56), 4) as usize,
            gzip: noise::below(of(0x57), 4) == 0,
        }
    }

    /// What this partner does with a question: a function of both.
    ///
    /// `scale` multiplies latency; at 0 there is none, and nobody fails or stays silent.
    #[must_use]
    pub fn mood(&self, draw: u64, question: u128, scale: f64) -> Mood {
        if scale <= 0.0 {
            return Mood::Answers(Duration::ZERO);
        }
        let draw = noise::draw(draw, &[0x33, question as u64, (question >> 64) as u64]);
        let ms = self.median_ms * (self.spread * noise::bell(draw)).exp() * scale;
        let latency = Duration::from_micros((ms.min(LATENCY_MS_MAX) * 1_000.0) as u64);
        let luck = noise::below(noise::join(draw, 1), 1_000);
        if luck < self.errors_per_mille {
            Mood::Fails(latency)
        } else if luck < self.errors_per_mille + self.silences_per_mille {
            Mood::Silent
        } else {
            Mood::Answers(latency)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_answers_come_within_the_median_and_some_fail() {
        let manners = Manners {
            median_ms: 400.0,
            spread: 0.5,
            errors_per_mille: 20,
            silences_per_mille: 10,
            parts: 1,
            gzip: false,
        };
        let (mut fast, mut failed, mut silent) = (0, 0, 0);
        for question in 0..10_000 {
            match manners.mood(7, question, 1.0) {
                Mood::Answers(latency) => fast += i32::from(latency.as_millis() < 400),
                Mood::Fails(_) => failed += 1,
                Mood::Silent => silent += 1,
            }
        }
        assert!((4_500..5_300).contains(&fast), "{fast}");
        assert!((140..260).contains(&failed), "{failed}");
        assert!((60..140).contains(&silent), "{silent}");
        assert_eq!(manners.mood(7, 1, 0.0), Mood::Answers(Duration::ZERO));
    }
}
