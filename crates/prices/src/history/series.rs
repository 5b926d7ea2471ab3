//! What one trip cost over the days it was searched on.
//!
//! Days before the newest observed one are closed: low, median, high. The newest one is open: it
//! keeps a sample of at most [`SAMPLE`] searches, of which each search of the day is in with equal
//! chance. The chance is drawn from the trip and the number of the search, so equal observations
//! give equal medians. Up to [`SAMPLE`] searches a day the median is exact.
//!
//! Answers to one question within [`SEARCH_S`] seconds are one search, and the cheapest counts.

/// Searches of a day that its median is taken from.
pub(super) const SAMPLE: usize = 31;

/// Answers to a question that come within so many seconds of its first one are of one search.
pub(super) const SEARCH_S: u32 = 600;

/// A closed day. Prices are parts of a euro.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day {
    /// Days since 1970.
    pub(super) day: u16,
    pub(super) searches: u16,
    pub(super) low: u32,
    pub(super) median: u32,
    pub(super) high: u32,
}

const _: () = assert!(size_of::<Day>() == 16, "the memory of a history is counted in these");

/// The newest day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) day: u16,
    /// The latest search: its question, its first answer, its cheapest price so far.
    pub(super) question: u64,
    pub(super) since_s: u32,
    pub(super) cheapest: u32,
    /// Searches before the latest.
    pub(super) searches: u32,
    pub(super) low: u32,
    pub(super) high: u32,
    pub(super) sample: Vec<u32>,
}

/// A trip: day of departure and how long it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Series {
    /// Days since 1970.
    pub(super) departs: u16,
    /// Index of the length of stay.
    pub(super) stay: u8,
    /// Latest observation, seconds since 1970.
    pub(super) last_s: u32,
    /// Ascending.
    pub(super) days: Vec<Day>,
    pub(super) open: Option<Box<Open>>,
}

/// The cheapest price of one answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observed {
    pub(super) question: u64,
    pub(super) at_s: u32,
    pub(super) eur: u32,
}

impl Observed {
    pub(super) fn day(&self) -> u16 {
        day_of(self.at_s)
    }
}

/// Days since 1970; 32-bit seconds end in the year 2106, 16-bit days later.
pub(super) const fn day_of(seconds: u32) -> u16 {
    (seconds / 86_400) as u16
}

impl Open {
    fn new(seen: &Observed) -> Self {
        Self {
            day: seen.day(),
            question: seen.question,
            since_s: seen.at_s,
            cheapest: seen.eur,
            searches: 0,
            low: u32::MAX,
            high: 0,
            sample: Vec::new(),
        }
    }

    /// Counts the latest search.
    fn settle(&mut self, series: u32) {
        let price = self.cheapest;
        self.low = self.low.min(price);
        self.high = self.high.max(price);
        self.searches = self.searches.saturating_add(1);
        if self.sample.len() < SAMPLE {
            if self.sample.len() == self.sample.capacity() {
                self.sample.reserve_exact((self.sample.len() / 2).clamp(1, 8));
            }
            self.sample.push(price);
            return;
        }
        let draw =
            mix(u64::from(series) << 32 | u64::from(self.searches) ^ u64::from(self.day) << 16);
        let at = (draw % u64::from(self.searches)) as usize;
        if let Some(place) = self.sample.get_mut(at) {
            *place = price;
        }
    }

    /// The day as if it ended now.
    fn close(&self, series: u32) -> Day {
        let mut whole = self.clone();
        whole.settle(series);
        whole.sample.sort_unstable();
        Day {
            day: whole.day,
            searches: u16::try_from(whole.searches).unwrap_or(u16::MAX),
            low: whole.low,
            median: whole.sample.get((whole.sample.len() - 1) / 2).copied().unwrap_or(whole.low),
            high: whole.high,
        }
    }
}

/// One step of splitmix64.
const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

impl Series {
    pub(super) fn new(departs: u16, stay: u8) -> Self {
        Self { departs, stay, last_s: 0, days: Vec::new(), open: None }
    }

    fn mark(&self) -> u32 {
        u32::from(self.departs) << 8 | u32::from(self.stay)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let open = self
            .open
            .as_ref()
            .map_or(0, |open| size_of::<Open>() + open.sample.capacity() * size_of::<u32>());
        self.days.capacity() * size_of::<Day>() + open
    }

    /// Takes a price; `false` if it is of a day that is closed.
    pub(super) fn observe(&mut self, seen: &Observed) -> bool {
        let (day, mark) = (seen.day(), self.mark());
        let newest = self.open.as_ref().map_or(0, |open| open.day);
        let closed = self.days.last().is_some_and(|last| last.day >= day);
        if closed || day < newest {
            return false;
        }
        self.last_s = self.last_s.max(seen.at_s);
        match &mut self.open {
            Some(open) if open.day == day => {
                let same =
                    open.question == seen.question && open.since_s.abs_diff(seen.at_s) <= SEARCH_S;
                if same {
                    open.cheapest = open.cheapest.min(seen.eur);
                } else {
                    open.settle(mark);
                    open.question = seen.question;
                    open.since_s = seen.at_s;
                    open.cheapest = seen.eur;
                }
            }
            _ => {
                self.close_before(day);
                self.open = Some(Box::new(Open::new(seen)));
            }
        }
        true
    }

    /// Closes the open day if it is before a day.
    pub(super) fn close_before(&mut self, day: u16) {
        let mark = self.mark();
        if let Some(open) = self.open.take_if(|open| open.day < day) {
            if self.days.len() == self.days.capacity() {
                self.days.reserve_exact((self.days.len() / 4).max(2));
            }
            self.days.push(open.close(mark));
        }
    }

    /// Drops the days before a day.
    pub(super) fn drop_before(&mut self, day: u16) {
        let old = self.days.partition_point(|held| held.day < day);
        self.days.drain(..old);
        if self.days.capacity() > self.days.len() * 2 {
            self.days.shrink_to_fit();
        }
        self.open.take_if(|open| open.day < day);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.days.is_empty() && self.open.is_none()
    }

    /// All days from a first one on, the open one as if it ended now.
    pub(super) fn days_from(&self, first: u16) -> impl Iterator<Item = Day> {
        let open = self.open.as_ref().map(|open| open.close(self.mark()));
        self.days.iter().copied().chain(open).filter(move |day| day.day >= first)
    }
}
