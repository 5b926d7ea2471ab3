//! The tables of [`super`].

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use domain::CountryCode;

/// A language the product can be shown in or asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language {
    /// Code, e.g. `en-GB`.
    pub code: &'static str,
    /// Its own name for itself.
    pub name: &'static str,
    /// Whether it is written from right to left.
    pub rtl: bool,
}

const fn left(code: &'static str, name: &'static str) -> Language {
    Language { code, name, rtl: false }
}

const fn right(code: &'static str, name: &'static str) -> Language {
    Language { code, name, rtl: true }
}

/// All languages, by code.
pub static LOCALES: &[Language] = &[
    right("ar-AE", "العربية"),
    left("az-AZ", "Azərbaycan"),
    left("bg-BG", "Български"),
    left("ca-ES", "Català"),
    left("cs-CZ", "Čeština"),
    left("da-DK", "Dansk"),
    left("de-DE", "Deutsch"),
    left("el-GR", "Ελληνικά"),
    left("en-GB", "English (United Kingdom)"),
    left("en-US", "English (United States)"),
    left("es-ES", "Español (España)"),
    left("es-MX", "Español (México)"),
    left("et-EE", "Eesti"),
    left("fi-FI", "Suomi"),
    left("fr-CA", "Français (Canada)"),
    left("fr-FR", "Français (France)"),
    right("he-IL", "עברית"),
    left("hi-IN", "हिन्दी"),
    left("hr-HR", "Hrvatski"),
    left("hu-HU", "Magyar"),
    left("id-ID", "Bahasa Indonesia"),
    left("it-IT", "Italiano"),
    left("ja-JP", "日本語"),
    left("ko-KR", "한국어"),
    left("lt-LT", "Lietuvių"),
    left("lv-LV", "Latviešu"),
    left("ms-MY", "Bahasa Melayu"),
    left("nb-NO", "Norsk bokmål"),
    left("nl-NL", "Nederlands"),
    left("pl-PL", "Polski"),
    left("pt-BR", "Português (Brasil)"),
    left("pt-PT", "Português (Portugal)"),
    left("ro-RO", "Română"),
    left("ru-RU", "Русский"),
    left("sk-SK", "Slovenčina"),
    left("sr-RS", "Srpski"),
    left("sv-SE", "Svenska"),
    left("th-TH", "ไทย"),
    left("tr-TR", "Türkçe"),
    left("uk-UA", "Українська"),
    left("vi-VN", "Tiếng Việt"),
    left("zh-CN", "简体中文"),
    left("zh-TW", "繁體中文"),
];

/// Home markets of the five regional registries: the member country with most travellers online.
const ARIN: &str = "US";
const RIPE: &str = "GB";
const APNIC: &str = "IN";
const LACNIC: &str = "BR";
const AFRINIC: &str = "ZA";

/// First octets of IPv4 blocks run by a registry. Source: IANA IPv4 Address Space Registry; legacy
/// blocks count for the registry that administers them, blocks given whole to a US organisation
/// for ARIN. What is not listed has no market.
static IPV4: &[(u8, u8, &str)] = &[
    (1, 1, APNIC),
    (2, 2, RIPE),
    (3, 4, ARIN),
    (5, 5, RIPE),
    (6, 9, ARIN),
    (11, 13, ARIN),
    (14, 14, APNIC),
    (15, 24, ARIN),
    (25, 25, RIPE),
    (26, 26, ARIN),
    (27, 27, APNIC),
    (28, 30, ARIN),
    (31, 31, RIPE),
    (32, 35, ARIN),
    (36, 36, APNIC),
    (37, 37, RIPE),
    (38, 38, ARIN),
    (39, 39, APNIC),
    (40, 40, ARIN),
    (41, 41, AFRINIC),
    (42, 43, APNIC),
    (44, 45, ARIN),
    (46, 46, RIPE),
    (47, 48, ARIN),
    (49, 49, APNIC),
    (50, 50, ARIN),
    (51, 51, RIPE),
    (52, 52, ARIN),
    (53, 53, RIPE),
    (54, 56, ARIN),
    (57, 57, RIPE),
    (58, 61, APNIC),
    (62, 62, RIPE),
    (63, 76, ARIN),
    (77, 95, RIPE),
    (96, 100, ARIN),
    (101, 101, APNIC),
    (102, 102, AFRINIC),
    (103, 103, APNIC),
    (104, 104, ARIN),
    (105, 105, AFRINIC),
    (106, 106, APNIC),
    (107, 108, ARIN),
    (109, 109, RIPE),
    (110, 126, APNIC),
    (128, 132, ARIN),
    (133, 133, "JP"),
    (134, 140, ARIN),
    (141, 141, RIPE),
    (142, 144, ARIN),
    (145, 145, RIPE),
    (146, 149, ARIN),
    (150, 150, APNIC),
    (151, 151, RIPE),
    (152, 152, ARIN),
    (153, 153, APNIC),
    (154, 154, AFRINIC),
    (155, 162, ARIN),
    (163, 163, APNIC),
    (164, 170, ARIN),
    (171, 171, APNIC),
    (172, 174, ARIN),
    (175, 175, APNIC),
    (176, 176, RIPE),
    (177, 177, LACNIC),
    (178, 178, RIPE),
    (179, 179, LACNIC),
    (180, 180, APNIC),
    (181, 181, LACNIC),
    (182, 183, APNIC),
    (184, 184, ARIN),
    (185, 185, RIPE),
    (186, 187, LACNIC),
    (188, 188, RIPE),
    (189, 191, LACNIC),
    (192, 192, ARIN),
    (193, 195, RIPE),
    (196, 197, AFRINIC),
    (198, 199, ARIN),
    (200, 201, LACNIC),
    (202, 203, APNIC),
    (204, 209, ARIN),
    (210, 211, APNIC),
    (212, 213, RIPE),
    (214, 216, ARIN),
    (217, 217, RIPE),
    (218, 223, APNIC),
];

/// The market an address most likely belongs to: the home market of the regional registry that
/// runs its block. `None` for private, reserved and unlisted addresses.
#[must_use]
pub fn market_of_address(address: IpAddr) -> Option<CountryCode> {
    let home = match address.to_canonical() {
        IpAddr::V4(address) => registry_v4(address),
        IpAddr::V6(address) => registry_v6(address),
    };
    home.and_then(|code| code.parse().ok())
}

fn registry_v4(address: Ipv4Addr) -> Option<&'static str> {
    let octets = address.octets();
    let shared = octets[0] == 100 && octets[1] & 0xC0 == 64;
    let documentation = address.is_documentation() || (octets[0] == 198 && octets[1] & 0xFE == 18);
    if address.is_private() || address.is_link_local() || shared || documentation {
        return None;
    }
    IPV4.iter().find(|(first, last, _)| (*first..=*last).contains(&octets[0])).map(|row| row.2)
}

/// Source: IANA IPv6 Global Unicast Address Assignments.
fn registry_v6(address: Ipv6Addr) -> Option<&'static str> {
    let [first, second, ..] = address.segments();
    match first {
        0x2001 => match second {
            0x0200..=0x03FF | 0x0C00..=0x0DB7 | 0x0DB9..=0x0FFF | 0x4400..=0x45FF => Some(APNIC),
            0x8000..=0xBFFF => Some(APNIC),
            0x0400..=0x05FF | 0x1800..=0x19FF | 0x4800..=0x49FF => Some(ARIN),
            0x1200..=0x13FF => Some(LACNIC),
            0x4200..=0x43FF => Some(AFRINIC),
            0x0600..=0x0BFF | 0x1400..=0x17FF | 0x1A00..=0x41FF | 0x4600..=0x47FF => Some(RIPE),
            0x4A00..=0x5FFF => Some(RIPE),
            _ => None,
        },
        0x2003 | 0x2A00..=0x2A1F => Some(RIPE),
        0x2400..=0x241F => Some(APNIC),
        0x2600..=0x260F | 0x2610 | 0x2620 | 0x2630..=0x263F => Some(ARIN),
        0x2800..=0x280F => Some(LACNIC),
        0x2C00..=0x2C0F => Some(AFRINIC),
        _ => None,
    }
}
