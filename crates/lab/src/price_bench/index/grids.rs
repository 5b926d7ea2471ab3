//! Month grids: the cheapest price of every day of a month.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use anyhow::{Result, ensure};
use domain::AirportCode;
use prices::indicative::{Ask, DateUnit, Indicative, Places, When};

use super::market::hubs;
use super::timing::{note, timed};
use super::{MARKET, NOW_MS, Plain, Route, one_month, wanted_days};
use crate::report::Report;

/// One pair of airports against the ordered map, then the busiest airports of both sides.
pub(super) fn run(
    report: &mut Report,
    index: &Indicative,
    plain: &Plain,
    routes: &[Route],
) -> Result<()> {
    let wanted = one_month();
    let (first, last) = wanted_days(wanted);
    for (name, back) in [("one way", None), ("return", Some(When::Anytime))] {
        let popular: Vec<_> = routes.iter().copied().step_by(10).take(2_000).collect();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for &(from, to) in &popular {
            let ask = Ask {
                market: MARKET,
                origin: Places::Airports(&[from]),
                destination: Places::Airports(&[to]),
                out: wanted,
                back,
            };
            let start = Instant::now();
            let grid = black_box(index.by_date(&ask, DateUnit::Day, NOW_MS));
            ours.push(start.elapsed());
            let start = Instant::now();
            let mut days: BTreeMap<(i32, bool), u32> = BTreeMap::new();
            let range = (from, to, first, None, false)..=(from, to, last, Some(i32::MAX), true);
            for (&(_, _, day, returns, direct), &(eur, _)) in plain.range(range) {
                if returns.is_some() == back.is_some() {
                    let best = days.entry((day, direct)).or_insert(eur);
                    *best = eur.min(*best);
                }
            }
            theirs.push(start.elapsed());
            let cheapest = grid.outbound.iter().filter_map(|group| group.quotes.cheapest());
            let cheapest = cheapest.map(|quote| quote.eur_micro).min();
            let expected = days.values().min().map(|&eur| i64::from(eur) * 100);
            ensure!(cheapest == expected, "{from}-{to}: {cheapest:?} instead of {expected:?}");
        }
        note(report, &format!("month grid, one pair, {name}"), ours, theirs);
    }
    hub_grids(report, index, routes);
    Ok(())
}

/// Two, three and six airports to as many, the busiest.
fn hub_grids(report: &mut Report, index: &Indicative, routes: &[Route]) {
    let origins: Vec<AirportCode> = hubs(routes).into_iter().take(6).collect();
    let destinations: Vec<AirportCode> = hubs(routes).into_iter().skip(6).take(6).collect();
    for (name, back) in [("one way", None), ("return", Some(When::Anytime))] {
        for hubs in [2, 3, 6] {
            let ask = Ask {
                market: MARKET,
                origin: Places::Airports(&origins[..hubs]),
                destination: Places::Airports(&destinations[..hubs]),
                out: one_month(),
                back,
            };
            let times = timed(500, || index.by_date(&ask, DateUnit::Day, NOW_MS).outbound.len());
            note(report, &format!("month grid, {hubs} x {hubs} hubs, {name}"), times, Vec::new());
        }
    }
}
