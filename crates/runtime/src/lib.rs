//! Ways of waiting, limiting and failing; knows nothing of travel.
//!
//! Time, randomness, tasks, worker threads and sockets come from here, so that a whole world can be
//! replayed from one seed (invariant 2). Start reading at [`clock`] and [`tasks`].

pub mod admission;
pub mod clock;
pub mod fault;
pub mod lateness;
pub mod limited;
pub mod maps;
pub mod net;
pub mod processors;
pub mod random;
pub mod serve;
#[cfg(feature = "turmoil")]
pub mod simulated;
pub mod tasks;
pub mod threads;
pub mod token_bucket;
pub mod waits;
pub mod workers;

pub use admission::{Admission, Priority};
pub use clock::{Deadline, Moment, now, unix_ms};
pub use fault::{Blame, Fault, Retry};
pub use lateness::{Lateness, watch_lateness};
pub use limited::Limited;
pub use maps::{FixedMap, FixedSet};
pub use processors::Processors;
pub use random::Random;
pub use serve::{HttpLimits, serve_http};
pub use tasks::{Shutdown, TaskSet};
pub use threads::NamedThread;
pub use token_bucket::TokenBucket;
pub use workers::{Workers, WorkersFull};
