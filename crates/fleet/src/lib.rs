//! Where things run: regions, zones and cells, and which cell gets which piece of work.
//!
//! ```text
//! Change ─ control ─▶ Topology (signed, versioned) + Table (bucket → ranked cells)
//!                        │ pulled by edges, kept on disk
//!                        ▼
//! key ─▶ bucket ─ Routes::choose ─▶ the first ranked cell that is usable, as CellHealth sees it
//! ```
//!
//! Everything here is pure but for [`kept`], which goes through `storage::disk`: time is an argument,
//! sockets are elsewhere. It knows nothing of travel. Start reading at [`topology`] and [`table`].

pub mod attempts;
pub mod capacity;
#[cfg(test)]
mod compat;
pub mod control;
pub mod happened;
pub mod health;
pub mod kept;
pub mod moved;
pub mod report;
pub mod retry_budget;
pub mod rollout;
pub mod routes;
pub mod shown;
pub mod signed;
pub mod table;
pub mod take_up;
mod throttle;
pub mod topology;
pub mod traffic;

pub use health::{CellHealth, HealthSettings, Standing};
pub use report::{BesideReport, CellReport};
pub use routes::{Place, Routes, Tenant, Usable};
pub use signed::{Signer, Verifier};
pub use table::{BUCKETS, Table, TableSum, bucket_of};
pub use take_up::Fleet;
pub use topology::{CellId, Topology};
