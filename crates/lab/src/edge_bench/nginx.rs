//! nginx with one worker before the same servers, for comparison; killed when dropped.
//!
//! It forwards over kept connections and adds what the edge adds to a request: its name, and who sent it.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::net::TcpStream;

/// Where Debian has it, which is not in everybody's path.
const PLACES: [&str; 3] = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"];
/// More than any run sends.
const WITHOUT_END: &str = "1000000000";

/// A running nginx.
#[derive(Debug)]
pub(super) struct Nginx {
    child: Child,
    pub(super) address: SocketAddr,
    pub(super) version: String,
}

impl Nginx {
    /// Starts it before some servers, with its files in a folder.
    pub(super) async fn start(folder: &Path, origins: &[SocketAddr]) -> Result<Self> {
        let program = PLACES.iter().map(PathBuf::from).find(|path| path.exists());
        let program = program.context(
            "nginx is missing; `cargo xtask bench edge` installs it as root (Debian: apt-get install nginx-light)",
        )?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let file = folder.join("nginx.conf");
        std::fs::write(&file, configuration(folder, address, origins))?;
        let child = Command::new(&program)
            .arg("-p")
            .arg(folder)
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .spawn()
            .context("nginx does not start")?;
        let version = Command::new(&program).arg("-v").output()?.stderr;
        let version = String::from_utf8_lossy(&version).trim().to_owned();
        let mut nginx = Self { child, address, version };
        for _ in 0..200 {
            if TcpStream::connect(address).await.is_ok() {
                return Ok(nginx);
            }
            let ended = nginx.child.try_wait()?;
            ensure!(ended.is_none(), "nginx ended at once: {}", log(folder));
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        anyhow::bail!("nginx does not listen: {}", log(folder))
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn log(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("error.log")).unwrap_or_default()
}

fn configuration(folder: &Path, address: SocketAddr, origins: &[SocketAddr]) -> String {
    let folder = folder.display();
    let servers: String = origins.iter().map(|origin| format!("    server {origin};\n")).collect();
    format!(
        "daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests {WITHOUT_END};
  client_body_temp_path {folder}/body-temp;
  proxy_temp_path {folder}/proxy-temp;
  upstream cells {{
{servers}    keepalive 64;
    keepalive_requests {WITHOUT_END};
  }}
  server {{
    listen {address};
    location / {{
      proxy_pass http://cells;
      proxy_http_version 1.1;
      proxy_set_header Connection \"\";
      proxy_set_header Host $host;
      proxy_set_header X-Request-Id $request_id;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
    }}
  }}
}}
"
    )
}
