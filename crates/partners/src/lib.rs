//! Asking partners: one contract, one module per protocol.
//!
//! ```text
//! config/partners/*.toml ─▶ Registry ─▶ PartnerSet of Arc<dyn Partner>
//! Question ─▶ Partner::ask ─▶ protocol::request ─▶ Asker (sockets) ─▶ protocol::decode ─▶ Answer parts
//! ```
//!
//! Decoders and requests are pure (bytes in, columns out); only [`asker`] owns sockets and only
//! [`registry`] reads files. Start reading at [`contract`], then [`protocol`].

pub mod asker;
pub mod check;
pub mod contract;
pub mod coverage;
pub mod error;
pub mod fuzz;
pub mod link;
pub mod protocol;
pub mod registry;
pub mod settings;

pub use asker::{Asker, AskerParts, AskerSettings, Connections};
pub use check::{CheckReport, check};
pub use contract::{AnswerSink, AskFuture, Asked, Ended, Partner};
pub use coverage::{Coverage, NotCovered};
pub use error::{CannotAsk, PartnerError};
pub use protocol::{Decimals, DecodeContext, DecodeError, Decoded, Reason, Unread, UnreadOffer};
pub use registry::{PartnerSet, Registry};
pub use settings::{
    AgentKind, AgentSettings, Credentials, FileError, FreshnessOverrides, PartnerSettings,
    ProtocolKind,
};
