use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocket};

use super::*;

/// Sizes around those where the length is written in another way.
const SIZES: [usize; 9] = [0, 1, 125, 126, 127, 65_535, 65_536, 65_537, 200_000];

fn written(mut frame: Frame, masked: bool) -> Vec<u8> {
    if masked {
        frame.header_mut().mask = Some([9, 8, 7, 200]);
    }
    let mut bytes = Vec::new();
    frame.format(&mut bytes).unwrap();
    bytes
}

#[test]
fn every_frame_is_followed_to_its_end_however_it_comes() {
    for masked in [false, true] {
        for pieces in [1, 2, 3, 7, 4_096, usize::MAX] {
            let mut frames = Frames::default();
            assert!(frames.is_between());
            for size in SIZES {
                let data = vec![0x88; size];
                let frame = Frame::message(data, OpCode::Data(Data::Binary), true);
                let bytes = written(frame, masked);
                let (last, before) = bytes.split_last().unwrap();
                for piece in before.chunks(pieces) {
                    frames.on_bytes(piece);
                    assert!(!frames.is_between(), "{size} in pieces of {pieces}");
                }
                frames.on_bytes(&[*last]);
                assert!(frames.is_between(), "{size} in pieces of {pieces}");
            }
            assert!(!frames.is_closed());
            frames.on_bytes(&written(Frame::close(None), masked));
            assert!(frames.is_between() && frames.is_closed());
        }
    }
}

#[test]
fn many_frames_at_once_are_told_apart() {
    let frame =
        |size: usize| written(Frame::message(vec![1; size], OpCode::Data(Data::Text), false), true);
    let mut all = SIZES.map(frame).concat();
    let mut frames = Frames::default();
    frames.on_bytes(&all);
    assert!(frames.is_between());
    all.pop();
    frames.on_bytes(&all);
    assert!(!frames.is_between());
}

#[test]
fn bytes_that_are_no_websocket_do_no_harm() {
    let mut frames = Frames::default();
    for byte in 0..=u8::MAX {
        frames.on_bytes(&[byte; 40]);
    }
    let mut endless = Frames::default();
    endless.on_bytes(&[0x82, 0x7f, 255, 255, 255, 255, 255, 255, 255, 255]);
    endless.on_bytes(&[0; 1_000]);
    assert!(!endless.is_between());
}

#[test]
fn another_implementation_reads_our_frames() {
    let read = |bytes: Vec<u8>, role| {
        let stream = std::io::Cursor::new(bytes);
        WebSocket::from_raw_socket(stream, role, None).read().unwrap()
    };
    let away = CloseFrame { code: CloseCode::Away, reason: "".into() };
    let to_client = read(close_to_client(), Role::Client);
    assert_eq!(to_client, tokio_tungstenite::tungstenite::Message::Close(Some(away.clone())));
    let to_server = read(close_to_server([1, 200, 3, 77]), Role::Server);
    assert_eq!(to_server, tokio_tungstenite::tungstenite::Message::Close(Some(away)));
}
