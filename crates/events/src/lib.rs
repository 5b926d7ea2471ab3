//! Facts and the durable log they stand in.
