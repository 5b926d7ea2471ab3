use super::*;

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("fareway-release-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(path.join("partners-source")).unwrap();
        let place = Self(path);
        place.write("binary", "one");
        place.write("settings.toml", "# how\n[search]\ndeadline_ms = 1\n[cell]\ndeadline_ms = 1\n");
        place.write("partners-source/a.toml", "a");
        place.write("partners-source/a.secret", "s");
        place
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }

    fn sources(&self) -> Sources {
        Sources {
            binary: self.0.join("binary"),
            settings: Some(self.0.join("settings.toml")),
            partners: self.0.join("partners-source"),
        }
    }

    fn releases(&self) -> Releases {
        Releases::of(&self.0)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_release_keeps_what_it_was_made_of_whatever_happens_to_the_files() {
    let place = Place::new("keeps");
    let made = place.releases().make("r1", &place.sources(), &[]).unwrap();
    assert_eq!(made.content, place.sources().content().unwrap());
    place.write("binary", "two");
    place.write("partners-source/a.toml", "b");
    assert_ne!(made.content, place.sources().content().unwrap());
    let releases = place.releases();
    assert_eq!(releases.read("r1").unwrap(), made);
    assert_eq!(std::fs::read_to_string(releases.binary("r1")).unwrap(), "one");
    assert_eq!(std::fs::read_to_string(releases.partners("r1").join("a.secret")).unwrap(), "s");
    assert!(releases.settings("r1").is_some());
}

#[test]
fn a_name_is_given_once_and_the_next_one_is_free() {
    let place = Place::new("names");
    let releases = place.releases();
    assert_eq!(releases.next_name(), "r1");
    releases.make("r1", &place.sources(), &[]).unwrap();
    releases.make("hotfix", &place.sources(), &[]).unwrap();
    assert_eq!(releases.next_name(), "r2");
    let error = releases.make("r1", &place.sources(), &[]).unwrap_err().to_string();
    assert!(error.contains("there is a release r1 already"), "{error}");
    for name in ["", ".", "../r1", "a b", &"x".repeat(33)] {
        assert!(releases.make(name, &place.sources(), &[]).is_err(), "{name}");
    }
    assert!(releases.read("r9").unwrap_err().to_string().contains("there is no release r9"));
}

#[test]
fn what_is_missing_is_named_and_nothing_is_left_behind() {
    let place = Place::new("missing");
    let sources = Sources { binary: place.0.join("nowhere"), ..place.sources() };
    let error = format!("{:#}", place.releases().make("r1", &sources, &[]).unwrap_err());
    assert!(error.contains("nowhere cannot be read"), "{error}");
    assert!(place.releases().list().is_empty());
    assert_eq!(place.releases().make("r1", &place.sources(), &[]).unwrap().name, "r1");
}

#[test]
fn the_oldest_that_nobody_runs_goes_when_there_are_too_many() {
    let place = Place::new("many");
    let releases = place.releases();
    for number in 1..=RELEASES_MAX {
        releases.make(&format!("r{number}"), &place.sources(), &[]).unwrap();
    }
    let in_use = ["r1".to_owned(), "r3".to_owned()];
    releases.make("r98", &place.sources(), &in_use).unwrap();
    releases.make("r99", &place.sources(), &in_use).unwrap();
    let names: Vec<String> = releases.list().into_iter().map(|release| release.name).collect();
    assert_eq!(names.len(), RELEASES_MAX);
    assert!(names.contains(&"r1".to_owned()) && names.contains(&"r3".to_owned()));
}

#[test]
fn a_difference_is_shown_line_by_line_and_secrets_are_not() {
    let place = Place::new("diff");
    let releases = place.releases();
    let old = releases.make("r1", &place.sources(), &[]).unwrap();
    place.write("binary", "two");
    place.write("settings.toml", "[search]\ndeadline_ms = 2\n[cell]\ndeadline_ms = 1\n");
    place.write("partners-source/a.secret", "t");
    place.write("partners-source/b.toml", "b");
    std::fs::remove_file(place.0.join("partners-source/a.toml")).unwrap();
    let (sources, kept) = (place.sources(), releases.settings("r1"));
    let new = sources.content().unwrap();
    let lines = diff((&old.content, kept.as_deref()), (&new, sources.settings.as_deref()));
    assert!(lines[0].starts_with("binary: "), "{lines:?}");
    let rest = [
        "settings:",
        "  - [search] deadline_ms = 1",
        "  + [search] deadline_ms = 2",
        "partner file a.secret: changed",
        "partner file a.toml: gone",
        "partner file b.toml: new",
    ];
    assert_eq!(lines[1..], rest);
    let same = diff((&new, None), (&new, None));
    assert!(same.is_empty());
}
