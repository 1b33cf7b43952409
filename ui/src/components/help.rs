//! The keyboard, explained.

use crate::dynamic::{effect, handler};
use crate::prelude::*;
use leptos::html::Dialog;

const KEYS: [(&str, &str); 19] = [
    ("Ctrl K", "Go to anything: pages, services, searches, trace ids, actions"),
    ("g s", "Services"),
    ("g t", "Traces"),
    ("g p", "Map"),
    ("g l", "Logs"),
    ("g m", "Metrics"),
    ("g a", "Alerts"),
    ("g d", "Dashboards"),
    ("g o", "SLOs"),
    ("g y", "System"),
    ("/", "Find: the first search field of the page"),
    ("j  k", "Next and previous row"),
    ("Enter", "Open the row"),
    ("[  ]", "Range half a width earlier, later"),
    ("r", "Refresh"),
    ("d", "Dark or light"),
    ("← →", "In a trace: fold, unfold. On a chart: move the crosshair"),
    ("+  −", "On a chart: zoom in at the crosshair, zoom out"),
    ("?", "This help"),
];

/// The dialog; open it by the signal.
#[component]
pub fn Help(open: RwSignal<bool>, tour: Callback<()>) -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    effect(move || {
        let Some(dialog) = dialog.get() else { return };
        if open.get() && !dialog.open() {
            // Fails only when it is open already.
            let _opened = dialog.show_modal();
        } else if !open.get() && dialog.open() {
            dialog.close();
        }
    });
    let row = |(keys, what): (&'static str, &'static str)| view! { <tr><td><kbd>{keys}</kbd></td><td>{what}</td></tr> };
    view! {
        <dialog class="help" node_ref=dialog aria-labelledby="help-title" on:close=handler(move |_| open.set(false))>
            <h2 id="help-title">"Keyboard"</h2>
            <table><tbody>{KEYS.map(row)}</tbody></table>
            <p>"Charts: drag to zoom, double-click to go back."</p>
            <button type="button" on:click=handler(move |_| open.set(false))>"Close"</button>" "
            <button type="button" class="quiet" data-testid="start-tour" on:click=handler(move |_| { open.set(false); tour.run(()) })>"Take the tour"</button>
        </dialog>
    }
}
