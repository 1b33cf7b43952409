//! What became of alerts, the newest first.

use crate::components::alert_marks::{Labels, StateMark};
use crate::components::moment::Moment;
use crate::context::Context;
use crate::dynamic::dynamic;
use crate::prelude::*;
use crate::view::alerts::Shown;
use crate::view::{format, links};
use ocelli_api::alerts::AlertChange;

#[component]
pub fn Changes(
    changes: Vec<AlertChange>,
    /// All of one alert, which needs no name.
    #[prop(optional)]
    of_one: bool,
) -> impl IntoView {
    let location = Context::get().location;
    let row = move |change: AlertChange| {
        let path = links::alert_path(&change.fingerprint);
        let from = change.from.map(|from| view! { <StateMark shown=Shown::from(from)/>" → " });
        let alert = (!of_one).then(|| {
            view! {
                <th scope="row"><a data-nav="" href=dynamic(move || location.link(&path, &[]))>{change.name}</a></th>
                <td class="wrap"><Labels labels=change.labels/></td>
            }
        });
        view! {
            <tr data-testid="change-row">
                <td><Moment at=change.time/></td>
                <td>{from}<StateMark shown=Shown::from(change.to)/></td>
                {alert}
                <td class="num">{change.value.map(format::short)}</td>
            </tr>
        }
    };
    view! {
        <div class="scroll-table" tabindex="0"><table class="rows cards">
            <thead><tr><th>"Time"</th><th>"State"</th>
                {(!of_one).then(|| view! { <th>"Alert"</th><th>"Labels"</th> })}<th class="num">"Value"</th></tr></thead>
            <tbody>{changes.into_iter().map(row).collect_view()}</tbody>
        </table></div>
    }
}
