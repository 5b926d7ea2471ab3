//! Who listens where on this machine: `machine.json` in the parent's data folder.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use anyhow::{Context, Result, bail};
use fleet::CellId;
use serde::{Deserialize, Serialize};

use super::layout::{Place, places};
use super::release::Sources;
use crate::log_reader::{CELL, Neighbour, log_url_of};
use crate::settings::Settings;

/// Name of the file.
const FILE: &str = "machine.json";
/// Where free ports are looked for: below those that outgoing connections get.
const PORTS: std::ops::Range<u16> = 10_240..32_000;

/// The processes of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) edge: SocketAddr,
    pub(crate) control: SocketAddr,
    pub(crate) sandbox: Option<SocketAddr>,
    /// Who lets cells read each other's logs; none if there is one cell, or logs are on Kafka.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) logs: Option<SocketAddr>,
    pub(crate) cells: Vec<(CellId, SocketAddr)>,
    /// Region and zone of each cell, in the order of the cells. A parent of an earlier release had one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) places: Vec<Place>,
    /// The release that a cell which nobody knows yet runs.
    pub(crate) release: String,
    /// Where files for the next release come from.
    pub(crate) sources: Sources,
}

impl Machine {
    /// Finds a place for everyone. `file`: where the settings were read from.
    pub(crate) fn plan(settings: &Settings, file: Option<&Path>) -> Result<Self> {
        let places = places(&settings.fleet)?;
        let mut ports = Ports::new(settings.fleet.first_port.get() as u16);
        let mut edge = settings.server.listen;
        if edge.port() == 0 {
            edge.set_port(ports.next_free()?);
        } else {
            // Known now rather than from a child that cannot start.
            drop(crate::platform::listen_now(edge)?);
        }
        let control = local(ports.next_free()?);
        let sandbox = match settings.sandbox.enabled {
            true if settings.sandbox.listen.port() != 0 => Some(settings.sandbox.listen),
            true => Some(SocketAddr::new(settings.sandbox.listen.ip(), ports.next_free()?)),
            false => None,
        };
        let cells = (1..=settings.fleet.cells.get() as u32)
            .map(|number| Ok((CellId(number), local(ports.next_free()?))))
            .collect::<Result<_>>()?;
        let shares = settings.prices.enabled && settings.fleet.cells.get() > 1;
        let logs = match shares && settings.prices.log_url.is_empty() {
            true => Some(local(ports.next_free()?)),
            false => None,
        };
        let sources = sources(settings, file)?;
        let release = String::new();
        Ok(Self { edge, control, sandbox, logs, cells, places, release, sources })
    }

    /// Reads the file of a parent's data folder.
    pub(crate) fn read(data: &Path) -> Result<Self> {
        let path = data.join(FILE);
        let text = std::fs::read_to_string(&path).with_context(|| {
            let path = path.display();
            format!("{path} cannot be read: `fareway serve --cells 3` writes it")
        })?;
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", path.display()))
    }

    /// Writes the file.
    pub(crate) fn write(&self, data: &Path) -> Result<()> {
        let path = data.join(FILE);
        std::fs::write(&path, serde_json::to_string_pretty(self)?)
            .with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Where a cell is.
    pub(crate) fn cell(&self, id: CellId) -> Result<SocketAddr> {
        let found = self.cells.iter().find(|&&(known, _)| known == id);
        found.map(|&(_, address)| address).with_context(|| format!("there is no {id}"))
    }

    /// The region of a cell.
    fn region(&self, id: CellId) -> Option<&str> {
        let at = self.cells.iter().position(|&(known, _)| known == id)?;
        self.places.get(at).map(|place| place.region.as_str())
    }

    /// Where a cell reads the logs of those beside it in its region.
    pub(crate) fn beside(&self, cell: CellId, log_url: &str) -> Vec<Neighbour> {
        let others = self.cells.iter().map(|&(id, _)| id);
        let others = others.filter(|&id| id != cell && self.region(id) == self.region(cell));
        let url = |id: CellId| match self.logs {
            Some(logs) => Some(format!("http://{logs}/{id}")),
            None => log_url.contains(CELL).then(|| log_url_of(log_url, id.0)),
        };
        others.filter_map(|id| Some(Neighbour { cell: id.to_string(), url: url(id)? })).collect()
    }

    /// Where others reach the cells: where they listen, or at the ports of what stands between, which
    /// begin here.
    pub(crate) fn reached(&self, port: u64) -> impl Iterator<Item = (CellId, SocketAddr)> + '_ {
        let cells = self.cells.iter().zip(port as u16..);
        cells.map(move |(&(id, listens), between)| {
            (id, if port == 0 { listens } else { local(between) })
        })
    }
}

/// The files that this process was started with, wherever a later command is run.
fn sources(settings: &Settings, file: Option<&Path>) -> Result<Sources> {
    let whole = |path: &Path| {
        std::path::absolute(path).with_context(|| format!("{} is no path", path.display()))
    };
    Ok(Sources {
        binary: std::env::current_exe().context("this binary cannot be found")?,
        settings: file.map(whole).transpose()?,
        partners: whole(&settings.partners.folder)?,
    })
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// Free ports, one after the other.
struct Ports(std::iter::Chain<std::ops::Range<u16>, std::ops::Range<u16>>);

impl Ports {
    /// From a port on; 0: from somewhere, so that two fleets that start together rarely meet.
    fn new(first: u16) -> Self {
        if first > 0 {
            return Self((first..u16::MAX).chain(0..0));
        }
        let span = u32::from(PORTS.end - PORTS.start);
        let start = PORTS.start + (std::process::id().wrapping_mul(37) % span) as u16;
        Self((start..PORTS.end).chain(PORTS.start..start))
    }

    fn next_free(&mut self) -> Result<u16> {
        for port in self.0.by_ref() {
            if TcpListener::bind(local(port)).is_ok() {
                return Ok(port);
            }
        }
        bail!("there is no free port; set fleet.first_port")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_gets_a_port_of_his_own_that_is_free() {
        let mut settings = Settings::default();
        settings.server.listen.set_port(0);
        settings.fleet.cells = runtime::Limited::literal(3);
        let machine = Machine::plan(&settings, None).unwrap();
        let cells = machine.cells.iter().map(|&(_, address)| address);
        let others = [machine.edge, machine.control].into_iter().chain(machine.sandbox);
        let mut all: Vec<_> = cells.chain(others).chain(machine.logs).collect();
        assert_eq!(all.len(), 7);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 7);
        let again = serde_json::from_str(&serde_json::to_string(&machine).unwrap());
        assert_eq!(machine, again.unwrap());
    }

    #[test]
    fn cells_are_reached_where_they_listen_or_through_what_stands_between() {
        let cells = vec![(CellId(1), local(4_001)), (CellId(7), local(4_002))];
        let mut machine = Machine::plan(&Settings::default(), None).unwrap();
        machine.cells = cells;
        let reached = |port| machine.reached(port).map(|(id, at)| (id.0, at.port()));
        assert_eq!(reached(0).collect::<Vec<_>>(), [(1, 4_001), (7, 4_002)]);
        assert_eq!(reached(9_000).collect::<Vec<_>>(), [(1, 9_000), (7, 9_001)]);
    }

    #[test]
    fn cells_read_each_others_logs_from_files_or_from_kafka() {
        let mut settings = Settings::default();
        settings.server.listen.set_port(0);
        settings.fleet.cells = runtime::Limited::literal(3);
        let machine = Machine::plan(&settings, None).unwrap();
        let logs = machine.logs.unwrap();
        let beside = machine.beside(CellId(2), "");
        let urls: Vec<&str> = beside.iter().map(|one| one.url.as_str()).collect();
        assert_eq!(urls, [format!("http://{logs}/cell-1"), format!("http://{logs}/cell-3")]);
        settings.prices.log_url = "kafka://b:1/eu.cell-{cell}".to_owned();
        let machine = Machine::plan(&settings, None).unwrap();
        assert_eq!(machine.logs, None);
        let beside = machine.beside(CellId(2), &settings.prices.log_url);
        assert_eq!(beside[1].cell, "cell-3");
        assert_eq!(beside[1].url, "kafka://b:1/eu.cell-3");
        // One place for all has no log of one cell.
        assert_eq!(machine.beside(CellId(2), "kafka://b:1/eu"), []);
        settings.fleet.cells = runtime::Limited::literal(1);
        settings.prices.log_url = String::new();
        assert_eq!(Machine::plan(&settings, None).unwrap().logs, None);
    }

    #[test]
    fn cells_read_no_logs_of_another_region() {
        let mut settings = Settings::default();
        settings.server.listen.set_port(0);
        settings.fleet.cells = runtime::Limited::literal(4);
        settings.fleet.regions = runtime::Limited::literal(2);
        let machine = Machine::plan(&settings, None).unwrap();
        let beside = |id| machine.beside(CellId(id), "").into_iter().map(|one| one.cell);
        assert_eq!(beside(1).collect::<Vec<_>>(), ["cell-2"]);
        assert_eq!(beside(4).collect::<Vec<_>>(), ["cell-3"]);
    }

    #[test]
    fn a_busy_port_is_passed_over_and_a_busy_edge_is_said() {
        let busy = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = busy.local_addr().unwrap().port();
        assert_ne!(Ports::new(port).next_free().unwrap(), port);
        let mut settings = Settings::default();
        settings.server.listen = local(port);
        let error = Machine::plan(&settings, None).unwrap_err().to_string();
        assert!(error.contains("is in use"), "{error}");
    }
}
