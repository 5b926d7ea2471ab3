//! Sockets of the simulator, in the shape of tokio's.
//!
//! A message that is lost is not sent again, so a connection over which one was lost says nothing more:
//! whoever uses it must have a limit of its own. That is harder than real networks are. A connection
//! cannot be reset from inside; it is closed instead.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower_service::Service;
pub use turmoil::net::lookup_host;

type Addresses = std::vec::IntoIter<SocketAddr>;
type Later<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// Takes connections of a simulated host.
pub struct TcpListener {
    inner: turmoil::net::TcpListener,
    address: SocketAddr,
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpListener").field("address", &self.address).finish_non_exhaustive()
    }
}

impl TcpListener {
    /// Listens at a port of this host, whatever the address says of the host.
    ///
    /// # Errors
    /// If another listens there.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        // The simulator knows hosts by their own address and takes none here.
        let inner = turmoil::net::TcpListener::bind(("0.0.0.0", address.port())).await?;
        let port = inner.local_addr()?.port();
        Ok(Self { inner, address: SocketAddr::new(address.ip(), port) })
    }

    /// The next connection, and where it comes from.
    ///
    /// # Errors
    /// None today.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = self.inner.accept().await?;
        Ok((TcpStream(stream), peer))
    }

    /// Where it listens, as it was told.
    ///
    /// # Errors
    /// None today.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// A connection between two simulated hosts.
#[derive(Debug)]
pub struct TcpStream(turmoil::net::TcpStream);

impl TcpStream {
    /// Connects.
    ///
    /// # Errors
    /// If nobody listens there, or the way is cut.
    pub async fn connect(to: SocketAddr) -> io::Result<Self> {
        turmoil::net::TcpStream::connect(to).await.map(Self)
    }

    /// Waits for bytes and shows them without taking them.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn peek(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.peek(bytes).await
    }

    /// Takes what has come.
    ///
    /// # Errors
    /// If nothing has, or the connection has ended.
    pub fn try_read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(bytes);
        let mut context = Context::from_waker(Waker::noop());
        match Pin::new(&mut self.0).poll_read(&mut context, &mut buffer) {
            Poll::Ready(read) => read.map(|()| buffer.filled().len()),
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Nothing is held back here anyway.
    ///
    /// # Errors
    /// None.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.0.set_nodelay(nodelay)
    }

    /// Without effect: the peer sees an end, no reset.
    ///
    /// # Errors
    /// None.
    pub fn set_zero_linger(&self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

impl Connection for TcpStream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// Names of simulated hosts.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostNames;

impl Service<Name> for HostNames {
    type Response = Addresses;
    type Error = io::Error;
    type Future = Later<Addresses>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?;
            Ok(found.collect::<Vec<_>>().into_iter())
        })
    }
}

/// Opens connections for a client of HTTP, as `hyper-util`'s connector of the same name does.
#[derive(Clone, Debug)]
pub struct HttpConnector<R = HostNames> {
    names: R,
    within: Option<Duration>,
}

impl HttpConnector {
    /// Asks the simulator for names.
    #[must_use]
    pub fn new() -> Self {
        Self::new_with_resolver(HostNames)
    }
}

impl Default for HttpConnector {
    fn default() -> Self {
        Self::new()
    }
}

impl<R> HttpConnector<R> {
    /// Asks this one for names.
    pub fn new_with_resolver(names: R) -> Self {
        Self { names, within: None }
    }

    /// Without effect.
    pub fn set_nodelay(&mut self, _: bool) {}

    /// Without effect: it takes any scheme.
    pub fn enforce_http(&mut self, _: bool) {}

    /// Time to connect.
    pub fn set_connect_timeout(&mut self, within: Option<Duration>) {
        self.within = within;
    }
}

impl<R> Service<Uri> for HttpConnector<R>
where
    R: Service<Name, Response: Iterator<Item = SocketAddr> + Send, Error = io::Error>
        + Clone
        + Send
        + 'static,
    R::Future: Send,
{
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Later<TokioIo<TcpStream>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.names.poll_ready(context)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let (mut names, within) = (self.names.clone(), self.within);
        let connect = async move {
            let host = to.host().ok_or(io::ErrorKind::InvalidInput)?;
            let secure = to.scheme() == Some(&Scheme::HTTPS);
            let port = to.port_u16().unwrap_or(if secure { 443 } else { 80 });
            let addresses = match host.parse() {
                Ok(ip) => vec![SocketAddr::new(ip, port)],
                Err(_) => {
                    let name = host.parse().map_err(io::Error::other)?;
                    let found = names.call(name).await?;
                    found.map(|address| SocketAddr::new(address.ip(), port)).collect()
                }
            };
            let mut last = io::Error::from(io::ErrorKind::NotFound);
            for address in addresses {
                match TcpStream::connect(address).await {
                    Ok(stream) => return Ok(TokioIo::new(stream)),
                    Err(error) => last = error,
                }
            }
            Err(last)
        };
        Box::pin(async move {
            match within {
                Some(within) => tokio::time::timeout(within, connect)
                    .await
                    .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
                None => connect.await,
            }
        })
    }
}
