//! The hash of everything that the built UI depends on.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xxhash_rust::xxh3::Xxh3;

/// Folders and files, relative to the checkout. The two manifests hold versions, features and the
/// profile; the bundler's own source is an input like the compiler's.
const INPUTS: [&str; 5] = ["ui", "query/api", "xtask/src/ui", "Cargo.toml", "Cargo.lock"];

/// Thirty-two hexadecimal digits.
pub fn hash(root: &Path) -> Result<String> {
    let mut hasher = Xxh3::new();
    for input in INPUTS {
        add(&mut hasher, root, &root.join(input))?;
    }
    Ok(format!("{:032x}", hasher.digest128()))
}

fn add(hasher: &mut Xxh3, root: &Path, path: &Path) -> Result<()> {
    if path.is_dir() {
        let entries = fs::read_dir(path).with_context(|| format!("read {}", path.display()))?;
        let mut children: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        children.sort();
        return children
            .iter()
            .filter(|child| !is_output(child))
            .try_for_each(|child| add(hasher, root, child));
    }
    let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    let content = fs::read(path).with_context(|| format!("read {}", path.display()))?;
    // Lengths before contents: no two different trees look alike to the hash.
    for part in [name.as_bytes(), &content] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    Ok(())
}

fn is_output(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "dist")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_follows_contents_and_names_but_not_outputs() {
        let root = std::env::temp_dir().join(format!("ocelli-inputs-{}", std::process::id()));
        for folder in ["ui/src", "ui/dist", "query/api", "xtask/src/ui"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        for file in ["ui/src/lib.rs", "query/api/a.rs", "xtask/src/ui/b.rs", "Cargo.toml", "Cargo.lock"] {
            fs::write(root.join(file), file).unwrap();
        }
        let first = hash(&root).unwrap();
        fs::write(root.join("ui/dist/app.js"), "built").unwrap();
        assert_eq!(hash(&root).unwrap(), first);
        fs::write(root.join("ui/src/lib.rs"), "changed").unwrap();
        let second = hash(&root).unwrap();
        assert_ne!(second, first);
        fs::rename(root.join("query/api/a.rs"), root.join("query/api/c.rs")).unwrap();
        assert_ne!(hash(&root).unwrap(), second);
        fs::remove_dir_all(&root).unwrap();
    }
}
