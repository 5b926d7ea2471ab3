use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::*;

fn settings(certificate: &str, key: &str, development: bool) -> TlsSettings {
    TlsSettings {
        certificate: certificate.into(),
        key: key.into(),
        development,
        ..TlsSettings::default()
    }
}

#[test]
fn a_door_has_both_files_or_its_own_or_none() {
    let of = |settings: TlsSettings| {
        files(&settings, Path::new("data"))
            .map(|files| files.map(|files| (files.certificate, files.key)))
            .map_err(|error| error.to_string())
    };
    let pair = |certificate: &str, key: &str| (PathBuf::from(certificate), PathBuf::from(key));
    assert_eq!(of(settings("", "", false)), Ok(None));
    assert_eq!(of(settings("a", "b", false)), Ok(Some(pair("a", "b"))));
    let own = pair("data/development.pem", "data/development.key");
    assert_eq!(of(settings("", "", true)), Ok(Some(own)));
    let refused = |settings, key| {
        let error: String = of(settings).unwrap_err();
        assert!(error.starts_with(key), "{error}");
    };
    refused(settings("a", "", false), "tls.key is missing");
    refused(settings("", "b", false), "tls.certificate is missing");
    refused(settings("a", "b", true), "tls.development");
}

#[test]
fn a_development_certificate_is_made_once_and_its_key_is_for_its_owner() {
    let path = std::env::temp_dir().join(format!("fareway-door-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    let data = DataFolder::open(&path).unwrap();
    let (listen, wanted) = (IpAddr::from([127, 0, 0, 1]), settings("", "", true));
    assert!(!make_development(&TlsSettings::default(), &data, listen).unwrap());
    assert!(make_development(&wanted, &data, listen).unwrap());
    assert!(!make_development(&wanted, &data, listen).unwrap());
    let mode = std::fs::metadata(path.join(DEVELOPMENT_KEY)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(open(&wanted, &path).unwrap().is_some());

    std::fs::write(path.join(DEVELOPMENT), "no certificate").unwrap();
    let error = make_development(&wanted, &data, listen).unwrap_err().to_string();
    assert!(error.contains("development.pem has no certificate"), "{error}");
    std::fs::remove_dir_all(&path).unwrap();
}
