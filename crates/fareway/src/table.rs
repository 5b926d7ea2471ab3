//! A page of offers as a table for the terminal.

use anyhow::{Context, Result};
use domain::{CurrencyCode, Money};
use serde_json::Value;

use crate::platform::minor_digits;

/// Renders a page of `GET /v1/searches/{token}`.
pub(crate) fn render(page: &Value, currency: CurrencyCode) -> Result<String> {
    let decimals = minor_digits(currency).unwrap_or(2);
    let symbol = atlas::atlas().currency(currency).map_or("", |known| known.symbol);
    let partners = &page["partners"];
    let mut text = format!(
        "{} itineraries; {} of {} partners answered, {} failed\n",
        page["total"], partners["answered"], partners["asked"], partners["failed"]
    );
    let itineraries = page["itineraries"].as_array().context("the answer has no itineraries")?;
    if itineraries.is_empty() {
        text.push_str("Nobody has an offer for this question.\n");
    }
    for itinerary in itineraries {
        let price = match itinerary["price"].as_i64() {
            Some(minor) => format!("{symbol}{}", Money::new(minor, currency).to_decimal(decimals)),
            None => "no price".to_owned(),
        };
        let options = itinerary["options"].as_array().map(Vec::as_slice).unwrap_or_default();
        let seller = options.first().map(seller_of).unwrap_or_default();
        let others = match itinerary["sellers"].as_u64().unwrap_or(0) {
            0 | 1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let mark = if itinerary["self_transfer"] == true { "  (self-transfer)" } else { "" };
        for (index, leg) in itinerary["legs"].as_array().into_iter().flatten().enumerate() {
            let money = if index == 0 { price.as_str() } else { "" };
            text.push_str(&format!("{money:>12}  {}", render_leg(leg)));
            if index == 0 {
                text.push_str(&format!("  {seller}{others}{mark}"));
            }
            text.push('\n');
        }
    }
    Ok(text)
}

/// Who sells an option; of a combination of two tickets, both.
fn seller_of(option: &Value) -> String {
    let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
    match option["parts"].as_array().filter(|parts| !parts.is_empty()) {
        Some(parts) => parts.iter().map(name).collect::<Vec<_>>().join(" + "),
        None => name(option),
    }
}

/// `EDI 06:40 → SIN 05:25+1  14h45  1 stop   BA 12, BA 15`
fn render_leg(leg: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let clock = |value: &Value| word(value).get(11..16).unwrap_or("").to_owned();
    let shift = match leg["day_shift"].as_i64().unwrap_or(0) {
        0 => String::new(),
        days => format!("{days:+}"),
    };
    let minutes = leg["duration_minutes"].as_i64().unwrap_or(0);
    let stops = match leg["stops"].as_i64().unwrap_or(0) {
        0 => "direct".to_owned(),
        1 => "1 stop".to_owned(),
        count => format!("{count} stops"),
    };
    let flights: Vec<String> = leg["segments"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|segment| format!("{} {}", word(&segment["carrier"]), word(&segment["number"])))
        .collect();
    format!(
        "{} {} → {} {}{shift:<2}  {:>2}h{:02}  {stops:<7}  {:<24}",
        word(&leg["origin"]),
        clock(&leg["departs"]),
        word(&leg["destination"]),
        clock(&leg["arrives"]),
        minutes / 60,
        minutes % 60,
        flights.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn two_tickets_name_both_sellers() {
        let parts = json!([{"name": "One"}, {"name": "Other"}]);
        assert_eq!(seller_of(&json!({"name": null, "parts": parts})), "One + Other");
        assert_eq!(seller_of(&json!({"name": "One", "parts": []})), "One");
        assert_eq!(seller_of(&json!({})), "");
    }

    #[test]
    fn an_offer_is_one_line_a_leg_with_price_times_and_sellers() {
        let page = json!({
            "total": 1,
            "partners": {"asked": 3, "answered": 2, "failed": 1},
            "itineraries": [{
                "price": 45_610, "self_transfer": false, "sellers": 2,
                "legs": [{
                    "origin": "EDI", "destination": "SIN",
                    "departs": "2027-03-03T18:40", "arrives": "2027-03-04T17:05", "day_shift": 1,
                    "duration_minutes": 865, "stops": 1,
                    "segments": [{"carrier": "BA", "number": "12"}, {"carrier": "BA", "number": "15"}]
                }],
                "options": [{"name": "British Airways"}]
            }]
        });
        let text = render(&page, CurrencyCode::literal("GBP")).unwrap();
        let line = text.lines().nth(1).unwrap();
        assert_eq!(
            line.split_whitespace().collect::<Vec<_>>().join(" "),
            "£456.10 EDI 18:40 → SIN 17:05+1 14h25 1 stop BA 12, BA 15 British Airways and 1 more"
        );
        assert!(text.starts_with("1 itineraries; 2 of 3 partners answered, 1 failed"));
    }
}
