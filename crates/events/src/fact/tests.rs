use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use domain::Date;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Map, Value as Json, json};
use storage::disk::FaultDisk;

use super::kinds::{
    ALL, ClickOut, FactRefused, FanOutEnded, PageFailed, PageShown, PageTiming, PartnerCall,
    SearchCreated,
};
use super::*;
use crate::compat::fixtures::of_every_version;
use crate::log::{FileLog, LogSettings, ReadLog, Record, TopicPartition};

const NOW_MS: i64 = 1_795_000_000_000;

pub(super) fn stamped(id: u128) -> Stamped {
    let visit = id.is_multiple_of(2).then_some(id << 64);
    Stamped { id: FactId(id), happened_ms: NOW_MS, received_ms: NOW_MS + 3, visit }
}

pub(super) fn origin() -> Origin {
    Origin { cell: "cell-7".to_owned(), region: "north".to_owned() }
}

fn search() -> SearchCreated<'static> {
    SearchCreated {
        search: 0xabc,
        question: 0xdef,
        origin: "EDI",
        destination: "SIN",
        departs: Date::from_ymd(2027, 3, 3).unwrap(),
        returns: None,
        legs: 1,
        adults: 2,
        children: 1,
        infants: 0,
        cabin: "economy",
        market: "GB",
        currency: "GBP",
        locale: "en-GB",
        nearby: true,
        shared: false,
    }
}

fn call(fault: Option<&'static str>) -> PartnerCall<'static> {
    PartnerCall { question: 5, partner: "ag0001", took_ms: 120, offers: 30, fault }
}

pub(super) fn click() -> ClickOut<'static> {
    ClickOut {
        search: 0xabc,
        itinerary: 9,
        agent: "ba__",
        minor: Some(30_050),
        currency: Some("GBP"),
        changed: true,
        market: "GB",
    }
}

fn ended() -> FanOutEnded<'static> {
    FanOutEnded {
        question: 5,
        status: "complete",
        took_ms: 2_000,
        asked: 30,
        remembered: 4,
        failed: 1,
        offers: 2_700,
    }
}

fn shown() -> PageShown<'static> {
    PageShown { page: "results", locale: "en-GB", market: Some("GB"), width: Some(390) }
}

fn timing() -> PageTiming<'static> {
    PageTiming { page: "results", metric: "lcp", ms: 812.5 }
}

fn broken() -> PageFailed<'static> {
    PageFailed { page: "explore", error: "TypeError", file: Some("js/map.js"), line: Some(12) }
}

fn refused() -> FactRefused<'static> {
    FactRefused { sender: "server", field: "kind", sentence: "is required", said: "{}" }
}

fn batch_of<F: Fact>(fact: &F) -> FactBatch {
    let mut rows = Rows::new(F::KIND);
    rows.push(stamped(1), fact).unwrap();
    rows.push(stamped(2), fact).unwrap();
    rows.take(origin())
}

/// The fields of a kind alone.
fn own(object: &Map<String, Json>, kind: &Kind) -> Map<String, Json> {
    let names = kind
        .fields
        .iter()
        .filter_map(|field| Some((field.name.to_owned(), object.get(field.name)?.clone())));
    names.collect()
}

#[test]
fn a_fact_reads_in_json_as_it_was_recorded() {
    let batch = batch_of(&search());
    let shown = json!({
        "kind": "search_created", "cell": "cell-7", "region": "north",
        "id": "00000000000000000000000000000002", "happened": NOW_MS, "received": NOW_MS + 3,
        "visit": "00000000000000020000000000000000",
        "search": "00000000000000000000000000000abc",
        "question": "00000000000000000000000000000def",
        "origin": "EDI", "destination": "SIN", "departs": "2027-03-03", "legs": 1, "adults": 2,
        "children": 1, "infants": 0, "cabin": "economy", "market": "GB", "currency": "GBP",
        "locale": "en-GB", "nearby": true, "shared": false,
    });
    assert_eq!(Json::Object(batch.to_json(1)), shown);
    assert!(!batch.to_json(0).contains_key("visit"));
}

#[test]
fn every_struct_gives_its_values_in_the_order_of_its_fields() {
    fn check<F: Fact>(fact: &F) {
        let mut values = 0;
        let each = fact.each(|at, value| {
            let field = F::KIND.fields[at];
            values += 1;
            match value.misfit(&field) {
                Some(sentence) => Err(format!("{}.{} {sentence}", F::KIND.name, field.name)),
                None => Ok(()),
            }
        });
        assert_eq!((each, values), (Ok(()), F::KIND.fields.len()));
    }
    check(&search());
    check(&ended());
    check(&call(Some("partner_timeout")));
    check(&click());
    check(&shown());
    check(&timing());
    check(&broken());
    check(&refused());
    assert_eq!(ALL.len(), 8, "the new kind is to be checked here too");
}

#[test]
fn kinds_have_numbers_names_and_fields_of_their_own_and_grow_by_what_may_be_absent() {
    let (mut numbers, mut names) = (BTreeSet::new(), BTreeSet::new());
    for kind in ALL {
        assert!(numbers.insert(kind.number) && names.insert(kind.name), "{kind:?}");
        let mut fields: BTreeSet<&str> = ["kind", "cell", "region"].into();
        let mut last = 1;
        for field in kind.all_fields() {
            assert!(fields.insert(field.name), "{}.{}", kind.name, field.name);
            assert!(!field.needed || field.since == 1, "{}.{}", kind.name, field.name);
            assert!(field.doc.ends_with('.'), "{}.{}: {}", kind.name, field.name, field.doc);
            assert!(kind.fields.iter().all(|own| own.since <= kind.version), "{}", kind.name);
        }
        for field in kind.fields {
            assert!(field.since >= last, "{}: new fields stand last", kind.name);
            last = field.since;
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_by_field_and_leaves_nothing_behind() {
    let mut rows = Rows::new(SearchCreated::KIND);
    let refused = |rows: &mut Rows, fact: &SearchCreated<'_>| {
        rows.push(stamped(1), fact).unwrap_err().to_string()
    };
    let long = SearchCreated { origin: "EDIN", ..search() };
    assert_eq!(refused(&mut rows, &long), "origin: must be a text of at most 3 bytes");
    let none = SearchCreated { adults: 0, ..search() };
    assert_eq!(refused(&mut rows, &none), "adults: must be a whole number from 1 to 8");
    assert!(rows.push(stamped(1), &click()).is_err(), "another kind");
    assert!(rows.is_empty());
    rows.push(stamped(1), &search()).unwrap();
    let batch = rows.take(origin());
    assert_eq!((batch.len(), batch.to_json(0)["adults"].as_i64()), (1, Some(2)));
    assert!(rows.is_empty() && rows.bytes() == 0);
}

#[test]
fn a_line_of_json_is_refused_with_the_field_that_is_unknown_missing_or_wrong() {
    let good = own(&batch_of(&click()).to_json(0), ClickOut::KIND);
    let mut rows = Rows::new(ClickOut::KIND);
    rows.push_json(stamped(1), &good).unwrap();
    let mut refused = |change: &dyn Fn(&mut Map<String, Json>)| {
        let mut says = good.clone();
        change(&mut says);
        rows.push_json(stamped(1), &says).unwrap_err().to_string()
    };
    let says = |name: &'static str, value: Json| {
        move |says: &mut Map<String, Json>| {
            says.insert(name.to_owned(), value.clone());
        }
    };
    assert_eq!(refused(&says("colour", json!(1))), "colour: is no field of click_out");
    assert_eq!(refused(&says("id", json!("x"))), "id: is no field of click_out");
    assert_eq!(refused(&says("search", json!("abc"))), "search: must be 32 hexadecimal digits");
    assert_eq!(refused(&says("changed", json!("yes"))), "changed: must be true or false");
    assert_eq!(refused(&says("minor", json!(-1))), "minor: must be a whole number of at least 0");
    assert_eq!(refused(&|says| drop(says.remove("agent"))), "agent: is required");
    assert_eq!(rows.len(), 1);
}

#[test]
fn an_older_batch_lacks_what_is_new_and_a_newer_one_is_read_as_far_as_it_is_known() {
    use arrow_array::{ArrayRef, Int64Array, RecordBatch};
    use arrow_ipc::writer::StreamWriter;

    type Columns<'a> = Vec<(&'a str, ArrayRef, bool)>;
    let rewritten = |change: &dyn Fn(&mut Columns<'_>)| {
        let batch = batch_of(&call(Some("partner_timeout")));
        let schema = batch.columns().schema();
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let columns = names.zip(batch.columns().columns());
        let mut columns: Vec<_> =
            columns.map(|(name, column)| (name, Arc::clone(column), true)).collect();
        change(&mut columns);
        let rows = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let mut writer = StreamWriter::try_new(Vec::new(), &rows.schema()).unwrap();
        writer.write(&rows).unwrap();
        let record = Record::of(writer.into_inner().unwrap(), NOW_MS);
        FactBatch::from_record(&record.with_schema(PartnerCall::KIND.schema_id()))
    };
    let older = rewritten(&|columns| columns.retain(|(name, ..)| *name != "fault")).unwrap();
    let shown = older.to_json(1);
    assert!(!shown.contains_key("fault") && shown["partner"] == "ag0001", "{shown:?}");
    let newer = rewritten(&|columns| {
        columns.insert(0, ("of_the_future", Arc::new(Int64Array::from(vec![1, 2])), false));
    });
    let whole = batch_of(&call(Some("partner_timeout")));
    assert_eq!(newer.unwrap().to_json(1)["fault"], whole.to_json(1)["fault"]);
    let wrong = rewritten(&|columns| columns.retain(|(name, ..)| *name != "partner"));
    assert!(wrong.unwrap_err().to_string().ends_with("without a right column partner"));
    let wrong = rewritten(&|columns| columns[0].1 = Arc::new(Int64Array::from(vec![1, 2])));
    assert!(wrong.unwrap_err().to_string().ends_with("without a right column id"));
}

#[test]
fn a_record_that_is_no_batch_is_refused_with_the_reason() {
    let record = batch_of(&ended()).to_record(NOW_MS).unwrap();
    let of = |record: Record| FactBatch::from_record(&record).unwrap_err().to_string();
    assert_eq!(
        of(Record { headers: Vec::new(), ..record.clone() }),
        "a record without the id of a schema"
    );
    let unknown = Record { headers: Vec::new(), ..record.clone() }.with_schema(999 << 16 | 1);
    assert_eq!(of(unknown), "facts of kind 999, which is not known here");
    for end in 0..record.value.len() {
        let cut = Record { value: record.value.slice(..end), ..record.clone() };
        // The end of the stream may be missing; of its facts nothing may.
        if let Ok(read) = FactBatch::from_record(&cut) {
            assert_eq!(read.to_json(1), batch_of(&ended()).to_json(1));
        }
    }
}

#[test]
fn published_schemas_are_those_in_api_events() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../api/events");
    let hint = "write them with `cargo run -- facts schemas --out api/events`";
    for kind in ALL {
        let path = folder.join(format!("{}.json", kind.name));
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let published: Json = serde_json::from_str(&text).unwrap_or_default();
        assert_eq!(published, kind.published(), "{}: {hint}", path.display());
    }
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, ALL.len(), "{} has schemas of kinds that are gone", folder.display());
}

#[test]
fn facts_in_json_fit_their_published_schemas() {
    let fits = |batch: &FactBatch| {
        let validator = jsonschema::draft202012::new(&batch.kind().published()).unwrap();
        let fact = Json::Object(batch.to_json(0));
        assert_eq!(validator.validate(&fact).map_err(|error| error.to_string()), Ok(()));
        let mut more = fact;
        more["colour"] = json!("red");
        assert!(!validator.is_valid(&more));
    };
    fits(&batch_of(&search()));
    fits(&batch_of(&ended()));
    fits(&batch_of(&call(None)));
    fits(&batch_of(&click()));
    fits(&batch_of(&shown()));
    fits(&batch_of(&timing()));
    fits(&batch_of(&broken()));
    fits(&batch_of(&refused()));
}

#[test]
fn compat_facts_of_every_version_are_read() {
    fn check<F: Fact>(fact: &F) {
        let record = batch_of(fact).to_record(NOW_MS).unwrap();
        let name = format!("facts-{}.arrow", F::KIND.name);
        for (version, bytes) in of_every_version(&name, &record.value) {
            let record = Record { value: bytes.into(), ..record.clone() };
            let read = FactBatch::from_record(&record).unwrap();
            assert_eq!(read.to_json(1), batch_of(fact).to_json(1), "{version}: {name}");
            assert_eq!(read.to_json(0), batch_of(fact).to_json(0), "{version}: {name}");
        }
    }
    check(&search());
    check(&ended());
    check(&call(Some("partner_timeout")));
    check(&click());
    check(&shown());
    check(&timing());
    check(&broken());
    check(&refused());
}

fn any_value(field: &'static Field) -> impl Strategy<Value = Option<Owned>> + use<> {
    let value = match field.holds {
        Holds::Id => any::<u128>().prop_map(Owned::Id).boxed(),
        Holds::Text(most) => {
            let text = any::<String>().prop_map(move |mut text| {
                while text.len() > most {
                    text.pop();
                }
                Owned::Text(text)
            });
            text.boxed()
        }
        Holds::Whole(least, most) => (least..=most).prop_map(Owned::Whole).boxed(),
        Holds::Number => any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(Owned::Number)
            .boxed(),
        Holds::Flag => any::<bool>().prop_map(Owned::Flag).boxed(),
        Holds::Day => (-20_000..300_000).prop_map(|days| Owned::Day(Date::from_days(days))).boxed(),
        Holds::Time => any::<i64>().prop_map(Owned::Time).boxed(),
    };
    match field.needed {
        true => value.prop_map(Some).boxed(),
        false => prop_oneof![value.prop_map(Some), Just(None)].boxed(),
    }
}

#[derive(Clone, Debug)]
pub(super) enum Owned {
    Id(u128),
    Text(String),
    Whole(i64),
    Number(f64),
    Flag(bool),
    Day(Date),
    Time(i64),
}

impl Owned {
    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Self::Id(id) => Value::Id(*id),
            Self::Text(text) => Value::Text(text),
            Self::Whole(number) => Value::Whole(*number),
            Self::Number(number) => Value::Number(*number),
            Self::Flag(flag) => Value::Flag(*flag),
            Self::Day(day) => Value::Day(*day),
            Self::Time(time) => Value::Time(*time),
        }
    }
}

pub(super) type AnyFacts = (&'static Kind, Vec<Vec<Option<Owned>>>);

pub(super) fn any_facts() -> impl Strategy<Value = AnyFacts> {
    (0..ALL.len()).prop_flat_map(|at| {
        let kind = ALL[at];
        let fact: Vec<_> = kind.fields.iter().map(any_value).collect();
        vec(fact, 1..20).prop_map(move |facts| (kind, facts))
    })
}

proptest! {
    #[test]
    fn facts_come_back_from_the_log_and_from_json_as_they_were((kind, facts) in any_facts()) {
        let mut rows = Rows::new(kind);
        for (at, fact) in facts.iter().enumerate() {
            let values: Vec<_> = fact
                .iter()
                .map(|value| value.as_ref().map_or(Value::Absent, Owned::value))
                .collect();
            rows.push_values(stamped(at as u128), &values).unwrap();
        }
        let batch = rows.take(origin());
        let read = FactBatch::from_record(&batch.to_record(NOW_MS).unwrap()).unwrap();
        prop_assert_eq!(&read, &batch);
        let mut again = Rows::new(kind);
        for row in 0..facts.len() {
            again.push_json(stamped(row as u128), &own(&batch.to_json(row), kind)).unwrap();
        }
        prop_assert_eq!(again.take(origin()), batch);
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes in vec(any::<u8>(), 0..400), kind in 0_u32..12) {
        let record = Record::of(bytes, NOW_MS).with_schema(kind << 16 | 1);
        prop_assert!(FactBatch::from_record(&record).is_err());
    }

    #[test]
    fn no_damage_makes_reading_panic(at in 0_usize..4_000, byte in any::<u8>()) {
        let record = batch_of(&click()).to_record(NOW_MS).unwrap();
        let mut bytes = record.value.to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = FactBatch::from_record(&Record { value: bytes.into(), ..record });
    }
}

/// A recorder on a log in memory, which is given too.
pub(super) async fn recording(disk: &Arc<FaultDisk>) -> (Recorder, Arc<FileLog>) {
    let log = FileLog::open_inline(Arc::clone(disk) as _, "log", LogSettings::default()).unwrap();
    let log = Arc::new(log);
    let settings = FactSettings::default();
    let recorder = Recorder::open(Arc::clone(&log) as _, 7, origin(), settings).await.unwrap();
    (recorder, log)
}

/// The facts of a topic.
pub(super) async fn stand_in(log: &FileLog, profile: Profile) -> Vec<Map<String, Json>> {
    let topic = TopicPartition::new(profile.topic(), 0).unwrap();
    let fetched = log.read(&topic, 0, 1 << 20).await.unwrap();
    let records = fetched.batches.iter().flat_map(|batch| batch.records().unwrap());
    let batches = records.map(|record| FactBatch::from_record(&record).unwrap());
    batches
        .flat_map(|batch| (0..batch.len()).map(move |row| batch.to_json(row)).collect::<Vec<_>>())
        .collect()
}

#[tokio::test]
async fn recorded_facts_stand_in_the_topic_of_their_profile_once_they_are_flushed() {
    let (recorder, log) = recording(&Arc::new(FaultDisk::from_seed(1))).await;
    recorder.record(&search(), Some(5));
    recorder.record(&call(None), None);
    recorder.record(&call(Some("partner_timeout")), None);
    assert!(stand_in(&log, Profile::Silver).await.is_empty());
    recorder.flush().await;
    let silver = stand_in(&log, Profile::Silver).await;
    let kinds: Vec<_> = silver.iter().map(|fact| fact["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["search_created", "partner_call", "partner_call"]);
    assert_eq!(silver[0]["visit"], format!("{:032x}", 5));
    let ids: BTreeSet<_> = silver.iter().map(|fact| fact["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 3);
    let written: Vec<u64> = recorder.counts().map(|(_, counts)| counts.written).collect();
    assert_eq!(written, [1, 0, 2, 0, 0, 0, 0, 0]);
}

#[tokio::test]
async fn gold_is_durable_when_it_is_acknowledged() {
    let disk = Arc::new(FaultDisk::from_seed(1));
    let (recorder, log) = recording(&disk).await;
    recorder.record_gold(&click(), Some(1)).await.unwrap();
    drop((recorder, log));
    disk.crash();
    disk.reboot();
    let (_, log) = recording(&disk).await;
    let gold = stand_in(&log, Profile::Gold).await;
    assert_eq!((gold.len(), gold[0]["agent"].as_str()), (1, Some("ba__")));
}

#[tokio::test]
async fn a_log_that_refuses_is_given_the_facts_again_and_what_does_not_fit_is_dropped_and_counted()
{
    let disk = Arc::new(FaultDisk::from_seed(1));
    let log = FileLog::open_inline(Arc::clone(&disk) as _, "log", LogSettings::default()).unwrap();
    let log = Arc::new(log);
    let settings =
        FactSettings { held_bytes: runtime::Limited::literal(65_536), ..FactSettings::default() };
    let recorder = Recorder::open(Arc::clone(&log) as _, 7, origin(), settings).await.unwrap();
    disk.set_read_only(true);
    recorder.record(&search(), None);
    recorder.flush().await;
    for _ in 0..2_000 {
        recorder.record(&call(None), None);
    }
    let dropped: u64 = recorder.counts().map(|(_, counts)| counts.dropped).sum();
    assert!(dropped > 500 && dropped < 2_000, "{dropped}");
    assert!(stand_in(&log, Profile::Silver).await.is_empty());
    disk.set_read_only(false);
    while stand_in(&log, Profile::Silver).await.len() as u64 != 2_001 - dropped {
        recorder.flush().await;
    }
    let written: u64 = recorder.counts().map(|(_, counts)| counts.written).sum();
    assert_eq!(written, 2_001 - dropped);
}
