//! `stats` of a v3 content: counts and lowest prices by stops and by kind of ticket.

use domain::Transfer;

use super::content::{Content, Shown};
use super::option;
use crate::json::Json;

/// How many, and the lowest price among them in thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    count: u32,
    least: Option<i64>,
}

impl Tally {
    fn add(&mut self, milli: Option<i64>) {
        self.count += 1;
        self.least = match (self.least, milli) {
            (Some(least), Some(milli)) => Some(least.min(milli)),
            (least, milli) => least.or(milli),
        };
    }

    fn write(self, json: &mut Json) {
        json.object(|json| {
            json.key("count").number(self.count);
            json.key("minPrice");
            match self.least {
                Some(least) => option::price(json, Some(least)),
                None => option::no_price(json),
            }
        });
    }
}

/// Tallies of itineraries with one number of stops: all, then by kind of ticket.
#[derive(Clone, Copy, Debug, Default)]
struct ByTicket {
    total: Tally,
    single: Tally,
    protected: Tally,
    unprotected: Tally,
}

impl ByTicket {
    fn write(&self, json: &mut Json) {
        json.object(|json| {
            json.key("total");
            self.total.write(json);
            json.key("ticketTypes").object(|json| {
                json.key("singleTicket");
                self.single.write(json);
                json.key("multiTicketNonNpt");
                self.protected.write(json);
                json.key("multiTicketNpt");
                self.unprotected.write(json);
            });
        });
    }
}

/// Writes the members of `stats`.
pub(super) fn write(json: &mut Json, content: &Content<'_>, shown: &[Shown<'_>]) {
    let mut total = Tally::default();
    let mut by_stops = [ByTicket::default(); 3];
    let mut minutes: Option<(u32, u32)> = None;
    let mut changes_airport = false;
    for one in shown {
        let price = one.price.map(|minor| option::milli(minor, content.decimals()));
        total.add(price);
        let row = &mut by_stops[usize::from(one.itinerary.stops.min(2))];
        row.total.add(price);
        add_tickets(row, content, one);
        let own = one.itinerary.duration_minutes;
        minutes = Some(minutes.map_or((own, own), |(low, high)| (low.min(own), high.max(own))));
        changes_airport |= content.merged().legs(one.itinerary).any(|leg| {
            leg.segments()
                .zip(leg.segments().skip(1))
                .any(|(one, two)| one.destination != two.origin)
        });
    }
    let minutes = minutes.unwrap_or((0, 0));
    write_tallies(json, minutes, total, &by_stops, changes_airport);
}

/// Writes the members of `stats` when nothing is shown.
pub(super) fn write_empty(json: &mut Json) {
    write_tallies(json, (0, 0), Tally::default(), &[ByTicket::default(); 3], false);
}

/// Counts an itinerary once for each kind of ticket it is sold as.
fn add_tickets(row: &mut ByTicket, content: &Content<'_>, shown: &Shown<'_>) {
    let kinds = [
        (Transfer::Managed, &mut row.single),
        (Transfer::ProtectedSelfTransfer, &mut row.protected),
        (Transfer::SelfTransfer, &mut row.unprotected),
    ];
    for (transfer, tally) in kinds {
        // Options are sorted by price: the first of a kind is its cheapest.
        let first =
            shown.options.iter().find(|row| content.merged().offer(row).transfer() == transfer);
        if let Some(first) = first {
            tally.add(first.amount().map(|minor| option::milli(minor, content.decimals())));
        }
    }
}

fn write_tallies(
    json: &mut Json,
    minutes: (u32, u32),
    total: Tally,
    by_stops: &[ByTicket; 3],
    changes_airport: bool,
) {
    json.key("itineraries").object(|json| {
        json.key("minDuration").number(minutes.0);
        json.key("maxDuration").number(minutes.1);
        json.key("total");
        total.write(json);
        json.key("stops").object(|json| {
            for (name, row) in ["direct", "oneStop", "twoPlusStops"].into_iter().zip(by_stops) {
                json.key(name);
                row.write(json);
            }
        });
        json.key("hasChangeAirportTransfer").truth(changes_airport);
    });
}
