//! Amounts, times and numbers as `/v1` writes them.

use domain::{FlightNumber, LocalTime};

use crate::json::{Json, two};

/// Minor units, or `null` without a price.
pub(super) fn put_amount(json: &mut Json, minor: Option<i64>) {
    match minor {
        Some(minor) => json.put_number(minor),
        None => json.put(b"null"),
    };
}

/// Digits and suffix of a flight number.
pub(super) fn push_flight_number(text: &mut Vec<u8>, number: FlightNumber) {
    text.extend_from_slice(itoa::Buffer::new().format(number.number()).as_bytes());
    let suffix = (number.packed() % 27) as u8;
    if suffix > 0 {
        text.push(b'A' + suffix - 1);
    }
}

/// Writes minor units, or `null` without a price.
pub(super) fn amount(json: &mut Json, minor: Option<i64>) {
    match minor {
        Some(minor) => json.number(minor),
        None => json.null(),
    };
}

/// Whole seconds since 1970, as times of remembered prices are written.
pub(super) fn seconds(unix_ms: Option<i64>) -> Option<i64> {
    unix_ms.map(|unix_ms| unix_ms.div_euclid(1_000))
}

/// `2027-03-03T06:40`.
#[inline]
pub(super) fn time_text(time: LocalTime) -> [u8; 16] {
    let (year, month, day) = time.date().ymd();
    let (hour, minute) = time.hour_minute();
    let year = year.clamp(0, 9_999) as u32;
    let ([a, b], [c, d], [e, f]) = (two(year / 100), two(year % 100), two(month));
    let ([g, h], [i, j], [k, l]) = (two(day), two(hour), two(minute));
    [a, b, c, d, b'-', e, f, b'-', g, h, b'T', i, j, b':', k, l]
}

/// 32 hexadecimal digits.
pub(super) fn push_hex(text: &mut Vec<u8>, number: u128) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for byte in number.to_be_bytes() {
        text.extend_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
}

/// The decimal text of an amount of minor units.
pub(super) fn push_decimal(text: &mut Vec<u8>, minor: i64, decimals: u8) {
    let scale = 10_u64.pow(u32::from(decimals.min(18)));
    let absolute = minor.unsigned_abs();
    if minor < 0 {
        text.push(b'-');
    }
    text.extend_from_slice(itoa::Buffer::new().format(absolute / scale).as_bytes());
    if decimals > 0 {
        text.push(b'.');
        let mut divisor = scale / 10;
        while divisor > 0 {
            text.push(b'0' + (absolute / divisor % 10) as u8);
            divisor /= 10;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use domain::Money;

    use super::*;

    #[test]
    fn times_are_written_to_the_minute() {
        let text = time_text("2027-03-09T06:05:00".parse().unwrap());
        assert_eq!(&text, b"2027-03-09T06:05");
    }

    #[test]
    fn flight_numbers_keep_their_suffix() {
        for number in ["1", "1470", "861D"] {
            let mut text = Vec::new();
            push_flight_number(&mut text, number.parse().unwrap());
            assert_eq!(text, number.as_bytes());
        }
    }

    #[test]
    fn itineraries_are_named_by_32_digits() {
        let mut text = Vec::new();
        push_hex(&mut text, 0xAB);
        assert_eq!(text, b"000000000000000000000000000000ab");
    }

    proptest! {
        #[test]
        fn amounts_are_written_as_money_writes_them(minor in -9_999_999_i64..9_999_999, decimals in 0_u8..5) {
            let mut text = Vec::new();
            push_decimal(&mut text, minor, decimals);
            let money = Money::new(minor, "EUR".parse().unwrap());
            prop_assert_eq!(String::from_utf8(text).unwrap(), money.to_decimal(decimals));
        }
    }
}
