//! What clients and other cells hold of a search, as every released version wrote it: tokens, links,
//! cursors, and the file of the keys that sign them.

#[path = "../../../tests/compat/fixtures.rs"]
mod fixtures;

use domain::{
    AgentId, Cabin, CurrencyCode, Date, ItineraryKey, LegRequest, Place, SearchRequest, Travellers,
};
use fixtures::{of_every_version, of_every_version_alike};

use crate::display::{Display, Selection};
use crate::link::{LinkId, LinkSigner};
use crate::rank::{self, Sort};
use crate::token::{SearchId, Seen, Token, TokenKeys, named_by};
use crate::view::Cursor;

const SEARCH: SearchId = SearchId(0x0123_4567_89ab_cdef_fedc_ba98_7654_3210);
const ISSUED_S: u32 = 1_795_000_000;

/// Keys of tests only; the second signs.
fn keys_text() -> String {
    format!("1 {}\n2 {}\n", "ab".repeat(32), "cd".repeat(32))
}

fn token() -> Token {
    let leg = |origin, destination, day| LegRequest { origin, destination, date: day };
    let edinburgh = Place::Airport("EDI".parse().unwrap());
    let london = Place::City("LON".parse().unwrap());
    let singapore = Place::Airport("SIN".parse().unwrap());
    let mut display =
        Display::new("GBP".parse::<CurrencyCode>().unwrap(), "en-GB".parse().unwrap());
    display.sustainability = true;
    display.carriers = Selection {
        included: vec!["BA".parse().unwrap(), "U2".parse().unwrap()],
        excluded: vec!["FR".parse().unwrap()],
    };
    display.agents = Selection {
        included: vec!["ba__".parse().unwrap()],
        excluded: vec!["a_seller".parse().unwrap()],
    };
    Token {
        search: SEARCH,
        issued_s: ISSUED_S,
        seen: Seen { run: 7, version: 42 },
        request: SearchRequest {
            legs: vec![
                leg(edinburgh, singapore, Date::from_days(20_880)),
                leg(singapore, london, Date::from_days(20_894)),
            ],
            cabin: Cabin::PremiumEconomy,
            travellers: Travellers::new(2, &[1, 4, 11]).unwrap(),
            market: "GB".parse().unwrap(),
            nearby: true,
        },
        display,
    }
}

#[test]
fn compat_tokens_of_every_version_are_read_whole_with_the_key_file_of_that_version() {
    let keys_now = keys_text();
    let keys = of_every_version("token.keys", keys_now.as_bytes());
    let sealed = token().seal(&TokenKeys::parse(&keys_now).unwrap(), 12);
    for (version, text) in of_every_version_alike("token.txt", sealed.as_bytes()) {
        let (_, keys) = keys.iter().find(|(of, _)| *of == version).unwrap();
        let keys = TokenKeys::parse(str::from_utf8(keys).unwrap()).unwrap();
        let text = str::from_utf8(&text).unwrap();
        assert_eq!(Token::open(text, &keys, ISSUED_S, 60), Ok(token()), "{version}");
        assert_eq!(named_by(text), Some((SEARCH, 12)), "{version}: what an edge reads");
    }
}

#[test]
fn compat_links_of_every_version_lead_to_the_same_offer() {
    let keys = TokenKeys::parse(&keys_text()).unwrap();
    let agent = AgentId::from_bytes(b"ba__").unwrap();
    let link = LinkId::of(ItineraryKey(77), agent, "LIGHT", 1);
    let signer = LinkSigner::new(&keys, SEARCH);
    for (version, text) in of_every_version_alike("link.txt", signer.sign(link).as_bytes()) {
        let text = str::from_utf8(&text).unwrap();
        assert_eq!(signer.open(text), Some(link), "{version}");
    }
}

#[test]
fn compat_cursors_of_every_version_continue_at_the_same_row() {
    let cursor = Cursor {
        sort: Sort::ALL[1],
        mark: 0x1122_3344_5566_7788,
        place: rank::Place { first: 5, second: u64::MAX - 6 },
        key: ItineraryKey(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10),
    };
    for (version, text) in of_every_version_alike("cursor.txt", cursor.to_text().as_bytes()) {
        assert_eq!(Cursor::from_text(str::from_utf8(&text).unwrap()), Ok(cursor), "{version}");
    }
}
