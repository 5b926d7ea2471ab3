//! Where one frame ends and the next begins (RFC 6455, section 5.2), so that a frame of ours can be put
//! between two of others. What is in them is not looked at.

/// Longest header of a frame: two bytes, eight of length, four of the mask.
const HEADER_BYTES_MAX: usize = 14;
/// Opcode of a frame that says there will be no more.
const CLOSE: u8 = 8;
/// "The server is going down" is the nearest that there is to "this way is closed": clients connect anew.
const GOING_AWAY: [u8; 2] = 1_001_u16.to_be_bytes();

/// Follows the frames of one direction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frames {
    header: [u8; HEADER_BYTES_MAX],
    /// Bytes of the header that are there.
    have: usize,
    /// Bytes of the frame that are missing after its header.
    left: u64,
    closed: bool,
}

impl Frames {
    /// These bytes have passed.
    pub(super) fn on_bytes(&mut self, mut bytes: &[u8]) {
        loop {
            let skipped = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            self.left -= skipped as u64;
            let Some((&first, rest)) = bytes[skipped..].split_first() else { return };
            self.header[self.have] = first;
            self.have += 1;
            bytes = rest;
            if self.have == header_bytes(&self.header[..self.have]) {
                self.closed |= self.header[0] & 0x0f == CLOSE;
                self.left = payload_bytes(&self.header);
                self.have = 0;
            }
        }
    }

    /// Whether the last frame has passed whole.
    pub(super) const fn is_between(&self) -> bool {
        self.have == 0 && self.left == 0
    }

    /// Whether a frame said that it is the last.
    pub(super) const fn is_closed(&self) -> bool {
        self.closed
    }
}

/// Bytes of a header that begins so; the least it has while that is not known.
fn header_bytes(begins: &[u8]) -> usize {
    let Some(second) = begins.get(1) else { return 2 };
    let length = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    2 + length + mask
}

fn payload_bytes(header: &[u8; HEADER_BYTES_MAX]) -> u64 {
    let [_, second, a, b, c, d, e, f, g, h, ..] = *header;
    match second & 0x7f {
        126 => u16::from_be_bytes([a, b]).into(),
        127 => u64::from_be_bytes([a, b, c, d, e, f, g, h]),
        small => small.into(),
    }
}

/// The frame by which a server says that it is going away.
pub(super) fn close_to_client() -> Vec<u8> {
    let [a, b] = GOING_AWAY;
    vec![0x80 | CLOSE, 2, a, b]
}

/// The same of a client, whose frames are masked.
pub(super) fn close_to_server(mask: [u8; 4]) -> Vec<u8> {
    let ([a, b], [m, n, o, p]) = (GOING_AWAY, mask);
    vec![0x80 | CLOSE, 0x80 | 2, m, n, o, p, a ^ m, b ^ n]
}

#[cfg(test)]
mod tests;
