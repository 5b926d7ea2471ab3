//! What both disks promise, and what the faulty one breaks on demand.

use std::io::ErrorKind;

use super::*;

/// A folder that goes away with the value.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("fareway-disk-{}-{name}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn check_promises(disk: &dyn Disk) {
    disk.create_dir("a/b").unwrap();
    disk.create_dir("a/b").unwrap();
    assert_eq!(disk.open("a/b/c").unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(disk.create("x/c").unwrap_err().kind(), ErrorKind::NotFound);
    let file = disk.create("a/b/c").unwrap();
    file.write_at(0, b"0123456789").unwrap();
    file.write_at(12, b"end").unwrap();
    file.sync().unwrap();
    let mut buffer = [1; 20];
    assert_eq!(disk.open("a/b/c").unwrap().read_at(8, &mut buffer).unwrap(), 7);
    assert_eq!(&buffer[..7], b"89\0\0end");
    assert_eq!(file.read_at(99, &mut buffer).unwrap(), 0);
    file.truncate(4).unwrap();
    assert_eq!(file.length().unwrap(), 4);
    replace_whole(disk, "a/b/d", b"new").unwrap();
    replace_whole(disk, "a/b/d", b"newer").unwrap();
    assert_eq!(read_whole(disk, "a/b/d", 5).unwrap(), b"newer");
    assert_eq!(read_whole(disk, "a/b/d", 4).unwrap_err().kind(), ErrorKind::FileTooLarge);
    let names = |folder: &str| {
        let entries = disk.list(folder).unwrap().into_iter();
        entries.map(|entry| (entry.name, entry.is_dir)).collect::<Vec<_>>()
    };
    assert_eq!(names("a/b"), [("c".to_owned(), false), ("d".to_owned(), false)]);
    assert_eq!(names("a"), [("b".to_owned(), true)]);
    disk.rename("a/b/c", "a/b/d").unwrap();
    assert_eq!(read_whole(disk, "a/b/d", 4).unwrap(), b"0123");
    disk.remove("a/b/d").unwrap();
    disk.sync_dir("a/b").unwrap();
    assert_eq!(names("a/b"), []);
    assert!(disk.free_bytes().unwrap() > 0);
    let lock = disk.lock("lock").unwrap();
    assert_eq!(disk.lock("lock").unwrap_err().kind(), ErrorKind::WouldBlock);
    drop(lock);
    disk.lock("lock").unwrap();
}

#[test]
fn both_disks_keep_the_same_promises() {
    check_promises(&FaultDisk::from_seed(1));
    let folder = Folder::new("promises");
    check_promises(&RealDisk::open(&folder.0).unwrap());
}

#[test]
fn a_path_cannot_leave_its_folder() {
    let folder = Folder::new("outside");
    let disk = RealDisk::open(&folder.0).unwrap();
    for path in ["../x", "/etc/passwd", "a/../../x"] {
        assert_eq!(disk.open(path).unwrap_err().kind(), ErrorKind::InvalidInput, "{path}");
    }
}

#[test]
fn synced_bytes_survive_a_crash_and_others_may_not() {
    let mut lost = 0;
    for seed in 0..50 {
        let disk = FaultDisk::from_seed(seed);
        let file = disk.create("a").unwrap();
        file.write_at(0, &[7; 3_000]).unwrap();
        file.sync().unwrap();
        disk.sync_dir("").unwrap();
        file.write_at(3_000, &[8; 3_000]).unwrap();
        disk.crash();
        assert!(file.length().is_err());
        disk.reboot();
        assert!(file.length().is_err(), "opened before the crash");
        let bytes = disk.bytes("a").unwrap();
        assert!(bytes.starts_with(&[7; 3_000]));
        assert!(bytes[3_000..].iter().all(|&byte| byte == 8 || byte == 0));
        lost += usize::from(bytes.len() < 6_000);
    }
    assert!((10..50).contains(&lost), "lost in {lost} of 50");
}

#[test]
fn a_name_survives_only_when_its_folder_was_synced() {
    let mut lost = 0;
    for seed in 0..50 {
        let disk = FaultDisk::from_seed(seed);
        disk.create_dir("d").unwrap();
        disk.sync_dir("").unwrap();
        replace_whole(&disk, "d/kept", b"kept").unwrap();
        disk.create("d/other").unwrap().sync().unwrap();
        disk.reboot();
        assert_eq!(disk.bytes("d/kept").unwrap(), b"kept");
        lost += usize::from(disk.bytes("d/other").is_none());
    }
    assert!((10..50).contains(&lost), "lost in {lost} of 50");
}

#[test]
fn a_failed_sync_is_not_made_good_by_the_next() {
    let lost = (0..50).filter(|&seed| {
        let disk = FaultDisk::from_seed(seed);
        let file = disk.create("a").unwrap();
        disk.sync_dir("").unwrap();
        file.write_at(0, b"bytes").unwrap();
        disk.fail_at(1, DiskFault::Error);
        assert!(file.sync().is_err());
        file.sync().unwrap();
        assert_eq!(disk.bytes("a").unwrap(), b"bytes", "still readable");
        disk.reboot();
        disk.bytes("a").unwrap() != b"bytes"
    });
    assert!(lost.count() > 10);
}

#[test]
fn a_full_disk_takes_what_fits_and_more_when_space_returns() {
    let disk = FaultDisk::from_seed(1);
    let file = disk.create("a").unwrap();
    disk.set_capacity(8);
    file.write_at(0, b"01234").unwrap();
    assert_eq!(file.write_at(5, b"56789").unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(disk.bytes("a").unwrap(), b"01234567");
    assert_eq!(disk.free_bytes().unwrap(), 0);
    file.write_at(0, b"9").unwrap();
    disk.set_capacity(10);
    file.write_at(5, b"56789").unwrap();
}

#[test]
fn a_read_only_disk_refuses_changes_and_can_be_read() {
    let disk = FaultDisk::from_seed(1);
    disk.put("a", b"bytes");
    disk.set_read_only(true);
    let file = disk.open("a").unwrap();
    assert_eq!(file.length().unwrap(), 5);
    assert_eq!(file.write_at(0, b"x").unwrap_err().kind(), ErrorKind::ReadOnlyFilesystem);
    assert!(disk.create("b").is_err() && disk.remove("a").is_err() && file.sync().is_err());
}
