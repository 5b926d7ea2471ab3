//! One HTTP/2 connection of a partner, shared by all its requests.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::Uri;
use http_body_util::Full;
use hyper::client::conn::http2::SendRequest;
use tokio::sync::Mutex;

use super::Inner;
use super::connect::{Http2Parts, TaskExecutor};
use crate::settings::PartnerSettings;

#[derive(Clone)]
struct Open {
    sender: SendRequest<Full<Bytes>>,
    used: Arc<AtomicBool>,
}

/// The right to send one request. While it lives, the connection stays open.
pub(super) struct Lease {
    pub(super) sender: SendRequest<Full<Bytes>>,
    /// Set by every request, cleared by the driver; how many hold it says how many are open.
    _used: Arc<AtomicBool>,
}

/// Holders of the mark when nobody asks: the driver and the partner.
const UNUSED_HOLDERS: usize = 2;

/// The connection, opened by the first request that needs it.
#[derive(Default)]
pub(super) struct SharedConnection(Mutex<Option<Open>>);

impl SharedConnection {
    /// A lease for one request; opens the connection if there is none. `fresh` passes over one
    /// that has just failed.
    pub(super) async fn lease(
        &self,
        inner: &Arc<Inner>,
        settings: &PartnerSettings,
        to: &Uri,
        fresh: bool,
    ) -> io::Result<Lease> {
        let mut open = self.0.lock().await;
        if let Some(known) = open.as_ref()
            && !known.sender.is_closed()
            && !fresh
        {
            known.used.store(true, Ordering::Relaxed);
            let Open { sender, used } = known.clone();
            return Ok(Lease { sender, _used: used });
        }
        let permit = inner.pool.room().await.map_err(io::Error::other)?;
        let executor = TaskExecutor(inner.tasks.clone());
        let Http2Parts { sender, driver } = inner.connector.http2(to.clone(), executor).await?;
        let used = Arc::new(AtomicBool::new(true));
        let (in_use, shutdown) = (Arc::clone(&used), inner.shutdown.clone());
        let idle = settings.idle_ms.ms();
        inner.tasks.spawn(async move {
            let _permit = permit;
            let mut driver = std::pin::pin!(driver);
            loop {
                tokio::select! {
                    biased;
                    _ = driver.as_mut() => return,
                    () = shutdown.begun() => return,
                    () = tokio::time::sleep(idle) => {
                        let holders = Arc::strong_count(&in_use);
                        let used = in_use.swap(false, Ordering::Relaxed);
                        if holders < UNUSED_HOLDERS || (holders == UNUSED_HOLDERS && !used) {
                            return;
                        }
                    }
                }
            }
        });
        *open = Some(Open { sender: sender.clone(), used: Arc::clone(&used) });
        Ok(Lease { sender, _used: used })
    }
}
