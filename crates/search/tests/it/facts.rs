//! What a search tells the tables.

use std::sync::Arc;

use events::fact::{FactBatch, FactSettings, Origin, Profile, Recorder};
use events::log::{FileLog, LogSettings, ReadLog, TopicPartition};
use runtime::Priority;
use search::Caller;
use serde_json::{Map, Value};
use storage::disk::FaultDisk;

use crate::world::{Manner, Seller, World, display, finish, request, within};

/// A recorder, and the log that it records on.
async fn recording() -> (Recorder, Arc<FileLog>) {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let log = Arc::new(FileLog::open_inline(disk, "log", LogSettings::default()).unwrap());
    let settings = FactSettings::default();
    let recorder = Recorder::open(Arc::clone(&log) as _, 1, Origin::default(), settings).await;
    (recorder.unwrap(), log)
}

/// The facts of a profile, by kind.
async fn told(log: &FileLog, profile: Profile, kind: &str) -> Vec<Map<String, Value>> {
    let topic = TopicPartition::new(profile.topic(), 0).unwrap();
    let fetched = log.read(&topic, 0, 1 << 20).await.unwrap();
    let mut facts = Vec::new();
    for record in fetched.batches.iter().flat_map(|batch| batch.records().unwrap()) {
        let batch = FactBatch::from_record(&record).unwrap();
        facts.extend((0..batch.len()).map(|row| batch.to_json(row)));
    }
    facts.retain(|fact| fact["kind"] == kind);
    facts
}

#[tokio::test]
async fn a_search_tells_of_itself_of_its_partners_and_of_the_click_on_an_offer() {
    let sellers = vec![
        Seller::new("good", &[(7, 600, 800, 20_000), (8, 700, 800, 20_000)]),
        Seller::new("bad_", &[]).with(Manner::Refuses(500)),
    ];
    let world = World::with(sellers).await;
    let (recorder, log) = recording().await;
    let engine = world.engine_telling(recorder.clone());
    let visit = engine.hide_visit("somebody");
    assert_ne!(visit, engine.hide_visit("somebody else"));
    let caller = Caller { priority: Priority::Asked, visit };
    let opened = within(engine.create_as(caller, request("EDI", "SIN"), display())).await.unwrap();
    let (token, snapshot) = finish(&engine, &opened.token).await;
    // The same question again, while it is fresh.
    within(engine.create(request("EDI", "SIN"), display())).await.unwrap();
    let itinerary = &snapshot.merged.itineraries()[0];
    let offer = snapshot.merged.offer(&snapshot.merged.options(itinerary)[0]);
    let mut link = String::new();
    snapshot.write_link(itinerary, &offer, 0, &mut link);
    let followed = within(engine.follow(&token, &link)).await.unwrap();
    within(engine.on_click_out(&token, &followed, visit)).await;
    let clicks = told(&log, Profile::Gold, "click_out").await;
    assert_eq!(
        (clicks.len(), &clicks[0]["agent"], &clicks[0]["minor"]),
        (1, &"good".into(), &20_000.into())
    );

    while told(&log, Profile::Silver, "fan_out_ended").await.is_empty() {
        tokio::task::yield_now().await;
        recorder.flush().await;
    }
    let created = told(&log, Profile::Silver, "search_created").await;
    let shared: Vec<_> = created.iter().map(|fact| fact["shared"].as_bool().unwrap()).collect();
    assert_eq!(shared, [false, true]);
    assert_eq!(created[0]["visit"], clicks[0]["visit"]);
    assert_eq!(created[0]["search"], clicks[0]["search"]);
    assert!(!created[1].contains_key("visit"));
    let calls = told(&log, Profile::Silver, "partner_call").await;
    let mut faults: Vec<_> =
        calls.iter().map(|call| (call["partner"].as_str(), call.contains_key("fault"))).collect();
    faults.sort_unstable();
    assert_eq!(faults, [(Some("bad_"), true), (Some("good"), false)]);
    let ended = &told(&log, Profile::Silver, "fan_out_ended").await[0];
    assert_eq!(
        (&ended["asked"], &ended["failed"], &ended["offers"]),
        (&2.into(), &1.into(), &2.into())
    );
    world.stop().await;
}
