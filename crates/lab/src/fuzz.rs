//! Mutates the committed corpora and feeds them to every decoder of outside bytes.
//!
//! A target must return for any bytes: no panic, no hang. The corpus is grown by what a target
//! accepts, so mutation starts from ever more varied valid documents. A failing input is written to
//! `target/fuzz/` with its seed. Coverage-guided fuzzing needs a nightly compiler; this runs on the
//! pinned one, and the same targets can be driven by libFuzzer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use runtime::Random;

/// Longest input tried.
const INPUT_BYTES_MAX: usize = 64 << 10;
/// Longest time one input may take before it counts as a hang.
const INPUT_TIME_MAX: Duration = Duration::from_secs(2);
/// Inputs kept per target.
const CORPUS_MAX: usize = 400;

/// A decoder and the folder of its corpus.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) corpus: &'static str,
    pub(crate) decode: fn(&[u8]),
}

/// Runs all targets for `seconds` in all.
pub(crate) fn run(targets: &[Target], seconds: u64, seed: u64) -> Result<()> {
    say!("fuzz: {} targets, {seconds} s in all, seed {seed}", targets.len());
    let each = Duration::from_secs_f64(seconds as f64 / targets.len() as f64);
    std::panic::set_hook(Box::new(|_| ()));
    let outcome: Result<Vec<u64>> =
        targets.iter().map(|target| fuzz_one(target, each, seed)).collect();
    let _ = std::panic::take_hook();
    for (target, inputs) in targets.iter().zip(outcome?) {
        say!("fuzz: {:<24} {inputs:>9} inputs, none failed", target.name);
    }
    Ok(())
}

fn fuzz_one(target: &Target, time: Duration, seed: u64) -> Result<u64> {
    let mut corpus = read_corpus(Path::new(target.corpus))?;
    let committed = corpus.len();
    let mut random = Random::from_seed(seed ^ xxhash(target.name));
    let started = Instant::now();
    let mut inputs = 0;
    while started.elapsed() < time {
        let input = mutate(&corpus, &mut random);
        let began = Instant::now();
        if catch_unwind(AssertUnwindSafe(|| (target.decode)(&input))).is_err() {
            bail!("{} panicked: {}", target.name, keep(target, &input)?);
        }
        if began.elapsed() > INPUT_TIME_MAX {
            bail!("{} took {:?}: {}", target.name, began.elapsed(), keep(target, &input)?);
        }
        inputs += 1;
        if inputs % 64 == 0 {
            if corpus.len() < CORPUS_MAX {
                corpus.push(input);
            } else {
                let slot = committed + random.below((CORPUS_MAX - committed) as u64) as usize;
                corpus[slot] = input;
            }
        }
    }
    Ok(inputs)
}

fn xxhash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn read_corpus(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let entries = std::fs::read_dir(folder).with_context(|| {
        format!("the corpus {} is missing: run from the project's root", folder.display())
    })?;
    let mut paths: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    paths.sort();
    let corpus: Vec<Vec<u8>> = paths.iter().map(std::fs::read).collect::<Result<_, _>>()?;
    if corpus.is_empty() || corpus.len() >= CORPUS_MAX {
        bail!("the corpus {} must hold 1 to {} files", folder.display(), CORPUS_MAX - 1);
    }
    Ok(corpus)
}

fn keep(target: &Target, input: &[u8]) -> Result<String> {
    let folder = Path::new("target/fuzz");
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("{}-{:x}", target.name, input.len()));
    std::fs::write(&path, input)?;
    Ok(format!("the input is in {}", path.display()))
}

/// One to eight random changes to a random document.
fn mutate(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut pick = |corpus: &[Vec<u8>]| corpus[random.below(corpus.len() as u64) as usize].clone();
    let (mut input, other) = (pick(corpus), pick(corpus));
    for _ in 0..=random.below(8) {
        change(&mut input, &other, random);
    }
    input.truncate(INPUT_BYTES_MAX);
    input
}

/// Bytes that mean something to our formats.
const TOKENS: [&[u8]; 18] = [
    b"null",
    b"-1",
    b"1e309",
    b"\"\"",
    b"[]",
    b"{}",
    b"9999999999999999999",
    b"\\u0000",
    b"\xff",
    b"\"EDI\"",
    b"\"2027-02-30\"",
    b"true",
    b",",
    b"}",
    b"]",
    b"\n",
    b"[[[[[[[[[[[[[[[[",
    b"\"0.1.2\"",
];

fn change(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let length = input.len() as u64;
    let at = random.below(length + 1) as usize;
    let span = random.below(64) as usize;
    match random.below(8) {
        0 if at < input.len() => input[at] ^= 1 << random.below(8),
        1 if at < input.len() => input[at] = random.bits() as u8,
        2 => drop(input.drain(at..(at + span).min(input.len()))),
        3 => {
            let token = TOKENS[random.below(TOKENS.len() as u64) as usize];
            input.splice(at..at, token.iter().copied());
        }
        4 => input.truncate(at),
        5 => {
            let copy: Vec<u8> = input[at..(at + span).min(input.len())].to_vec();
            let to = random.below(input.len() as u64 + 1) as usize;
            input.splice(to..to, copy);
        }
        6 if !other.is_empty() => {
            let from = random.below(other.len() as u64) as usize;
            let piece = &other[from..(from + 4 * span).min(other.len())];
            input.splice(at..at, piece.iter().copied());
        }
        _ => {
            // A number becomes another number.
            let digit = input.iter().skip(at).position(u8::is_ascii_digit);
            if let Some(found) = digit {
                input[at + found] = b'0' + random.below(10) as u8;
            }
        }
    }
}
