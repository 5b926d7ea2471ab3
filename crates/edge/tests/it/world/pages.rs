//! A page that all stand-ins show, as a test wants it.

use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::Response;
use http::request::Parts;
use http_body::Frame;
use http_body_util::StreamBody;

use super::{AnyBody, whole};

/// What all cells answer below `/pages/`.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// Bytes of one piece; 0: all at once.
    pub(crate) piece: usize,
    /// Time before the answer, and between its pieces.
    pub(crate) pause: Duration,
    /// Whether it goes on for ever after its body.
    pub(crate) endless: bool,
}

impl Page {
    pub(crate) fn new(headers: &[(&str, &str)]) -> Self {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            status: 200,
            headers: headers.iter().map(owned).collect(),
            body: Bytes::from_static(b"0123456789"),
            piece: 0,
            pause: Duration::ZERO,
            endless: false,
        }
    }

    /// One that is fresh for so long.
    pub(crate) fn fresh(seconds: u32) -> Self {
        Self::new(&[("cache-control", &format!("max-age={seconds}"))])
    }
}

/// The page of all cells, and what they were asked below `/pages/`.
#[derive(Debug)]
pub(crate) struct Pages {
    pub(crate) page: Mutex<Page>,
    pub(crate) asked: Mutex<Vec<Parts>>,
}

impl Default for Pages {
    fn default() -> Self {
        Self { page: Mutex::new(Page::new(&[])), asked: Mutex::default() }
    }
}

impl Pages {
    /// 304 if the request names the page's tag.
    pub(super) async fn answer(&self, head: Parts) -> Response<AnyBody> {
        let page = self.page.lock().unwrap().clone();
        let tag = page.headers.iter().find(|(name, _)| name == "etag").map(|(_, tag)| tag.clone());
        let known = head.headers.get("if-none-match").and_then(|tag| tag.to_str().ok());
        let same = tag.as_deref().is_some_and(|tag| known == Some(tag));
        let empty = same || head.method == http::Method::HEAD;
        self.asked.lock().unwrap().push(head);
        tokio::time::sleep(page.pause).await;
        let status = if same { 304 } else { page.status };
        let mut response = Response::builder().status(status);
        for (name, value) in &page.headers {
            response = response.header(name, value);
        }
        let (body, pause) = (if empty { Bytes::new() } else { page.body }, page.pause);
        if page.piece == 0 {
            return response.body(whole(body)).unwrap();
        }
        let pieces = stream::unfold(body, move |mut left| async move {
            if left.is_empty() {
                if page.endless {
                    std::future::pending::<()>().await;
                }
                return None;
            }
            tokio::time::sleep(pause).await;
            let piece = left.split_to(page.piece.min(left.len()));
            Some((Ok(Frame::data(piece)), left))
        });
        response.body(Box::pin(StreamBody::new(pieces)) as AnyBody).unwrap()
    }
}
