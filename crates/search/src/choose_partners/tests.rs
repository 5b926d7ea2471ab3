use std::time::Duration;

use domain::{AirportCode, CountryCode};
use partners::{AgentSettings, AnswerSink, AskFuture, Coverage, NotCovered, PartnerSettings};
use runtime::Deadline;

use super::*;
use crate::fixture::{day, question_between};

/// A partner that is only looked at, never asked.
#[derive(Debug)]
struct Listed {
    settings: PartnerSettings,
    paused: bool,
}

impl Partner for Listed {
    fn settings(&self) -> &PartnerSettings {
        &self.settings
    }

    fn ask(&self, _: Arc<Question>, _: Deadline, _: AnswerSink) -> AskFuture<'_> {
        panic!("choosing asks nobody");
    }

    fn paused(&self) -> Option<Duration> {
        self.paused.then_some(Duration::from_secs(1))
    }
}

fn settings(id: &str, kind: AgentKind) -> PartnerSettings {
    let text = format!(
        "id = \"{id}\"\nname = \"{id}\"\nprotocol = \"fareway\"\nendpoint = \"http://localhost:1\"\n\
         [[agents]]\nid = \"{id}\"\nname = \"{id}\"\nkind = \"travel_agent\"\n"
    );
    let mut settings = PartnerSettings::parse("test.toml", &text, None).unwrap();
    let agents = std::mem::take(&mut settings.agents);
    settings.agents = agents.into_iter().map(|agent| AgentSettings { kind, ..agent }).collect();
    settings
}

fn agency(id: &str) -> PartnerSettings {
    settings(id, AgentKind::TravelAgent)
}

fn airline(id: &str, airports: &[&str]) -> PartnerSettings {
    let mut airports: Vec<_> = airports.iter().map(|code| AirportCode::literal(code)).collect();
    airports.sort_unstable();
    let airline = settings(id, AgentKind::Airline);
    PartnerSettings {
        coverage: Coverage { airports: Some(airports), ..airline.coverage.clone() },
        ..airline
    }
}

fn listed(settings: impl IntoIterator<Item = PartnerSettings>) -> Vec<Arc<dyn Partner>> {
    let listed = |settings| Arc::new(Listed { settings, paused: false }) as Arc<dyn Partner>;
    settings.into_iter().map(listed).collect()
}

fn question(from: &[&str], to: &[&str]) -> Question {
    question_between(&[(from, to)])
}

fn ids(choice: &Choice, roster: &[Arc<dyn Partner>]) -> Vec<String> {
    let id = |&index: &u16| roster[index as usize].settings().id.to_string();
    choice.ask.iter().map(id).collect()
}

#[test]
fn every_partner_is_asked_or_has_a_reason_why_not() {
    let mut disabled = agency("off");
    disabled.enabled = false;
    let mut german = agency("german");
    german.coverage.markets = Some(vec![CountryCode::literal("DE")]);
    let mut roster = listed([
        disabled,
        german,
        airline("elsewh", &["JFK", "LAX"]),
        airline("flies", &["EDI", "SIN"]),
        agency("agency"),
    ]);
    roster.push(Arc::new(Listed { settings: agency("paused"), paused: true }));
    let choice = choose_partners(&question(&["EDI"], &["SIN"]), &roster, day(), 40);
    assert_eq!(ids(&choice, &roster), ["flies", "agency"]);
    assert_eq!(
        choice.reasons,
        [
            Some(NotAsked::Disabled),
            Some(NotAsked::NotCovered(NotCovered::Market)),
            Some(NotAsked::NotCovered(NotCovered::Airports)),
            None,
            None,
            Some(NotAsked::Paused),
        ]
    );
}

#[test]
fn beyond_the_limit_airlines_at_both_ends_come_first_and_others_keep_a_quarter() {
    let airlines = (0..30).map(|index| airline(&format!("air{index}"), &["EDI", "SIN"]));
    let agencies = (0..30).map(|index| agency(&format!("agent{index}")));
    let roster = listed(agencies.chain(airlines));
    let choice = choose_partners(&question(&["EDI"], &["SIN"]), &roster, day(), 20);
    let asked = ids(&choice, &roster);
    let airlines = asked.iter().filter(|id| id.starts_with("air")).count();
    assert_eq!((asked.len(), airlines), (20, 15));
    let limited = choice.reasons.iter().filter(|reason| **reason == Some(NotAsked::Limit)).count();
    assert_eq!(limited, 40);
}

#[test]
fn places_that_airlines_do_not_need_go_to_the_others() {
    let agencies = (0..30).map(|index| agency(&format!("agent{index}")));
    let roster = listed(agencies.chain([airline("air", &["EDI", "SIN"])]));
    let choice = choose_partners(&question(&["EDI"], &["SIN"]), &roster, day(), 20);
    assert_eq!(choice.ask.len(), 20);
    assert_eq!(ids(&choice, &roster)[0], "air");
    assert!(choose_partners(&question(&["EDI"], &["SIN"]), &roster, day(), 0).ask.is_empty());
}

#[test]
fn a_question_goes_to_the_same_partners_however_they_are_listed() {
    let agencies: Vec<_> = (0..60).map(|index| agency(&format!("agent{index}"))).collect();
    let roster = listed(agencies.clone());
    let backwards = listed(agencies.into_iter().rev());
    let question = question(&["EDI"], &["SIN"]);
    let one = ids(&choose_partners(&question, &roster, day(), 10), &roster);
    let other = ids(&choose_partners(&question, &backwards, day(), 10), &backwards);
    assert_eq!(one, other);
}

#[test]
fn different_questions_spread_over_all_partners() {
    let roster = listed((0..60).map(|index| agency(&format!("agent{index}"))));
    let mut asked = vec![0_u32; roster.len()];
    for days in 0..600 {
        let mut question = question(&["EDI"], &["SIN"]);
        question.legs[0].date = day().plus_days(days % 300);
        question.market = CountryCode::literal(["GB", "DE"][days as usize / 300]);
        for index in choose_partners(&question, &roster, day(), 10).ask {
            asked[index as usize] += 1;
        }
    }
    // 600 questions x 10 places over 60 partners: 100 each, give or take four deviations.
    assert!(asked.iter().all(|count| (60..140).contains(count)), "{asked:?}");
}
