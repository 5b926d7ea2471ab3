//! Partner files come, change and go while everything keeps running.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use partners::{AskerSettings, Partner, Registry};
use runtime::{Shutdown, TaskSet, Workers};

use crate::world::{asker, partner_file};

/// A folder of its own, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("fareway-registry-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, id: &str, more: &str) {
        let text = partner_file("fareway", "http://127.0.0.1:1", more)
            .replace("\"test\"", &format!("\"{id}\""));
        std::fs::write(self.0.join(name), text).unwrap();
    }

    fn remove(&self, name: &str) {
        std::fs::remove_file(self.0.join(name)).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn ids(registry: &Registry) -> Vec<String> {
    let set = registry.snapshot();
    set.partners().iter().map(|partner| partner.settings().id.to_string()).collect()
}

fn errors(registry: &Registry) -> Vec<String> {
    registry.errors().iter().map(ToString::to_string).collect()
}

fn get(registry: &Registry, id: &str) -> Arc<dyn Partner> {
    Arc::clone(registry.snapshot().get(id.parse().unwrap()).unwrap())
}

#[tokio::test]
async fn a_bad_file_is_refused_by_name_and_the_good_ones_run() {
    let folder = Folder::new();
    folder.write("a.toml", "aaa", "");
    folder.write("b.toml", "bbb", "concurrency = 0");
    folder.write("c.toml", "ccc", "enabled = false");
    std::fs::write(folder.0.join("notes.txt"), "not a partner").unwrap();
    let registry = Registry::open(Some(&folder.0), asker(AskerSettings::default()));
    assert_eq!(ids(&registry), ["aaa"]);
    let errors = errors(&registry);
    let file = folder.0.join("b.toml").display().to_string();
    assert_eq!(errors, [format!("{file}:10: concurrency = 0: 0 is outside 1..=1000")]);
}

#[tokio::test]
async fn the_last_good_version_of_a_file_that_turns_bad_keeps_running() {
    let folder = Folder::new();
    folder.write("a.toml", "aaa", "concurrency = 7");
    let registry = Registry::open(Some(&folder.0), asker(AskerSettings::default()));
    let before = get(&registry, "aaa");
    folder.write("a.toml", "aaa", "concurrency = 7000");
    assert!(registry.poll());
    assert!(Arc::ptr_eq(&before, &get(&registry, "aaa")));
    assert_eq!(errors(&registry).len(), 1);
    folder.write("a.toml", "aaa", "concurrency = 8  # mended");
    assert!(registry.poll());
    assert_eq!(get(&registry, "aaa").settings().concurrency.get(), 8);
    assert_eq!(errors(&registry), [""; 0]);
    assert!(!registry.poll(), "nothing has changed since");
}

#[tokio::test]
async fn a_file_rewritten_with_the_same_settings_keeps_its_partner() {
    let folder = Folder::new();
    folder.write("a.toml", "aaa", "");
    let registry = Registry::open(Some(&folder.0), asker(AskerSettings::default()));
    let before = get(&registry, "aaa");
    folder.write("a.toml", "aaa", "# a new comment");
    assert!(registry.poll());
    assert!(Arc::ptr_eq(&before, &get(&registry, "aaa")));
}

#[tokio::test]
async fn of_two_files_with_one_id_the_first_runs_until_it_goes() {
    let folder = Folder::new();
    folder.write("a.toml", "same", "concurrency = 1");
    folder.write("b.toml", "same", "concurrency = 2");
    let registry = Registry::open(Some(&folder.0), asker(AskerSettings::default()));
    assert_eq!(get(&registry, "same").settings().concurrency.get(), 1);
    let (a, b) = (folder.0.join("a.toml"), folder.0.join("b.toml"));
    let expected = format!("{}: id = \"same\": already used by {}", b.display(), a.display());
    assert_eq!(errors(&registry), [expected]);
    folder.remove("a.toml");
    assert!(registry.poll());
    assert_eq!(get(&registry, "same").settings().concurrency.get(), 2);
    assert_eq!(errors(&registry), [""; 0]);
}

#[tokio::test]
async fn files_are_taken_up_within_two_seconds_without_restart() {
    let folder = Folder::new();
    let registry = Arc::new(Registry::open(Some(&folder.0), asker(AskerSettings::default())));
    let (tasks, shutdown) = (TaskSet::default(), Shutdown::default());
    let workers = Workers::start("registry", 1, 4).unwrap();
    tasks.spawn(Arc::clone(&registry).run(Some(workers), shutdown.clone()));
    let soon = async |wanted: &[&str]| {
        for _ in 0..40 {
            if ids(&registry) == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{:?} is not {wanted:?} after two seconds", ids(&registry));
    };
    folder.write("a.toml", "aaa", "");
    soon(&["aaa"]).await;
    folder.write("b.toml", "bbb", "");
    folder.write("a.toml", "aa2", "");
    soon(&["aa2", "bbb"]).await;
    folder.remove("a.toml");
    soon(&["bbb"]).await;
    shutdown.begin();
    assert!(tasks.drain(Duration::from_secs(2)).await);
}

#[tokio::test]
async fn a_folder_that_goes_away_stops_nothing() {
    let folder = Folder::new();
    folder.write("a.toml", "aaa", "");
    let registry = Registry::open(Some(&folder.0), asker(AskerSettings::default()));
    std::fs::remove_dir_all(&folder.0).unwrap();
    registry.poll();
    assert_eq!(ids(&registry), ["aaa"]);
    assert!(errors(&registry)[0].contains("cannot be read"), "{:?}", errors(&registry));
    assert!(!registry.poll(), "the same trouble is no news");
}

#[tokio::test]
async fn generated_partners_are_registered_beside_the_files_and_keep_the_same_rules() {
    let folder = Folder::new();
    folder.write("a.toml", "aaa", "");
    let registry = Registry::open(Some(&folder.0), asker(AskerSettings::default()));
    let text = |id: &str| {
        partner_file("fareway", "http://127.0.0.1:1", "").replace("\"test\"", &format!("\"{id}\""))
    };
    assert_eq!(registry.register_toml("sandbox/1", &text("sss")).unwrap().as_str(), "sss");
    assert!(registry.register_toml("sandbox/2", &text("aaa")).is_err());
    assert!(registry.register_toml("sandbox/3", "id = 3").is_err());
    assert_eq!(ids(&registry), ["aaa", "sss"]);
    assert_eq!(registry.snapshot().version(), 4);
    registry.poll();
    assert_eq!(ids(&registry), ["aaa", "sss"], "a look at the folder leaves them alone");
    assert!(registry.unregister("sandbox/1"));
    assert_eq!(ids(&registry), ["aaa"]);
}

#[tokio::test]
async fn files_and_partners_have_limits() {
    let folder = Folder::new();
    std::fs::write(folder.0.join("big.toml"), vec![b'#'; (1 << 20) + 1]).unwrap();
    std::fs::write(folder.0.join("bytes.toml"), [0xFF, 0xFE]).unwrap();
    let registry = Registry::open(Some(&folder.0), asker(AskerSettings::default()));
    let errors = errors(&registry);
    assert!(errors[0].contains("larger than 1048576 bytes"), "{errors:?}");
    assert!(errors[1].contains("cannot be read"), "{errors:?}");
    let texts = (0..5_000).map(|index| {
        let text = partner_file("fareway", "http://127.0.0.1:1", "");
        (format!("p{index}"), text.replace("\"test\"", &format!("\"p{index}\"")))
    });
    let refused = registry.register_all(texts);
    assert_eq!(refused.len(), 2, "the two bad files count too");
    assert!(refused[0].to_string().contains("more than 5000 partners"));
}

#[tokio::test]
async fn a_folder_that_is_made_later_is_taken_up() {
    let folder = Folder::new();
    let later = folder.0.join("later");
    let registry = Registry::open(Some(&later), asker(AskerSettings::default()));
    assert_eq!(errors(&registry), [""; 0]);
    std::fs::create_dir(&later).unwrap();
    folder.write("later/a.toml", "aaa", "");
    assert!(registry.poll());
    assert_eq!(ids(&registry), ["aaa"]);
}

#[tokio::test]
async fn the_example_files_are_good_and_ask_nobody() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/partners");
    let examples = std::fs::read_dir(&folder).unwrap().count();
    assert!(examples >= 3);
    let registry = Registry::open(Some(&folder), asker(AskerSettings::default()));
    assert_eq!(errors(&registry), [""; 0]);
    assert_eq!(ids(&registry), [""; 0]);
}

/// Every key of a partner file stands in the first example, set or behind a `#`, with its range.
#[tokio::test]
async fn the_first_example_explains_every_key() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/partners");
    let text = std::fs::read_to_string(folder.join("example-airline.toml")).unwrap();
    let all: String = text.lines().map(|line| uncommented(line).to_owned() + "\n").collect();
    let all = all.replace("token_file = ", "# ");
    let settings = partners::PartnerSettings::parse("example", &all, None).unwrap();
    let keys = [
        ("timeout_ms", settings.timeout_ms.get(), 100, 60_000),
        ("requests_per_second", settings.requests_per_second.get(), 1, 10_000),
        ("burst", settings.burst.get(), 1, 10_000),
        ("concurrency", settings.concurrency.get(), 1, 1_000),
        ("idle_connections", settings.idle_connections.get(), 0, 1_000),
        ("idle_ms", settings.idle_ms.get(), 1_000, 600_000),
        ("answer_bytes_max", settings.answer_bytes_max.get(), 1_024, 134_217_728),
        ("horizon_days", settings.coverage.horizon_days.get(), 1, 400),
        ("travellers_max", settings.coverage.travellers_max.get(), 1, 16),
        ("legs_max", settings.coverage.legs_max.get(), 1, 6),
        ("this_week_minutes", minutes(settings.freshness.this_week_minutes), 1, 10_080),
        ("this_month_minutes", minutes(settings.freshness.this_month_minutes), 1, 10_080),
        ("later_minutes", minutes(settings.freshness.later_minutes), 1, 10_080),
        ("no_flights_minutes", minutes(settings.freshness.no_flights_minutes), 1, 10_080),
        ("click_out_minutes", minutes(settings.freshness.click_out_minutes), 1, 60),
        ("changed_per_mille", minutes(settings.freshness.changed_per_mille), 1, 1_000),
    ];
    for (key, default, min, max) in keys {
        assert!(text.contains(&format!("# {key} = {default}")), "{key}: default {default}");
        let explained = text.split(&format!("# {key} = ")).next().unwrap();
        let comment = explained.trim_end().rsplit("\n").next().unwrap();
        assert!(comment.contains(&format!("{min}..={max}")), "{key}: {comment}");
    }
}

fn minutes<const MIN: u64, const MAX: u64>(set: Option<runtime::Limited<MIN, MAX>>) -> u64 {
    set.unwrap().get()
}

/// A line whose commented-out key is set.
fn uncommented(line: &str) -> &str {
    let key = line.strip_prefix("# ").filter(|rest| {
        let name = rest.split(" = ").next().unwrap_or_default();
        rest.contains(" = ") && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    });
    key.unwrap_or(line)
}
