//! Snapshot bytes: a mark with a version, numbers in little-endian order, a checksum at the end.
//!
//! A reader believes nothing: no count makes it allocate, and what is not whole or not sound is
//! refused with [`SnapshotError`].

use std::io::{self, BufReader, Read, Write};

use domain::{AgentId, AirportCode, CountryCode};
use thiserror::Error;
use xxhash_rust::xxh3::Xxh3;

/// Why bytes are not a snapshot that can be restored.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// Reading or writing failed.
    #[error("reading or writing failed")]
    Io(#[source] io::Error),
    /// The bytes end before the snapshot does.
    #[error("the snapshot is cut short")]
    CutShort,
    /// The bytes start as no snapshot of this kind does.
    #[error("not a snapshot of this kind")]
    NotASnapshot,
    /// The snapshot is of a version that this program does not read.
    #[error("snapshot version {0} is not known")]
    Version(u8),
    /// Something in it cannot be.
    #[error("the snapshot is damaged: {0}")]
    Damaged(&'static str),
}

impl From<io::Error> for SnapshotError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::CutShort } else { Self::Io(error) }
    }
}

/// Seven letters that name the kind; the version follows them.
pub(crate) type Kind = [u8; 7];

pub(crate) struct SnapshotWriter<W> {
    out: W,
    hash: Xxh3,
}

impl<W: Write> SnapshotWriter<W> {
    pub(crate) fn new(out: W, kind: Kind, version: u8) -> io::Result<Self> {
        let mut writer = Self { out, hash: Xxh3::new() };
        writer.write(&kind)?;
        writer.write(&[version])?;
        Ok(writer)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.out.write_all(bytes)
    }

    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.out.write_all(&self.hash.digest().to_le_bytes())?;
        self.out.flush()
    }
}

pub(crate) struct SnapshotReader<R> {
    from: BufReader<R>,
    hash: Xxh3,
    buffer: Vec<u8>,
}

impl<R: Read> SnapshotReader<R> {
    pub(crate) fn new(from: R, kind: Kind, version: u8) -> Result<Self, SnapshotError> {
        let mut reader = Self {
            from: BufReader::with_capacity(1 << 16, from),
            hash: Xxh3::new(),
            buffer: Vec::new(),
        };
        if reader.array()? != kind {
            return Err(SnapshotError::NotASnapshot);
        }
        let [found] = reader.array()?;
        if found == version { Ok(reader) } else { Err(SnapshotError::Version(found)) }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes)?;
        self.hash.update(&bytes);
        Ok(bytes)
    }

    /// So many bytes, valid until the next call. Memory for them is claimed as they come.
    pub(crate) fn bytes(&mut self, count: usize) -> Result<&[u8], SnapshotError> {
        self.buffer.clear();
        let read = (&mut self.from).take(count as u64).read_to_end(&mut self.buffer)?;
        if read < count {
            return Err(SnapshotError::CutShort);
        }
        self.hash.update(&self.buffer);
        Ok(&self.buffer)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, SnapshotError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, SnapshotError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, SnapshotError> {
        self.array().map(u64::from_le_bytes)
    }

    /// A market and two airports.
    pub(crate) fn route(
        &mut self,
    ) -> Result<(CountryCode, AirportCode, AirportCode), SnapshotError> {
        let (market, origin, destination) = (self.u16()?, self.u16()?, self.u16()?);
        CountryCode::from_packed(market)
            .zip(AirportCode::from_packed(origin))
            .zip(AirportCode::from_packed(destination))
            .map(|((market, origin), destination)| (market, origin, destination))
            .ok_or(SnapshotError::Damaged("a route's codes"))
    }

    /// Compares the checksum with what was read.
    pub(crate) fn finish(mut self) -> Result<(), SnapshotError> {
        let expected = self.hash.digest();
        if self.u64()? == expected { Ok(()) } else { Err(SnapshotError::Damaged("the checksum")) }
    }
}

/// A seller from its packed number.
pub(crate) fn agent_from_packed(packed: u64) -> Option<AgentId> {
    let bytes = packed.to_be_bytes();
    let length = bytes.iter().position(|&byte| byte == 0).unwrap_or(8);
    AgentId::from_bytes(&bytes[..length]).ok().filter(|agent| agent.packed() == packed)
}
