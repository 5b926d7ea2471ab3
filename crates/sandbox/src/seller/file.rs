//! Partners of the market as partner files that `partners` reads.

use std::fmt::Write as _;

use partners::ProtocolKind;

use super::{Seller, Trade};
use crate::market::Market;
use crate::offer::link;

impl Market {
    /// One file for each partner, by name, for partners reached under `base_url`.
    #[must_use]
    pub fn partner_files(&self, base_url: &str) -> Vec<(String, String)> {
        let base_url = base_url.trim_end_matches('/');
        let file = |seller: &Seller| (format!("{}.toml", seller.id), self.file(seller, base_url));
        self.sellers().iter().map(file).collect()
    }

    fn file(&self, seller: &Seller, base_url: &str) -> String {
        let mut text = String::with_capacity(2_048);
        let Seller { id, agent, name, protocol, .. } = seller;
        let secret = seller.secret();
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "id = \"{id}\"\nname = {}\nprotocol = \"{}\"\nendpoint = \"{base_url}/p/{id}\"\n",
            quoted(name),
            protocol.name()
        );
        match protocol {
            ProtocolKind::Fareway => {}
            ProtocolKind::Duffel | ProtocolKind::Amadeus => {
                let _ = writeln!(text, "link = \"{}\"", link::template(base_url, id.as_str()));
            }
        }
        let _ = writeln!(
            text,
            "gzip = {}\nrequests_per_second = 10000\nconcurrency = 1000\nidle_connections = 64\nanswer_bytes_max = 134217728",
            seller.manners.gzip && self.settings().latency_scale > 0.0
        );
        let _ = match protocol {
            ProtocolKind::Fareway | ProtocolKind::Duffel => {
                writeln!(text, "\n[credentials]\ntoken = \"{secret}\"")
            }
            ProtocolKind::Amadeus => {
                writeln!(
                    text,
                    "\n[credentials]\nclient_id = \"{id}\"\nclient_secret = \"{secret}\""
                )
            }
        };
        let (kind, carriers) = match seller.trade {
            Trade::Airline { line } => {
                let code = self.world().lines[usize::from(line)].code;
                ("airline", format!("carriers = [\"{code}\"]\n"))
            }
            Trade::Agency { .. } => ("travel_agent", String::new()),
        };
        let _ = write!(
            text,
            "\n[[agents]]\nid = \"{agent}\"\nname = {}\nkind = \"{kind}\"\n{carriers}\n[coverage]\n",
            quoted(name)
        );
        if let Some(markets) = &seller.markets {
            list(&mut text, "markets", markets);
        }
        if let Some(airports) = &seller.airports {
            list(&mut text, "airports", airports);
        }
        text
    }
}

fn list(text: &mut String, key: &str, codes: &[impl std::fmt::Display]) {
    let _ = write!(text, "{key} = [");
    for (index, code) in codes.iter().enumerate() {
        let _ = write!(text, "{}\"{code}\"", if index == 0 { "" } else { ", " });
    }
    text.push_str("]\n");
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars().filter(|character| !character.is_control()) {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}
