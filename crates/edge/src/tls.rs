//! TLS at a door: whose certificate is shown, how handshakes are limited, how files are taken up anew.
//!
//! ```text
//! files ─▶ identity: read, checked ─▶ shown: in use, swapped while running ─▶ handshakes
//! issue: certificates of our own, for development and between edge and cells
//! ```
//!
//! A pair of files that is not good is never used: at the start it is refused with the file and what is
//! wrong, later the one in use stays. Versions 1.2 and 1.3, ALPN `h2` and `http/1.1`. Limits: bytes of a
//! file, time for a handshake, handshakes under way.

mod connector;
mod handshake;
mod identity;
pub mod issue;
mod mutual;
mod pinned;
mod settings;
mod shown;

pub use connector::{Connector, Spoken};
pub use handshake::{Handshakes, Setup};
pub use identity::{FileError, Files, Identity, Wrong};
pub use mutual::Mutual;
pub use pinned::trusting_only;
pub use settings::{MutualSettings, TlsSettings};
pub use shown::{Shown, TlsStatus};
