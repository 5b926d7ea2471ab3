//! The atlas through its public interface.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod durations;
mod places;
mod suggestions;
