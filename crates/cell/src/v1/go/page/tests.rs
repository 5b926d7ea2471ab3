use domain::{AgentId, LegRequest, Travellers};
use search::{Display, PriceChange, SearchId, Seen};

use super::*;

fn token(legs: &[(&str, &str, &str)], cabin: Cabin, ages: &[u32], locale: &str) -> Token {
    let place = |text: &str| match text.strip_prefix("city:") {
        Some(code) => Place::City(code.parse().unwrap()),
        None => Place::Airport(text.parse().unwrap()),
    };
    let leg = |&(from, to, day): &(&str, &str, &str)| LegRequest {
        origin: place(from),
        destination: place(to),
        date: day.parse().unwrap(),
    };
    Token {
        search: SearchId(1),
        issued_s: 1,
        seen: Seen { run: 1, version: 1 },
        request: SearchRequest {
            legs: legs.iter().map(leg).collect(),
            cabin,
            travellers: Travellers::new(2, ages).unwrap(),
            market: "GB".parse().unwrap(),
            nearby: cabin == Cabin::Business,
        },
        display: Display::new("GBP".parse().unwrap(), locale.parse().unwrap()),
    }
}

fn trip(locale: &str) -> Token {
    token(&[("EDI", "SIN", "2027-03-03")], Cabin::Economy, &[], locale)
}

fn page(what: &What, opened: Option<&Token>) -> String {
    let locale = opened.map_or("en-GB", |token| token.display.locale.as_str());
    let texts = Texts::of(locale).unwrap();
    Notice { texts, what, token: "abc-cell1", opened, agents: &AgentBook::default() }.render()
}

fn links(page: &str) -> Vec<String> {
    let main = page.split("<main").nth(1).unwrap();
    let ends = main.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    ends.filter(|link| !link.starts_with("/img/")).map(|link| link.replace("&amp;", "&")).collect()
}

#[test]
fn a_search_has_the_address_that_the_page_gives_it() {
    let check = |token: Token, expected: &str| assert_eq!(address(&token), expected);
    let end = "market=GB&currency=GBP";
    check(trip("en-GB"), &format!("/search?from=EDI&to=SIN&depart=2027-03-03&adults=2&{end}"));
    let there_and_back = [("EDI", "city:LON", "2027-03-03"), ("city:LON", "EDI", "2027-03-10")];
    check(
        token(&there_and_back, Cabin::Business, &[4, 1], "en-GB"),
        &format!(
            "/search?from=EDI&to=city:LON&depart=2027-03-03&return=2027-03-10&adults=2&children=4,1\
             &cabin=business&nearby=1&{end}"
        ),
    );
    let two_legs = [("EDI", "SIN", "2027-03-03"), ("BKK", "EDI", "2027-03-10")];
    check(
        token(&two_legs, Cabin::Economy, &[], "en-GB"),
        &format!("/search?leg=EDI~SIN~2027-03-03&leg=BKK~EDI~2027-03-10&adults=2&{end}"),
    );
}

#[test]
fn an_offer_that_is_gone_leads_to_its_other_sellers_back_to_the_search_and_home() {
    let trip = trip("en-GB");
    let search = "/search?from=EDI&to=SIN&depart=2027-03-03&adults=2&market=GB&currency=GBP";
    let others = format!("{search}&token=abc-cell1&open={:032x}", 0xAB);
    let with = page(&What::Gone(Some(ItineraryKey(0xAB))), Some(&trip));
    assert_eq!(links(&with), [others.as_str(), search, "/"]);
    assert_eq!(links(&page(&What::Gone(None), Some(&trip))), [search, "/"]);
    assert_eq!(links(&page(&What::Expired, Some(&trip))), [search, "/"]);
    assert_eq!(links(&page(&What::Broken, None)), ["/"]);
}

#[test]
fn another_price_is_told_with_both_amounts_before_going_on() {
    let money = |minor| Money::new(minor, "GBP".parse().unwrap());
    let followed = Followed {
        address: "https://seller.example/?a=1&b=\"2\"".to_owned(),
        itinerary: ItineraryKey(1),
        agent: AgentId::literal("ba__"),
        price: None,
        change: Some(PriceChange { was: money(12_345), now: Some(money(13_000)) }),
    };
    let trip = trip("en-GB");
    let page = page(&What::Changed(followed), Some(&trip));
    for part in [">GBP 123.45<", ">GBP 130.00<", ">ba__<"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.contains("href=\"https://seller.example/?a=1&amp;b=&quot;2&quot;\""), "{page}");
    assert_eq!(links(&page).len(), 4);
}

#[test]
fn every_sentence_of_every_notice_is_there_in_every_language() {
    let followed = |change| Followed {
        address: "https://seller.example".to_owned(),
        itinerary: ItineraryKey(1),
        agent: AgentId::literal("ba__"),
        price: None,
        change,
    };
    let money = Money::new(1, "GBP".parse().unwrap());
    let change = Some(PriceChange { was: money, now: None });
    for (locale, direction) in
        [("en-GB", "ltr"), ("de-DE", "ltr"), ("zh-CN", "ltr"), ("ar-AE", "rtl")]
    {
        let trip = trip(locale);
        for what in [
            What::Gone(Some(ItineraryKey(1))),
            What::Gone(None),
            What::Changed(followed(change)),
            What::Expired,
            What::Broken,
            What::Failed,
        ] {
            let page = page(&what, Some(&trip));
            let language = &locale[..2];
            assert!(page.contains(&format!("lang=\"{language}\" dir=\"{direction}\"")), "{page}");
            for unsaid in [">go.", ">state.", ">shell.", "\"shell.", "{"] {
                assert!(!page.contains(unsaid), "{locale} {what:?}: {unsaid}");
            }
        }
    }
}

#[test]
fn the_page_asks_nobody_but_us() {
    let page = page(&What::Gone(None), Some(&trip("en-GB")));
    let leading_out: Vec<&str> =
        page.split(['"', '\'']).filter(|text| text.contains("//")).collect();
    assert!(leading_out.is_empty(), "{leading_out:?}");
}
