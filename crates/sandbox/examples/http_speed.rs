//! What an answer costs the server, HTTP included: distinct questions over one kept connection.
//!
//! `cargo run --release -p sandbox --example http_speed` prints CPU time of the server's thread.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "an example talks to the terminal and stops at the first problem"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use domain::{Cabin, CountryCode, LegRequest, Place, Question, SearchRequest, Travellers};
use partners::settings::Secret;
use partners::{PartnerSettings, protocol};
use runtime::{Random, Shutdown, TaskSet};
use sandbox::{FaultPlan, Market, MarketSettings};

const QUESTIONS: usize = 300;
const PARTNERS: usize = 30;

fn main() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let market =
        Market::generate(1, MarketSettings::fast()).unwrap().at(&format!("http://{address}"));
    let requests = requests(&market);
    let shutdown = Shutdown::default();
    let (served, stop) = (market.clone(), shutdown.clone());
    // A thread of its own, so that the server's CPU time can be told from the client's.
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        listener.set_nonblocking(true).unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let tasks = TaskSet::default();
            sandbox::serve(served, listener, FaultPlan::none(), tasks, stop).await;
        });
        cpu_seconds()
    });
    let mut stream = TcpStream::connect(address).unwrap();
    let (mut bytes, mut buffer) = (0, vec![0; 1 << 20]);
    for request in &requests {
        stream.write_all(request).unwrap();
        bytes += read_answer(&mut stream, &mut buffer);
    }
    drop(stream);
    shutdown.begin();
    let spent = server.join().unwrap();
    println!(
        "{} answers of {} bytes: {:.1} us an answer on the server, {:.0} answers/s/core",
        requests.len(),
        bytes / requests.len(),
        spent * 1e6 / requests.len() as f64,
        requests.len() as f64 / spent
    );
}

/// Reads one answer; gives the bytes of its body.
fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> usize {
    let mut filled = 0;
    let (head, length) = loop {
        filled += stream.read(&mut buffer[filled..]).unwrap();
        let Some(end) = buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n") else {
            continue;
        };
        let head = str::from_utf8(&buffer[..end]).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
        break (end + 4, length.parse::<usize>().unwrap());
    };
    let mut body = filled - head;
    while body < length {
        body += stream.read(buffer).unwrap();
    }
    length
}

/// Seconds this thread has run on a core.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// Every question as thirty partners' requests, as they stand on the wire.
fn requests(market: &Market) -> Vec<Vec<u8>> {
    let files = market.partner_files(market.base_url());
    let settings: Vec<PartnerSettings> = files
        .iter()
        .map(|(name, text)| PartnerSettings::parse(name, text, None).unwrap())
        .filter(|settings| settings.id.as_str().starts_with("ag"))
        .collect();
    let mut random = Random::from_seed(9);
    let mut requests = Vec::new();
    for _ in 0..QUESTIONS {
        let question = question(market, &mut random);
        let first = random.below(settings.len() as u64) as usize;
        for settings in settings.iter().cycle().skip(first).take(PARTNERS) {
            let token = Secret::new(format!("sandbox-{}", settings.id));
            let outgoing = match settings.protocol {
                partners::ProtocolKind::Fareway => protocol::fareway::request(&question, settings),
                partners::ProtocolKind::Duffel => {
                    protocol::duffel::request(&question, settings, 5_000)
                }
                partners::ProtocolKind::Amadeus => {
                    protocol::amadeus::request(&question, settings, &token)
                }
            };
            let outgoing = outgoing.unwrap();
            let path = outgoing.url.strip_prefix(market.base_url()).unwrap();
            let mut request = format!("{} {path} HTTP/1.1\r\nhost: x\r\n", outgoing.method);
            for (name, value) in &outgoing.headers {
                request.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
            }
            request.push_str(&format!("content-length: {}\r\n\r\n", outgoing.body.len()));
            let mut request = request.into_bytes();
            request.extend_from_slice(&outgoing.body);
            requests.push(request);
        }
    }
    requests
}

/// A return between two of the busiest hundred airports.
fn question(market: &Market, random: &mut Random) -> Question {
    let sites = market.world().sites.all();
    let from = random.below(100) as usize;
    let to = (from + 1 + random.below(99) as usize) % 100;
    let place = |index: usize| Place::Airport(sites[index].code);
    let out = market.today().plus_days(7 + random.below(120) as i32);
    let leg = |origin, destination, date| LegRequest { origin, destination, date };
    let request = SearchRequest {
        legs: vec![
            leg(place(from), place(to), out),
            leg(place(to), place(from), out.plus_days(3 + random.below(15) as i32)),
        ],
        cabin: Cabin::Economy,
        travellers: Travellers::one_adult(),
        market: CountryCode::literal("GB"),
        nearby: false,
    };
    Question::normalise(&request, |place, nearby| atlas::atlas().resolve(place, nearby)).unwrap()
}
