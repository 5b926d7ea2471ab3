//! How many connections the process can afford.

/// The wanted number, or a third of the file descriptors this process may open, if that is fewer:
/// the rest is for listeners, clients and files.
pub(super) fn connections_max(wanted: usize) -> usize {
    // Read once at start; where there is no such file the settings alone decide.
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    open_files(&limits).map_or(wanted, |files| wanted.min((files / 3).max(16)))
}

fn open_files(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::open_files;

    #[test]
    fn the_soft_limit_of_open_files_is_read() {
        let limits = "Limit  Soft  Hard  Units\nMax processes 9 9 processes\nMax open files            1024                 4096                 files\n";
        assert_eq!(open_files(limits), Some(1_024));
        assert_eq!(open_files("Max open files unlimited unlimited files"), None);
        assert_eq!(open_files(""), None);
    }
}
