//! What a cell answers, over a wire of ours or through the library.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use crate::wire::WireBody;

/// The body of a cell's answer.
#[derive(Debug)]
pub struct Coming(Source);

#[derive(Debug)]
enum Source {
    Wire(WireBody),
    Library(Incoming),
}

impl From<WireBody> for Coming {
    fn from(body: WireBody) -> Self {
        Self(Source::Wire(body))
    }
}

impl From<Incoming> for Coming {
    fn from(body: Incoming) -> Self {
        Self(Source::Library(body))
    }
}

impl Body for Coming {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match &mut self.get_mut().0 {
            Source::Wire(body) => Pin::new(body).poll_frame(context).map_err(Into::into),
            Source::Library(body) => Pin::new(body).poll_frame(context).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Wire(body) => body.is_end_stream(),
            Source::Library(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Wire(body) => body.size_hint(),
            Source::Library(body) => body.size_hint(),
        }
    }
}
