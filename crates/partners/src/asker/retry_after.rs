//! When a partner wants to be asked again.

use std::time::Duration;

use domain::Date;
use http::HeaderMap;
use http::header::RETRY_AFTER;

/// Longest pause a partner can ask for; a longer one is a mistake.
const LONGEST: Duration = Duration::from_secs(3_600);

/// Pause when a partner says "too many" without saying how long.
const UNSAID: Duration = Duration::from_secs(1);

/// The pause of a refusal: seconds or an HTTP date. `None` if nothing was said.
pub(super) fn said(headers: &HeaderMap, unix_ms: i64) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let left_ms = http_date_ms(text)?.saturating_sub(unix_ms);
            Duration::from_millis(u64::try_from(left_ms).unwrap_or(0))
        }
    };
    Some(pause.min(LONGEST))
}

/// The pause of a refusal, or a second.
pub(super) fn or_default(headers: &HeaderMap, unix_ms: i64) -> Duration {
    said(headers, unix_ms).unwrap_or(UNSAID)
}

/// `Tue, 24 Nov 2026 15:04:05 GMT` as milliseconds since 1970.
fn http_date_ms(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_once(", ")?.1.split(' ');
    let day: u32 = words.next()?.parse().ok()?;
    let name = words.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? as u32 + 1;
    let year: i32 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(str::parse::<i64>);
    let mut part = |below: i64| clock.next()?.ok().filter(|value| (0..below).contains(value));
    let (hour, minute, second) = (part(24)?, part(60)?, part(61)?);
    let days = i64::from(Date::from_ymd(year, month, day).ok()?.days());
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(text: &'static str, expected_ms: Option<u64>) {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_static(text));
        let now_ms = 1_795_532_640_000; // 2026-11-24T15:04:00Z
        assert_eq!(said(&headers, now_ms), expected_ms.map(Duration::from_millis), "{text}");
    }

    #[test]
    fn a_pause_is_read_in_seconds_or_as_a_date_and_never_exceeds_an_hour() {
        check("7", Some(7_000));
        check("0", Some(0));
        check("999999999", Some(3_600_000));
        check("Tue, 24 Nov 2026 15:04:05 GMT", Some(5_000));
        check("Tue, 24 Nov 2026 15:03:00 GMT", Some(0));
        check("Tue, 24 Nov 2026 25:03:00 GMT", None);
        check("soon", None);
        check("-1", None);
        assert_eq!(or_default(&HeaderMap::new(), 0), Duration::from_secs(1));
    }
}
