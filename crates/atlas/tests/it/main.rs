//! The atlas through its public interface.

mod durations;
mod places;
