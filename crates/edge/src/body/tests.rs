use std::convert::Infallible;

use futures_util::stream;
use http_body_util::{Full, StreamBody};

use super::*;

type Piece = Result<Frame<Bytes>, std::io::Error>;

fn pieces(
    pieces: &[&'static str],
    broken: bool,
) -> impl Body<Data = Bytes, Error = std::io::Error> + Unpin {
    let mut all: Vec<Piece> =
        pieces.iter().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))).collect();
    if broken {
        all.push(Err(std::io::ErrorKind::ConnectionReset.into()));
    }
    StreamBody::new(stream::iter(all))
}

async fn text<B>(body: Passing<B>) -> Result<String, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let bytes = body.collect().await?.to_bytes();
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn a_body_that_ends_within_the_held_part_is_whole_and_can_be_sent_again() {
    let body = Passing::hold(pieces(&["ab", "cd"], false), 10, 100).await.unwrap();
    assert!(body.is_whole() && body.held() == 4);
    let again = body.again().unwrap();
    assert_eq!(again.size_hint().exact(), Some(4));
    assert_eq!(text(again).await.unwrap(), "abcd");
    assert_eq!(text(body).await.unwrap(), "abcd");
}

#[tokio::test]
async fn a_larger_one_is_passed_on_in_order_and_cannot_be_sent_again() {
    let body = Passing::hold(pieces(&["ab", "cd", "ef"], false), 3, 100).await.unwrap();
    assert!(!body.is_whole() && body.again().is_none());
    assert_eq!(body.held(), 4);
    assert_eq!(text(body).await.unwrap(), "abcdef");
}

#[tokio::test]
async fn one_that_breaks_off_is_an_error_before_or_after_it_was_passed_on() {
    let early = Passing::hold(pieces(&["ab"], true), 10, 100).await;
    assert!(matches!(early, Err(BodyError::Broken(_))));
    let late = Passing::hold(pieces(&["ab"], true), 1, 100).await.unwrap();
    assert!(matches!(text(late).await, Err(BodyError::Broken(_))));
}

#[tokio::test]
async fn one_that_is_too_large_is_refused_by_what_it_says_or_when_it_shows() {
    let said = Passing::hold(Full::new(Bytes::from_static(b"abcdef")), 10, 5).await;
    assert!(matches!(said, Err(BodyError::TooLarge(5))));
    let shown = Passing::hold(pieces(&["abc", "def"], false), 10, 5).await;
    assert!(matches!(shown, Err(BodyError::TooLarge(5))));
    let later = Passing::hold(pieces(&["abc", "def"], false), 1, 5).await.unwrap();
    assert!(matches!(text(later).await, Err(BodyError::TooLarge(5))));
}

#[tokio::test]
async fn tickets_are_given_back_when_the_body_is_gone() {
    let ticket = std::sync::Arc::new(());
    let mut body = Passing::<Full<Bytes>>::whole(Bytes::from_static(b"x"));
    body.keep(Box::new(std::sync::Arc::clone(&ticket)));
    assert_eq!(std::sync::Arc::strong_count(&ticket), 2);
    assert_eq!(text(body).await.unwrap(), "x");
    assert_eq!(std::sync::Arc::strong_count(&ticket), 1);
}

#[tokio::test]
async fn an_empty_body_is_whole() {
    let empty = http_body_util::Empty::<Bytes>::new();
    let body = Passing::hold(empty, 0, 0).await.unwrap();
    assert!(body.is_whole() && body.is_end_stream());
    let body: Result<Frame<Bytes>, Infallible> = Ok(Frame::data(Bytes::new()));
    let body = Passing::hold(StreamBody::new(stream::iter([body])), 0, 0).await.unwrap();
    assert_eq!(text(body).await.unwrap(), "");
}
