//! How many requests may be sent twice: a share of those sent once, and a small reserve.
//!
//! Without it, a failing fleet would get its load multiplied just when it can carry least. A request
//! that was never sent to anyone (the connection was refused) costs nothing and needs no budget.

/// Parts of a retry that one request earns per percent.
const PARTS: u32 = 100;

/// A bucket of retries, filled by requests.
#[derive(Clone, Debug)]
pub struct RetryBudget {
    percent: u32,
    most: u32,
    parts: u32,
}

impl RetryBudget {
    /// Retries up to this share of requests, and this many at once after a quiet time.
    #[must_use]
    pub fn new(percent: u32, reserve: u32) -> Self {
        let most = reserve.saturating_mul(PARTS);
        Self { percent, most, parts: most }
    }

    /// A request was sent for the first time.
    pub fn on_request(&mut self) {
        self.parts = self.parts.saturating_add(self.percent).min(self.most);
    }

    /// Whether one may be sent a second time; then it is counted.
    pub fn on_retry(&mut self) -> bool {
        let left = self.parts.checked_sub(PARTS);
        self.parts = left.unwrap_or(self.parts);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_everything_fails_retries_are_the_given_share() {
        let mut budget = RetryBudget::new(10, 20);
        let mut retries = 0;
        for _ in 0..10_000 {
            budget.on_request();
            retries += u32::from(budget.on_retry());
        }
        // The first one earns nothing: the reserve is full.
        assert_eq!(retries, 999 + 20);
    }

    #[test]
    fn the_reserve_does_not_grow_while_all_is_well() {
        let mut budget = RetryBudget::new(10, 3);
        (0..10_000).for_each(|_| budget.on_request());
        let retries = (0..10).filter(|_| budget.on_retry()).count();
        assert_eq!(retries, 3);
        assert!(!RetryBudget::new(0, 0).on_retry());
    }
}
