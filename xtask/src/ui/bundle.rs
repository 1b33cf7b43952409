//! From a compiled UI to the files that are served: its parts, JavaScript bindings, the page itself, and
//! each file compressed beforehand, so that the server only ever copies bytes.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use wasm_bindgen_cli_support::Bindgen;

use crate::ui::arrange::arrange;
use crate::ui::files;
use crate::ui::lean::lean;
use crate::ui::names::shorten;
use crate::ui::split::{LOADER, Split, split};

/// The bindings are `ocelli_ui.js` and `ocelli_ui_bg.wasm`.
const NAME: &str = "ocelli_ui";
/// The page and what it loads besides the bindings: the files with these endings directly in `ui/`.
const SERVED: [&str; 7] = ["html", "css", "js", "svg", "png", "ico", "woff2"];

/// Pages that are often the first: nothing of them is late.
const FIRST_PAGES: &str = "/, /logs, /traces/:id";
/// What the browser downloads before one of them can be used, and all files together, most of which come
/// while the browser is idle; brotli-compressed. The browser test `budget` holds what may not be passed.
const FIRST_AIM_BYTES: usize = 270_000;
const AIM_BYTES: usize = 499_000;

/// Fills the empty folder `out`. `inputs` is the hash of the sources.
pub fn make(wasm: &Path, ui: &Path, inputs: &str, out: &Path) -> Result<()> {
    let split = split(wasm, &format!("{NAME}.js"), inputs, out)?;
    bind(&split.main, out)?;
    copy_page(ui, &split.loader, out)?;
    lean_all(out)?;
    tell(&compress_all(out)?, &split);
    Ok(())
}

/// Says what a visit downloads. A newer compiler may pass the aim, which is no reason to have no UI.
fn tell(brotli: &BTreeMap<String, usize>, split: &Split) {
    let all: usize = brotli.values().sum();
    let late: usize = split.late.iter().filter_map(|file| brotli.get(file)).sum();
    let first = all - late;
    println!("    first visit of {FIRST_PAGES}: {} kB (brotli), all: {} kB", first / 1000, all / 1000);
    for (what, bytes, aim) in [("a first visit", first, FIRST_AIM_BYTES), ("all of it", all, AIM_BYTES)] {
        if bytes > aim {
            println!("    warning: {what} was meant to be {} kB at most: make it smaller", aim / 1000);
        }
    }
}

/// The bindings of the main part; the others use them through it.
fn bind(main: &Path, out: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(main).out_name(NAME).typescript(false);
    // The parts find memory, table and stack of the main one among its exports.
    bindgen.keep_lld_exports(true);
    // Function names and tool versions only cost bytes in a browser.
    bindgen.remove_name_section(true).remove_producers_section(true);
    bindgen.web(true)?.generate(out).context(
        "wasm-bindgen failed: the version of wasm-bindgen in ui/Cargo.toml must equal that of \
         wasm-bindgen-cli-support in Cargo.toml",
    )?;
    let program = out.join(format!("{NAME}_bg.wasm"));
    let script = out.join(format!("{NAME}.js"));
    let (wasm, bindings) = shorten(&fs::read(&program)?, &fs::read_to_string(&script)?)?;
    fs::write(&program, arrange(&wasm)?)?;
    fs::write(&script, bindings)?;
    if out.join("snippets").exists() {
        bail!("ui/ or a dependency of it has inline JavaScript, which is not served: move it to ui/boot.js");
    }
    Ok(())
}

fn copy_page(ui: &Path, loader: &str, out: &Path) -> Result<()> {
    for file in files(ui)? {
        let ending = file.extension().unwrap_or_default().to_string_lossy();
        if SERVED.contains(&&*ending) {
            fs::copy(&file, out.join(file.file_name().context("a file has a name")?))?;
        }
    }
    let page = fs::read_to_string(ui.join("index.html"))
        .context("ui/index.html is missing: it is the page that loads the UI")?;
    ensure!(page.contains(LOADER), "ui/index.html does not load {LOADER} beforehand");
    fs::write(out.join("index.html"), page.replace(LOADER, loader))?;
    Ok(())
}

/// Scripts and styles without what only their readers need.
fn lean_all(out: &Path) -> Result<()> {
    for file in files(out)? {
        if file.extension().is_some_and(|ending| ending == "js" || ending == "css") {
            let text = fs::read_to_string(&file)?;
            fs::write(&file, lean(&text))?;
        }
    }
    Ok(())
}

/// Writes `NAME.br` and `NAME.gz` beside every file; returns the brotli sizes by name.
fn compress_all(out: &Path) -> Result<BTreeMap<String, usize>> {
    println!("    {:<36} {:>9} {:>9} {:>9}", "bytes", "raw", "gzip", "brotli");
    let (mut totals, mut brotli_bytes) = ([0; 3], BTreeMap::new());
    for file in files(out)? {
        let content = fs::read(&file)?;
        let compressed = [gzip(&content)?, brotli(&content)?];
        for (ending, bytes) in ["gz", "br"].iter().zip(&compressed) {
            let mut name = file.as_os_str().to_owned();
            name.push(".");
            name.push(ending);
            fs::write(name, bytes)?;
        }
        let sizes = [content.len(), compressed[0].len(), compressed[1].len()];
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        show(&name, sizes);
        totals.iter_mut().zip(sizes).for_each(|(total, size)| *total += size);
        brotli_bytes.insert(name, sizes[2]);
    }
    show("all", totals);
    Ok(brotli_bytes)
}

fn show(name: &str, [raw, gzip, brotli]: [usize; 3]) {
    println!("    {name:<36} {raw:>9} {gzip:>9} {brotli:>9}");
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let (quality, window_bits, buffer_bytes) = (11, 22, 64 * 1024);
    let mut compressed = Vec::new();
    brotli::CompressorWriter::new(&mut compressed, buffer_bytes, quality, window_bits).write_all(content)?;
    Ok(compressed)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_is_compressed_can_be_read_again() {
        let content: Vec<u8> = (0..200_000u32).flat_map(|i| (i / 7).to_le_bytes()).collect();
        let mut from_gzip = Vec::new();
        flate2::read::GzDecoder::new(&*gzip(&content).unwrap()).read_to_end(&mut from_gzip).unwrap();
        let mut from_brotli = Vec::new();
        brotli::Decompressor::new(&*brotli(&content).unwrap(), 4096).read_to_end(&mut from_brotli).unwrap();
        assert!(from_gzip == content && from_brotli == content);
    }
}
