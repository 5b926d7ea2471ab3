//! The same prices into a real PostgreSQL: COPY into a staging table, then one upsert from there.
//!
//! A cluster of its own in a folder that goes afterwards; default settings but for a larger
//! `shared_buffers`; commits are durable. Started as the user `postgres`, because PostgreSQL refuses
//! to run as root.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::load::Load;
use crate::report::Report;

/// Searches of one upsert.
const SEARCHES: u64 = 100;

struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let stop = format!(
            "{}/pg_ctl -D {}/data -m immediate stop",
            self.programs.display(),
            self.folder.display()
        );
        let _ = as_postgres(&stop);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Measures; prices a second.
pub(super) fn run(report: &mut Report, load: &Load) -> Result<f64> {
    let cluster = start()?;
    let file = cluster.folder.join("prices.csv");
    let rows = write_rows(load, &file)?;
    sql(
        &cluster,
        "CREATE UNLOGGED TABLE staging (question bigint, itinerary bigint, agent text, minor bigint, seen bigint);
         CREATE TABLE prices (question bigint, itinerary bigint, agent text, minor bigint, seen bigint,
             PRIMARY KEY (question, itinerary, agent))",
    )?;
    let mut seconds = Vec::new();
    // The first fills the table, the others replace every row of it.
    for _ in 0..3 {
        let started = Instant::now();
        sql(
            &cluster,
            &format!(
                "TRUNCATE staging;
                 COPY staging FROM '{}' (FORMAT csv);
                 INSERT INTO prices SELECT DISTINCT ON (question, itinerary, agent) * FROM staging
                     ORDER BY question, itinerary, agent, minor
                     ON CONFLICT (question, itinerary, agent)
                     DO UPDATE SET minor = excluded.minor, seen = excluded.seen",
                file.display()
            ),
        )?;
        seconds.push(started.elapsed().as_secs_f64());
    }
    let rate = rows as f64 / seconds.iter().copied().fold(f64::INFINITY, f64::min);
    report.figure("peers: PostgreSQL COPY and upsert, million prices/s", rate / 1e6);
    Ok(rate)
}

/// Where its programs are.
pub(super) fn programs() -> Result<PathBuf> {
    let programs = PathBuf::from("/usr/lib/postgresql/15/bin");
    ensure!(programs.join("initdb").exists(), "install the Debian package postgresql-15");
    Ok(programs)
}

fn start() -> Result<Cluster> {
    let folder = std::env::temp_dir().join(format!("fareway-bench-pg-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let programs = programs()?;
    let owned = Command::new("chown").arg("postgres").arg(&folder).status()?;
    ensure!(owned.success(), "the folder cannot be given to the user postgres: run as root");
    let cluster = Cluster { folder, programs };
    let (bin, at) = (cluster.programs.display(), cluster.folder.display());
    as_postgres(&format!("{bin}/initdb -D {at}/data -A trust >/dev/null"))?;
    as_postgres(&format!(
        "{bin}/pg_ctl -w -D {at}/data -l {at}/log -o \"-c listen_addresses= -c unix_socket_directories={at} -c shared_buffers=512MB\" start >/dev/null"
    ))?;
    Ok(cluster)
}

fn as_postgres(command: &str) -> Result<()> {
    let status = Command::new("su").args(["postgres", "-s", "/bin/sh", "-c", command]).status()?;
    ensure!(status.success(), "{command}: {status}");
    Ok(())
}

fn sql(cluster: &Cluster, statements: &str) -> Result<()> {
    let output = Command::new("psql")
        .args([
            "-h",
            &cluster.folder.display().to_string(),
            "-U",
            "postgres",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            statements,
        ])
        .output()
        .context("psql: install the Debian package postgresql-client")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn write_rows(load: &Load, file: &Path) -> Result<usize> {
    let (mut text, mut rows) = (String::new(), 0);
    for number in 0..SEARCHES {
        for one in load.search(number, runtime::unix_ms()) {
            let question = one.question.key().0 as i64;
            for offer in one.answer.offers() {
                let itinerary = one.answer.keys()[offer.itinerary as usize].0 as i64;
                let minor = offer.price.map_or(0, |price| price.minor);
                writeln!(text, "{question},{itinerary},{},{minor},{}", offer.agent, one.at_ms)?;
                rows += 1;
            }
        }
    }
    std::fs::write(file, text)?;
    Ok(rows)
}
