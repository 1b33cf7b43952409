//! Short names for what the program and its bindings call each other by.
//!
//! wasm-bindgen gives most of them a hash, as `__wbg_appendChild_dbf7ad2f48413560`, so that no two programs are
//! mixed up. Both files have each of the hashes, which do not compress.

use std::collections::BTreeMap;
use std::convert::Infallible;

use anyhow::{Context, Result, ensure};
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{ExportSection, ImportSection, Module};
use wasmparser::{Export, ImportSectionReader, Parser, Payload};

/// No name of the bindings begins so.
const PREFIX: &str = "$";
const HASH_DIGITS: usize = 16;

/// The program and its bindings with short names.
pub fn shorten(wasm: &[u8], bindings: &str) -> Result<(Vec<u8>, String)> {
    let mut names = Names::of(wasm)?;
    let bindings = names.write_bindings(bindings)?;
    let mut module = Module::new();
    names.parse_core_module(&mut module, Parser::new(0), wasm).context("shorten the names of the UI")?;
    Ok((module.finish(), bindings))
}

/// The short name of each that is long.
struct Names(BTreeMap<String, String>);

impl Names {
    fn of(wasm: &[u8]) -> Result<Names> {
        let mut names = BTreeMap::new();
        let mut add = |name: &str| {
            if has_hash(name) && !names.contains_key(name) {
                let short = format!("{PREFIX}{}", names.len());
                names.insert(name.to_owned(), short);
            }
        };
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        add(import?.name);
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        add(export?.name);
                    }
                }
                _ => {}
            }
        }
        Ok(Names(names))
    }

    fn short<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.get(name).map_or(name, String::as_str)
    }

    fn write_bindings(&self, bindings: &str) -> Result<String> {
        ensure!(
            !bindings.contains(&format!("{PREFIX}0")),
            "the bindings have a name that begins with {PREFIX}"
        );
        let mut written = String::with_capacity(bindings.len());
        let mut rest = bindings;
        while let Some(start) = rest.find(is_of_a_name) {
            let (between, name) = rest.split_at(start);
            let (name, after) = name.split_at(name.find(|c| !is_of_a_name(c)).unwrap_or(name.len()));
            written.push_str(between);
            written.push_str(self.short(name));
            rest = after;
        }
        written.push_str(rest);
        Ok(written)
    }
}

fn is_of_a_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// `_` or `_h` and the hash are at its end.
fn has_hash(name: &str) -> bool {
    let Some((before, hash)) = name.len().checked_sub(HASH_DIGITS).and_then(|at| name.split_at_checked(at))
    else {
        return false;
    };
    (before.ends_with('_') || before.ends_with("_h")) && hash.bytes().all(|digit| digit.is_ascii_hexdigit())
}

impl Reencode for Names {
    type Error = Infallible;

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Error<Infallible>> {
        for import in section.into_imports() {
            let import = import?;
            let ty = self.entity_type(import.ty)?;
            imports.import(import.module, self.short(import.name), ty);
        }
        Ok(())
    }

    fn parse_export(
        &mut self,
        exports: &mut ExportSection,
        export: Export<'_>,
    ) -> Result<(), Error<Infallible>> {
        let name = self.short(export.name).to_owned();
        utils::parse_export(self, exports, Export { name: &name, ..export })
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{EntityType, ExportKind, TypeSection};

    use super::*;

    const CLICK: &str = "__wbg_click_0123456789abcdef";
    const INVOKE: &str = "invoke__hfedcba9876543210";

    fn module() -> Vec<u8> {
        let (mut types, mut imports, mut exports) =
            (TypeSection::new(), ImportSection::new(), ExportSection::new());
        types.ty().function([], []);
        for name in [CLICK, "plain"] {
            imports.import("./ui_bg.js", name, EntityType::Function(0));
        }
        exports.export(INVOKE, ExportKind::Func, 0).export("start", ExportKind::Func, 1);
        let mut module = Module::new();
        module.section(&types).section(&imports).section(&exports);
        module.finish()
    }

    #[test]
    fn both_sides_have_the_same_short_names() {
        let bindings =
            format!("const import0 = {{ {CLICK}: () => wasm.{INVOKE}(x{INVOKE}), plain() {{}} }};");
        let (wasm, bindings) = shorten(&module(), &bindings).unwrap();
        assert_eq!(
            bindings,
            format!("const import0 = {{ $0: () => wasm.$1(x{INVOKE}), plain() {{}} }};"),
            "whole names only"
        );
        let mut found = Vec::new();
        for payload in Parser::new(0).parse_all(&wasm) {
            match payload.unwrap() {
                Payload::ImportSection(imports) => {
                    found.extend(imports.into_imports().map(|import| import.unwrap().name.to_owned()));
                }
                Payload::ExportSection(exports) => {
                    found.extend(exports.into_iter().map(|export| export.unwrap().name.to_owned()));
                }
                _ => {}
            }
        }
        assert_eq!(found, ["$0", "plain", "$1", "start"]);
    }

    #[test]
    fn names_that_might_be_mixed_up_are_refused() {
        assert!(shorten(&module(), "const $0 = 1;").is_err());
        assert!(shorten(b"no module", "").is_err());
    }

    #[test]
    fn only_names_with_a_hash_are_long() {
        for name in
            ["memory", "__wbindgen_malloc", "0123456789abcdef", "click_0123456789abcdeg", "é_456789abcdef"]
        {
            assert!(!has_hash(name), "{name}");
        }
        assert!(has_hash(CLICK) && has_hash(INVOKE));
    }
}
