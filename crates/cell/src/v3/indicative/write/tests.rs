use domain::{AgentId, Money};

use super::*;

fn quote(direct: bool, minor: i64, returns: Option<i32>) -> Quote {
    let departs = Date::from_ymd(2027, 5, 18).unwrap();
    Quote {
        origin: AirportCode::literal("VIE"),
        destination: AirportCode::literal("BUD"),
        departs,
        returns: returns.map(|days| departs.plus_days(days)),
        direct,
        price: Money::new(minor, CurrencyCode::literal("EUR")),
        eur_micro: minor * 10_000,
        agent: AgentId::literal("skyp"),
        out_carrier: CarrierCode::literal("W4"),
        back_carrier: returns.map(|_| CarrierCode::literal("W6")),
        // 2027-05-02 10:25:31 UTC.
        seen_ms: i64::from(Date::from_ymd(2027, 5, 2).unwrap().at_minute(625).minutes()) * 60_000
            + 31_000,
    }
}

#[test]
fn a_quotes_id_says_when_it_was_seen_where_it_goes_and_who_sells_it() {
    assert_eq!(
        quote_id(&quote(false, 12_000, Some(2))),
        "{bl}:202705021025*I*VIE*BUD*20270518*skyp*W4|202705021025*I*BUD*VIE*20270520*skyp*W6"
    );
    assert_eq!(
        quote_id(&quote(true, 12_000, None)),
        "{bl}:202705021025*D*VIE*BUD*20270518*skyp*W4"
    );
}

#[test]
fn amounts_are_whole_units_rounded_half_up() {
    let atlas = atlas::atlas();
    let eur = CurrencyCode::literal("EUR");
    for (minor, units) in [(12_000, 120), (12_049, 120), (12_050, 121), (99, 1), (49, 0)] {
        assert_eq!(whole(&quote(true, minor, None), eur, atlas), Some(units), "{minor}");
    }
    let yen = whole(&quote(true, 10_000, None), CurrencyCode::literal("JPY"), atlas).unwrap();
    assert!(yen > 5_000, "{yen}");
}

#[test]
fn a_dearer_quote_with_a_change_is_not_shown_beside_a_direct_one() {
    let (direct, cheaper, dearer) =
        (quote(true, 9_000, None), quote(false, 8_000, None), quote(false, 9_000, None));
    assert_eq!(pair(Some(cheaper), Some(direct)).iter().count(), 2);
    assert_eq!(pair(Some(dearer), Some(direct)).cheapest(), Some(&direct));
    assert_eq!(pair(Some(dearer), Some(direct)).iter().count(), 1);
    assert_eq!(pair(Some(dearer), None).cheapest(), Some(&dearer));
}
