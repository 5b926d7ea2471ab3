use super::super::batch::set_base_offset;
use super::super::{Batch, Record};
use super::*;

fn stored(base: u64, texts: &[&str]) -> StoredBatch {
    let records = texts.iter().map(|text| Record::of((*text).to_owned(), 7)).collect();
    let mut bytes = Batch { records, ..Batch::default() }.encode().unwrap();
    set_base_offset(&mut bytes, base);
    StoredBatch::new(BatchHead::verify(&bytes).unwrap(), bytes.into())
}

fn fetched() -> Fetched {
    Fetched { batches: vec![stored(5, &["a", "b"]), stored(9, &["c"])], next: 12 }
}

fn lost() -> Lost {
    Lost { offsets: 3..9, file: "prices-0/00000000000000000000.log".to_owned(), bytes: 80..400 }
}

#[test]
fn every_answer_to_a_reader_comes_back_as_it_was() {
    let answers = [
        Ok(fetched()),
        Ok(Fetched { batches: Vec::new(), next: 12 }),
        Err(LogError::Gone { start: 40 }),
        Err(LogError::Beyond { end: 3 }),
        Err(LogError::Lost(lost())),
        Err(LogError::Unreadable("no such device".to_owned())),
    ];
    for answer in answers {
        assert_eq!(decode(&encode(&answer).into()), Ok(answer));
    }
    let closed = decode(&encode(&Err(LogError::Closed)).into()).unwrap();
    assert_eq!(closed, Err(LogError::Unreadable("the log is closed".to_owned())));
    let long = Err(LogError::Unreadable("ü".repeat(2_000)));
    let cut = decode(&encode(&long).into()).unwrap();
    assert_eq!(cut, Err(LogError::Unreadable("ü".repeat(512))));
}

#[test]
fn no_changed_byte_of_a_batch_and_no_other_length_passes() {
    let bytes = encode(&Ok(fetched()));
    for at in HEAD..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        match decode(&changed.into()) {
            Err(_) => {}
            // Where a batch stands in the log is outside of its checksum, as on disk.
            Ok(Ok(read)) => {
                assert_ne!(read, fetched(), "byte {at}");
                for (read, sent) in read.batches.iter().zip(fetched().batches) {
                    assert_eq!(read.records(), sent.records(), "byte {at}");
                }
            }
            other => panic!("byte {at}: {other:?}"),
        }
    }
    for end in 0..bytes.len() {
        assert!(decode(&Bytes::copy_from_slice(&bytes[..end])).is_err(), "cut at {end}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(decode(&longer.into()), Err(WireError::Length));
}

#[test]
fn what_cannot_be_is_refused_before_memory_is_claimed() {
    let frame = |kind: u8, one: u64, other: u64, rest: &[u8]| {
        let head = [MAGIC.as_slice(), &[kind], &one.to_be_bytes(), &other.to_be_bytes(), rest];
        decode(&head.concat().into())
    };
    assert_eq!(frame(0, 9, u64::MAX, b""), Err(WireError::Length));
    assert_eq!(frame(9, 0, 0, b""), Err(WireError::Kind));
    assert_eq!(frame(1, 0, 0, b"more"), Err(WireError::Length));
    assert_eq!(frame(3, 9, 3, &[0; 16]), Err(WireError::Order));
    assert_eq!(frame(4, 0, 0, &[b'x'; 1_025]), Err(WireError::Length));
    assert_eq!(
        decode(&Bytes::from_static(b"HTTP/1.1 200 OK\r\n\r\n and so on")),
        Err(WireError::Kind)
    );
    let two = [stored(5, &["a", "b"]), stored(6, &["c"])];
    let bodies = two.iter().map(|batch| batch.bytes().to_vec()).collect::<Vec<_>>().concat();
    assert_eq!(frame(0, 9, 2, &bodies), Err(WireError::Order), "they overlap");
    assert_eq!(frame(0, 6, 1, two[0].bytes()), Err(WireError::Order), "next lies within");
}
