//! SLI plugins as data: queries by a name, in which options stand.
//!
//! At Sloth a plugin is Go code that makes one query. Here it is an entry under `sli_plugins:` with templates for the
//! bad events and all of them, or for the share of bad ones, in Go's template language as such code has it. Those
//! of Sloth's example and of its common library are built in.

mod fill;
mod options;

use super::documents::{Document, Found};
use crate::rules::Problem;
use crate::rules::file::yaml::{self, Step};
use fill::Templates;
use options::Kind;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

pub use fill::Use;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileYaml {
    sli_plugins: Vec<PluginYaml>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PluginYaml {
    #[serde(deserialize_with = "yaml::text")]
    id: String,
    options: BTreeMap<String, OptionYaml>,
    /// Of the file that uses it.
    labels: Vec<String>,
    #[serde(deserialize_with = "yaml::text")]
    bad: String,
    #[serde(deserialize_with = "yaml::text")]
    total: String,
    #[serde(deserialize_with = "yaml::text")]
    share: String,
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OptionYaml {
    kind: Kind,
    /// Without one it must be set.
    default: Option<String>,
}

pub struct Plugin {
    pub id: String,
    options: BTreeMap<String, OptionYaml>,
    labels: Vec<String>,
    templates: Templates,
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.id)
    }
}

/// Those that need no file, by id.
pub static BUILT_IN: LazyLock<BTreeMap<String, Arc<Plugin>>> = LazyLock::new(|| {
    let document = Document { text: include_str!("sli_plugins/common.yml"), lines_before: 0 };
    // A test reads the same text and shows what would be wrong.
    let plugins = read(document).unwrap_or_default();
    plugins.into_iter().map(|(plugin, _)| (plugin.id.clone(), plugin)).collect()
});

/// The plugins of a document, with the places of their names.
pub fn read(document: Document) -> Result<Vec<(Arc<Plugin>, Problem)>, Vec<Problem>> {
    let of: FileYaml = yaml::read(document.text).map_err(|problem| vec![document.placed(problem)])?;
    let mut found = Found::new(document);
    let mut plugins = Vec::new();
    for (at, plugin) in of.sli_plugins.iter().enumerate() {
        found.within(&[Step::Value("sli_plugins"), Step::Item(at)], |found| {
            let place = Problem::at(document.text, &[&found.path[..], &[Step::Value("id")]].concat(), "");
            plugins.extend(plugin_of(plugin, found).map(|plugin| (Arc::new(plugin), document.placed(place))));
        });
    }
    if found.problems.is_empty() { Ok(plugins) } else { Err(found.problems) }
}

fn plugin_of<'a>(of: &'a PluginYaml, found: &mut Found<'a>) -> Option<Plugin> {
    let before = found.problems.len();
    if of.id.is_empty() {
        found.missing("id", "an SLI plugin needs `id`");
    }
    for (name, option) in &of.options {
        if let Some(why) = option.default.as_ref().and_then(|text| option.kind.value(text).err()) {
            let path = [Step::Value("options"), Step::Value(name), Step::Value("default")];
            found.at(&path, format!("default of {name:?}: {why}"));
        }
    }
    let templates = match (of.bad.is_empty(), of.total.is_empty(), of.share.is_empty()) {
        (false, false, true) => Templates::of_events(&of.bad, &of.total, found),
        (true, true, false) => Templates::of_share(&of.share, found),
        _ => {
            found.here("an SLI plugin needs `bad` and `total`, or `share`, which is that of bad events");
            None
        }
    }?;
    let plugin =
        Plugin { id: of.id.clone(), options: of.options.clone(), labels: of.labels.clone(), templates };
    if found.problems.len() == before {
        plugin.check_with_samples(found);
    }
    Some(plugin)
}

#[cfg(test)]
mod tests;
