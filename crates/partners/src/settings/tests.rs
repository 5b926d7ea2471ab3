use super::*;

const GOOD: &str = r#"
id = "kl"
name = "KLM"
protocol = "fareway"
endpoint = "https://kl.example/api/"
timeout_ms = 3000

[[agents]]
id = "klm1"
name = "KLM"
kind = "airline"
carriers = ["KL"]

[coverage]
airports = ["SIN", "EDI"]
horizon_days = 300
"#;

/// Replaces one line of the good file and expects the error's text.
fn check(line: &str, by: &str, expected: &str) {
    let text = GOOD.replace(line, by);
    assert_ne!(text, GOOD, "{line} is not in the file");
    let error = PartnerSettings::parse("kl.toml", &text, None).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn a_good_file_becomes_settings_with_defaults() {
    let settings = PartnerSettings::parse("kl.toml", GOOD, None).unwrap();
    assert_eq!(settings.endpoint, "https://kl.example/api");
    assert_eq!(settings.timeout_ms.get(), 3_000);
    assert_eq!(settings.answer_bytes_max.get(), 32 << 20);
    assert!(settings.enabled);
    let airports = settings.coverage.airports.unwrap();
    assert!(airports.is_sorted());
    assert_eq!(airports.len(), 2);
}

#[test]
fn a_bad_value_is_named_with_file_line_key_value_and_range() {
    check(
        "timeout_ms = 3000",
        "timeout_ms = 90000",
        "kl.toml:6: timeout_ms = 90000: 90000 is outside 100..=60000",
    );
    check(
        "horizon_days = 300",
        "horizon_days = 0",
        "kl.toml:16: coverage.horizon_days = 0: 0 is outside 1..=400",
    );
    check(
        "horizon_days = 300",
        "horizon_days = 300\n[freshness]\nclick_out_minutes = 61",
        "kl.toml:18: freshness.click_out_minutes = 61: 61 is outside 1..=60",
    );
    check(
        "protocol = \"fareway\"",
        "protocol = \"ndc\"",
        "kl.toml:4: protocol = \"ndc\": expected \"fareway\", \"duffel\" or \"amadeus\"",
    );
    check(
        "[\"SIN\", \"EDI\"]",
        "[\"SIN\", \"ED1\"]",
        "kl.toml:15: coverage.airports = [\"SIN\", \"ED1\"]: \"ED1\": expected a three-letter IATA airport code, e.g. EDI",
    );
    check(
        "https://kl.example/api/",
        "kl.example",
        "kl.toml:5: endpoint = \"kl.example\": expected an absolute http or https URL without query, e.g. https://api.example",
    );
}

#[test]
fn an_unknown_or_missing_key_is_named() {
    let check = |from: &str, to: &str, parts: &[&str]| {
        let text = GOOD.replace(from, to);
        let error = PartnerSettings::parse("kl.toml", &text, None).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "{error} should contain {part}");
        }
    };
    check("timeout_ms", "timeout", &["kl.toml:6", "timeout = 3000", "unknown field"]);
    check("id = \"kl\"\n", "", &["missing field `id`"]);
    check("fareway", "duffel", &["credentials.token", "missing"]);
    check("timeout_ms = 3000", "timeout_ms = ", &["kl.toml:6", "timeout_ms"]);
    check("timeout_ms = 3000", "http2 = 3", &["kl.toml:6", "http2 = 3", "invalid type"]);
}

#[test]
fn secrets_are_shown_neither_by_debug_nor_by_errors() {
    let secret = "s3cr3t-value";
    let with_token = format!("{GOOD}\n[credentials]\ntoken = \"{secret}\"\n");
    let settings = PartnerSettings::parse("kl.toml", &with_token, None).unwrap();
    assert_eq!(settings.credentials, Credentials::Token(Secret::new(secret.to_owned())));
    assert!(!format!("{settings:?}").contains(secret));
    let wrong = with_token.replace("token = ", "client_secret = ");
    let error = PartnerSettings::parse("kl.toml", &wrong, None).unwrap_err();
    assert!(!error.to_string().contains(secret));
    let wrong = format!("{GOOD}\n[credentials]\ntoken = [\"{secret}\"]\n");
    let error = PartnerSettings::parse("kl.toml", &wrong, None).unwrap_err();
    assert!(!error.to_string().contains(secret), "{error}");
}

#[test]
fn the_owner_of_an_offer_chooses_the_seller_that_lists_it() {
    let settings = PartnerSettings::parse("kl.toml", GOOD, None).unwrap();
    let agent = |code| settings.agent_of_carrier(code).unwrap().to_string();
    assert_eq!(agent(Some(CarrierCode::literal("KL"))), "klm1");
    assert_eq!(agent(Some(CarrierCode::literal("BA"))), "klm1");
    assert_eq!(agent(None), "klm1");
}

#[test]
fn a_code_that_the_world_does_not_have_is_refused() {
    check(
        "airports = [\"SIN\", \"EDI\"]",
        "airports = [\"SIN\", \"QQQ\"]",
        "kl.toml:15: coverage.airports = [\"SIN\", \"QQQ\"]: QQQ is no airport",
    );
    check(
        "timeout_ms = 3000",
        "currency = \"XYZ\"",
        "kl.toml:6: currency = \"XYZ\": no exchange rate is known for XYZ",
    );
}

#[test]
fn a_wrong_type_is_refused_with_what_is_allowed() {
    check(
        "timeout_ms = 3000",
        "timeout_ms = \"soon\"",
        "kl.toml:6: timeout_ms = \"soon\": invalid type: string \"soon\", expected a whole number from 100 to 60000",
    );
    check(
        "endpoint = \"https://kl.example/api/\"",
        "endpoint = \"https://kl.example:99999/\"",
        "kl.toml:5: endpoint = \"https://kl.example:99999/\": expected an absolute http or https URL without query, e.g. https://api.example",
    );
}
