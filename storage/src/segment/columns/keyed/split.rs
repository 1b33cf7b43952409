//! Takes attributes apart into the columns of a file.

use super::residual::ResidualKeys;
use super::shape::{self, Slot};
use super::{KeyColumn, KeyColumns, SHAPES, ValueType};
use crate::error::Result;
use crate::limits;
use crate::segment::columns::attributes::AttributesBuilder;
use crate::segment::columns::{downcast, typed};
use arrow::array::types::Int32Type;
use arrow::array::{
    Array, ArrayBuilder, ArrayRef, BinaryArray, BooleanBuilder, DictionaryArray, Float64Builder, Int32Array,
    Int64Builder, RecordBatch, StringArray, StringBuilder, new_null_array,
};
use ocelli_signal::{AnyValue, Attributes};
use std::collections::HashMap;
use std::sync::Arc;

/// Splits rows, batch after batch of one file. It remembers the shapes that it met.
#[derive(Debug)]
pub struct Splitter {
    columns: KeyColumns,
    /// By key: the column of each type.
    places: HashMap<String, [Option<usize>; ValueType::COUNT]>,
    paths: Vec<Path>,
    shapes: Vec<String>,
    residual: ResidualKeys,
    /// By column: rows with a value.
    rows: Vec<u64>,
}

/// A begin of a list of attributes: where they are, and what was seen to follow.
#[derive(Debug, Default)]
struct Path {
    slots: Vec<Slot>,
    next: Vec<(Slot, usize)>,
    /// The step that was taken last: mostly it is taken again.
    last: usize,
    /// The shape if nothing follows.
    shape: Option<i32>,
}

/// The shape of rows whose attributes are all in the map.
const ALL_IN_MAP: i32 = 0;

impl Splitter {
    pub fn new(columns: KeyColumns) -> Splitter {
        let mut places: HashMap<String, [Option<usize>; ValueType::COUNT]> = HashMap::new();
        for (at, column) in columns.iter().enumerate() {
            places.entry(column.key.clone()).or_default()[column.value_type as usize] = Some(at);
        }
        let shapes = vec![shape::to_text(&[], &columns)];
        let (paths, rows) = (vec![Path::default()], vec![0; columns.0.len()]);
        Splitter { columns, places, paths, shapes, residual: ResidualKeys::default(), rows }
    }

    /// Keys that are in the map of some row that was split.
    pub fn residual(&self) -> &ResidualKeys {
        &self.residual
    }

    /// By column: rows with a value.
    pub fn rows(&self) -> &[u64] {
        &self.rows
    }

    /// The map, the shapes and the columns of `order`'s rows. `id` is the map's field id.
    pub fn split(&mut self, id: i32, lists: &BinaryArray, order: &[u32]) -> Result<Vec<ArrayRef>> {
        let mut map = AttributesBuilder::new(id);
        let mut values: Vec<Values> = self.columns.iter().map(|column| column.value_type.into()).collect();
        let mut codes = Vec::with_capacity(order.len());
        let mut pairs = Vec::new();
        for (row, from) in order.iter().enumerate() {
            let list = Attributes::of_column(lists.value(*from as usize));
            pairs.clear();
            pairs.extend(list.iter());
            let (code, path) = self.shape_of(&pairs);
            codes.push(code);
            let slots = if code == ALL_IN_MAP { &[][..] } else { &self.paths[path].slots };
            let rest = std::iter::repeat(&Slot::Map);
            for ((key, value), slot) in pairs.iter().zip(slots.iter().chain(rest)) {
                match slot {
                    Slot::Column(at) => values[*at].push(row, value),
                    Slot::Map => {
                        self.residual.add(key);
                        map.push_pair(key, value);
                    }
                }
            }
            map.end_row();
        }
        let shapes: ArrayRef = Arc::new(StringArray::from_iter_values(&self.shapes));
        let shapes = DictionaryArray::<Int32Type>::try_new(Int32Array::from(codes), shapes)?;
        let mut arrays: Vec<ArrayRef> = vec![map.finish()?, Arc::new(shapes)];
        for (values, rows) in values.into_iter().zip(&mut self.rows) {
            let array = values.finish(order.len());
            *rows += (array.len() - array.null_count()) as u64;
            arrays.push(array);
        }
        Ok(arrays)
    }

    /// The map, the shapes and the columns of rows of another file; `None` where that file has a
    /// column that this one has not, or there are too many shapes.
    pub fn adopt(
        &mut self,
        from: &KeyColumns,
        residual: &ResidualKeys,
        map: &ArrayRef,
        rows: &RecordBatch,
    ) -> Result<Option<Vec<ArrayRef>>> {
        let place = |column: &KeyColumn| self.places.get(&column.key)?[column.value_type as usize];
        let Some(places) = from.iter().map(place).collect::<Option<Vec<usize>>>() else { return Ok(None) };
        let coded: &DictionaryArray<Int32Type> = typed(rows, SHAPES)?;
        let texts: &StringArray = downcast(coded.values(), SHAPES)?;
        let mut codes = Vec::with_capacity(texts.len());
        for text in texts.iter() {
            let slots = shape::from_text(text.unwrap_or("[]"), from)?.into_iter().map(|slot| match slot {
                Slot::Map => Slot::Map,
                Slot::Column(at) => Slot::Column(places[at]),
            });
            match self.code_of(shape::to_text(&slots.collect::<Vec<_>>(), &self.columns)) {
                Some(code) => codes.push(code),
                None => return Ok(None),
            }
        }
        self.residual.join(residual);
        let codes = coded.keys().values().iter().map(|code| codes[*code as usize]);
        let shapes: ArrayRef = Arc::new(StringArray::from_iter_values(&self.shapes));
        let shapes = DictionaryArray::<Int32Type>::try_new(Int32Array::from_iter_values(codes), shapes)?;
        let mut arrays: Vec<ArrayRef> = vec![map.clone(), Arc::new(shapes)];
        for (at, about) in self.columns.iter().enumerate() {
            let array = match places.iter().zip(from.iter()).find(|(place, _)| **place == at) {
                Some((_, column)) => crate::segment::columns::column(rows, &column.column)?.clone(),
                None => new_null_array(&about.value_type.data_type(), rows.num_rows()),
            };
            self.rows[at] += (array.len() - array.null_count()) as u64;
            arrays.push(array);
        }
        Ok(Some(arrays))
    }

    /// The shape of a row and the path to it.
    fn shape_of(&mut self, pairs: &[(&str, AnyValue<'_>)]) -> (i32, usize) {
        if pairs.len() > limits::SHAPE_ATTRIBUTES {
            return (ALL_IN_MAP, 0);
        }
        let mut path = 0;
        for (key, value) in pairs {
            let value_type = ValueType::of(value);
            match self.known_step(path, key, value_type).or_else(|| self.step(path, key, value_type)) {
                Some(next) => path = next,
                None => return (ALL_IN_MAP, 0),
            }
        }
        (self.paths[path].shape.unwrap_or_else(|| self.shape_at(path)), path)
    }

    /// The step that was taken last, if this attribute takes it too.
    fn known_step(&self, path: usize, key: &str, value_type: Option<ValueType>) -> Option<usize> {
        let path = &self.paths[path];
        let (slot, next) = *path.next.get(path.last)?;
        let Slot::Column(at) = slot else { return None };
        let column = &self.columns.0[at];
        (value_type == Some(column.value_type) && column.key == key).then_some(next)
    }

    fn step(&mut self, path: usize, key: &str, value_type: Option<ValueType>) -> Option<usize> {
        let place = value_type.and_then(|value_type| self.places.get(key)?[value_type as usize]);
        let slots = &self.paths[path].slots;
        let slot = match place.map(Slot::Column) {
            // A column holds one value a row: what comes again goes to the map.
            Some(slot) if !slots.contains(&slot) => slot,
            _ => Slot::Map,
        };
        let known = self.paths[path].next.iter().position(|(known, _)| *known == slot);
        if let Some(known) = known {
            self.paths[path].last = known;
            return Some(self.paths[path].next[known].1);
        }
        if self.paths.len() == limits::SHAPE_PATHS {
            return None;
        }
        let slots = slots.iter().copied().chain([slot]).collect();
        let next = self.paths.len();
        self.paths.push(Path { slots, ..Path::default() });
        let from = &mut self.paths[path];
        from.last = from.next.len();
        from.next.push((slot, next));
        Some(next)
    }

    /// Gives the end of a path its shape; when there are too many, that of rows without columns.
    fn shape_at(&mut self, path: usize) -> i32 {
        let text = shape::to_text(&self.paths[path].slots, &self.columns);
        let code = self.code_of(text).unwrap_or(ALL_IN_MAP);
        self.paths[path].shape = Some(code);
        code
    }

    /// The number of a shape, unless there are too many.
    fn code_of(&mut self, text: String) -> Option<i32> {
        let known = self.shapes.iter().position(|known| *known == text);
        if known.is_none() && self.shapes.len() < limits::SHAPES {
            self.shapes.push(text);
            return Some(self.shapes.len() as i32 - 1);
        }
        known.map(|known| known as i32)
    }
}

/// The values of one column as they come: rows without one are made up for by the next that has one.
enum Values {
    String(StringBuilder),
    Int(Int64Builder),
    Double(Float64Builder),
    Bool(BooleanBuilder),
}

impl From<ValueType> for Values {
    fn from(value_type: ValueType) -> Values {
        match value_type {
            ValueType::String => Values::String(StringBuilder::new()),
            ValueType::Int => Values::Int(Int64Builder::new()),
            ValueType::Double => Values::Double(Float64Builder::new()),
            ValueType::Bool => Values::Bool(BooleanBuilder::new()),
        }
    }
}

impl Values {
    /// The shape says that the value is of the column's type.
    fn push(&mut self, row: usize, value: &AnyValue<'_>) {
        self.fill(row);
        match (self, *value) {
            (Values::String(values), AnyValue::String(text)) => values.append_value(text),
            (Values::Int(values), AnyValue::Int(n)) => values.append_value(n),
            (Values::Double(values), AnyValue::Double(n)) => values.append_value(n),
            (Values::Bool(values), AnyValue::Bool(flag)) => values.append_value(flag),
            _ => {}
        }
    }

    /// Nulls up to a row.
    fn fill(&mut self, rows: usize) {
        match self {
            Values::String(values) => values.append_nulls(rows - values.len()),
            Values::Int(values) => values.append_nulls(rows - values.len()),
            Values::Double(values) => values.append_nulls(rows - values.len()),
            Values::Bool(values) => values.append_nulls(rows - values.len()),
        }
    }

    fn finish(mut self, rows: usize) -> ArrayRef {
        self.fill(rows);
        match self {
            Values::String(mut values) => Arc::new(values.finish()),
            Values::Int(mut values) => Arc::new(values.finish()),
            Values::Double(mut values) => Arc::new(values.finish()),
            Values::Bool(mut values) => Arc::new(values.finish()),
        }
    }
}
