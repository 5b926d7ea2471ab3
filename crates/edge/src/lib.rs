//! The thin front door: takes HTTP/1.1 and HTTP/2, forwards each request to the cell it belongs to.
//!
//! ```text
//! request ─▶ door: limits ─ headers ─▶ kept answer? ─▶ whose work is it? ─▶ cell ─▶ response, streamed
//!                                        │ kept work: its cell, or its new home
//!                                        │ new work: key ─▶ bucket ─▶ table, of an API key's few cells
//! control plane ─▶ follow: signed topology ─▶ ways        probe: is each cell there?
//! ```
//!
//! It knows no domain: what a request is about is told by functions it is given ([`Rules`]). Policy (who
//! is chosen, who is left alone, how often is tried again) is pure code in `fleet`; this crate owns the
//! connections. Start reading at [`door`].

mod allowance;
pub mod body;
mod cache;
mod cells;
mod desk;
pub mod door;
mod everywhere;
mod follow;
mod forward;
pub mod headers;
mod probe;
mod rules;
mod settings;
mod shed;
mod status;
pub mod tls;
mod upstream;
mod visit;
mod websocket;

pub use allowance::AllowanceSettings;
pub use cache::CacheSettings;
pub use cells::{Edge, EdgeParts, Here};
pub use desk::SHOWN_PATH;
pub use door::Door;
pub use follow::{ControlPlane, TABLE_PATH, TOPOLOGY_PATH};
pub use probe::{ask, look_at};
pub use rules::{Rules, Turned};
pub use settings::{EdgeSettings, ShardSettings};
pub use upstream::Upstream;
pub use visit::visit_in;
pub use websocket::WebSocketSettings;
