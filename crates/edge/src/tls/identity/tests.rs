use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::tls::issue;

const DAY_S: i64 = 86_400;
const NOW_S: i64 = 1_800_000_000;

/// A folder with a good pair of files, removed at the end.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    pub(crate) files: Files,
}

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("fareway-tls-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        let files = Files { certificate: path.join("a.pem"), key: path.join("a.key") };
        let folder = Self { path, files };
        folder.write_pair(NOW_S);
        folder
    }

    /// A pair that is made at this time.
    pub(crate) fn write_pair(&self, made_s: i64) {
        let issued = issue::development([127, 0, 0, 1].into(), made_s).unwrap();
        fs::write(&self.files.certificate, issued.certificate).unwrap();
        fs::write(&self.files.key, issued.key).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn refused(folder: &Folder, now_s: i64, expected: &[&str]) {
    let error = folder.files.read(now_s).unwrap_err().to_string();
    for part in expected {
        assert!(error.contains(part), "{error:?} does not say {part:?}");
    }
}

#[test]
fn a_good_pair_is_taken_with_its_chain_and_its_end() {
    let folder = Folder::new();
    let other = issue::development([10, 0, 0, 1].into(), NOW_S - 9_000 * DAY_S).unwrap();
    let mut text = fs::read_to_string(&folder.files.certificate).unwrap();
    // What comes behind may have expired.
    text.push_str(&other.certificate);
    fs::write(&folder.files.certificate, text).unwrap();
    let identity = folder.files.read(NOW_S).unwrap();
    assert_eq!(identity.pair.cert.len(), 2);
    assert_eq!(identity.until_s, NOW_S + 397 * DAY_S);
}

#[test]
fn a_certificate_is_used_from_its_first_to_its_last_second() {
    let folder = Folder::new();
    assert!(folder.files.read(NOW_S - DAY_S).is_ok());
    assert!(folder.files.read(NOW_S + 397 * DAY_S).is_ok());
    refused(&folder, NOW_S - DAY_S - 1, &["a.pem", "not valid before"]);
    refused(&folder, NOW_S + 397 * DAY_S + 1, &["a.pem", "expired at"]);
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let folder = Folder::new();
    let other = issue::development([127, 0, 0, 1].into(), NOW_S).unwrap();
    fs::write(&folder.files.key, other.key).unwrap();
    refused(&folder, NOW_S, &["a.key", "does not match the certificate in", "a.pem"]);
}

#[test]
fn what_is_no_certificate_is_refused_with_file_and_reason() {
    let folder = Folder::new();
    let good = fs::read_to_string(&folder.files.certificate).unwrap();
    let end = good.find("-----END").unwrap();
    let key = fs::read_to_string(&folder.files.key).unwrap();
    let junk = "-----BEGIN CERTIFICATE-----\nAAECAwQF\n-----END CERTIFICATE-----\n";
    let many = good.repeat(CERTIFICATES_MAX + 1);
    for (text, reason) in [
        ("", "has no certificate"),
        ("nonsense \u{0}\u{ff}", "has no certificate"),
        (&key, "has no certificate"),
        (&good[..end], "is damaged"),
        (&good[..end / 2], "is damaged"),
        (&good.replace('M', "!"), "is damaged"),
        (junk, "cannot be read"),
        (&many, "more than 16 certificates"),
    ] {
        fs::write(&folder.files.certificate, text).unwrap();
        refused(&folder, NOW_S, &["a.pem", reason]);
    }
    fs::write(&folder.files.certificate, vec![b'a'; BYTES_MAX as usize + 1]).unwrap();
    refused(&folder, NOW_S, &["a.pem", "more than 1048576 bytes"]);
    fs::remove_file(&folder.files.certificate).unwrap();
    refused(&folder, NOW_S, &["a.pem", "cannot be read", "No such file"]);
    fs::create_dir(&folder.files.certificate).unwrap();
    refused(&folder, NOW_S, &["a.pem", "is not a file"]);
}

#[test]
fn what_is_no_key_is_refused_with_file_and_reason() {
    let folder = Folder::new();
    let good = fs::read_to_string(&folder.files.key).unwrap();
    let end = good.find("-----END").unwrap();
    let certificate = fs::read_to_string(&folder.files.certificate).unwrap();
    let encrypted = good.replace("PRIVATE", "ENCRYPTED PRIVATE");
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let junk = "-----BEGIN PRIVATE KEY-----\nAAECAwQF\n-----END PRIVATE KEY-----\n";
    for (text, reason) in [
        ("", "has no private key"),
        (&certificate, "has no private key"),
        (&good[..end], "is damaged"),
        (&encrypted, "is encrypted"),
        (old, "is encrypted"),
        (junk, "cannot be used"),
    ] {
        fs::write(&folder.files.key, text).unwrap();
        refused(&folder, NOW_S, &["a.key", reason]);
    }
    fs::remove_file(&folder.files.key).unwrap();
    fs::create_dir(&folder.files.key).unwrap();
    refused(&folder, NOW_S, &["a.key", "is not a file"]);
}

#[test]
fn every_beginning_of_a_file_is_refused_and_none_panics() {
    let folder = Folder::new();
    let found = folder.files.find().unwrap();
    for end in 0..found.certificate.len() - 30 {
        let cut = Found { certificate: found.certificate[..end].to_vec(), key: found.key.clone() };
        assert!(folder.files.judge(&cut, NOW_S).is_err(), "{end} bytes of a certificate");
    }
    for end in 0..found.key.len() - 30 {
        let key = found.key[..end].to_vec();
        let cut = Found { certificate: found.certificate.clone(), key };
        assert!(folder.files.judge(&cut, NOW_S).is_err(), "{end} bytes of a key");
    }
}
