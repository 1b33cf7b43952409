//! From a compiled UI to the files that are served: JavaScript bindings, the page itself, and each
//! file compressed beforehand, so that the server only ever copies bytes.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use wasm_bindgen_cli_support::Bindgen;

use crate::ui::arrange::arrange;
use crate::ui::files;

/// The bindings are `ocelli_ui.js` and `ocelli_ui_bg.wasm`.
const NAME: &str = "ocelli_ui";
/// The page and what it loads besides the bindings: the files with these endings directly in `ui/`.
const SERVED: [&str; 7] = ["html", "css", "js", "svg", "png", "ico", "woff2"];

/// What the browser downloads, all files together, brotli-compressed.
const WARN_BYTES: usize = 300_000;
const LIMIT_BYTES: usize = 500_000;
const _: () = assert!(WARN_BYTES < LIMIT_BYTES);

/// Fills the empty folder `out`.
pub fn make(wasm: &Path, ui: &Path, out: &Path) -> Result<()> {
    bind(wasm, out)?;
    copy_page(ui, out)?;
    let total = compress_all(out)?;
    if total > LIMIT_BYTES {
        bail!(
            "the UI is {} kB (brotli), the limit is {} kB: make it smaller",
            total / 1000,
            LIMIT_BYTES / 1000
        );
    }
    if total > WARN_BYTES {
        println!("    warning: the UI is {} kB (brotli), aim at {} kB", total / 1000, WARN_BYTES / 1000);
    }
    Ok(())
}

fn bind(wasm: &Path, out: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).out_name(NAME).typescript(false);
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

fn copy_page(ui: &Path, out: &Path) -> Result<()> {
    if !ui.join("index.html").exists() {
        bail!("ui/index.html is missing: it is the page that loads the UI");
    }
    for file in files(ui)? {
        let ending = file.extension().unwrap_or_default().to_string_lossy();
        if SERVED.contains(&&*ending) {
            fs::copy(&file, out.join(file.file_name().context("a file has a name")?))?;
        }
    }
    Ok(())
}

/// Writes `NAME.br` and `NAME.gz` beside every file; returns the sum of the brotli sizes.
fn compress_all(out: &Path) -> Result<usize> {
    println!("    {:<24} {:>9} {:>9} {:>9}", "bytes", "raw", "gzip", "brotli");
    let mut totals = [0; 3];
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
        show(&file.file_name().unwrap_or_default().to_string_lossy(), sizes);
        totals.iter_mut().zip(sizes).for_each(|(total, size)| *total += size);
    }
    show("all", totals);
    Ok(totals[2])
}

fn show(name: &str, [raw, gzip, brotli]: [usize; 3]) {
    println!("    {name:<24} {raw:>9} {gzip:>9} {brotli:>9}");
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
