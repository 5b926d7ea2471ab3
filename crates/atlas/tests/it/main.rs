//! The atlas through its public interface.

mod places;
