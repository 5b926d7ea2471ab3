//! Bodies on their way through: the first part may be held back, the rest is passed on as it comes.
//!
//! A body that ends within the held part is *whole*: a request can then be sent again, and an answer
//! cannot break off any more. Limits: bytes held, bytes in all.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use thiserror::Error;

/// Why a body ended before its end.
#[derive(Debug, Error)]
pub enum BodyError {
    /// The other side broke off.
    #[error("the body broke off")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It is larger than allowed.
    #[error("the body has more than {0} bytes")]
    TooLarge(u64),
}

/// What is dropped when a body is over: counts, places in a limit.
pub(crate) type Ticket = Box<dyn Send + Sync>;

/// Sees a body as it passes.
pub(crate) trait Tap: Send + Sync {
    /// A piece passes; gives whether it wants to see more.
    fn on_data(&mut self, data: &Bytes) -> bool;
    /// All of it has passed.
    fn on_end(self: Box<Self>);
}

/// A body on its way through.
pub struct Passing<B> {
    front: VecDeque<Frame<Bytes>>,
    rest: Option<B>,
    passed: u64,
    most: u64,
    tickets: Vec<Ticket>,
    tap: Option<Box<dyn Tap>>,
}

impl<B> fmt::Debug for Passing<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (held, whole) = (self.front.len(), self.is_whole());
        f.debug_struct("Passing")
            .field("held", &held)
            .field("whole", &whole)
            .finish_non_exhaustive()
    }
}

impl<B> Default for Passing<B> {
    fn default() -> Self {
        Self {
            front: VecDeque::new(),
            rest: None,
            passed: 0,
            most: u64::MAX,
            tickets: Vec::new(),
            tap: None,
        }
    }
}

impl<B> Passing<B> {
    /// A body that is all there.
    #[must_use]
    pub fn whole(bytes: Bytes) -> Self {
        let front = (!bytes.is_empty()).then(|| Frame::data(bytes));
        Self { front: front.into_iter().collect(), ..Self::default() }
    }

    /// A body of which nothing is held.
    #[must_use]
    pub fn through(body: B) -> Self {
        Self { rest: Some(body), ..Self::default() }
    }

    /// Whether all of it is here.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.rest.is_none()
    }

    /// Bytes that are here.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.front.iter().filter_map(Frame::data_ref).map(|data| data.len() as u64).sum()
    }

    /// The same body once more, if it is whole.
    #[must_use]
    pub fn again(&self) -> Option<Self> {
        if !self.is_whole() {
            return None;
        }
        let again = |frame: &Frame<Bytes>| match (frame.data_ref(), frame.trailers_ref()) {
            (Some(data), _) => Some(Frame::data(data.clone())),
            (None, Some(trailers)) => Some(Frame::trailers(trailers.clone())),
            (None, None) => None,
        };
        Some(Self { front: self.front.iter().filter_map(again).collect(), ..Self::default() })
    }

    /// All its bytes, if they are here and nothing follows them.
    pub(crate) fn bytes(&self) -> Option<Bytes> {
        let plain = self.front.iter().all(Frame::is_data);
        if !self.is_whole() || !plain {
            return None;
        }
        let mut pieces = self.front.iter().filter_map(Frame::data_ref);
        match (pieces.next(), pieces.next()) {
            (None, _) => Some(Bytes::new()),
            (Some(one), None) => Some(one.clone()),
            (Some(_), Some(_)) => {
                let mut whole = BytesMut::with_capacity(self.held() as usize);
                self.front.iter().filter_map(Frame::data_ref).for_each(|data| whole.extend(data));
                Some(whole.freeze())
            }
        }
    }

    pub(crate) fn keep(&mut self, ticket: Ticket) {
        self.tickets.push(ticket);
    }

    /// What would be dropped with it.
    pub(crate) fn into_tickets(self) -> Vec<Ticket> {
        self.tickets
    }

    /// Shows it to somebody as it passes.
    pub(crate) fn tap(&mut self, tap: Box<dyn Tap>) {
        self.tap = Some(tap);
    }

    /// Whether somebody still wants to see it.
    pub(crate) fn is_tapped(&self) -> bool {
        self.tap.is_some()
    }

    /// Shows a frame to the tap.
    fn show(&mut self, frame: &Frame<Bytes>) {
        let Some(tap) = &mut self.tap else { return };
        // What has trailers is not kept: they could not be given out again.
        if !frame.data_ref().is_some_and(|data| tap.on_data(data)) {
            self.tap = None;
        }
    }

    fn show_end(&mut self) {
        if let Some(tap) = self.tap.take() {
            tap.on_end();
        }
    }
}

impl<B> Passing<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// Awaits the body's end, or the moment when more than `hold` bytes are here. More than `most` in
    /// all, now or later, is an error.
    ///
    /// # Errors
    /// [`BodyError`] if it breaks off or is too large.
    pub async fn hold(mut body: B, hold: u64, most: u64) -> Result<Self, BodyError> {
        let mut passing = Self { most, ..Self::default() };
        if body.size_hint().lower() > most {
            return Err(BodyError::TooLarge(most));
        }
        if body.is_end_stream() {
            return Ok(passing);
        }
        let mut held = 0;
        while held <= hold {
            let Some(frame) = body.frame().await else { return Ok(passing) };
            let frame = frame.map_err(|error| BodyError::Broken(error.into()))?;
            held += frame.data_ref().map_or(0, |data| data.len() as u64);
            if held > most {
                return Err(BodyError::TooLarge(most));
            }
            passing.front.push_back(frame);
            if body.is_end_stream() {
                return Ok(passing);
            }
        }
        passing.rest = Some(body);
        Ok(passing)
    }
}

impl<B> Body for Passing<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let frame = match (this.front.pop_front(), &mut this.rest) {
            (Some(frame), _) => frame,
            (None, None) => {
                this.show_end();
                return Poll::Ready(None);
            }
            (None, Some(rest)) => match ready!(Pin::new(rest).poll_frame(context)) {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    (this.rest, this.tap) = (None, None);
                    return Poll::Ready(Some(Err(BodyError::Broken(error.into()))));
                }
                None => {
                    this.rest = None;
                    this.show_end();
                    return Poll::Ready(None);
                }
            },
        };
        this.passed += frame.data_ref().map_or(0, |data| data.len() as u64);
        if this.passed > this.most {
            (this.rest, this.tap) = (None, None);
            return Poll::Ready(Some(Err(BodyError::TooLarge(this.most))));
        }
        this.show(&frame);
        // Whoever sends it on does not ask again after a last frame that says so.
        if this.is_end_stream() {
            this.show_end();
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.front.is_empty() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.held();
        let Some(rest) = &self.rest else { return SizeHint::with_exact(held) };
        let rest = rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(held + rest.lower());
        if let Some(upper) = rest.upper() {
            hint.set_upper(held + upper);
        }
        hint
    }
}

#[cfg(test)]
mod tests;
