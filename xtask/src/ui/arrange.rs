//! The functions of the program, each once and beside those that are like it.
//!
//! A compressor finds what is alike when it is near. The compiler writes functions in the order in which it
//! made them, and many twice, as they differ only in the functions that they call, which are alike.

use std::collections::HashMap;
use std::convert::Infallible;

use anyhow::{Context, Result, ensure};
use wasm_encoder::reencode::{Error, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{CodeSectionReader, CustomSectionReader, FunctionSectionReader, Parser, Payload, TypeRef};

use crate::ui::alike::chain;

/// Rounds after which there is hardly a twin left: each finds those whose callees were twins before.
const ROUNDS: usize = 12;

/// A module that does the same.
pub fn arrange(wasm: &[u8]) -> Result<Vec<u8>> {
    let mut arranged = wasm.to_vec();
    for _ in 0..ROUNDS {
        let order = Functions::of(&arranged)?.without_twins();
        let is_last = order.kept.len() == order.new_of.len();
        arranged = order.write(&arranged)?;
        if is_last {
            break;
        }
    }
    Functions::of(&arranged)?.by_likeness().write(&arranged)
}

/// A module's own functions.
struct Functions<'a> {
    imported: u32,
    types: Vec<u32>,
    bodies: Vec<&'a [u8]>,
}

impl<'a> Functions<'a> {
    fn of(wasm: &'a [u8]) -> Result<Self> {
        let (mut imported, mut types, mut bodies) = (0, Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        imported += u32::from(matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)));
                    }
                }
                Payload::FunctionSection(functions) => {
                    types = functions.into_iter().collect::<Result<Vec<u32>, _>>()?;
                }
                Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes()),
                _ => {}
            }
        }
        ensure!(types.len() == bodies.len(), "functions of the UI have no body");
        Ok(Functions { imported, types, bodies })
    }

    /// Sorted by type and code, so that twins lie beside each other, and the first of them.
    fn without_twins(&self) -> Order {
        let mut order: Vec<usize> = (0..self.bodies.len()).collect();
        order.sort_by_key(|at| (self.types[*at], self.bodies[*at]));
        let mut kept: Vec<usize> = Vec::new();
        let mut new_of = vec![0; order.len()];
        for at in order {
            let is_twin = kept.last().is_some_and(|last| {
                self.bodies[*last] == self.bodies[at] && self.types[*last] == self.types[at]
            });
            if !is_twin {
                kept.push(at);
            }
            new_of[at] = kept.len() as u32 - 1;
        }
        Order { imported: self.imported, new_of, kept }
    }

    /// Those of one type together, of which each is like the one before it. They are sorted already.
    fn by_likeness(&self) -> Order {
        let mut kept: Vec<usize> = Vec::with_capacity(self.bodies.len());
        for same in self.types.chunk_by(|a, b| a == b) {
            let start = kept.len();
            let bodies = &self.bodies[start..start + same.len()];
            kept.extend(chain(bodies).into_iter().map(|at| start + at));
        }
        let mut new_of = vec![0; kept.len()];
        for (new, at) in kept.iter().enumerate() {
            new_of[*at] = new as u32;
        }
        Order { imported: self.imported, new_of, kept }
    }
}

/// Which of a module's own functions stay, and where.
struct Order {
    imported: u32,
    /// Of each function its new place among them.
    new_of: Vec<u32>,
    /// In their new order, by their places before.
    kept: Vec<usize>,
}

impl Order {
    fn write(mut self, wasm: &[u8]) -> Result<Vec<u8>> {
        let mut module = Module::new();
        self.parse_core_module(&mut module, Parser::new(0), wasm)
            .context("arrange the functions of the UI")?;
        Ok(module.finish())
    }
}

impl Reencode for Order {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Infallible>> {
        Ok(match function.checked_sub(self.imported) {
            Some(own) => self.imported + self.new_of[own as usize],
            None => function,
        })
    }

    /// Names of functions and of tools only cost bytes in a browser.
    fn parse_custom_section(
        &mut self,
        _: &mut Module,
        _: CustomSectionReader,
    ) -> Result<(), Error<Infallible>> {
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader,
    ) -> Result<(), Error<Infallible>> {
        let types = section.into_iter().collect::<Result<Vec<u32>, _>>()?;
        for at in self.kept.clone() {
            functions.function(self.type_index(types[at])?);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader,
    ) -> Result<(), Error<Infallible>> {
        let mut bodies: HashMap<usize, _> = HashMap::new();
        for (at, body) in section.into_iter().enumerate() {
            bodies.insert(at, body?);
        }
        for at in self.kept.clone() {
            if let Some(body) = bodies.remove(&at) {
                self.parse_function_body(code, body)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{ExportKind, ExportSection, Function, TypeSection, ValType};

    use super::*;

    /// `f(n)` adds `n` to its argument; `g(n)` calls the function before it.
    fn module(bodies: &[Function]) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([ValType::I32], [ValType::I32]);
        let (mut functions, mut code, mut exports) =
            (FunctionSection::new(), CodeSection::new(), ExportSection::new());
        for (at, body) in bodies.iter().enumerate() {
            functions.function(0);
            code.function(body);
            exports.export(&format!("f{at}"), ExportKind::Func, at as u32);
        }
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&exports).section(&code);
        module.finish()
    }

    fn add(n: i32) -> Function {
        let mut body = Function::new([]);
        body.instructions().local_get(0).i32_const(n).i32_add().end();
        body
    }

    fn call(function: u32) -> Function {
        let mut body = Function::new([]);
        body.instructions().local_get(0).call(function).end();
        body
    }

    /// What each export does: the numbers that its way adds.
    fn ways(wasm: &[u8]) -> Vec<Vec<i32>> {
        let (mut bodies, mut exports) = (Vec::new(), Vec::new());
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.unwrap() {
                Payload::ExportSection(section) => {
                    exports = section.into_iter().map(|export| export.unwrap().index as usize).collect();
                }
                Payload::CodeSectionEntry(body) => {
                    let operators = body.get_operators_reader().unwrap().into_iter();
                    bodies.push(operators.map(Result::unwrap).collect::<Vec<_>>());
                }
                _ => {}
            }
        }
        let way = |mut at: usize| {
            let mut added = Vec::new();
            loop {
                let next = bodies[at].iter().find_map(|operator| match operator {
                    wasmparser::Operator::Call { function_index } => Some(*function_index as usize),
                    _ => None,
                });
                added.extend(bodies[at].iter().filter_map(|operator| match operator {
                    wasmparser::Operator::I32Const { value } => Some(*value),
                    _ => None,
                }));
                match next {
                    Some(next) => at = next,
                    None => return added,
                }
            }
        };
        exports.into_iter().map(way).collect()
    }

    #[test]
    fn twins_become_one_and_all_does_what_it_did() {
        // 0 and 2 are twins, and so are 1 and 3 when these are known to be; 5 calls an own function.
        let wasm = module(&[add(7), call(0), add(7), call(2), add(1), call(4), call(5), call(3)]);
        let arranged = arrange(&wasm).unwrap();
        assert_eq!(ways(&arranged), ways(&wasm));
        assert_eq!(ways(&arranged)[7], [7]);
        let count = |wasm: &[u8]| {
            let bodies = Parser::new(0)
                .parse_all(wasm)
                .filter(|payload| matches!(payload, Ok(Payload::CodeSectionEntry(_))));
            bodies.count()
        };
        assert_eq!((count(&wasm), count(&arranged)), (8, 6));
        assert_eq!(ways(&arrange(&arranged).unwrap()), ways(&wasm));
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(arrange(b"\0asm\x01\0\0\0\x0a").is_err());
    }
}
