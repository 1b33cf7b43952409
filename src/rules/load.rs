//! Rule files from the disk.

use ocelli_query::rules::files::matching;
use ocelli_query::rules::{Group, file};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// All that is wrong with the rule files, a line each with file, line and column.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct LoadError(Vec<String>);

/// The groups of all files that the patterns stand for, in the order of patterns and names.
pub fn load(patterns: &[PathBuf]) -> Result<Vec<Group>, LoadError> {
    let (mut groups, mut wrong, mut known) = (Vec::new(), Vec::new(), BTreeSet::new());
    for pattern in patterns {
        let text = pattern.display().to_string();
        match matching(Path::new(""), &text) {
            Ok(files) if files.is_empty() => tracing::warn!(pattern = text, "no rule file matches"),
            // Patterns may overlap.
            Ok(files) => {
                files.iter().filter(|file| known.insert((*file).clone())).for_each(|file| match read(file) {
                    Ok(read) => groups.extend(read),
                    Err(lines) => wrong.extend(lines),
                })
            }
            Err(error) => wrong.push(format!("{text}: {error}")),
        }
    }
    if !wrong.is_empty() {
        return Err(LoadError(wrong));
    }
    for duplicate in file::duplicates(&groups) {
        tracing::warn!(duplicate, "two rules give the same series; `ocelli check` tells of it too");
    }
    Ok(groups)
}

fn read(path: &Path) -> Result<Vec<Group>, Vec<String>> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| vec![format!("{name}: {error}")])?;
    file::parse(&name, &text)
        .map_err(|problems| problems.iter().map(|problem| format!("{name}:{problem}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_are_read_and_all_errors_told() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write("b.yml", "groups: [{name: b}]\n");
        write("a.yml", "groups: [{name: a}]\n");
        let patterns = [dir.path().join("*.yml"), dir.path().join("a.yml")];
        let names: Vec<String> = load(&patterns).unwrap().into_iter().map(|group| group.name).collect();
        assert_eq!(names, ["a", "b"]);
        write("a.yml", "groups: [{name: ''}]\n");
        write("b.yml", "groups: [{nam: b}]\n");
        let patterns = [dir.path().join("*.yml"), dir.path().join("absent.yml")];
        let why = load(&patterns).unwrap_err().to_string();
        for words in ["a.yml:1:10: a group needs a name", "b.yml:1:", "unknown field `nam`", "absent.yml: "] {
            assert!(why.contains(words), "{words}: {why}");
        }
    }
}
