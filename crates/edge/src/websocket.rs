//! WebSockets on their way through (RFC 6455, over HTTP/1.1).
//!
//! ```text
//! handshake ─▶ limits ─▶ forward, like any other work ─▶ 101 ─▶ tunnel: bytes both ways ─▶ an end
//!                                                      └▶ anything else is an ordinary answer
//! ```
//!
//! The edge opens none by itself: it asks the cell for the same, and passes on what the cell says. So
//! whether a handshake is a good one (key, version, protocol, origin) is judged by who speaks the protocol,
//! and a bad one gets its answer, unless that is 101 without `Upgrade: websocket`. What is no handshake
//! (another method, a body, HTTP/1.0, another protocol in `Upgrade`) is an ordinary request without
//! `Upgrade`. Neither kept answers nor requests that wait for an equal one ever meet a handshake.
//!
//! The way to the cell is a connection over HTTP/1.1 like those of all requests, over TLS where both sides
//! show who they are: the one that said 101 leaves the pool and belongs to this WebSocket alone. Extended
//! CONNECT (RFC 8441) would let many share a connection, on which one slow reader then holds up the others
//! as soon as the connection's window is full; and a cell that hangs would take all of them along. For
//! the same reason it is not offered to clients: settings of HTTP/2 do not announce it, so a browser opens a
//! connection over HTTP/1.1, and a `CONNECT` with `:protocol` is refused as the RFC says.
//!
//! Limits: WebSockets at once, of one client and of one API key; each also has its place among the
//! connections, the requests in flight and those of its cell until its end.

mod frames;
mod open;
mod settings;
mod tunnel;

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{CONNECTION, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version, response};
use hyper::body::{Body, Incoming};
use hyper::upgrade::OnUpgrade;

use crate::body::Passing;
use crate::cells::{CellState, Edge};
use crate::door::{check_head, through};
use crate::forward::{Answer, broken};
use crate::rules::{Turned, Whose};
pub(crate) use open::WebSockets;
pub use settings::WebSocketSettings;
use tunnel::Tunnel;

const WEBSOCKET: &str = "websocket";

/// The client's side of a handshake: its connection, once it was told 101.
#[derive(Debug)]
pub(crate) struct Handshake(OnUpgrade);

impl Handshake {
    /// Of a request that came just now, with the headers of its connection; `None` if it is none.
    pub(crate) fn of(head: &mut Parts, body: &Incoming) -> Option<Self> {
        let asks = head.version == Version::HTTP_11
            && head.method == Method::GET
            && body.is_end_stream()
            && upgrades(&head.headers);
        if !asks {
            return None;
        }
        head.extensions.remove().map(Self)
    }
}

/// Whether the protocol changes to ours: `Connection` names `Upgrade`, and that names it.
fn upgrades(headers: &HeaderMap) -> bool {
    let names = |header, wanted: &str| {
        let lines = headers.get_all(header).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(',')).any(|name| name.trim().eq_ignore_ascii_case(wanted))
    };
    names(CONNECTION, "upgrade") && names(UPGRADE, WEBSOCKET)
}

/// Says on one connection what [`upgrades`] looks for; nothing else is asked of a cell.
fn say_upgrade(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static(WEBSOCKET));
}

/// Whether an answer opens a WebSocket.
pub(crate) fn is_open(status: StatusCode) -> bool {
    status == StatusCode::SWITCHING_PROTOCOLS
}

/// Whether a cell may have answered this: 101 is for those who asked, and to what they asked for.
pub(crate) fn is_right(asked: &Parts, answer: &response::Parts) -> bool {
    !is_open(answer.status) || upgrades(&asked.headers) && upgrades(&answer.headers)
}

/// Sends a handshake to a cell; if that opens the WebSocket, it is copied until its end.
pub(crate) async fn pass(
    edge: &Arc<Edge>,
    Handshake(client): Handshake,
    (from, mut head): (Option<IpAddr>, Parts),
) -> Result<Answer, Turned> {
    check_head(&edge.parts.settings, &head)?;
    let whose = Whose::of(&head, &edge.parts.rules);
    let open = edge.websockets.enter(from, whose.tenant)?;
    say_upgrade(&mut head.headers);
    let answer = through(edge, whose, &head, Passing::default()).await?;
    let (mut head, body) = answer.into_parts();
    if !is_open(head.status) {
        return Ok(Response::from_parts(head, body));
    }
    let cell = head.extensions.remove::<Arc<CellState>>();
    let upstream = head.extensions.remove::<OnUpgrade>();
    let (Some(cell), Some(upstream)) = (cell, upstream) else { return Err(broken()) };
    say_upgrade(&mut head.headers);
    let places = body.into_tickets();
    let tunnel = Tunnel { client, upstream, cell, open, places };
    edge.parts.tasks.spawn(tunnel.run(Arc::clone(edge)));
    Ok(Response::from_parts(head, Passing::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(*name, HeaderValue::from_static(line));
        }
        headers
    }

    #[test]
    fn only_a_websocket_that_the_connection_names_is_one() {
        let asks = |lines: &[_]| upgrades(&headers(lines));
        assert!(asks(&[("connection", "Upgrade"), ("upgrade", "websocket")]));
        assert!(asks(&[("connection", "keep-alive, upgrade"), ("upgrade", "h2c, WebSocket")]));
        assert!(asks(&[
            ("connection", "keep-alive"),
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
        ]));
        assert!(!asks(&[("upgrade", "websocket")]));
        assert!(!asks(&[("connection", "upgrade")]));
        assert!(!asks(&[("connection", "keep-alive"), ("upgrade", "websocket")]));
        for other in ["h2c", "websocket2", "xwebsocket", "websocket/13", "TLS/1.0"] {
            assert!(!asks(&[("connection", "upgrade"), ("upgrade", other)]), "{other}");
        }
    }

    #[test]
    fn a_cell_opens_only_what_was_asked_for() {
        let asked = |lines: &[_]| {
            let mut head = http::Request::new(()).into_parts().0;
            head.headers = headers(lines);
            head
        };
        let answer = |status: u16, lines: &[_]| {
            let mut head = Response::new(()).into_parts().0;
            (head.status, head.headers) = (StatusCode::from_u16(status).unwrap(), headers(lines));
            head
        };
        let ours = [("connection", "upgrade"), ("upgrade", "websocket")];
        let other = [("connection", "upgrade"), ("upgrade", "h2c")];
        assert!(is_right(&asked(&ours), &answer(101, &ours)));
        assert!(is_right(&asked(&ours), &answer(403, &[])));
        assert!(is_right(&asked(&[]), &answer(200, &[])));
        assert!(!is_right(&asked(&ours), &answer(101, &other)));
        assert!(!is_right(&asked(&ours), &answer(101, &[])));
        assert!(!is_right(&asked(&[]), &answer(101, &ours)));
    }
}
