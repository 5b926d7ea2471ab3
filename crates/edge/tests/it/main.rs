//! An edge with real sockets before servers that stand in for cells: they answer with their name,
//! break off, hang, stream and die on demand.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail the test")]

mod bodies;
mod caching;
mod caching_apart;
mod caching_in_need;
mod desk;
mod everywhere;
mod failing;
mod following;
mod routing;
mod sharding;
mod shedding;
mod visiting;
mod websockets;
mod websockets_at_their_end;
mod world;
