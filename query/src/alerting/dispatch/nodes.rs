//! The routes as a list, each with the key that its groups begin with.

use crate::alerting::config::{GroupBy, Route};
use crate::alerting::matcher;
use crate::promql::labels::Labels;

/// A route without its children.
pub struct Node {
    /// As Alertmanager's: the matchers of all routes on the way, `{}/{severity="page"}`.
    key: String,
    pub route: Route,
    children: Vec<usize>,
}

pub struct Nodes(Vec<Node>);

impl Nodes {
    pub fn of(root: &Route) -> Nodes {
        let mut nodes = Nodes(Vec::new());
        nodes.add(root, "");
        nodes
    }

    fn add(&mut self, route: &Route, parent: &str) -> usize {
        let own = matcher::show_all(&route.matchers);
        let key = if parent.is_empty() { own } else { format!("{parent}/{own}") };
        let at = self.0.len();
        let bare = Route { routes: Vec::new(), ..route.clone() };
        self.0.push(Node { key: key.clone(), route: bare, children: Vec::new() });
        let children: Vec<usize> = route.routes.iter().map(|child| self.add(child, &key)).collect();
        self.0[at].children = children;
        at
    }

    pub fn get(&self, at: usize) -> Option<&Node> {
        self.0.get(at)
    }

    /// The routes that take an alert: the deepest ones that match; of siblings the first, and more where that
    /// goes on.
    pub fn matching(&self, labels: &Labels) -> Vec<usize> {
        let mut found = Vec::new();
        self.walk(0, labels, &mut found);
        found
    }

    fn walk(&self, at: usize, labels: &Labels, found: &mut Vec<usize>) {
        let node = &self.0[at];
        if !matcher::all_match(&node.route.matchers, labels) {
            return;
        }
        let before = found.len();
        for child in &node.children {
            let known = found.len();
            self.walk(*child, labels, found);
            if found.len() > known && !self.0[*child].route.goes_on {
                break;
            }
        }
        if found.len() == before {
            found.push(at);
        }
    }
}

impl Node {
    /// The labels that the alerts of a group have in common, and the group's name: its key as Alertmanager has it,
    /// and its receiver, as two routes may differ in nothing else.
    pub fn group_of(&self, labels: &Labels) -> (Labels, String) {
        let own = match &self.route.group_by {
            GroupBy::All => labels.clone(),
            GroupBy::Labels(names) => labels.filtered(|name| names.iter().any(|one| one == name)),
        };
        let pairs: Vec<String> = own.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        let name = format!("{}:{{{}}}\n{}", self.key, pairs.join(", "), self.route.receiver);
        (own, name)
    }
}
