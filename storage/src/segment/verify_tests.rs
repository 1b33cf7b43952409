//! What `verify` finds, and what it does not find fault with.

use super::testing::{Rig, written};
use super::*;
use crate::test_rows;

fn rig(signal: Signal, rows: usize) -> Rig {
    written(signal, vec![test_rows::batch(signal, 0, rows)], 1)
}

#[test]
fn a_whole_segment_has_nothing_wrong_with_it() {
    for signal in Signal::ALL {
        let segment = rig(signal, 9_000).segment;
        assert!(segment.verify().is_empty(), "{:?}", segment.verify());
    }
}

#[test]
fn a_changed_byte_of_any_file_is_found_and_named() {
    for signal in Signal::ALL {
        let rig = rig(signal, 600);
        for file in &rig.segment.entry.files {
            let path = rig.segment.entry.path(&file.suffix);
            for at in [0, file.bytes as usize / 2, file.bytes as usize - 1] {
                rig.disk.damage(&path, |bytes| bytes[at] ^= 2);
                let found = Segment::new(rig.segment.entry.clone(), rig.segment.context.clone()).verify();
                let told = path.display().to_string();
                assert!(
                    matches!(&found[..], [Error::Corrupt { path, .. }] if *path == told),
                    "{told} {at}: {found:?}"
                );
                rig.disk.damage(&path, |bytes| bytes[at] ^= 2);
            }
        }
    }
}

/// Puts another segment's file in the place of one, and makes the catalog vouch for it.
fn with_file_of(signal: Signal, suffix: &str) -> Vec<Error> {
    let (rig, other) = (rig(signal, 600), written(signal, vec![test_rows::batch(signal, 300, 600)], 1));
    let bytes = crate::disk::read(&other.disk, &other.segment.entry.path(suffix)).unwrap();
    let mut entry = rig.segment.entry.clone();
    rig.disk.damage(&entry.path(suffix), |file| *file = bytes);
    // The sums are of what was there.
    entry.files.retain(|file| file.suffix != SUMS_SUFFIX);
    for file in entry.files.iter_mut().filter(|file| file.suffix == suffix) {
        *file = other.segment.entry.file(suffix).unwrap().clone();
    }
    Segment::new(entry, rig.segment.context.clone()).verify()
}

#[test]
fn files_that_do_not_belong_together_are_found() {
    for (signal, suffix) in [
        (Signal::Spans, TRACES_SUFFIX),
        (Signal::Spans, ROWS_SUFFIX),
        (Signal::Logs, INDEX_SUFFIX),
        (Signal::Logs, ROWS_SUFFIX),
        (Signal::Points, SERIES_SUFFIX),
    ] {
        assert!(!with_file_of(signal, suffix).is_empty(), "{signal:?} {suffix}");
    }
}
