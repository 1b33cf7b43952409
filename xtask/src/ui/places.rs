//! Where the program may panic: in which folder, without file, line and column.
//!
//! Thousands of places differ only in their files and lines. Functions that are otherwise alike then differ in the places
//! that they name, and can't be one; and each place is sixteen bytes that hardly compress.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result, bail, ensure};
use wasm_encoder::{CustomSection, Encode, Module, RawSection};
use wasmparser::{
    Data, DataKind, DefinedDataSymbol, KnownCustom, Linking, Operator, Parser, Payload, RelocAddendKind,
    RelocationEntry, RelocationType, SymbolInfo,
};

/// `core::panic::Location`: the address and length of a path, the line, and the column, four bytes each.
const PLACE_BYTES: usize = 16;
/// The custom section of what the linker wrote into the code: where, and which symbol's address.
const RELOCATIONS: &str = "reloc.CODE";
const RELOCATIONS_OF_DATA: &str = "reloc.DATA";

/// The linked program with one place for each folder, at line 0. The linker's relocations must still be in it.
pub fn by_folder(linked: &[u8]) -> Result<Vec<u8>> {
    let mut program = Program::of(linked)?;
    let places = program.places();
    let mut of_folder: HashMap<&str, Place> = HashMap::new();
    let mut kept_of: HashMap<u32, Place> = HashMap::new();
    let mut wasm = linked.to_vec();
    // What data names stays as it is.
    for place in places.into_iter().filter(|place| !program.named_in_data.contains(&place.symbol)) {
        let folder = folder(place.path);
        let kept = *of_folder.entry(folder).or_insert(place);
        // What nobody names any more is zero, which costs next to nothing.
        let stays = if kept.at == place.at { PLACE_BYTES / 2 } else { 0 };
        wasm[place.at + stays..place.at + PLACE_BYTES].fill(0);
        let folder_bytes = u32::try_from(folder.len()).context("a folder of the UI has too long a name")?;
        wasm[kept.at + 4..kept.at + 8].copy_from_slice(&folder_bytes.to_le_bytes());
        kept_of.insert(place.symbol, kept);
    }
    for relocation in &mut program.relocations {
        if let Some(kept) = kept_of.get(&relocation.index) {
            let at = program.code_start + relocation.offset as usize;
            write_address(&mut wasm[at..], relocation, kept.address)?;
            relocation.index = kept.symbol;
        }
    }
    program.with_relocations(&wasm)
}

/// The folder of a file of this project, and the package of others, whose folder says no more.
fn folder(path: &str) -> &str {
    let ours = !path.starts_with('/');
    let folder = path.rsplit_once(if ours { "/" } else { "/src/" });
    folder.map_or("", |(folder, _)| folder)
}

/// One `core::panic::Location`.
#[derive(Clone, Copy)]
struct Place<'a> {
    symbol: u32,
    path: &'a str,
    /// Where it is in memory, and in the file.
    address: u32,
    at: usize,
}

/// What of a linked program is looked at.
#[derive(Default)]
struct Program<'a> {
    /// Where each piece of data lies in memory and in the file, and its bytes.
    data: Vec<(u32, usize, &'a [u8])>,
    symbols: Vec<Option<DefinedDataSymbol>>,
    code_start: usize,
    /// The symbols whose addresses are in data.
    named_in_data: HashSet<u32>,
    /// Of the code; and the section that they are for.
    relocations: Vec<RelocationEntry>,
    relocated: u32,
}

impl<'a> Program<'a> {
    fn of(wasm: &'a [u8]) -> Result<Self> {
        let mut program = Program::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::CodeSectionStart { range, .. } => program.code_start = range.start,
                Payload::DataSection(pieces) => {
                    program.data =
                        pieces.into_iter().map(|piece| in_memory(piece?)).collect::<Result<_>>()?;
                }
                Payload::CustomSection(section) => match section.as_known() {
                    KnownCustom::Linking(linking) => {
                        for part in linking.subsections() {
                            if let Linking::SymbolTable(symbols) = part? {
                                let defined = symbols.into_iter().map(|symbol| Ok(defined(symbol?)));
                                program.symbols = defined.collect::<Result<_>>()?;
                            }
                        }
                    }
                    KnownCustom::Reloc(relocations) if section.name() == RELOCATIONS => {
                        program.relocated = relocations.section_index();
                        program.relocations = relocations.entries().into_iter().collect::<Result<_, _>>()?;
                    }
                    KnownCustom::Reloc(relocations) if section.name() == RELOCATIONS_OF_DATA => {
                        let symbols = relocations.entries().into_iter().map(|entry| Ok(entry?.index));
                        program.named_in_data = symbols.collect::<Result<_>>()?;
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        ensure!(!program.relocations.is_empty(), "the UI was linked without --emit-relocs");
        Ok(program)
    }

    fn places(&self) -> Vec<Place<'a>> {
        let symbols = (0..).zip(&self.symbols).filter_map(|(symbol, data)| Some((symbol, (*data)?)));
        symbols.filter_map(|(symbol, data)| self.place(symbol, data)).collect()
    }

    /// None of data that is something else.
    fn place(&self, symbol: u32, data: DefinedDataSymbol) -> Option<Place<'a>> {
        let (start, at, bytes) = self.data.get(data.index as usize)?;
        let bytes: &[u8; PLACE_BYTES] =
            bytes.get(data.offset as usize..)?.get(..data.size as usize)?.try_into().ok()?;
        let word = |n: usize| bytes[4 * n..4 * n + 4].try_into().map_or(0, u32::from_le_bytes);
        let path = std::str::from_utf8(self.bytes(word(0), word(1))?).ok()?;
        let is_place = path.ends_with(".rs") && word(2) > 0 && word(3) > 0;
        is_place.then(|| Place { symbol, path, address: start + data.offset, at: at + data.offset as usize })
    }

    fn bytes(&self, address: u32, len: u32) -> Option<&'a [u8]> {
        self.data.iter().find_map(|(start, _, bytes)| {
            let from = address.checked_sub(*start)? as usize;
            bytes.get(from..from.checked_add(len as usize)?)
        })
    }

    /// The program `wasm` with our relocations.
    fn with_relocations(&self, wasm: &[u8]) -> Result<Vec<u8>> {
        let mut module = Module::new();
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            let Some((id, range)) = payload.as_section() else { continue };
            match &payload {
                Payload::CustomSection(section) if section.name() == RELOCATIONS => {
                    let data = self.encoded().into();
                    module.section(&CustomSection { name: RELOCATIONS.into(), data });
                }
                _ => {
                    let data = wasm.get(range).context("a section ends behind the program")?;
                    module.section(&RawSection { id, data });
                }
            }
        }
        Ok(module.finish())
    }

    fn encoded(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.relocated.encode(&mut out);
        self.relocations.len().encode(&mut out);
        for relocation in &self.relocations {
            out.push(relocation.ty as u8);
            relocation.offset.encode(&mut out);
            relocation.index.encode(&mut out);
            if relocation.ty.addend_kind() != RelocAddendKind::None {
                relocation.addend.encode(&mut out);
            }
        }
        out
    }
}

/// Where a piece of data lies in memory and in the file.
fn in_memory(piece: Data<'_>) -> Result<(u32, usize, &[u8])> {
    let DataKind::Active { offset_expr, .. } = piece.kind else {
        bail!("data of the UI is not in its memory")
    };
    let Operator::I32Const { value } = offset_expr.get_operators_reader().read()? else {
        bail!("data of the UI has no fixed address");
    };
    Ok((value.cast_unsigned(), piece.range.end - piece.data.len(), piece.data))
}

fn defined(symbol: SymbolInfo<'_>) -> Option<DefinedDataSymbol> {
    match symbol {
        SymbolInfo::Data { symbol, .. } => symbol,
        _ => None,
    }
}

/// As the linker writes an address: in seven bits a byte, of five bytes always.
fn write_address(code: &mut [u8], relocation: &RelocationEntry, address: u32) -> Result<()> {
    ensure!(relocation.addend == 0, "the code of the UI names the inside of a place");
    ensure!(
        matches!(relocation.ty, RelocationType::MemoryAddrSleb | RelocationType::MemoryAddrLeb),
        "the code of the UI names a place by {:?}",
        relocation.ty
    );
    for (n, byte) in code.iter_mut().take(5).enumerate() {
        let more = if n < 4 { 0x80 } else { 0 };
        *byte = (address >> (7 * n) & 0x7f) as u8 | more;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        CodeSection, ConstExpr, DataSection, DataSymbolDefinition, FunctionSection, LinkingSection,
        MemorySection, MemoryType, SymbolTable, TypeSection,
    };

    use super::*;

    const START: u32 = 0x1000;
    const PATHS: &str = "ui/a/1.rsui/b/2.rs";

    /// A program whose code names the data `named`, one after the other, and whose data names `in_data`. There are four
    /// places, and data of their size.
    fn linked(named: &[u32], in_data: &[u32]) -> Vec<u8> {
        let (one, two) = (START, START + 9);
        let words: [[u32; 4]; 5] =
            [[one, 9, 7, 3], [one, 9, 9, 1], [two, 9, 7, 3], [1, 2, 3, 4], [two, 9, 8, 3]];
        let mut bytes = PATHS.as_bytes().to_vec();
        bytes.extend(words.concat().into_iter().flat_map(u32::to_le_bytes));
        let mut data = DataSection::new();
        data.active(0, &ConstExpr::i32_const(START.cast_signed()), bytes);
        let mut symbols = SymbolTable::new();
        for n in 0..5 {
            let offset = (PATHS.len() + n * PLACE_BYTES) as u32;
            symbols.data(
                0,
                "place",
                Some(DataSymbolDefinition { index: 0, offset, size: PLACE_BYTES as u32 }),
            );
        }
        // The instruction of each names its data in five bytes.
        let mut body = vec![0];
        let mut relocations = Vec::new();
        for symbol in named {
            body.push(0x41);
            // Behind the number of functions and the length of this one.
            let offset = body.len() as u32 + 2;
            let ty = RelocationType::MemoryAddrSleb;
            relocations.push(RelocationEntry { ty, offset, index: *symbol, addend: 0 });
            body.extend([0x80, 0x80, 0x80, 0x80, 0, 0x1a]);
        }
        body.push(0x0b);
        let mut types = TypeSection::new();
        types.ty().function([], []);
        let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
        functions.function(0);
        code.raw(&body);
        let mut memory = MemorySection::new();
        let (memory64, shared, page_size_log2) = (false, false, None);
        memory.memory(MemoryType { minimum: 1, maximum: None, memory64, shared, page_size_log2 });
        let mut linking = LinkingSection::new();
        linking.symbol_table(&symbols);
        let relocations = Program { relocations, relocated: 3, ..Program::default() }.encoded();
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&memory).section(&code).section(&data);
        module.section(&linking);
        module.section(&CustomSection { name: RELOCATIONS.into(), data: relocations.into() });
        let ty = RelocationType::MemoryAddrI32;
        let of_data = |symbol: &u32| RelocationEntry { ty, offset: 0, index: *symbol, addend: 0 };
        let relocations = in_data.iter().map(of_data).collect();
        let relocations = Program { relocations, relocated: 4, ..Program::default() }.encoded();
        module.section(&CustomSection { name: RELOCATIONS_OF_DATA.into(), data: relocations.into() });
        module.finish()
    }

    /// The addresses that the code names, and the symbols that its relocations do.
    fn named(wasm: &[u8]) -> (Vec<u32>, Vec<u32>) {
        let mut addresses = Vec::new();
        for payload in Parser::new(0).parse_all(wasm) {
            if let Payload::CodeSectionEntry(body) = payload.unwrap() {
                for operator in body.get_operators_reader().unwrap() {
                    if let Operator::I32Const { value } = operator.unwrap() {
                        addresses.push(value.cast_unsigned());
                    }
                }
            }
        }
        let relocations = Program::of(wasm).unwrap().relocations;
        (addresses, relocations.iter().map(|relocation| relocation.index).collect())
    }

    #[test]
    fn places_of_one_folder_become_one() {
        let wasm = by_folder(&linked(&[4, 1, 0, 3], &[])).unwrap();
        let place = |n: usize| START + (PATHS.len() + n * PLACE_BYTES) as u32;
        // What is no place was not touched: the linker has written its address, which is none here.
        assert_eq!(named(&wasm), (vec![place(2), place(0), place(0), 0], vec![2, 0, 0, 3]));
        let program = Program::of(&wasm).unwrap();
        let words = |n: usize| {
            let bytes = program.bytes(place(n), PLACE_BYTES as u32).unwrap();
            bytes.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect::<Vec<_>>()
        };
        assert_eq!([words(0), words(2)], [[START, 4, 0, 0], [START + 9, 4, 0, 0]]);
        assert_eq!([words(1), words(4)], [[0; 4]; 2]);
        assert_eq!(words(3), [1, 2, 3, 4]);
        assert_eq!(program.places().len(), 0, "it is not done twice");
    }

    #[test]
    fn ours_are_told_by_folder_and_others_by_package() {
        assert_eq!(folder("ui/src/view/red.rs"), "ui/src/view");
        assert_eq!(
            folder("/home/me/registry/src/index/leptos-0.8/src/a.rs"),
            "/home/me/registry/src/index/leptos-0.8"
        );
        assert_eq!(folder("/rustc/1/library/core/src/str/mod.rs"), "/rustc/1/library/core");
        assert_eq!(folder("build.rs"), "");
    }

    #[test]
    fn what_data_names_stays() {
        let wasm = by_folder(&linked(&[0, 1, 1], &[1])).unwrap();
        assert_eq!(named(&wasm).1, [0, 1, 1]);
        assert_eq!(Program::of(&wasm).unwrap().places().len(), 1);
    }

    #[test]
    fn what_has_no_relocations_is_refused() {
        let why = by_folder(&Module::new().finish()).unwrap_err().to_string();
        assert!(why.contains("--emit-relocs"), "{why}");
        assert!(by_folder(b"\0asm").is_err());
    }
}
