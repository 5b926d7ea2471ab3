//! The one way to sockets.
//!
//! Whoever listens, connects or looks up a name takes it from here. These are tokio's own types; with the
//! feature `turmoil` they are those of the simulator, so that real code can be run in a network in which
//! things go wrong at chosen moments (`simulated.rs`).

use std::io;
use std::net::SocketAddr;

#[cfg(not(feature = "turmoil"))]
pub use hyper_util::client::legacy::connect::HttpConnector;
#[cfg(not(feature = "turmoil"))]
pub use tokio::net::{TcpListener, TcpStream, lookup_host};

#[cfg(feature = "turmoil")]
mod simulated;
#[cfg(feature = "turmoil")]
pub use simulated::{HttpConnector, TcpListener, TcpStream, lookup_host};

/// Connections the kernel may keep until they are accepted. Beyond it a client's first packet is lost,
/// which costs it a second; the kernel has a limit of its own (`net.core.somaxconn`).
#[cfg(not(feature = "turmoil"))]
const BACKLOG: u32 = 4_096;

/// Listens for connections at an address, of which many may wait until they are accepted.
///
/// # Errors
/// If the address cannot be had: another listens there, or it is not this machine's.
#[cfg(not(feature = "turmoil"))]
#[expect(clippy::unused_async, reason = "simulated sockets are bound so")]
pub async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4()?,
        SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6()?,
    };
    // A process that has ended leaves its port waiting for a minute.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The same on a simulated host.
///
/// # Errors
/// If another listens there.
#[cfg(feature = "turmoil")]
pub async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}
