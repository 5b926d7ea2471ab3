//! How fast partner answers become columns, beside parsers into owned structs on the same bytes.
//!
//! `cargo run --release -p partners --example decode_speed` prints MB/s on one core for documents of
//! about 25 KB and 800 KB of both JSON protocols, and the time for one search's worth: 750 KB in 30
//! answers. Headline figures: `--profile dist` with `RUSTFLAGS="-C target-cpu=x86-64-v3"`.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use partners::protocol::{DecodeContext, OFFERS_MAX, amadeus, duffel};
use partners::{DecodeError, Decoded, fuzz};

mod owned;

/// Runs of each figure; the median is printed.
const RUNS: usize = 5;

/// Time of one run.
const RUN: Duration = Duration::from_millis(300);

fn main() {
    let question = fuzz::question();
    let Some(settings) = fuzz::settings() else { return };
    let context = DecodeContext {
        question: &question,
        settings: &settings,
        decimals: fuzz::decimals,
        offers_max: OFFERS_MAX,
    };
    let mut out = String::from(
        "document             bytes   offers    ours MB/s   sonic-rs owned   serde_json owned   ours/sonic\n",
    );
    for (name, bytes) in
        [("duffel", 25_000), ("duffel", 800_000), ("amadeus", 25_000), ("amadeus", 800_000)]
    {
        let document =
            if name == "duffel" { duffel_document(bytes) } else { amadeus_document(bytes) };
        let decode = if name == "duffel" { duffel::decode } else { amadeus::decode };
        line(&mut out, name, document.as_bytes(), context, decode);
    }
    let pair = [duffel_document(25_000), amadeus_document(25_000)];
    let bytes: usize = 15 * pair.iter().map(String::len).sum::<usize>();
    let seconds = seconds_per_run(|| {
        for _ in 0..15 {
            black_box(duffel::decode(pair[0].as_bytes(), context).is_ok());
            black_box(amadeus::decode(pair[1].as_bytes(), context).is_ok());
        }
    });
    let _ = writeln!(
        out,
        "one search: {} KB in 30 answers decoded in {:.0} us ({:.0} searches/s/core)",
        bytes / 1_000,
        seconds * 1e6,
        1.0 / seconds
    );
    #[expect(clippy::print_stdout, reason = "printing is what this example is for")]
    {
        print!("{out}");
    }
}

fn line(
    out: &mut String,
    name: &str,
    document: &[u8],
    context: DecodeContext<'_>,
    decode: fn(&[u8], DecodeContext<'_>) -> Result<Decoded, DecodeError>,
) {
    let offers = decode(document, context).map_or(0, |decoded| {
        assert_eq!(decoded.unread.count, 0, "{:?}", decoded.unread.first);
        decoded.answer.offers().len()
    });
    let speed = |seconds: f64| document.len() as f64 / seconds / 1e6;
    let ours = speed(seconds_per_run(|| drop(black_box(decode(document, context)))));
    let (sonic, serde) = if name == "duffel" {
        owned::speeds::<owned::Duffel>(document)
    } else {
        owned::speeds::<owned::Amadeus>(document)
    };
    let (sonic, serde) = (speed(sonic), speed(serde));
    let _ = writeln!(
        out,
        "{name:<18} {:>7} {offers:>8} {ours:>12.0} {sonic:>16.0} {serde:>18.0} {:>11.0}%",
        document.len(),
        ours / sonic * 100.0
    );
}

/// Seconds this thread has run; the wall clock would count what others run in between.
fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split(' ').next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

/// Median seconds of one call.
fn seconds_per_run(mut call: impl FnMut()) -> f64 {
    let mut samples = [0.0; RUNS];
    for sample in &mut samples {
        let (start, cpu_start) = (runtime::now(), cpu_seconds());
        let mut calls = 0_u32;
        while start.elapsed() < RUN {
            call();
            calls += 1;
        }
        let wall = start.elapsed().as_secs_f64();
        let cpu = cpu_start.zip(cpu_seconds()).map_or(wall, |(before, after)| after - before);
        *sample = cpu / f64::from(calls);
    }
    samples.sort_by(f64::total_cmp);
    samples[RUNS / 2]
}

/// Flights there and back by a hub; `n` varies times and numbers.
fn flights(n: usize) -> [(&'static str, &'static str, String, String, String); 4] {
    let hub = ["AMS", "FRA", "CDG", "LHR", "DOH", "DXB"][n % 6];
    let (minute, hour) = (n % 60, n / 60 % 6);
    [
        (
            "EDI",
            hub,
            format!("{}", 900 + n % 90),
            format!("2027-03-03T{:02}:{minute:02}:00", 5 + hour),
            format!("2027-03-03T{:02}:{minute:02}:00", 8 + hour),
        ),
        (
            hub,
            "SIN",
            format!("{}", 300 + n % 7),
            format!("2027-03-03T{:02}:10:00", 16),
            "2027-03-04T10:15:00".to_owned(),
        ),
        (
            "SIN",
            hub,
            format!("{}", 400 + n % 7),
            "2027-03-17T23:55:00".to_owned(),
            "2027-03-18T06:40:00".to_owned(),
        ),
        (
            hub,
            "EDI",
            format!("{}", 500 + n % 90),
            format!("2027-03-18T{:02}:{minute:02}:00", 8 + hour),
            format!("2027-03-18T{:02}:{minute:02}:00", 10 + hour),
        ),
    ]
}

fn duffel_document(bytes: usize) -> String {
    let mut text = String::from(
        "{\"data\":{\"id\":\"orq_0001\",\"live_mode\":true,\"cabin_class\":\"economy\",\"offers\":[",
    );
    let mut n = 0;
    while text.len() < bytes {
        let flights = flights(n);
        if n > 0 {
            text.push(',');
        }
        let _ = write!(
            text,
            r#"{{"id":"off_0000AJ{n:06}","live_mode":true,"partial":false,"created_at":"2026-11-24T10:00:00.123456Z","updated_at":"2026-11-24T10:00:00.123456Z","expires_at":"2026-11-24T10:30:00Z","owner":{{"iata_code":"KL","name":"KLM Royal Dutch Airlines","id":"arl_00009VME7D6ivUu8dn35WK"}},"total_amount":"{}.{:02}","total_currency":"EUR","base_amount":"{}.10","base_currency":"EUR","tax_amount":"63.30","tax_currency":"EUR","total_emissions_kg":"1710","payment_requirements":{{"requires_instant_payment":false,"payment_required_by":"2026-12-24T10:00:00Z","price_guarantee_expires_at":null}},"passengers":[{{"id":"pas_0","type":"adult"}}],"slices":["#,
            400 + n % 997,
            n % 100,
            300 + n % 997
        );
        for (slice, pair) in flights.chunks(2).enumerate() {
            let _ = write!(
                text,
                r#"{}{{"id":"sli_{n}_{slice}","duration":"PT16H15M","fare_brand_name":"{}","origin":{{"iata_code":"{}","name":"Somewhere","type":"airport"}},"destination":{{"iata_code":"{}","name":"Elsewhere","type":"airport"}},"segments":["#,
                if slice > 0 { "," } else { "" },
                ["LIGHT", "STANDARD", "FLEX"][n % 3],
                pair[0].0,
                pair[1].1
            );
            for (index, (from, to, number, departs, arrives)) in pair.iter().enumerate() {
                let _ = write!(
                    text,
                    r#"{}{{"id":"seg_{n}_{slice}_{index}","origin":{{"iata_code":"{from}","name":"Somewhere Airport","time_zone":"Europe/London","type":"airport"}},"destination":{{"iata_code":"{to}","name":"Elsewhere Airport","time_zone":"Asia/Singapore","type":"airport"}},"departing_at":"{departs}","arriving_at":"{arrives}","marketing_carrier":{{"iata_code":"KL","name":"KLM Royal Dutch Airlines"}},"marketing_carrier_flight_number":"{number}","operating_carrier":{{"iata_code":"KL","name":"KLM Royal Dutch Airlines"}},"duration":"PT3H0M","distance":"661.2","aircraft":{{"iata_code":"789","name":"Boeing 787-9"}},"stops":[],"passengers":[{{"passenger_id":"pas_0","cabin_class":"economy","cabin_class_marketing_name":"Economy","fare_basis_code":"VNL6AAUK","baggages":[{{"type":"carry_on","quantity":1}},{{"type":"checked","quantity":{}}}]}}]}}"#,
                    if index > 0 { "," } else { "" },
                    n % 3
                );
            }
            text.push_str("]}");
        }
        text.push_str("]}");
        n += 1;
    }
    text.push_str("]}}");
    text
}

fn amadeus_document(bytes: usize) -> String {
    let mut text = String::from("{\"meta\":{\"count\":250},\"data\":[");
    let mut n = 0;
    while text.len() < bytes {
        let flights = flights(n);
        if n > 0 {
            text.push(',');
        }
        let _ = write!(
            text,
            r#"{{"type":"flight-offer","id":"{}","source":"GDS","instantTicketingRequired":false,"nonHomogeneous":false,"oneWay":false,"lastTicketingDate":"2027-01-21","numberOfBookableSeats":4,"itineraries":["#,
            n + 1
        );
        for (leg, pair) in flights.chunks(2).enumerate() {
            text.push_str(if leg > 0 {
                ",{\"duration\":\"PT16H15M\",\"segments\":["
            } else {
                "{\"duration\":\"PT16H15M\",\"segments\":["
            });
            for (index, (from, to, number, departs, arrives)) in pair.iter().enumerate() {
                let _ = write!(
                    text,
                    r#"{}{{"departure":{{"iataCode":"{from}","terminal":"1","at":"{departs}"}},"arrival":{{"iataCode":"{to}","terminal":"2","at":"{arrives}"}},"carrierCode":"KL","number":"{number}","aircraft":{{"code":"789"}},"operating":{{"carrierCode":"KL"}},"duration":"PT2H10M","id":"{}","numberOfStops":0,"blacklistedInEU":false}}"#,
                    if index > 0 { "," } else { "" },
                    leg * 2 + index + 1
                );
            }
            text.push_str("]}");
        }
        let _ = write!(
            text,
            r#"],"price":{{"currency":"EUR","total":"{0}.{1:02}","base":"118.00","fees":[{{"amount":"0.00","type":"SUPPLIER"}},{{"amount":"0.00","type":"TICKETING"}}],"grandTotal":"{0}.{1:02}"}},"pricingOptions":{{"fareType":["PUBLISHED"],"includedCheckedBagsOnly":false}},"validatingAirlineCodes":["KL"],"travelerPricings":[{{"travelerId":"1","fareOption":"STANDARD","travelerType":"ADULT","price":{{"currency":"EUR","total":"212.40","base":"118.00"}},"fareDetailsBySegment":["#,
            400 + n % 997,
            n % 100
        );
        for segment in 1..=4 {
            let _ = write!(
                text,
                r#"{}{{"segmentId":"{segment}","cabin":"ECONOMY","fareBasis":"KEULGTN7","brandedFare":"{}","class":"K","includedCheckedBags":{{"quantity":{}}}}}"#,
                if segment > 1 { "," } else { "" },
                ["LIGHT", "STANDARD", "FLEX"][n % 3],
                n % 3
            );
        }
        text.push_str("]}]}");
        n += 1;
    }
    text.push_str(r#"],"dictionaries":{"locations":{"EDI":{"cityCode":"EDI","countryCode":"GB"}},"carriers":{"KL":"KLM"}}}"#);
    text
}
