use domain::{
    AgentId, AirportCode, Cabin, CarrierCode, CityCode, CountryCode, CurrencyCode, Date,
    LegRequest, Place, Travellers,
};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};

use super::*;
use crate::display::Selection;

fn keys() -> TokenKeys {
    TokenKeys::single(&[7; 32])
}

fn place() -> impl Strategy<Value = Place> {
    (any::<bool>(), "[A-Z]{3}").prop_map(|(city, code)| match city {
        true => Place::City(code.parse().unwrap()),
        false => Place::Airport(code.parse().unwrap()),
    })
}

fn request() -> impl Strategy<Value = SearchRequest> {
    let leg = (place(), place(), -1_000_i32..60_000).prop_map(|(origin, destination, day)| {
        LegRequest { origin, destination, date: Date::from_days(day) }
    });
    (vec(leg, 1..=6), 0_usize..4, 1_u32..=8, vec(0_u32..18, 0..=8), "[A-Z]{2}", any::<bool>())
        .prop_filter_map("a party", |(legs, cabin, adults, ages, market, nearby)| {
            Some(SearchRequest {
                legs,
                cabin: Cabin::ALL[cabin],
                travellers: Travellers::new(adults, &ages).ok()?,
                market: market.parse().unwrap(),
                nearby,
            })
        })
}

fn display() -> impl Strategy<Value = Display> {
    let carriers =
        || vec("[A-Z0-9]{2}".prop_map(|code| code.parse::<CarrierCode>().unwrap()), 0..5);
    let agents = || vec("[a-z_]{1,8}".prop_map(|id| id.parse::<AgentId>().unwrap()), 0..5);
    ("[A-Z]{3}", "[a-z]{2}-[A-Z]{2}", carriers(), carriers(), agents(), agents(), any::<bool>())
        .prop_map(|(currency, locale, carriers_in, carriers_out, agents_in, agents_out, eco)| {
            Display {
                currency: currency.parse().unwrap(),
                locale: locale.parse().unwrap(),
                carriers: Selection { included: carriers_in, excluded: carriers_out },
                agents: Selection { included: agents_in, excluded: agents_out },
                sustainability: eco,
            }
        })
}

fn token() -> impl Strategy<Value = Token> {
    (any::<u128>(), any::<[u32; 3]>(), request(), display()).prop_map(
        |(search, [issued_s, run, version], request, display)| Token {
            search: SearchId(search),
            issued_s,
            seen: Seen { run, version },
            request,
            display,
        },
    )
}

fn example() -> Token {
    Token {
        search: SearchId(5),
        issued_s: 1_000,
        seen: Seen { run: 1, version: 2 },
        request: SearchRequest {
            legs: vec![LegRequest {
                origin: Place::Airport(AirportCode::literal("EDI")),
                destination: Place::City(CityCode::literal("SIN")),
                date: Date::from_days(20_880),
            }],
            cabin: Cabin::Economy,
            travellers: Travellers::new(2, &[1, 4]).unwrap(),
            market: CountryCode::literal("GB"),
            nearby: false,
        },
        display: Display::new(CurrencyCode::literal("GBP"), "en-GB".parse().unwrap()),
    }
}

#[test]
fn a_token_is_valid_for_its_lifetime_and_not_a_second_longer() {
    let text = example().seal(&keys(), 1);
    assert_eq!(Token::open(&text, &keys(), 1_000, 3_600), Ok(example()));
    assert_eq!(Token::open(&text, &keys(), 4_600, 3_600), Ok(example()));
    assert_eq!(Token::open(&text, &keys(), 4_601, 3_600), Err(TokenError::Expired));
}

#[test]
fn a_token_names_its_cell_in_plain_text_and_opens_at_any_other() {
    let text = example().seal(&keys(), 12);
    assert!(text.ends_with("-cell12"), "{text}");
    assert_eq!(cell_of(&text), Some(12));
    let moved = text.replace("-cell12", "-cell3");
    assert_eq!(Token::open(&moved, &keys(), 1_000, 3_600), Ok(example()));
}

#[test]
fn what_names_no_search_and_cell_is_not_one() {
    for text in [
        "",
        "-cell1",
        "abc-cell1",
        "AAAAAAAAAAAAAAAAAAAAAAA-cell1",
        "AAAAAAAAAAAAAAAAAAAAAAé-cell1",
    ] {
        assert_eq!(named_by(text), None, "{text}");
    }
    assert_eq!(named_by(&example().seal(&keys(), 3)), Some((SearchId(5), 3)));
}

#[test]
fn a_token_of_another_key_is_forged_and_one_of_an_older_key_is_not() {
    let old = TokenKeys::parse(&format!("1 {}", "ab".repeat(32))).unwrap();
    let both =
        TokenKeys::parse(&format!("1 {}\n2 {}\n", "ab".repeat(32), "cd".repeat(32))).unwrap();
    let text = example().seal(&old, 1);
    assert_eq!(Token::open(&text, &both, 1_000, 60), Ok(example()));
    assert_eq!(Token::open(&text, &keys(), 1_000, 60), Err(TokenError::Forged));
    let newer = example().seal(&both, 1);
    assert_eq!(Token::open(&newer, &old, 1_000, 60), Err(TokenError::Forged));
}

#[test]
fn texts_that_are_no_tokens_are_forged() {
    let good = example().seal(&keys(), 1);
    let sealed = good.strip_suffix("-cell1").unwrap();
    let long = "A".repeat(TOKEN_BYTES_MAX);
    let cases = [
        String::new(),
        "-cell1".to_owned(),
        sealed.to_owned(),
        format!("{sealed}-cell"),
        format!("{sealed}-cell+1"),
        format!("{sealed}-cell99999999999"),
        format!("{sealed}=-cell1"),
        format!("{long}-cell1"),
    ];
    for text in cases {
        assert_eq!(Token::open(&text, &keys(), 1_000, 60), Err(TokenError::Forged), "{text}");
    }
}

#[test]
fn the_key_file_is_made_once_for_its_owner_only_and_read_back() {
    use std::os::unix::fs::PermissionsExt;
    let folder = std::env::temp_dir().join(format!("fareway-keys-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("token.keys");
    let made = TokenKeys::open_or_create(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let again = TokenKeys::open_or_create(&path).unwrap();
    let text = example().seal(&made, 1);
    assert_eq!(Token::open(&text, &again, 1_000, 60), Ok(example()));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    std::fs::write(&path, "1 abc\n").unwrap();
    assert!(matches!(TokenKeys::open_or_create(&path), Err(KeyFileError::Malformed { .. })));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn printing_keys_shows_no_secret() {
    let keys = TokenKeys::parse(&format!("7 {}", "ab".repeat(32))).unwrap();
    assert_eq!(format!("{keys:?}"), "TokenKeys { ids: [7], .. }");
}

proptest! {
    #[test]
    fn a_token_reads_back_what_was_written(token in token(), cell in any::<u32>()) {
        let text = token.seal(&keys(), cell);
        prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        prop_assert_eq!(cell_of(&text), Some(cell));
        prop_assert_eq!(named_by(&text), Some((token.search, cell)));
        prop_assert_eq!(Token::open(&text, &keys(), token.issued_s, 60), Ok(token));
    }

    #[test]
    fn changing_any_bit_of_the_sealed_part_is_found_out(bit in 0_usize..1_000) {
        let text = example().seal(&keys(), 1);
        let sealed = text.strip_suffix("-cell1").unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed).unwrap();
        let bit = bit % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let changed = format!("{}-cell1", URL_SAFE_NO_PAD.encode(&bytes));
        prop_assert_eq!(Token::open(&changed, &keys(), 1_000, 60), Err(TokenError::Forged));
    }

    #[test]
    fn no_bytes_make_reading_a_token_panic(bytes in vec(any::<u8>(), 0..300), text in any::<String>()) {
        crate::fuzz::token(&bytes);
        crate::fuzz::token(text.as_bytes());
    }
}
