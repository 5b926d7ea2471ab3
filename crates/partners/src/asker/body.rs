//! Unpacks an answer's body chunk by chunk, within its limit.

use std::io::Write as _;

use bytes::Bytes;
use flate2::write::GzDecoder;

use crate::error::PartnerError;
use crate::protocol::DecodeError;

/// Packed bytes unpacked at once: a thousandfold bomb then gives 4 MiB before it is noticed.
const STEP: usize = 4 << 10;

/// Unpacks and counts.
pub(super) struct Unpack {
    gzip: Option<GzDecoder<Vec<u8>>>,
    bytes: u64,
    bytes_max: u64,
}

impl Unpack {
    pub(super) fn new(gzip: bool, bytes_max: u64) -> Self {
        Self { gzip: gzip.then(|| GzDecoder::new(Vec::new())), bytes: 0, bytes_max }
    }

    /// Bytes of the body so far, unpacked.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Unpacks a chunk; without compression it passes through uncopied.
    pub(super) fn push(&mut self, chunk: Bytes) -> Result<Bytes, PartnerError> {
        let Some(gzip) = &mut self.gzip else {
            self.bytes += chunk.len() as u64;
            return if self.bytes > self.bytes_max { Err(self.too_large()) } else { Ok(chunk) };
        };
        for step in chunk.chunks(STEP) {
            gzip.write_all(step).map_err(|_| damaged())?;
            if self.bytes + gzip.get_ref().len() as u64 > self.bytes_max {
                return Err(self.too_large());
            }
        }
        Ok(self.unpacked())
    }

    /// What is left once no chunk will follow.
    pub(super) fn finish(&mut self) -> Result<Bytes, PartnerError> {
        if let Some(gzip) = &mut self.gzip {
            gzip.try_finish().map_err(|_| damaged())?;
        }
        let rest = self.unpacked();
        if self.bytes > self.bytes_max { Err(self.too_large()) } else { Ok(rest) }
    }

    fn unpacked(&mut self) -> Bytes {
        let unpacked = self.gzip.as_mut().map(|gzip| std::mem::take(gzip.get_mut()));
        let unpacked = unpacked.unwrap_or_default();
        self.bytes += unpacked.len() as u64;
        Bytes::from(unpacked)
    }

    const fn too_large(&self) -> PartnerError {
        PartnerError::TooLarge { bytes_max: self.bytes_max }
    }
}

const fn damaged() -> PartnerError {
    PartnerError::Unreadable { cause: DecodeError::NotGzip }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn pack(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(packed: &[u8], chunk: usize, max: u64) -> Result<Vec<u8>, PartnerError> {
        let mut unpack = Unpack::new(true, max);
        let mut out = Vec::new();
        for chunk in packed.chunks(chunk) {
            out.extend_from_slice(&unpack.push(Bytes::copy_from_slice(chunk))?);
        }
        out.extend_from_slice(&unpack.finish()?);
        Ok(out)
    }

    #[test]
    fn a_packed_body_unpacks_whatever_its_chunks() {
        let plain: Vec<u8> = (0..100_000_u32).flat_map(|n| (n % 1_000).to_le_bytes()).collect();
        for chunk in [1, 7, 4_096, usize::MAX] {
            assert_eq!(unpack(&pack(&plain), chunk, 1 << 20).unwrap(), plain);
        }
    }

    #[test]
    fn a_bomb_is_stopped_at_the_limit_and_damage_is_noticed() {
        let bomb = pack(&vec![0; 64 << 20]);
        let stopped = unpack(&bomb, usize::MAX, 1 << 20);
        assert!(matches!(stopped, Err(PartnerError::TooLarge { .. })));
        let mut damaged = pack(b"some text that is long enough to matter");
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0xFF;
        let read = unpack(&damaged, 10, 1 << 20);
        assert!(matches!(read, Err(PartnerError::Unreadable { .. })));
        let cut = &pack(&vec![7; 10_000])[..12];
        assert!(unpack(cut, 10, 1 << 20).is_err());
    }
}
