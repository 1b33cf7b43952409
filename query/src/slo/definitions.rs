//! What files of objectives define for each other: SLI plugins, and catalogs of windows.

use super::documents::{Document, File, Found};
use super::files::{Format, format_of};
use super::model::{Slo, Window};
use super::openslo;
use super::sli_plugins::{self, BUILT_IN, Plugin};
use super::sloth::{Catalog, read_windows};
use crate::nearest;
use crate::promql::duration_text;
use crate::rules::Problem;
use crate::rules::file::yaml::Step;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Each with the file that it is from.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    plugins: BTreeMap<String, (String, Arc<Plugin>)>,
    /// By the length of the window.
    catalogs: BTreeMap<i64, (String, Catalog)>,
    /// What documents of OpenSLO name each other by.
    openslo: openslo::Known,
}

impl Definitions {
    /// With those of a file, and all that is wrong with them.
    pub fn take(&mut self, file: &str, text: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        for document in File::new(text).documents() {
            let taken = match format_of(&document) {
                Some(Format::SliPlugins) => self.take_plugins(file, document),
                Some(Format::AlertWindows) => self.take_catalog(file, document),
                // What is wrong with it is told where the file is read.
                Some(Format::OpenSlo) => {
                    self.openslo.take(&document).ok();
                    Ok(())
                }
                _ => Ok(()),
            };
            problems.extend(taken.err().into_iter().flatten());
        }
        problems
    }

    fn take_plugins(&mut self, file: &str, document: Document) -> Result<(), Vec<Problem>> {
        let mut problems = Vec::new();
        for (plugin, place) in sli_plugins::read(document)? {
            match self.plugins.get(&plugin.id) {
                Some((other, _)) => problems.push(Problem {
                    message: format!(
                        "SLI plugin {:?} is there twice; rename one: the other is in {other}",
                        plugin.id
                    ),
                    ..place
                }),
                None => {
                    self.plugins.insert(plugin.id.clone(), (file.to_owned(), plugin));
                }
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }

    fn take_catalog(&mut self, file: &str, document: Document) -> Result<(), Vec<Problem>> {
        let catalog = read_windows(document)?;
        let Some((other, _)) = self.catalogs.get(&catalog.period_ms) else {
            self.catalogs.insert(catalog.period_ms, (file.to_owned(), catalog));
            return Ok(());
        };
        let mut found = Found::new(document);
        let period = duration_text(catalog.period_ms);
        let message =
            format!("there are two catalogs of windows for {period}; leave one out: the other is in {other}");
        found.at(&[Step::Value("spec"), Step::Value("sloPeriod")], message);
        Err(found.problems)
    }

    pub(super) fn openslo(&self) -> &openslo::Known {
        &self.openslo
    }

    /// A plugin by its name. One of a file goes before a built-in one. The reader is at `plugin`.
    pub(super) fn plugin(&self, id: &str, found: &mut Found) -> Option<&Plugin> {
        let own = self.plugins.get(id).map(|(_, plugin)| plugin);
        let plugin = own.or_else(|| BUILT_IN.get(id));
        if plugin.is_none() {
            let known = self.plugins.keys().chain(BUILT_IN.keys()).map(String::as_str);
            let hint = nearest::hint(id, known);
            found.at(
                &[Step::Value("id")],
                format!(
                    "SLI plugin {id:?} is not known; as plugins are code at Sloth, write the queries that it makes into a file of \
                     objectives, under `sli_plugins` with this `id`, `bad` and `total`, or here as `events`{hint}"
                ),
            );
        }
        plugin.map(Arc::as_ref)
    }

    /// Gives objectives the windows that the catalog for their length says.
    pub fn apply(&self, slos: &mut [Slo]) {
        for slo in slos {
            if let Window::Rolling { ms } = slo.window
                && let Some((_, catalog)) = self.catalogs.get(&ms)
            {
                slo.alerting.paces = Some(catalog.paces);
            }
        }
    }
}
