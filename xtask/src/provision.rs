//! What suites and benches need beyond Rust: Chromium, Redis, nginx, Go and Java from Debian, packages
//! from PyPI, npm, the Go proxy and Maven's central repository.
//!
//! Everything is pinned and goes below the target folder or `node_modules`, except Debian
//! packages, which are installed only as root and only when missing. A second run finds all in
//! place and downloads nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::Task;
use crate::suites::Ground;
use crate::workspace::{find_program, variable};

const CHROMIUM_NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome"];
/// The browser, and letters for the languages of the page.
const CHROMIUM_PACKAGES: &[&str] = &["chromium", "fonts-dejavu-core", "fonts-noto-cjk"];
const DOWNLOAD: Duration = Duration::from_secs(900);

/// The path of a Chromium; `CHROMIUM` names another one.
pub(crate) fn chromium(root: &Path) -> Result<PathBuf> {
    if let Some(path) = variable("CHROMIUM") {
        return Ok(path.into());
    }
    let find = || CHROMIUM_NAMES.iter().find_map(|name| find_program(name));
    if let Some(path) = find() {
        return Ok(path);
    }
    install(root, CHROMIUM_PACKAGES).context("the browser suite needs Chromium")?;
    find().context("chromium was installed but is not in PATH")
}

/// The interpreter of a virtual environment below the target folder that holds what
/// `requirements` pins.
pub(crate) fn python(ground: &Ground, name: &str, requirements: &str) -> Result<PathBuf> {
    let pins = fs::read_to_string(ground.root.join(requirements))
        .with_context(|| format!("{requirements} cannot be read"))?;
    let folder = ground.target.join("python").join(name);
    let interpreter = folder.join("bin/python");
    let stamp = folder.join("installed.txt");
    if interpreter.exists() && fs::read_to_string(&stamp).is_ok_and(|installed| installed == pins) {
        return Ok(interpreter);
    }
    let make = |quiet: Task| quiet.arguments(["-m", "venv", "--clear"]).arguments([&folder]).run();
    let made =
        find_program("python3").is_some() && make(Task::new("python3", &ground.root))?.success;
    if !made {
        install(&ground.root, &["python3", "python3-venv"]).context("this suite needs Python 3")?;
        if !make(Task::new("python3", &ground.root))?.success {
            bail!("python3 -m venv failed");
        }
    }
    Task::new(&interpreter, &ground.root)
        .arguments([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-input",
            "--disable-pip-version-check",
            "-r",
            requirements,
        ])
        .limit(DOWNLOAD)
        .must()?;
    fs::write(&stamp, pins)?;
    Ok(interpreter)
}

/// Installs the packages that a lock file pins, unless they are those of the last time.
pub(crate) fn node_modules(ground: &Ground, folder: &str) -> Result<()> {
    let folder = ground.root.join(folder);
    let lock = fs::read_to_string(folder.join("package-lock.json"))
        .with_context(|| format!("{} has no package-lock.json", folder.display()))?;
    let stamp = folder.join("node_modules/installed.json");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    if find_program("npm").is_none() {
        install(&ground.root, &["nodejs", "npm"]).context("this suite needs Node")?;
    }
    Task::new("npm", &folder)
        .arguments(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .limit(DOWNLOAD)
        .must()?;
    fs::write(&stamp, lock)?;
    Ok(())
}

/// Makes sure that a Redis server can be started; `REDIS_SERVER` names another program.
pub(crate) fn redis_server(root: &Path) -> Result<()> {
    if variable("REDIS_SERVER").is_some() || find_program("redis-server").is_some() {
        return Ok(());
    }
    install(root, &["redis-server"]).context("the redis suite needs a Redis server")
}

/// Makes sure that nginx can be started, for comparison with the edge.
pub(crate) fn nginx(root: &Path) -> Result<()> {
    if find_program("nginx").is_some() || Path::new("/usr/sbin/nginx").exists() {
        return Ok(());
    }
    install(root, &["nginx-light"]).context("the bench of the edge needs nginx")
}

/// The path of h2spec, built below the target folder as `xtask/h2spec` pins it; `H2SPEC` names another.
pub(crate) fn h2spec(ground: &Ground) -> Result<PathBuf> {
    if let Some(path) = variable("H2SPEC") {
        return Ok(path.into());
    }
    let program = ground.target.join("h2spec");
    if program.exists() {
        return Ok(program);
    }
    let need = "the h2 suite needs h2spec (H2SPEC names the program), or Go to build it";
    if find_program("go").is_none() {
        install(&ground.root, &["golang-go"]).context(need)?;
    }
    Task::new("go", &ground.root.join("xtask/h2spec"))
        .arguments(["build", "-o"])
        .arguments([&program])
        .arguments(["github.com/summerwind/h2spec/cmd/h2spec"])
        .limit(DOWNLOAD)
        .must()
        .context(need)?;
    Ok(program)
}

/// The folder below the target folder with the jars of an Apache Kafka broker, as pinned in
/// `xtask/kafka`, each with its checksum. They come by Maven, from where the user's settings say.
pub(crate) fn kafka_jars(ground: &Ground) -> Result<PathBuf> {
    let folder = ground.target.join("apache-kafka");
    let sums = ground.root.join("xtask/kafka/jars.sha256");
    let need = "the kafka suite needs";
    if find_program("java").is_none() && variable("JAVA").is_none() {
        install(&ground.root, &["default-jre-headless"])
            .with_context(|| format!("{need} Java 17 or later"))?;
    }
    if are_as_pinned(&folder, &sums) {
        return Ok(folder);
    }
    if find_program("mvn").is_none() {
        install(&ground.root, &["maven"]).with_context(|| format!("{need} Maven"))?;
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    Task::new("mvn", &ground.root)
        .arguments(["--batch-mode", "--quiet", "--file", "xtask/kafka/pom.xml"])
        .arguments(["org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies"])
        .arguments(["-DincludeScope=runtime"])
        .arguments([format!("-DoutputDirectory={}", folder.display())])
        .limit(DOWNLOAD)
        .must()
        .with_context(|| {
            format!("{need} the jars of Apache Kafka, and Maven does not give them")
        })?;
    if !are_as_pinned(&folder, &sums) {
        bail!("the jars in {} are not those of xtask/kafka/jars.sha256", folder.display());
    }
    Ok(folder)
}

/// Whether a folder holds exactly the files of a list of checksums.
fn are_as_pinned(folder: &Path, sums: &Path) -> bool {
    let listed = fs::read_to_string(sums).map_or(0, |text| text.lines().count());
    let there = fs::read_dir(folder).map_or(0, Iterator::count);
    let check = || Task::new("sha256sum", folder).arguments(["--check", "--strict", "--quiet"]);
    listed > 0
        && there == listed
        && check().arguments([sums]).quiet().run().is_ok_and(|finished| finished.success)
}

/// Installs Debian packages, as root only.
fn install(root: &Path, packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if find_program("apt-get").is_none() || !is_root(root) {
        bail!("install it by hand (Debian: apt-get install {list})");
    }
    let apt = |arguments: &[&str]| {
        Task::new("apt-get", root)
            .arguments(arguments)
            .variable("DEBIAN_FRONTEND", "noninteractive")
            .limit(DOWNLOAD)
            .must()
    };
    apt(&["update", "-q"])?;
    apt(&[&["install", "-q", "-y", "--no-install-recommends"], packages].concat())?;
    Ok(())
}

fn is_root(root: &Path) -> bool {
    let id = Task::new("id", root).arguments(["-u"]).quiet().run();
    id.is_ok_and(|finished| finished.lines == ["0"])
}
