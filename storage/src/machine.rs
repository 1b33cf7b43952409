//! How much memory this process may have, as Linux tells it.

use crate::budget::Origin;
use std::fs;
use std::path::{Path, PathBuf};

/// Where nothing tells it.
const UNKNOWN_BYTES: usize = 2 << 30;

/// Bytes, and who says so: the control group where it has a limit below the machine's memory.
pub fn memory() -> (usize, Origin) {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| machine_bytes(&text));
    let machine = machine.unwrap_or(UNKNOWN_BYTES);
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = limit_files(&groups, Path::new("/sys/fs/cgroup"));
    let limits = limits.iter().filter_map(|file| fs::read_to_string(file).ok()?.trim().parse::<usize>().ok());
    match limits.min().filter(|limit| *limit < machine) {
        Some(limit) => (limit, Origin::Cgroup),
        None => (machine, Origin::Machine),
    }
}

/// `MemTotal:       24683728 kB`
fn machine_bytes(meminfo: &str) -> Option<usize> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.split_whitespace().next()?.parse::<usize>().ok()?.checked_mul(1024)
}

/// The files that may hold a limit: of the group and of all groups around it. A line of version 2 is
/// `0::/path`, of version 1 `4:memory:/path`; "max" and a number beyond all memory mean no limit.
fn limit_files(groups: &str, root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        let (root, name) = match controllers {
            "" => (root.to_owned(), "memory.max"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                (root.join("memory"), "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let group = Path::new(path.trim_start_matches('/'));
        files.extend(group.ancestors().map(|above| root.join(above).join(name)));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_both_versions_are_found() {
        let found = |groups| -> Vec<String> {
            let files = limit_files(groups, Path::new("/g"));
            files.iter().map(|file| file.display().to_string()).collect()
        };
        assert_eq!(found("0::/a/b\n"), ["/g/a/b/memory.max", "/g/a/memory.max", "/g/memory.max"]);
        assert_eq!(found("0::/\n"), ["/g/memory.max"]);
        assert_eq!(
            found("5:cpu,memory:/d\n4:pids:/d\n"),
            ["/g/memory/d/memory.limit_in_bytes", "/g/memory/memory.limit_in_bytes"]
        );
    }

    #[test]
    fn this_machine_has_memory() {
        assert_eq!(machine_bytes("MemTotal:       1000 kB\nMemFree: 1 kB\n"), Some(1_024_000));
        assert!(memory().0 > 64 << 20);
    }
}
