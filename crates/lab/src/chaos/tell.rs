//! What a run of `chaos` says at its end: figures, one row a fault, and what must hold.

use std::time::Duration;

use serde_json::{Value, json};

use super::WELL_WITHIN;
use super::faults::Kind;
use super::{
    CALM, ChaosArgs, DISK_MIB, Happened, LATENCY_PERCENT, LOAD, PARTNERS, POPULAR, QUESTIONS,
};
use crate::drill::account::{Account, Kept};
use crate::drill::capacity::Capacity;
use crate::drill::crowd::Crowd;
use crate::drill::processors::Cores;
use crate::drill::traveller::PATIENCE;
use crate::drill::verdict::Verdict;
use crate::report::Report;

/// The part of polls and creates that must get a right answer.
const AVAILABILITY_MIN: f64 = 0.999_5;
/// The part of requests that may be refused with a time to come back. Source: the simulator's rule.
const REFUSED_MAX: f64 = 0.05;
/// The part of the searches meant for it that must have been compared with the truth; others met a
/// fault between their end and the comparison.
const CHECKED_MIN: f64 = 0.8;
/// Cores that neighbours take more than while the capacity was measured, from which that may be why a run
/// failed: without two fifths of the processors, 60% of the load is all that can be done.
const NEIGHBOURS_MORE: f64 = 0.5;
/// Failures told by their reason.
const REASONS_MAX: usize = 12;

/// What was seen.
pub(super) struct Told<'a> {
    pub(super) wanted: &'a ChaosArgs,
    pub(super) capacity: &'a Capacity,
    /// Availability before anything went wrong, at the limit of what can be done.
    pub(super) quiet_availability: f64,
    pub(super) kinds: &'a [Kind],
    pub(super) crowd: &'a Crowd,
    pub(super) happened: &'a [Happened],
    pub(super) all_up: bool,
    pub(super) cores: Cores,
}

/// Notes all figures and judges.
pub(super) fn tell(report: &mut Report, told: &Told<'_>, account: &Account) -> Verdict {
    settings(report, told.wanted);
    let kept = account.kept();
    figures(report, told, &kept);
    for &kind in told.kinds {
        let of_kind = told.happened.iter().filter(|happened| happened.fault.kind == kind);
        report.figure(&format!("faults: {}", kind.name()), of_kind.count());
    }
    let rows = told.happened.iter().enumerate().map(|(index, happened)| {
        let next = told.happened.get(index + 1).map_or(Duration::MAX, |next| next.at);
        row(happened, next, &kept)
    });
    let rows: Vec<Value> = rows.collect();
    rows.iter().filter(|row| row["failed_requests"] != 0).for_each(|row| say!("{row}"));
    report.rows("each fault", rows);
    for (reason, count) in kept.reasons().iter().take(REASONS_MAX) {
        say!("failed {count:>6}: {reason}");
    }
    kept.wrong_told.iter().for_each(|wrong| say!("wrong: {wrong}"));
    let verdict = judge(told, &kept);
    let (others, before) = (told.cores.others, told.capacity.cores.others);
    if !verdict.holds() && others > before + NEIGHBOURS_MORE {
        say!(
            "others used {others:.2} cores, and {before:.2} while the capacity was measured: that may be why"
        );
    }
    verdict
}

fn settings(report: &mut Report, wanted: &ChaosArgs) {
    report.setting("minutes", wanted.minutes);
    report.setting("seed", wanted.seed);
    report.setting("fault_every_s", wanted.fault_every);
    report.setting("load, part of the capacity", LOAD);
    report.setting("partners", PARTNERS);
    report.setting("partners' time, percent of realistic", LATENCY_PERCENT);
    report.setting("distinct questions", QUESTIONS);
    report.setting("of them asked by one traveller in five", POPULAR);
    report.setting("disk of a cell, MiB", if wanted.without_disk { 0 } else { DISK_MIB });
    report.setting("patience_s", PATIENCE.as_secs());
}

fn figures(report: &mut Report, told: &Told<'_>, kept: &Kept) {
    let steps = told.capacity.steps.iter();
    let steps =
        steps.map(|step| json!({"travellers": step.travellers, "per_second": step.per_second}));
    report.rows("capacity, step by step", steps.collect());
    report.figure("capacity, searches/s", told.capacity.per_second);
    report.figure("cores used by others meanwhile", told.capacity.cores.others);
    report.figure("offered, searches/s", LOAD * told.capacity.per_second);
    report.figure("travellers", told.crowd.offered);
    report.figure("searches complete", told.crowd.complete);
    report.figure("ms to completion, p50", told.crowd.ms_at(0.5));
    report.figure("ms to completion, p99", told.crowd.ms_at(0.99));
    for (kind, count) in &kept.asked {
        report.figure(&format!("requests: {}", format!("{kind:?}").to_lowercase()), *count);
    }
    report.figure("requests refused (429)", kept.refused);
    report.figure("requests without a right answer", kept.failed);
    report.figure("availability, percent", 100.0 * kept.availability());
    report.figure("wrong answers", kept.wrong);
    report.figure("searches compared with the truth", kept.checked);
    report.figure("of them compared whole", kept.checked_whole);
    report.figure("of them without most of their partners", kept.thin);
    report.figure("searches begun again", kept.begun_again);
    report.figure("longest wait for a right answer, s", kept.longest.0.as_secs_f64());
    report.figure("ms of a request, p50", kept.micros.value_at_quantile(0.5) as f64 / 1_000.0);
    report.figure("ms of a request, p99.9", kept.micros.value_at_quantile(0.999) as f64 / 1_000.0);
    report.figure("longest recovery, s", longest_recovery(told).as_secs_f64());
    report.figure("cores used by generator and proxies", told.cores.generator);
    report.figure("cores used by others", told.cores.others);
}

fn longest_recovery(told: &Told<'_>) -> Duration {
    let recoveries = told.happened.iter().map(|one| one.recovered.unwrap_or(Duration::MAX));
    recoveries.max().unwrap_or_default().min(Duration::from_secs(999))
}

fn row(happened: &Happened, next: Duration, kept: &Kept) -> Value {
    let within = |at: Duration| at >= happened.at && at < next;
    let failed = kept.failures.iter().filter(|failure| within(failure.at)).count();
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
    json!({
        "kind": happened.fault.kind.name(),
        "at": happened.fault.role(),
        "at_s": happened.at.as_secs_f64(),
        "lasts_s": happened.fault.lasts.as_secs_f64(),
        "later_ms": (happened.fault.kind == Kind::Slow).then_some(happened.fault.later.as_millis() as u64),
        "noticed_s": seconds(happened.noticed),
        "recovered_s": seconds(happened.recovered),
        "failed_requests": failed,
    })
}

fn judge(told: &Told<'_>, kept: &Kept) -> Verdict {
    let mut verdict = Verdict::default();
    let availability = kept.availability();
    let asked = kept.requests();
    verdict.must(
        availability >= AVAILABILITY_MIN,
        format!("availability {:.4}% of {asked} requests, at least 99.95%", 100.0 * availability),
    );
    verdict.must(kept.wrong == 0, format!("{} wrong answers, none allowed", kept.wrong));
    let refused = kept.refused as f64 / asked.max(1) as f64;
    verdict.must(
        refused <= REFUSED_MAX,
        format!("{:.2}% of the requests are refused, at most 5%", 100.0 * refused),
    );
    let checked = kept.checked as f64 / kept.meant.max(1) as f64;
    verdict.must(
        checked >= CHECKED_MIN && kept.checked_whole > 0,
        format!("{:.1}% of {} searches are compared with the truth", 100.0 * checked, kept.meant),
    );
    for &kind in told.kinds {
        let came = told.happened.iter().any(|happened| happened.fault.kind == kind);
        verdict.must(came, format!("{} came", kind.name()));
    }
    let longest = longest_recovery(told);
    verdict.must(
        longest <= WELL_WITHIN,
        format!("all were well again within 30 s of each fault, the last after {longest:.1?}"),
    );
    verdict.must(told.all_up, "at the end all cells have all of their work");
    let calm = told.happened.last().map_or(Duration::ZERO, |last| {
        last.at + last.fault.lasts + last.recovered.unwrap_or_default() + CALM / 2
    });
    let late = kept.failures.iter().filter(|failure| failure.at > calm).count();
    verdict.must(late == 0, format!("{late} requests failed after all was well again"));
    verdict.must(
        told.quiet_availability >= AVAILABILITY_MIN,
        format!(
            "availability {:.4}% while the capacity was measured",
            100.0 * told.quiet_availability
        ),
    );
    verdict.must(told.crowd.stayed_away == 0, "the generator had room for all travellers");
    verdict
}
