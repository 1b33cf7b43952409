//! A dashboard as it is on the page: its draft, what was changed of it, its grid.

use super::edit_panel::PanelForm;
use super::panel::PanelFrame;
use super::variables::{Variables, ask, values};
use crate::client::Failure;
use crate::context::Context;
use crate::dynamic::{dynamic, memo};
use crate::prelude::*;
use crate::view::dashboards::draft::Draft;
use crate::view::dashboards::request::Scope;

/// Steps that can be undone.
const MOST_STEPS: usize = 100;

/// The state of the page; cheap to copy.
#[derive(Clone, Copy)]
pub struct Board {
    pub draft: RwSignal<Draft>,
    /// What the draft was before each change, the newest last.
    pub before: RwSignal<Vec<Draft>>,
    pub editing: Memo<bool>,
    /// The panel whose form is open.
    pub chosen: RwSignal<Option<u32>>,
    /// Why it was not saved.
    pub failure: RwSignal<Option<Failure>>,
}

impl Board {
    /// Nothing yet; whether it is edited says the address.
    pub fn of_page() -> Self {
        let edit = Context::get().location.value("edit");
        Self {
            draft: RwSignal::new(Draft::default()),
            before: RwSignal::new(Vec::new()),
            editing: memo(move || !edit.with(String::is_empty)),
            chosen: RwSignal::new(None),
            failure: RwSignal::new(None),
        }
    }

    /// Starts with another document; nothing of the one before can be undone.
    pub fn begin(self, draft: Draft) {
        self.before.set(Vec::new());
        self.failure.set(None);
        self.draft.set(draft);
    }

    /// A change that can be undone.
    pub fn change(self, change: impl FnOnce(&mut Draft)) {
        let before = self.draft.get_untracked();
        let mut after = before.clone();
        change(&mut after);
        if after != before {
            self.remember(before);
            self.draft.set(after);
        }
    }

    pub fn remember(self, before: Draft) {
        self.before.update(|all| {
            all.push(before);
            let over = all.len().saturating_sub(MOST_STEPS);
            all.drain(..over);
        });
    }

    pub fn undo(self) {
        let last = self.before.with_untracked(|all| all.last().cloned());
        if let Some(draft) = last {
            self.before.update(|all| drop(all.pop()));
            self.draft.set(draft);
        }
    }

    /// What the server said of a field of the API's name.
    pub fn told(self, name: &str) -> Option<String> {
        self.failure.with(|failure| match failure {
            Some(Failure::Refused { error, .. }) if error.parameter.as_deref() == Some(name) => {
                // At the field its name need not be said.
                let why = error.message.strip_prefix(name).and_then(|why| why.strip_prefix(": "));
                Some(why.unwrap_or(&error.message).to_owned())
            }
            _ => None,
        })
    }
}

#[component]
pub fn Grid(board: Board) -> impl IntoView {
    let range = Context::get().range;
    let variables = memo(move || board.draft.with(|draft| draft.dashboard.variables.clone()));
    // While they are moved panels keep their places among each other, so that none loses the focus.
    let order = memo(move || {
        board.draft.with(|draft| if board.editing.get() { draft.keys() } else { draft.in_order() })
    });
    // Other variables are other questions: all of it is made anew.
    let body = move || {
        let asked = ask(&variables.get());
        let values = values(&asked);
        let scope = memo(move || Some(Scope { range: range.get().ok()?, values: values.get()? }));
        let form = move || {
            let key = board.chosen.get().filter(|_| board.editing.get())?;
            order.with(|order| order.contains(&key)).then(|| view! { <PanelForm board key/> })
        };
        view! {
            <Variables asked/>
            <div class="dash-split">
                <div class="dash-grid" data-testid="dash-grid" class:editing=dynamic(move || board.editing.get())>
                    <For each=move || order.get() key=|key| *key let:key><PanelFrame board scope key/></For>
                </div>
                {dynamic(form)}
            </div>
        }
    };
    let location = Context::get().location;
    let none = move || {
        order.with(Vec::is_empty).then(|| {
            let edit = (!board.editing.get())
                .then(|| view! { <a href=dynamic(move || location.href(&[("edit", "1")]))>"Add one"</a> });
            view! { <p class="empty" data-testid="empty">"There is no panel yet. "{edit}</p> }
        })
    };
    view! { {dynamic(body)}{dynamic(none)} }
}
