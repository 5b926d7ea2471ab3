//! What `chaos` and `overload` share: a fleet of real processes, and travellers who search there.
//!
//! ```text
//! processes ─▶ fareway serve --cells 3: edge, control plane, three cells, market
//! travellers: create ─▶ poll once a second, as the page does ─▶ ledger ─▶ whole list, of some
//!                 │ every answer                                │
//!                 ▼                                             ▼
//!              account: right, refused, failed               truth: the market made a second time
//! capacity: more and more travellers, each searching again at once, until no more is done
//! ```
//!
//! Load goes to loopback only. Limits: travellers at once ([`crowd::AT_ONCE_MAX`]), one connection each,
//! time of one request ([`traveller::PATIENCE`]).

pub(crate) mod account;
pub(crate) mod capacity;
pub(crate) mod crowd;
pub(crate) mod processes;
pub(crate) mod processors;
pub(crate) mod questions;
pub(crate) mod traveller;
pub(crate) mod truth;
pub(crate) mod verdict;
