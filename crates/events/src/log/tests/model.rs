//! Any course of events against a plain model.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Event {
    /// Partition, writer, epoch, sequence, size of the value.
    Append(u32, u64, u16, u32, usize),
    /// The same without a stamp.
    AppendPlain(u32, usize),
    Reopen,
    Crash,
    Read(u32, u64, usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0..2_u32, 0..3_u64, 0..3_u16, 0..20_u32, 0..900_usize)
            .prop_map(|(to, writer, epoch, sequence, size)| {
                Event::Append(to, writer, epoch, sequence, size)
            }),
        2 => (0..2_u32, 0..900_usize).prop_map(|(to, size)| Event::AppendPlain(to, size)),
        1 => Just(Event::Reopen),
        1 => Just(Event::Crash),
        3 => (0..2_u32, 0..60_u64, 0..5_000_usize)
            .prop_map(|(from, offset, size)| Event::Read(from, offset, size)),
    ]
}

#[derive(Default)]
struct Model {
    values: BTreeMap<u32, Vec<Vec<u8>>>,
    stamps: BTreeMap<(u32, u64), (u16, BTreeMap<u32, u64>)>,
}

impl Model {
    fn append(
        &mut self,
        to: u32,
        stamp: Option<Stamp>,
        value: &[u8],
    ) -> Result<Appended, LogError> {
        let values = self.values.entry(to).or_default();
        let offset = values.len() as u64;
        if let Some(stamp) = stamp {
            let (epoch, seen) = self.stamps.entry((to, stamp.writer())).or_default();
            if stamp.epoch() < *epoch {
                return Err(LogError::Fenced { writer: stamp.writer(), epoch: *epoch });
            }
            if stamp.epoch() > *epoch {
                *epoch = stamp.epoch();
                seen.clear();
            }
            if let Some(&at) = seen.get(&stamp.sequence()) {
                return Ok(Appended { offsets: at..at + 1, repeated: true });
            }
            seen.insert(stamp.sequence(), offset);
        }
        values.push(value.to_vec());
        Ok(Appended { offsets: offset..offset + 1, repeated: false })
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_log_is_a_list_that_takes_each_stamp_once(
        events in prop::collection::vec(event(), 1..80),
        seed in any::<u64>(),
    ) {
        let disk = Arc::new(FaultDisk::from_seed(seed));
        let open = || FileLog::open_inline(disk.clone(), "log", small()).unwrap();
        let of = |number| TopicPartition::new("prices", number).unwrap();
        let mut log = Some(open());
        let mut model = Model::default();
        for (number, event) in events.iter().enumerate() {
            let at = log.as_ref().unwrap();
            match *event {
                Event::Append(to, writer, epoch, sequence, size) => {
                    let value = vec![number as u8; size];
                    let stamp = Stamp::new(writer, epoch, sequence);
                    let batch = Batch { stamp, ..Batch::one(Record::of(value.clone(), 0)) };
                    let outcome = at.append_now(&of(to), &batch).wait();
                    prop_assert_eq!(outcome, model.append(to, stamp, &value));
                }
                Event::AppendPlain(to, size) => {
                    let value = vec![number as u8; size];
                    let batch = Batch::one(Record::of(value.clone(), 0));
                    let outcome = at.append_now(&of(to), &batch).wait();
                    prop_assert_eq!(outcome, model.append(to, None, &value));
                }
                Event::Reopen | Event::Crash => {
                    if matches!(event, Event::Crash) {
                        disk.crash();
                    }
                    drop(log.take());
                    if matches!(event, Event::Crash) {
                        disk.reboot();
                    }
                    log = Some(open());
                }
                Event::Read(from, offset, size) => {
                    let values = model.values.get(&from).map_or(&[][..], Vec::as_slice);
                    match at.read_now(&of(from), offset, size) {
                        Ok(fetched) => {
                            let end = fetched.next as usize;
                            prop_assert!(end > offset as usize || end == values.len());
                            prop_assert_eq!(fetched.batches.len(), end - offset as usize);
                            for (batch, value) in fetched.batches.iter().zip(&values[offset as usize..]) {
                                prop_assert_eq!(&batch.records().unwrap()[0].value, value);
                            }
                        }
                        Err(error) => {
                            prop_assert!(offset as usize > values.len());
                            prop_assert_eq!(error, LogError::Beyond { end: values.len() as u64 });
                        }
                    }
                }
            }
        }
    }
}
