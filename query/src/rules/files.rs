//! The files that a pattern stands for, as `rule_files` and `--rules` take it.

use regex::Regex;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The files of a pattern, relative to a folder, sorted. In every part of the path `*` stands for any
/// characters, `?` for one, `[a-z]` for one of a class. A name without these is that file, there or not.
pub fn matching(folder: &Path, pattern: &str) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![folder.to_owned()];
    for part in Path::new(pattern).components() {
        let text = part.as_os_str().to_string_lossy();
        if !matches!(part, Component::Normal(_)) || !text.contains(['*', '?', '[']) {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        }
        let names = regex_of(&text)?;
        let mut next = Vec::new();
        for path in &found {
            next.extend(entries(path, &names)?);
        }
        next.sort();
        found = next;
    }
    Ok(found)
}

/// The entries of a folder whose name matches; none of what is no folder.
fn entries(folder: &Path, names: &Regex) -> io::Result<Vec<PathBuf>> {
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let read = match std::fs::read_dir(listed) {
        Ok(read) => read,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in read {
        let name = entry?.file_name();
        if names.is_match(&name.to_string_lossy()) {
            found.push(folder.join(name));
        }
    }
    Ok(found)
}

fn regex_of(part: &str) -> io::Result<Regex> {
    let mut pattern = String::from("^");
    let mut in_class = false;
    for c in part.chars() {
        match c {
            '[' | ']' => {
                in_class = c == '[';
                pattern.push(c);
            }
            _ if in_class => pattern.push(c),
            '*' => pattern.push_str("[^/]*"),
            '?' => pattern.push_str("[^/]"),
            c => pattern.push_str(&regex::escape(&c.to_string())),
        }
    }
    pattern.push('$');
    let wrong = |_| io::Error::new(io::ErrorKind::InvalidInput, format!("{part:?} is no pattern of names"));
    Regex::new(&pattern).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_files() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.yml", "a.yml", "a.txt", "sub/c1.yml", "sub/c2.yml"] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let check = |pattern: &str, expect: &[&str]| {
            let found = matching(dir.path(), pattern).unwrap();
            let expect: Vec<PathBuf> = expect.iter().map(|name| dir.path().join(name)).collect();
            assert_eq!(found, expect, "{pattern}");
        };
        check("*.yml", &["a.yml", "b.yml"]);
        check("a.???", &["a.txt", "a.yml"]);
        check("s*/c[2-9].yml", &["sub/c2.yml"]);
        check("absent.yml", &["absent.yml"]);
        check("absent/*.yml", &[]);
        check("a.yml/*", &[]);
        assert!(matching(dir.path(), "[z").is_err());
    }
}
