//! How many travellers come, by the hour.

use runtime::Random;

use super::queue::{At, SECOND};

/// Searches in each hour of a day in percent of the peak: night, morning, noon, evening.
const HOURLY: [u64; 24] = [
    38, 30, 25, 22, 22, 26, 36, 50, 64, 76, 84, 88, 86, 84, 85, 87, 88, 90, 94, 98, 100, 95, 78, 55,
];
/// Hours by which the day of the next region is later.
const HOURS_APART: u64 = 6;

/// Travellers of one region.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// Searches a second at the peak.
    peak: u32,
    /// Added to the time of the world: the hour at which it begins, and the region's place on earth.
    ahead: At,
    /// Percent of the peak in place of the usual, while a flood lasts.
    pub(crate) flood: Option<u64>,
}

impl Load {
    /// The load of a region.
    pub(crate) fn new(peak: u32, region: u8, begins: At) -> Self {
        let ahead = begins + u64::from(region) * HOURS_APART * 3_600 * SECOND;
        Self { peak, ahead, flood: None }
    }

    /// Percent of the peak.
    fn percent(&self, now: At) -> u64 {
        let seconds = (now + self.ahead) / SECOND % 86_400;
        let (hour, into) = ((seconds / 3_600) as usize, seconds % 3_600);
        let (this, next) = (HOURLY[hour], HOURLY[(hour + 1) % 24]);
        let usual = (this * (3_600 - into) + next * into) / 3_600;
        self.flood.map_or(usual, |flood| flood.max(usual))
    }

    /// How long until the next traveller. What is sampled comes more evenly than travellers do, since
    /// each stands for many.
    pub(crate) fn gap(&self, now: At, random: &mut Random) -> At {
        let mean = SECOND * 100 / (u64::from(self.peak) * self.percent(now)).max(1);
        mean / 2 + random.below(mean.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn searches(load: &Load, from: At, seconds: u64) -> u64 {
        let (mut random, mut at, mut count) = (Random::from_seed(1), from, 0);
        while at < from + seconds * SECOND {
            at += load.gap(at, &mut random);
            count += 1;
        }
        count
    }

    #[test]
    fn a_day_has_a_peak_and_a_night_and_a_flood_goes_beyond() {
        let mut load = Load::new(100, 0, 0);
        let peak = searches(&load, 20 * 3_600 * SECOND, 60);
        let night = searches(&load, 3 * 3_600 * SECOND, 60);
        assert!((5_900..6_100).contains(&peak), "{peak}");
        assert!((1_250..1_400).contains(&night), "{night}");
        load.flood = Some(300);
        let flood = searches(&load, 3 * 3_600 * SECOND, 60);
        assert!((17_800..18_200).contains(&flood), "{flood}");
    }

    #[test]
    fn regions_have_their_evenings_at_different_times() {
        let (here, there) = (Load::new(100, 0, 0), Load::new(100, 2, 0));
        assert_ne!(here.percent(0), there.percent(0));
        assert_eq!(here.percent(12 * 3_600 * SECOND), there.percent(0));
    }
}
