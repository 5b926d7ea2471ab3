//! Our batches against another implementation's, and against themselves.

use bytes::{Bytes, BytesMut};
use kafka_protocol::protocol::StrBytes;
use kafka_protocol::records::{
    Compression as KafkaCompression, Record as KafkaRecord, RecordBatchDecoder, RecordBatchEncoder,
    RecordEncodeOptions, TimestampType,
};
use proptest::prelude::*;

use super::*;

fn kafka_record(record: &Record, index: usize, stamp: Option<Stamp>) -> KafkaRecord {
    let headers = record
        .headers
        .iter()
        .map(|header| (StrBytes::from_string(header.name.clone()), Some(header.value.clone())));
    KafkaRecord {
        transactional: false,
        control: false,
        delete_horizon: false,
        partition_leader_epoch: 0,
        producer_id: stamp.map_or(-1, |stamp| stamp.writer),
        producer_epoch: stamp.map_or(-1, |stamp| stamp.epoch),
        timestamp_type: TimestampType::Creation,
        offset: index as i64,
        // The other encoder counts a sequence per record.
        sequence: stamp.map_or(-1, |stamp| stamp.sequence).wrapping_add(index as i32),
        timestamp: record.at_ms,
        key: record.key.clone(),
        value: Some(record.value.clone()),
        headers: headers.collect(),
    }
}

fn kafka_bytes(batch: &Batch) -> Vec<u8> {
    let records: Vec<KafkaRecord> = batch
        .records
        .iter()
        .enumerate()
        .map(|(index, record)| kafka_record(record, index, batch.stamp))
        .collect();
    let options = RecordEncodeOptions { version: 2, compression: KafkaCompression::None };
    let mut bytes = BytesMut::new();
    RecordBatchEncoder::encode(&mut bytes, &records, &options).unwrap();
    bytes.to_vec()
}

fn record() -> impl Strategy<Value = Record> {
    let blob = |size| prop::collection::vec(any::<u8>(), 0..size).prop_map(Bytes::from);
    let header = ("[a-z]{1,9}", blob(20)).prop_map(|(name, value)| Header { name, value });
    // Distinct names: the other implementation keeps headers in a map.
    let headers = prop::collection::vec(header, 0..4).prop_map(|mut headers| {
        headers.sort_by(|a, b| a.name.cmp(&b.name));
        headers.dedup_by(|a, b| a.name == b.name);
        headers
    });
    (0..1_000_i64, prop::option::of(blob(20)), blob(300), headers)
        .prop_map(|(at_ms, key, value, headers)| Record { at_ms, key, value, headers })
}

fn batch() -> impl Strategy<Value = Batch> {
    let stamp = prop::option::of((any::<u64>(), any::<u16>(), 0..u32::MAX / 4).prop_map(
        |(writer, epoch, sequence)| Stamp::new(writer >> 1, epoch >> 1, sequence).unwrap(),
    ));
    (prop::collection::vec(record(), 1..12), stamp).prop_map(|(mut records, stamp)| {
        // Time moves forward within a batch: then both take the first as the base.
        records.sort_by_key(|record| record.at_ms);
        Batch { records, stamp, compression: Compression::None }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn our_bytes_are_those_of_another_implementation(batch in batch()) {
        prop_assert_eq!(batch.encode().unwrap(), kafka_bytes(&batch));
    }

    #[test]
    fn a_batch_reads_back_as_itself_packed_or_not(batch in batch(), lz4 in any::<bool>()) {
        let compression = if lz4 { Compression::Lz4 } else { Compression::None };
        let batch = Batch { compression, ..batch };
        let bytes = Bytes::from(batch.encode().unwrap());
        let head = BatchHead::verify(&bytes).unwrap();
        prop_assert_eq!(head.bytes, bytes.len());
        prop_assert_eq!(head.stamp, batch.stamp);
        prop_assert_eq!(head.count as usize, batch.records.len());
        prop_assert_eq!(Some(head.max_ms), batch.records.iter().map(|record| record.at_ms).max());
        prop_assert_eq!(decode_records(&bytes).unwrap(), batch.records);
    }

    #[test]
    fn any_flipped_bit_after_the_offset_is_noticed(batch in batch(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let mut bytes = batch.encode().unwrap();
        let at = 8 + at.index(bytes.len() - 8);
        bytes[at] ^= 1 << bit;
        prop_assert!(BatchHead::verify(&bytes).is_err());
    }
}

#[test]
fn the_other_implementation_reads_our_packed_batches() {
    let records: Vec<Record> =
        (0..50).map(|at_ms| Record::of(vec![b'x'; 5_000], at_ms).with_schema(9)).collect();
    let batch = Batch { records, compression: Compression::Lz4, ..Batch::default() };
    let mut bytes = Bytes::from(batch.encode().unwrap());
    assert!(bytes.len() < 5_000, "{} bytes", bytes.len());
    // Its own LZ4 is C and not built in: the frame format is read by ours.
    let unpack = |packed: &mut Bytes, compression: KafkaCompression| {
        assert_eq!(compression, KafkaCompression::Lz4);
        let mut plain = Vec::new();
        let mut decoder = lz4_flex::frame::FrameDecoder::new(packed.as_ref());
        std::io::Read::read_to_end(&mut decoder, &mut plain)?;
        Ok(Bytes::from(plain))
    };
    let set = RecordBatchDecoder::decode_with_custom_compression(&mut bytes, Some(unpack)).unwrap();
    assert_eq!(set.records.len(), 50);
    assert_eq!(set.records[49].timestamp, 49);
    assert_eq!(set.records[7].value.as_ref().unwrap().len(), 5_000);
}

#[test]
fn a_known_batch_has_known_bytes() {
    let stamp = Stamp::new(7, 1, 42).unwrap();
    let bytes = Batch::one(Record::of("hi", 1_000)).stamped(stamp).encode().unwrap();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        "00000000000000000000003a0000000002d6223d4400000000000000000000000003e8\
         00000000000003e8000000000000000700010000002a00000001100000000104686900"
    );
}

#[test]
fn what_cannot_be_a_batch_is_refused_by_name() {
    assert_eq!(Batch::default().encode(), Err(BatchError::Empty));
    let many = Record {
        headers: vec![Header { name: "a".into(), value: Bytes::new() }; HEADERS_MAX + 1],
        ..Record::default()
    };
    assert_eq!(Batch::one(many).encode(), Err(BatchError::TooMany));
    let long = Batch::one(Record::of(vec![0; BATCH_BYTES_MAX], 0));
    assert_eq!(long.encode(), Err(BatchError::TooLarge));
    let good = Batch::one(Record::of("hi", 0)).encode().unwrap();
    assert_eq!(BatchHead::verify(&good[..60]), Err(BatchError::CutShort));
    assert_eq!(BatchHead::verify(&good[..good.len() - 1]), Err(BatchError::CutShort));
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        BatchHead::verify(&bytes)
    };
    assert_eq!(with(16, 1), Err(BatchError::Head("magic")));
    assert_eq!(with(15, 1), Err(BatchError::Head("leader epoch")));
    assert_eq!(with(22, 4), Err(BatchError::Compression(4)));
    assert_eq!(with(22, 0x10), Err(BatchError::Head("attributes")));
    assert_eq!(with(8, 0x7f), Err(BatchError::TooLarge));
    assert_eq!(with(66, 9), Err(BatchError::Checksum));
}

#[test]
fn stamps_follow_each_other_into_the_next_epoch() {
    let stamp = Stamp::new(1, 2, 3).unwrap();
    assert_eq!(stamp.next(), Stamp::new(1, 2, 4));
    let last = Stamp::new(1, 2, i32::MAX as u32).unwrap();
    assert_eq!(last.next(), Stamp::new(1, 3, 0));
    assert_eq!(Stamp::new(1, 1 << 15, 0), None);
    assert_eq!(Stamp::new(1, i16::MAX as u16, i32::MAX as u32).unwrap().next(), None);
}
