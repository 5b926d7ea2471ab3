//! Changed bytes through every reader, from the committed corpus.

use std::path::Path;

use runtime::Random;

use super::*;
use crate::log::Stamp;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/segment");
const LINES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/lines");
const ANSWERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/answer");

/// Segments that are good, each of another kind.
fn segments() -> Vec<(&'static str, Vec<u8>)> {
    let batch = |from: u64, records: usize, stamp: Option<Stamp>, compression| {
        let record = |n: usize| {
            Record { key: Some("key".into()), ..Record::of(vec![n as u8; 40], n as i64) }
                .with_schema(n as u32)
        };
        let records = (0..records).map(record).collect();
        let mut bytes = Batch { records, stamp, compression }.encode().unwrap();
        crate::log::batch::set_base_offset(&mut bytes, from);
        bytes
    };
    let stamp = |sequence| Stamp::new(5, 1, sequence);
    let plain: Vec<u8> =
        (0..6).flat_map(|n| batch(n, 1, stamp(n as u32), Compression::None)).collect();
    let packed: Vec<u8> = (0..3).flat_map(|n| batch(n * 20, 20, None, Compression::Lz4)).collect();
    let mut torn = plain.clone();
    torn.truncate(plain.len() - 30);
    let mut holed = plain.clone();
    holed[200..260].fill(0);
    vec![
        ("plain", plain),
        ("packed", packed),
        ("torn", torn),
        ("holed", holed),
        ("empty", Vec::new()),
    ]
}

/// What readers of those segments are answered.
fn answers() -> Vec<(String, Vec<u8>)> {
    let of = TopicPartition::new("prices", 0).unwrap();
    let mut answers = Vec::new();
    for (name, bytes) in segments() {
        let disk = Arc::new(FaultDisk::from_seed(0));
        disk.put("log/prices-0/00000000000000000000.log", &bytes);
        let log = FileLog::open_inline(disk, "log", LogSettings::default()).unwrap();
        answers.push((name.to_owned(), wire::encode(&log.read_now(&of, 0, 1 << 16))));
        answers.push((format!("{name}-beyond"), wire::encode(&log.read_now(&of, 999, 1))));
    }
    answers
}

fn corpus(folder: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// With `FAREWAY_WRITE_CORPUS` in the environment at build time it is written anew.
#[test]
fn the_committed_corpus_is_what_the_encoder_writes() {
    let segments =
        segments().into_iter().map(|(name, bytes)| (CORPUS, format!("{name}.log"), bytes));
    let answers =
        answers().into_iter().map(|(name, bytes)| (ANSWERS, format!("{name}.bin"), bytes));
    for (folder, name, bytes) in segments.chain(answers) {
        let path = Path::new(folder).join(&name);
        if option_env!("FAREWAY_WRITE_CORPUS").is_some() {
            std::fs::write(&path, &bytes).unwrap();
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{name}");
    }
}

fn changed(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = corpus[random.below(corpus.len() as u64) as usize].clone();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() as u64 + 1) as usize;
        let span = random.below(90) as usize;
        let end = (at + span).min(bytes.len());
        match random.below(6) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            2 => bytes.truncate(at),
            3 => bytes[at..end].fill(random.bits() as u8),
            4 => drop(bytes.drain(at..end)),
            _ => {
                let copy = bytes[at..end].to_vec();
                let to = random.below(bytes.len() as u64 + 1) as usize;
                bytes.splice(to..to, copy);
            }
        }
    }
    bytes
}

#[test]
fn no_bytes_of_a_segment_or_batch_harm_a_reader() {
    let corpus = corpus(CORPUS);
    let mut random = Random::from_seed(11);
    corpus.iter().for_each(|bytes| segment(bytes));
    for _ in 0..20_000 {
        let bytes = changed(&corpus, &mut random);
        batch(&bytes);
        segment(&bytes);
        followed(&bytes);
    }
}

#[test]
fn no_line_of_a_fact_is_read_otherwise_by_the_quick_reader() {
    let corpus = corpus(LINES);
    let mut random = Random::from_seed(13);
    corpus.iter().for_each(|bytes| fact_lines(bytes));
    for _ in 0..20_000 {
        fact_lines(&changed(&corpus, &mut random));
    }
}

#[test]
fn no_bytes_of_an_answer_harm_a_reader() {
    let corpus = corpus(ANSWERS);
    let mut random = Random::from_seed(12);
    corpus.iter().for_each(|bytes| answer(bytes));
    for _ in 0..20_000 {
        answer(&changed(&corpus, &mut random));
    }
}
