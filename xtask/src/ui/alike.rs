//! An order in which each function comes after one that it is like.

use std::collections::{BTreeSet, HashMap};

/// Pieces of this many bytes are compared: about an instruction and a half.
const PIECE_BYTES: usize = 4;
/// A piece that more functions have is no likeness, and would be slow.
const MOST_SHARED: usize = 1000;

type Piece = [u8; PIECE_BYTES];

/// The places of `bodies`, each after the one that has most pieces in common with it of those that are left.
pub fn chain(bodies: &[&[u8]]) -> Vec<usize> {
    let pieces: Vec<Vec<Piece>> = bodies.iter().map(|body| pieces_of(body)).collect();
    let mut sharing: HashMap<Piece, Vec<usize>> = HashMap::new();
    for (at, pieces) in pieces.iter().enumerate() {
        for piece in pieces {
            sharing.entry(*piece).or_default().push(at);
        }
    }
    sharing.retain(|_, sharing| sharing.len() <= MOST_SHARED);

    let mut left: BTreeSet<usize> = (0..bodies.len()).collect();
    let mut order = Vec::with_capacity(bodies.len());
    let mut shared = vec![0; bodies.len()];
    while let Some(first) = left.pop_first() {
        let mut next = Some(first);
        while let Some(at) = next {
            left.remove(&at);
            order.push(at);
            next = nearest(at, &pieces, &sharing, &left, &mut shared);
        }
    }
    order
}

/// Sorted, each once.
fn pieces_of(body: &[u8]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> =
        body.windows(PIECE_BYTES).filter_map(|piece| piece.try_into().ok()).collect();
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}

/// By how many of their pieces, taken together, they share. `shared` is for counting: all zero before and after.
fn nearest(
    at: usize,
    pieces: &[Vec<Piece>],
    sharing: &HashMap<Piece, Vec<usize>>,
    left: &BTreeSet<usize>,
    shared: &mut [usize],
) -> Option<usize> {
    let mut candidates = Vec::new();
    for other in pieces[at].iter().filter_map(|piece| sharing.get(piece)).flatten() {
        if shared[*other] == 0 && left.contains(other) {
            candidates.push(*other);
        }
        shared[*other] += 1;
    }
    let likeness = |other: usize| {
        let common = shared[other];
        common as f64 / (pieces[at].len() + pieces[other].len() - common) as f64
    };
    // Of equals the first, so that the same program is always written alike.
    let nearest = candidates.into_iter().max_by(|a, b| likeness(*a).total_cmp(&likeness(*b)).then(b.cmp(a)));
    for other in pieces[at].iter().filter_map(|piece| sharing.get(piece)).flatten() {
        shared[*other] = 0;
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_after_what_it_is_like() {
        let bodies: [&[u8]; 7] = [
            b"",
            b"add one to two",
            b"xyz",
            b"the map of services",
            b"add one to four",
            b"the lists of services",
            b"a",
        ];
        assert_eq!(chain(&bodies), [0, 1, 4, 2, 3, 5, 6]);
        assert!(chain(&[]).is_empty());
    }

    #[test]
    fn all_are_there_once_also_where_all_share_a_piece() {
        let bodies: Vec<Vec<u8>> =
            (0..1500u32).map(|i| [b"same".as_slice(), &i.to_be_bytes()].concat()).collect();
        let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        let mut order = chain(&bodies);
        order.sort_unstable();
        assert!(order.into_iter().eq(0..bodies.len()));
    }
}
