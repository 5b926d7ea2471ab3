//! Seeded randomness.

/// A stream of random numbers, fully given by its seed.
#[derive(Clone, Debug)]
pub struct Random(fastrand::Rng);

impl Random {
    /// The stream of a seed.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// A stream nobody can guess, for ids and keys in a running service.
    ///
    /// # Errors
    /// If the operating system gives no random bytes.
    #[cfg(not(feature = "turmoil"))]
    pub fn secret_bytes<const N: usize>() -> std::io::Result<[u8; N]> {
        use std::io::Read;
        let mut bytes = [0_u8; N];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The same in a simulation, where they follow from its seed.
    ///
    /// # Errors
    /// None.
    #[cfg(feature = "turmoil")]
    pub fn secret_bytes<const N: usize>() -> std::io::Result<[u8; N]> {
        Ok(crate::simulated::secret_bytes())
    }

    /// Any 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// A number below `end`; 0 if `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.0.u64(..end) }
    }

    /// A number in 0..1.
    pub fn unit(&mut self) -> f64 {
        self.0.f64()
    }

    /// A separate stream, for a part that must not disturb this one.
    pub fn fork(&mut self) -> Self {
        Self(self.0.fork())
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn equal_seeds_give_equal_streams() {
        let draw = |seed| {
            let mut random = Random::from_seed(seed);
            [random.bits(), random.below(10), random.fork().bits()]
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn secrets_differ() {
        let secret = || Random::secret_bytes::<32>().unwrap();
        assert_ne!(secret(), secret());
    }
}
