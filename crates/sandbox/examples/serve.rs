//! Serves the market alone: `cargo run --release -p sandbox --example serve -- 127.0.0.1:8090`.
//!
//! With a second argument, a file of monthly segments, the world is that file's.
#![expect(clippy::print_stdout, reason = "an example talks to the terminal")]

use std::time::Duration;

use runtime::{Shutdown, TaskSet};
use sandbox::{FaultPlan, Market, MarketSettings};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:8090".to_owned());
    let market = match arguments.next() {
        Some(file) => Market::from_segments(1, &std::fs::read(file)?, MarketSettings::default())?,
        None => Market::generate(1, MarketSettings::default())?,
    };
    let listener = TcpListener::bind(&address).await?;
    let base_url = format!("http://{}", listener.local_addr()?);
    println!(
        "{} partners, {:.0} departures a day, at {base_url}",
        market.sellers().len(),
        market.world().departures_a_day()
    );
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let (ends, stop) = (tasks.clone(), shutdown.clone());
    tasks.spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.begin();
        }
    });
    sandbox::serve(market.at(&base_url), listener, FaultPlan::none(), tasks, shutdown).await;
    ends.drain(Duration::from_secs(5)).await;
    Ok(())
}
