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
use crate::ui::split::{LOADER, Split, split};

/// The bindings are `ocelli_ui.js` and `ocelli_ui_bg.wasm`.
const NAME: &str = "ocelli_ui";
/// The page and what it loads besides the bindings: the files with these endings directly in `ui/`.
const SERVED: [&str; 7] = ["html", "css", "js", "svg", "png", "ico", "woff2"];

/// Pages that are often the first, and the part of the program besides the main one that each needs.
const FIRST_PAGES: [(&str, Option<&str>); 3] = [("/", None), ("/logs", None), ("/traces/:id", None)];
/// What the browser downloads before one of them can be used, brotli-compressed.
const FIRST_BYTES: usize = 300_000;
/// All files together.
const LIMIT_BYTES: usize = 500_000;
const _: () = assert!(FIRST_BYTES < LIMIT_BYTES);

/// Fills the empty folder `out`.
pub fn make(wasm: &Path, ui: &Path, out: &Path) -> Result<()> {
    let split = split(wasm, &format!("{NAME}.js"), out)?;
    bind(&split.main, out)?;
    copy_page(ui, &split.loader, out)?;
    judge(&compress_all(out)?, &split)
}

/// Holds the sizes to the budget.
fn judge(brotli: &BTreeMap<String, usize>, split: &Split) -> Result<()> {
    let sum = |files: &Vec<String>| files.iter().filter_map(|file| brotli.get(file)).sum::<usize>();
    let all: usize = brotli.values().sum();
    let is_late = |file: &&String| split.parts.values().flatten().any(|late| late == *file);
    let main: usize = all - brotli.keys().filter(is_late).filter_map(|file| brotli.get(file)).sum::<usize>();
    for (page, part) in FIRST_PAGES {
        let files = match part {
            Some(part) => split.parts.get(part).with_context(|| format!("the UI has no part `{part}`"))?,
            None => &Vec::new(),
        };
        let bytes = main + sum(files);
        println!("    first visit of {page:<12} {:>4} kB (brotli)", bytes / 1000);
        if bytes > FIRST_BYTES {
            println!("    warning: aim at {} kB", FIRST_BYTES / 1000);
        }
    }
    println!("    all                         {:>4} kB", all / 1000);
    if all > LIMIT_BYTES {
        bail!(
            "the UI is {} kB (brotli), the limit is {} kB: make it smaller",
            all / 1000,
            LIMIT_BYTES / 1000
        );
    }
    Ok(())
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
    let arranged = arrange(&fs::read(&program)?)?;
    fs::write(&program, arranged)?;
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
