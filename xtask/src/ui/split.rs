//! One linked program cut into the part that every page needs and parts that are downloaded when a page
//! needs them: `ui/src/chunks.rs` says where.
//!
//! A part fits only the program that it was cut from: it calls functions by their places in a table of it.
//! So its name holds a hash of that program and of what cuts it. A browser that still runs an older one finds
//! no such file, and says so, rather than load what does not fit.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use wasm_split_cli_support::{Options, transform};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::ui::arrange::arrange;
use crate::ui::places::by_folder;

/// The script that loads the parts, as `ui/index.html` names it.
pub const LOADER: &str = "ocelli_chunks.js";

/// What became of the linked program.
pub struct Split {
    /// What wasm-bindgen makes the bindings of.
    pub main: PathBuf,
    /// The name of the script that loads the parts.
    pub loader: String,
    /// The files of the parts.
    pub late: Vec<String>,
}

/// Writes the parts and their loader to `out`, and the main part beside the linked program.
/// `bindings` is the script that wasm-bindgen will write, `inputs` the hash of the sources, ours among them.
pub fn split(linked: &Path, bindings: &str, inputs: &str, out: &Path) -> Result<Split> {
    let wasm = fs::read(linked).with_context(|| format!("read {}", linked.display()))?;
    let wasm = by_folder(&wasm)?;
    let hash = format!("{:016x}", xxh3_64_with_seed(&wasm, xxh3_64(inputs.as_bytes())));
    let loader = hashed(LOADER, &hash);
    let folder = linked.with_extension("split");
    let main = folder.join("main.wasm");
    let (bindings, link) = (format!("./{bindings}"), format!("./{loader}"));
    let mut options = Options::new(&wasm);
    options.output_dir = &folder;
    options.main_out_path = &main;
    options.main_module = &bindings;
    options.link_name = &link;
    let cut = transform(options).map_err(|error| anyhow!("the UI cannot be cut into parts: {error:#}"))?;

    let mut script = fs::read_to_string(folder.join(&loader))?;
    let mut late = Vec::new();
    for part in &cut.split_modules {
        let name = part.file_name().context("a file has a name")?.to_string_lossy();
        let quoted = format!("\"./{name}\"");
        // A part without anything in it is a file that nothing loads.
        if script.contains(&quoted) {
            let name = hashed(&name, &hash);
            script = script.replace(&quoted, &format!("\"./{name}\""));
            fs::write(out.join(&name), arrange(&fs::read(part)?)?)?;
            late.push(name);
        }
    }
    ensure!(!late.is_empty(), "{loader} loads no part: what it is made of has changed");
    fs::write(out.join(&loader), script)?;
    Ok(Split { main, loader, late })
}

/// `name.wasm` as `name-0123456789abcdef.wasm`: the server lets browsers keep files with such names.
fn hashed(name: &str, hash: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}-{hash}.{ending}"),
        None => format!("{name}-{hash}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_what_its_file_was_cut_from() {
        assert_eq!(hashed("split_more.wasm", "0123"), "split_more-0123.wasm");
        assert_eq!(hashed("more", "0123"), "more-0123");
    }
}
