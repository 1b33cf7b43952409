//! What queries make of the points of whole files. It is kept as long as there is room, since the same files
//! are asked again and again: by every refresh of a dashboard, and by every evaluation of a rule.

use super::points::PointList;
use super::series::{Gathered, SeriesPoints};
use crate::error::Result;
use crate::limits;
use crate::segment::Segment;
use crate::segment::points::SeriesRows;
use ocelli_signal::Series;
use std::convert::Infallible;
use std::sync::Arc;

/// Makes of points what a query needs of them.
pub trait Keeper {
    /// Of the points of one series in one file.
    type Kept: Clone + Send + Sync + 'static;
    /// Tells it from what others keep.
    const NAME: &'static str;

    /// About how many bytes it takes for a point; none of a series whose points are not told apart from those
    /// before and after them.
    fn bytes_per_point(&self, series: &Series) -> Option<usize>;

    /// What becomes of each, with its bytes; none where the points themselves are wanted.
    fn make(&self, read: &[SeriesPoints]) -> Vec<Option<(Self::Kept, usize)>>;
}

/// Points as they are.
pub struct KeepsNothing;

impl Keeper for KeepsNothing {
    type Kept = Infallible;
    const NAME: &'static str = "";

    fn bytes_per_point(&self, _series: &Series) -> Option<usize> {
        None
    }

    fn make(&self, read: &[SeriesPoints]) -> Vec<Option<(Infallible, usize)>> {
        read.iter().map(|_| None).collect()
    }
}

/// Some points of a series.
#[derive(Clone, Debug)]
pub enum Piece<K> {
    /// Between the times that are asked for. Sorted by time; of equal times in the order of arrival.
    Points(PointList),
    /// All of a file, and its bytes.
    Kept(K, usize),
}

/// A series with its points, in the order of arrival.
#[derive(Clone, Debug)]
pub struct SeriesPieces<K> {
    pub id: u128,
    pub series: Arc<Series>,
    /// Of several files, and what is in memory. Two lists of points are never neighbours.
    pub pieces: Vec<Piece<K>>,
}

impl<K> SeriesPieces<K> {
    /// Where points that arrive next go.
    pub(super) fn points(&mut self) -> &mut PointList {
        if !matches!(self.pieces.last(), Some(Piece::Points(_))) {
            self.pieces.push(Piece::Points(PointList::default()));
        }
        match self.pieces.last_mut() {
            Some(Piece::Points(points)) => points,
            _ => unreachable!("a list was put there"),
        }
    }

    pub(super) fn sort(&mut self) {
        for piece in &mut self.pieces {
            if let Piece::Points(points) = piece {
                points.sort();
            }
        }
    }
}

impl SeriesPieces<Infallible> {
    pub(super) fn into_points(mut self) -> SeriesPoints {
        let points = match self.pieces.pop() {
            Some(Piece::Points(points)) => points,
            Some(Piece::Kept(never, _)) => match never {},
            None => PointList::default(),
        };
        SeriesPoints { id: self.id, series: self.series, points }
    }
}

/// With what it takes.
struct Sized<K> {
    kept: K,
    bytes: usize,
}

/// What is to be read of one file: where the points go, and which they are.
#[derive(Default)]
pub(super) struct FileReading {
    some: Vec<(usize, SeriesRows)>,
    whole: Vec<Whole>,
}

/// A series that is read whole.
struct Whole {
    place: usize,
    of: SeriesRows,
    /// About what becomes of it.
    bytes: usize,
}

impl FileReading {
    /// Takes what is kept of a series in the file, or notes that it is to be read.
    pub fn add<K: Keeper>(
        &mut self,
        gathered: &mut Gathered<'_, K>,
        segment: &Segment,
        place: usize,
        of: SeriesRows,
    ) -> Result<()> {
        let found = &mut gathered.found[place];
        let (rows, wanted) = (of.rows.len(), of.about_between(gathered.from_ns, gathered.to_ns));
        let bytes_per_point = gathered.keeper.bytes_per_point(&found.series);
        let Some(bytes_per_point) = bytes_per_point.filter(|_| rows >= limits::KEPT_MIN_ROWS) else {
            self.some.push((place, of));
            return Ok(());
        };
        if let Some(kept) = segment.kept::<Sized<K::Kept>>(K::NAME, &of) {
            found.pieces.push(Piece::Kept(kept.kept.clone(), kept.bytes));
            // What is kept is counted there; the query answers for the part that it looks at.
            return gathered.meter.add(kept.bytes / rows * wanted);
        }
        if wanted * limits::KEPT_ONE_IN >= rows {
            self.whole.push(Whole { place, of, bytes: rows * bytes_per_point });
        } else {
            self.some.push((place, of));
        }
        Ok(())
    }

    pub fn run<K: Keeper>(mut self, gathered: &mut Gathered<'_, K>, segment: &Segment) -> Result<()> {
        if self.whole.iter().map(|whole| whole.bytes).sum::<usize>() > segment.most_kept_bytes() {
            self.some.extend(self.whole.drain(..).map(|whole| (whole.place, whole.of)));
            self.some.sort_unstable_by_key(|(_, of)| of.rows.start);
        }
        self.read_some(gathered, segment)?;
        self.read_whole(gathered, segment)
    }

    fn read_some<K: Keeper>(&mut self, gathered: &mut Gathered<'_, K>, segment: &Segment) -> Result<()> {
        let (places, wanted): (Vec<usize>, Vec<SeriesRows>) = self.some.drain(..).unzip();
        let (found, meter) = (&mut gathered.found, &mut gathered.meter);
        segment.points(&wanted, gathered.from_ns, gathered.to_ns, |at, read, rows| {
            let found = &mut found[places[at]];
            let kind = found.series.kind;
            let points = found.points();
            let before = points.bytes();
            points.append(read, rows, kind)?;
            meter.add(points.bytes() - before)
        })
    }

    /// Some at a time: the points are gone before the next ones are read.
    fn read_whole<K: Keeper>(self, gathered: &mut Gathered<'_, K>, segment: &Segment) -> Result<()> {
        let mut rest = &self.whole[..];
        while !rest.is_empty() {
            let mut bytes = 0;
            let count = rest.iter().take_while(|whole| {
                let fits = bytes < limits::KEPT_AT_ONCE_BYTES;
                bytes += whole.bytes;
                fits
            });
            let (some, later) = rest.split_at(count.count());
            make(gathered, segment, some)?;
            rest = later;
        }
        Ok(())
    }
}

/// Reads whole series, and keeps what becomes of them.
fn make<K: Keeper>(gathered: &mut Gathered<'_, K>, segment: &Segment, whole: &[Whole]) -> Result<()> {
    let empty = |whole: &Whole| {
        let SeriesPieces { id, series, .. } = &gathered.found[whole.place];
        SeriesPoints { id: *id, series: series.clone(), points: PointList::default() }
    };
    let mut read: Vec<SeriesPoints> = whole.iter().map(empty).collect();
    let wanted: Vec<SeriesRows> = whole.iter().map(|whole| whole.of.clone()).collect();
    segment.points(&wanted, i64::MIN, i64::MAX, |at, points, rows| {
        let SeriesPoints { series, points: list, .. } = &mut read[at];
        list.append(points, rows, series.kind)
    })?;
    let made = gathered.keeper.make(&read);
    for ((made, read), Whole { place, of, .. }) in made.into_iter().zip(read).zip(whole) {
        let found = &mut gathered.found[*place];
        match made {
            Some((kept, bytes)) => {
                gathered.meter.add(bytes)?;
                segment.keep(K::NAME, of, Sized { kept: kept.clone(), bytes }, bytes);
                found.pieces.push(Piece::Kept(kept, bytes));
            }
            None => {
                gathered.meter.add(read.points.bytes())?;
                let between = gathered.from_ns..=gathered.to_ns;
                let points = read.points.iter().filter(|point| between.contains(&point.time));
                points.for_each(|point| found.points().push(point));
            }
        }
    }
    Ok(())
}
