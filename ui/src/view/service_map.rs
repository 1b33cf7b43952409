//! Where the services of a graph are drawn: in layers from the callers to those that they call, as
//! Sugiyama, Tagawa and Toda do it (IEEE Trans. SMC 11, 1981): layers by the longest way, fewer
//! crossings by barycenters, then heights near those of the neighbours.

use super::order::{distinct, order};
use ocelli_api::services::GraphEdge;

/// More than that nobody can read; the busiest edges are drawn, the table has all.
pub const MAX_NODES: usize = 150;
/// Rounds over all layers.
const ORDERING_ROUNDS: usize = 8;
const PLACING_ROUNDS: usize = 6;
/// Of the height of a service, what an edge that only passes needs.
const PASSING: f64 = 0.5;

#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub name: String,
    pub layer: usize,
    /// From the top, in heights of a service.
    pub place: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Indices of nodes; equal where a service calls itself.
    pub from: usize,
    pub to: usize,
    /// Index of the edge in the input.
    pub edge: usize,
    /// The places at which it passes the layers between, on its way.
    pub passes: Vec<(usize, f64)>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    pub nodes: Vec<Node>,
    pub lines: Vec<Line>,
    pub layers: usize,
    /// Heights of a service.
    pub height: f64,
    /// Services that are not drawn.
    pub left_out: usize,
}

/// A service lies one layer below its lowest caller; edges that lead back up do not move anything.
pub fn layout(edges: &[GraphEdge]) -> Layout {
    let (names, drawn) = busiest(edges);
    let all = distinct(edges.iter().flat_map(|edge| [&*edge.client, &*edge.server]));
    let left_out = all.len() - names.len();
    let number = |name: &str| names.binary_search(&name).unwrap_or_default();
    let pairs: Vec<(usize, usize, usize)> =
        drawn.into_iter().map(|at| (number(&edges[at].client), number(&edges[at].server), at)).collect();
    let layers = layers(names.len(), &pairs);
    let mut drawing = Drawing::new(layers);
    let ways: Vec<Vec<usize>> = pairs.iter().map(|(from, to, _)| drawing.connect(*from, *to)).collect();
    drawing.order();
    let places = drawing.places();
    let line = |((from, to, edge), way): (&(usize, usize, usize), &Vec<usize>)| Line {
        from: *from,
        to: *to,
        edge: *edge,
        passes: way.iter().map(|vertex| (drawing.layer[*vertex], places[*vertex])).collect(),
    };
    let node = |(at, name): (usize, &&str)| Node {
        name: (*name).to_owned(),
        layer: drawing.layer[at],
        place: places[at],
    };
    Layout {
        lines: pairs.iter().zip(&ways).map(line).collect(),
        nodes: names.iter().enumerate().map(node).collect(),
        layers: drawing.layers.len(),
        height: places.iter().copied().fold(0.0, f64::max) + 1.0,
        left_out,
    }
}

/// The services of the busiest edges by name, and these edges.
fn busiest(edges: &[GraphEdge]) -> (Vec<&str>, Vec<usize>) {
    let mut names: Vec<&str> = Vec::new();
    let mut drawn: Vec<usize> = Vec::new();
    for (at, edge) in edges.iter().enumerate() {
        let ends = distinct([edge.client.as_str(), edge.server.as_str()].into_iter());
        let new: Vec<&str> = ends.into_iter().filter(|end| !names.contains(end)).collect();
        if names.len() + new.len() <= MAX_NODES {
            names.extend(new);
            drawn.push(at);
        }
    }
    (distinct(names.into_iter()), drawn)
}

/// Services and, on each layer that an edge only passes, a vertex without a name.
struct Drawing {
    /// Of each vertex; services come first.
    layer: Vec<usize>,
    services: usize,
    /// Vertices from the top of each layer.
    layers: Vec<Vec<usize>>,
    /// Neighbours one layer before and one behind.
    near: [Vec<Vec<usize>>; 2],
}

impl Drawing {
    fn new(layer: Vec<usize>) -> Self {
        let count = layer.len();
        let mut layers = vec![Vec::new(); layer.iter().max().map_or(0, |last| last + 1)];
        layer.iter().enumerate().for_each(|(vertex, layer)| layers[*layer].push(vertex));
        Self { layer, services: count, layers, near: [vec![Vec::new(); count], vec![Vec::new(); count]] }
    }

    /// Adds the vertices that an edge passes, and gives them on its way.
    fn connect(&mut self, from: usize, to: usize) -> Vec<usize> {
        let (first, last) = if self.layer[from] <= self.layer[to] { (from, to) } else { (to, from) };
        let (mut way, mut before) = (Vec::new(), first);
        for layer in self.layer[first] + 1..self.layer[last] {
            let vertex = self.layer.len();
            self.layer.push(layer);
            self.layers[layer].push(vertex);
            self.near.iter_mut().for_each(|near| near.push(Vec::new()));
            self.join(before, vertex);
            way.push(vertex);
            before = vertex;
        }
        if self.layer[first] < self.layer[last] {
            self.join(before, last);
        }
        if first != from {
            way.reverse();
        }
        way
    }

    fn join(&mut self, before: usize, behind: usize) {
        self.near[1][before].push(behind);
        self.near[0][behind].push(before);
    }

    /// Sorts each layer by the mean place of the neighbours on one side, there and back, and keeps the
    /// order with the fewest crossings.
    fn order(&mut self) {
        let mut best = (self.crossings(), self.layers.clone());
        for round in 0..ORDERING_ROUNDS {
            let side = round % 2;
            let count = self.layers.len();
            for step in 1..count {
                let layer = if side == 0 { step } else { count - 1 - step };
                let positions = self.positions();
                let mean = |vertex: usize| {
                    let near = &self.near[side][vertex];
                    let sum: usize = near.iter().map(|other| positions[*other]).sum();
                    if near.is_empty() { positions[vertex] as f64 } else { sum as f64 / near.len() as f64 }
                };
                let before = &self.layers[layer];
                let means: Vec<f64> = before.iter().map(|vertex| mean(*vertex)).collect();
                let order = order(before.len(), &|a, b| means[a].total_cmp(&means[b]));
                self.layers[layer] = order.into_iter().map(|at| before[at]).collect();
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.layers.clone());
            }
        }
        self.layers = best.1;
    }

    /// Of each vertex, its number in its layer.
    fn positions(&self) -> Vec<usize> {
        let mut positions = vec![0; self.layer.len()];
        for layer in &self.layers {
            layer.iter().enumerate().for_each(|(at, vertex)| positions[*vertex] = at);
        }
        positions
    }

    /// Pairs of edges between two layers whose ends are in opposite order.
    fn crossings(&self) -> usize {
        let positions = self.positions();
        let mut crossings = 0;
        for layer in &self.layers {
            // How many edges end at each place behind, of the vertices above.
            let mut ends = vec![0usize; positions.len()];
            for vertex in layer {
                let behind = || self.near[1][*vertex].iter().map(|other| positions[*other]);
                crossings += behind().map(|end| ends[end + 1..].iter().sum::<usize>()).sum::<usize>();
                behind().for_each(|end| ends[end] += 1);
            }
        }
        crossings
    }

    /// Heights of all vertices: each near the mean of its neighbours, none closer to another than it may.
    fn places(&self) -> Vec<f64> {
        let mut places: Vec<f64> = self.positions().into_iter().map(|at| at as f64).collect();
        for round in 0..PLACING_ROUNDS {
            for layer in &self.layers {
                let wanted: Vec<f64> = layer
                    .iter()
                    .map(|vertex| {
                        let sides: &[usize] = if round % 2 == 0 { &[0] } else { &[0, 1] };
                        let near = || sides.iter().flat_map(|side| &self.near[*side][*vertex]);
                        let sum: f64 = near().map(|other| places[*other]).sum();
                        match near().count() {
                            0 => places[*vertex],
                            count => sum / count as f64,
                        }
                    })
                    .collect();
                let apart: Vec<f64> = layer.windows(2).map(|pair| self.apart(pair[0], pair[1])).collect();
                let spread = spread(&wanted, &apart);
                layer.iter().zip(spread).for_each(|(vertex, place)| places[*vertex] = place);
            }
        }
        let top = places.iter().copied().fold(f64::INFINITY, f64::min);
        places.iter().map(|place| place - top).collect()
    }

    fn apart(&self, a: usize, b: usize) -> f64 {
        let height = |vertex: usize| if vertex < self.services { 1.0 } else { PASSING };
        (height(a) + height(b)) / 2.0
    }
}

/// Places in this order and so far apart, near those that are wanted: the middle between pushing all
/// down from the top and pushing all up from the bottom, which both keep the distances.
fn spread(wanted: &[f64], apart: &[f64]) -> Vec<f64> {
    let (mut down, mut up) = (wanted.to_vec(), wanted.to_vec());
    for at in 1..wanted.len() {
        down[at] = down[at].max(down[at - 1] + apart[at - 1]);
    }
    for at in (1..wanted.len()).rev() {
        up[at - 1] = up[at - 1].min(up[at] - apart[at - 1]);
    }
    down.iter().zip(&up).map(|(down, up)| (down + up) / 2.0).collect()
}

/// The longest way from a service that nobody calls, without edges that close a ring.
fn layers(count: usize, edges: &[(usize, usize, usize)]) -> Vec<usize> {
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut called = vec![false; count];
    for &(client, server, _) in edges.iter().filter(|(client, server, _)| client != server) {
        below[client].push(server);
        called[server] = true;
    }
    let mut layer = vec![0; count];
    // Nodes in the order in which a walk in depth leaves them, callers last: then each is done once.
    let (mut seen, mut left) = (vec![false; count], Vec::new());
    let tops = (0..count).filter(|node| !called[*node]).chain(0..count);
    for top in tops {
        let mut stack = vec![(top, 0)];
        while let Some((node, next)) = stack.pop() {
            if next == 0 {
                if seen[node] {
                    continue;
                }
                seen[node] = true;
            }
            match below[node].get(next) {
                Some(child) => {
                    stack.push((node, next + 1));
                    if !seen[*child] {
                        stack.push((*child, 0));
                    }
                }
                None => left.push(node),
            }
        }
    }
    let mut rank = vec![0; count];
    left.iter().rev().enumerate().for_each(|(at, node)| rank[*node] = at);
    for node in left.iter().rev() {
        for child in below[*node].iter().filter(|child| rank[**child] > rank[*node]) {
            layer[*child] = layer[*child].max(layer[*node] + 1);
        }
    }
    layer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(pairs: &[(&str, &str)]) -> Vec<GraphEdge> {
        let edge = |(client, server): &(&str, &str)| GraphEdge {
            client: (*client).to_owned(),
            server: (*server).to_owned(),
            ..GraphEdge::default()
        };
        pairs.iter().map(edge).collect()
    }

    fn layers_of(pairs: &[(&str, &str)]) -> Vec<(String, usize)> {
        layout(&edges(pairs)).nodes.into_iter().map(|node| (node.name, node.layer)).collect()
    }

    /// No two services of a layer overlap, and no edge passes through a service.
    fn assert_apart(layout: &Layout) {
        let services = layout.nodes.iter().map(|node| (node.layer, node.place, 0.5));
        let passes = layout.lines.iter().flat_map(|line| &line.passes);
        let all: Vec<(usize, f64, f64)> =
            services.chain(passes.map(|(layer, place)| (*layer, *place, PASSING / 2.0))).collect();
        for (at, a) in all.iter().enumerate() {
            for b in all[at + 1..].iter().filter(|b| b.0 == a.0) {
                assert!((a.1 - b.1).abs() >= a.2 + b.2 - 1e-9, "{a:?} and {b:?} overlap");
            }
            assert!(a.1 >= 0.0 && a.1 <= layout.height && a.0 < layout.layers, "{a:?} is inside");
        }
    }

    #[test]
    fn callers_are_before_those_they_call() {
        let found = layers_of(&[("web", "cart"), ("cart", "db"), ("web", "db")]);
        assert_eq!(found, [("cart".to_owned(), 1), ("db".to_owned(), 2), ("web".to_owned(), 0)]);
    }

    #[test]
    fn rings_and_self_loops_are_drawn() {
        let found = layers_of(&[("a", "a"), ("a", "b"), ("b", "c"), ("c", "b")]);
        assert_eq!(found, [("a".to_owned(), 0), ("b".to_owned(), 1), ("c".to_owned(), 2)]);
        assert_eq!(layers_of(&[("a", "b"), ("b", "a")]).len(), 2);
        assert_eq!(layout(&[]), Layout { height: 1.0, ..Layout::default() });
    }

    #[test]
    fn an_edge_over_a_layer_goes_around_what_is_there() {
        let layout =
            layout(&edges(&[("top", "web"), ("web", "cart"), ("cart", "db"), ("web", "db"), ("db", "web")]));
        assert_apart(&layout);
        let passes: Vec<usize> = layout.lines.iter().map(|line| line.passes.len()).collect();
        assert_eq!(passes, [0, 0, 0, 1, 1]);
    }

    #[test]
    fn edges_that_need_not_cross_do_not() {
        let layout =
            layout(&edges(&[("a", "z"), ("b", "y"), ("c", "x"), ("z", "p"), ("y", "q"), ("x", "r")]));
        assert_apart(&layout);
        let place = |name: &str| layout.nodes.iter().find(|node| node.name == name).unwrap().place;
        for (client, server) in [("a", "z"), ("b", "y"), ("z", "p"), ("x", "r")] {
            assert_eq!(place(client), place(server), "{client} → {server} is straight");
        }
    }

    #[test]
    fn nothing_overlaps_in_any_graph() {
        // A generator of numbers is enough of chance here.
        let mut state = 7u32;
        let mut number = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        for _ in 0..30 {
            let names: Vec<(String, String)> =
                (0..60).map(|_| (format!("s{}", number(25)), format!("s{}", number(25)))).collect();
            let pairs: Vec<(&str, &str)> = names.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            let found = layout(&edges(&pairs));
            assert_apart(&found);
            assert_eq!(found.lines.len(), pairs.len());
        }
    }

    #[test]
    fn a_large_graph_is_cut_by_whole_edges() {
        let names: Vec<String> = (0..400).map(|n| format!("s{n}")).collect();
        let pairs: Vec<(&str, &str)> =
            names.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
        let found = layout(&edges(&pairs));
        assert_eq!((found.nodes.len(), found.lines.len()), (MAX_NODES, MAX_NODES - 1));
        assert_eq!((found.layers, found.left_out), (MAX_NODES, 250));
    }
}
