//! What a party pays in units of one adult's fare.

use domain::Travellers;

/// Share of an adult's fare by age: children under twelve pay three quarters, infants on a lap a
/// tenth.
#[must_use]
pub fn share_percent(age: u8) -> u32 {
    match age {
        0 | 1 => 10,
        2..=11 => 75,
        _ => 100,
    }
}

/// The party in adults' fares.
#[must_use]
pub fn fares(travellers: &Travellers) -> f64 {
    let children: u32 = travellers.children().iter().map(|&age| share_percent(age)).sum();
    let infants = u32::from(travellers.infants()) * share_percent(0);
    f64::from(u32::from(travellers.adults()) * 100 + children + infants) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_and_infants_pay_their_share() {
        let party = Travellers::new(2, &[1, 4, 14]).unwrap();
        assert!((fares(&party) - 3.85).abs() < 1e-9);
    }
}
