use runtime::Limited;

use super::*;

fn websockets() -> Arc<WebSockets> {
    WebSockets::new(WebSocketSettings {
        open_max: Limited::literal(5),
        per_client_max: Limited::literal(2),
        per_key_max: Limited::literal(3),
        ..WebSocketSettings::default()
    })
}

fn client(last: u8) -> Option<IpAddr> {
    Some(IpAddr::from([192, 0, 2, last]))
}

fn refused(all: &Arc<WebSockets>, from: Option<IpAddr>, key: Option<u64>) -> &'static str {
    all.enter(from, key).unwrap_err().code
}

#[test]
fn each_limit_refuses_by_its_own_name_and_takes_nothing() {
    let all = websockets();
    let mut open =
        vec![all.enter(client(1), Some(7)).unwrap(), all.enter(client(1), None).unwrap()];
    assert_eq!(refused(&all, client(1), None), "client_websockets");
    assert_eq!(refused(&all, client(1), Some(7)), "client_websockets");
    open.push(all.enter(client(2), Some(7)).unwrap());
    open.push(all.enter(client(3), Some(7)).unwrap());
    assert_eq!(refused(&all, client(4), Some(7)), "key_websockets");
    // The refused one of client 4 has taken no place of that client.
    let shown = all.held.lock().unwrap().by.len();
    assert_eq!(shown, 4);
    open.push(all.enter(client(4), Some(8)).unwrap());
    assert_eq!(refused(&all, client(5), None), "websockets_full");
    assert_eq!((all.open(), all.render()["refused"].as_u64()), (5, Some(4)));
}

#[test]
fn nothing_is_remembered_of_those_that_are_over() {
    let all = websockets();
    for round in 0..50 {
        let one = all.enter(client(round), Some(round.into())).unwrap();
        let two = all.enter(client(round), None).unwrap();
        drop(one);
        assert_eq!(all.open(), 1);
        drop(two);
    }
    let held = all.held.lock().unwrap();
    assert!(held.by.is_empty() && held.all == 0);
}

#[test]
fn who_is_not_known_counts_among_all_only() {
    let all = websockets();
    let open: Vec<Open> = (0..5).map(|_| all.enter(None, None).unwrap()).collect();
    assert_eq!(refused(&all, None, None), "websockets_full");
    drop(open);
    assert!(all.enter(None, None).is_ok());
}
