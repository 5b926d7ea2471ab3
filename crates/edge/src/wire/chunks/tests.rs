use super::*;

/// Data and trailers of a text that comes in pieces of so many bytes, and what is left of it.
fn read(text: &str, pieces: usize) -> Result<(String, HeaderMap, usize), WireError> {
    let (mut chunks, mut buffer, mut data) = (Chunks::default(), BytesMut::new(), Vec::new());
    let mut pieces = text.as_bytes().chunks(pieces);
    loop {
        match chunks.next(&mut buffer)? {
            Step::Data(piece) => data.extend_from_slice(&piece),
            Step::End(trailers) => {
                return Ok((String::from_utf8(data).unwrap(), trailers, buffer.len()));
            }
            Step::More => match pieces.next() {
                Some(piece) => buffer.extend_from_slice(piece),
                None => return Err(WireError::Broken(std::io::ErrorKind::UnexpectedEof.into())),
            },
        }
    }
}

#[test]
fn chunks_are_joined_however_they_come() {
    let text = "5\r\nhello\r\n6;name=\"x\"\r\n world\r\n0\r\n\r\n";
    for pieces in 1..text.len() + 1 {
        let (data, trailers, left) = read(text, pieces).unwrap();
        assert_eq!((data.as_str(), trailers.len(), left), ("hello world", 0, 0), "{pieces}");
    }
}

#[test]
fn trailers_are_given_and_what_follows_stays() {
    let (data, trailers, left) = read("1\r\na\r\n0\r\nx-sum: 7\r\n\r\nHTTP", 100).unwrap();
    assert_eq!((data.as_str(), left), ("a", 4));
    assert_eq!(trailers["x-sum"], "7");
}

#[test]
fn a_body_that_breaks_off_has_no_end() {
    for text in ["", "5", "5\r\nhel", "5\r\nhello", "5\r\nhello\r\n", "0\r\n", "0\r\na: b\r\n"] {
        assert!(matches!(read(text, 100), Err(WireError::Broken(_))), "{text:?}");
    }
}

#[test]
fn what_is_no_chunk_is_refused() {
    let (long, many) = ("1;".to_owned() + &"x".repeat(SIZE_BYTES_MAX), "a: b\r\n".repeat(40));
    let endless = format!("0\r\na: {}", "x".repeat(TRAILERS_BYTES_MAX));
    for text in [
        "x\r\n",
        "-1\r\n",
        "\r\n",
        "11111111111111111\r\n",
        "1\r\nab\r\n",
        "0\r\nno colon\r\n\r\n",
        &long,
        &format!("0\r\n{many}\r\n"),
        &endless,
    ] {
        assert!(matches!(read(text, 1 << 20), Err(WireError::Wrong(_))), "{text:?}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_chunks_or_refused(text in "[0-9a-f;\r\n]{0,40}", pieces in 1..9_usize) {
        let _ = read(&text, pieces);
    }
}
