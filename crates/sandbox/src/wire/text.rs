//! Numbers, dates and amounts as bytes.

use domain::{Date, FlightNumber, LocalTime};

/// Writes a whole number.
pub fn number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Writes a number below ten.
pub fn digit(out: &mut Vec<u8>, number: u8) {
    out.push(b'0' + number % 10);
}

/// Writes a flight number with its suffix.
pub fn flight_number(out: &mut Vec<u8>, flight: FlightNumber) {
    number(out, u64::from(flight.number()));
    let suffix = (flight.packed() % 27) as u8;
    if suffix > 0 {
        out.push(b'A' + suffix - 1);
    }
}

fn two(out: &mut Vec<u8>, value: u32) {
    out.push(b'0' + (value / 10 % 10) as u8);
    out.push(b'0' + (value % 10) as u8);
}

/// Writes `2027-03-09`.
pub fn date(out: &mut Vec<u8>, date: Date) {
    let (year, month, day) = date.ymd();
    let year = year.unsigned_abs();
    two(out, year / 100);
    two(out, year);
    out.push(b'-');
    two(out, month);
    out.push(b'-');
    two(out, day);
}

/// Writes `2027-03-09T06:40`.
pub fn minute(out: &mut Vec<u8>, time: LocalTime) {
    date(out, time.date());
    out.push(b'T');
    let (hour, minute) = time.hour_minute();
    two(out, hour);
    out.push(b':');
    two(out, minute);
}

/// Writes `2027-03-09T06:40:00`.
pub fn second(out: &mut Vec<u8>, time: LocalTime) {
    minute(out, time);
    out.extend_from_slice(b":00");
}

/// Writes an amount of minor units as a decimal, e.g. `184.30`.
pub fn decimal(out: &mut Vec<u8>, minor: i64, decimals: u8) {
    if minor < 0 {
        out.push(b'-');
    }
    let minor = minor.unsigned_abs();
    let scale = 10_u64.pow(u32::from(decimals.min(18)));
    number(out, minor / scale);
    if decimals > 0 {
        out.push(b'.');
        let start = out.len();
        let mut rest = minor % scale;
        out.resize(start + usize::from(decimals), b'0');
        for digit in out[start..].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    }
}

/// Writes an ISO 8601 duration, e.g. `PT4H20M`.
pub fn duration(out: &mut Vec<u8>, minutes: i32) {
    let minutes = minutes.unsigned_abs();
    out.extend_from_slice(b"PT");
    if minutes >= 60 {
        number(out, u64::from(minutes / 60));
        out.push(b'H');
    }
    if !minutes.is_multiple_of(60) || minutes == 0 {
        number(out, u64::from(minutes % 60));
        out.push(b'M');
    }
}

/// Writes a JSON string of text that holds no quote, backslash or control character.
pub fn plain(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Writes a JSON string of any text.
pub fn json_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for character in text.chars() {
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            control if u32::from(control) < 0x20 => {
                out.extend_from_slice(format!("\\u{:04x}", u32::from(control)).as_bytes());
            }
            other => out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    fn text(write: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn amounts_and_durations_are_written_as_protocols_want_them() {
        assert_eq!(text(|out| decimal(out, 18_430, 2)), "184.30");
        assert_eq!(text(|out| decimal(out, 5, 3)), "0.005");
        assert_eq!(text(|out| decimal(out, 12_900, 0)), "12900");
        assert_eq!(text(|out| duration(out, 260)), "PT4H20M");
        assert_eq!(text(|out| duration(out, 120)), "PT2H");
        assert_eq!(text(|out| duration(out, 45)), "PT45M");
        assert_eq!(text(|out| json_text(out, "a\"\\\n")), "\"a\\\"\\\\\\u000a\"");
    }

    proptest! {
        #[test]
        fn what_is_written_reads_as_domain_prints_it(
            minutes in -10_000_000_i32..100_000_000, minor in any::<i32>(), decimals in 0_u8..5,
        ) {
            let time = LocalTime::from_minutes(minutes);
            prop_assert_eq!(text(|out| second(out, time)), time.to_string());
            let money = domain::Money::new(i64::from(minor), domain::CurrencyCode::literal("EUR"));
            let written = text(|out| decimal(out, i64::from(minor), decimals));
            prop_assert_eq!(written, money.to_decimal(decimals));
        }
    }
}
