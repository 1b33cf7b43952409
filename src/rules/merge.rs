//! What is in force: what the files say, and of what is saved all that does not clash with them.

use super::load::Loaded;
use super::saved::{Document, Documents};
use ocelli_query::http::written::{Kind, SAVED};
use ocelli_query::rules::{Group, Problem, file};
use ocelli_query::slo::{self, Definitions, Slo};

/// A document as it is read.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    Slo(Box<Slo>),
    Group(Group),
}

impl Read {
    /// `definitions` are those of the files.
    pub fn parse(kind: Kind, text: &str, definitions: &Definitions) -> Result<Read, Vec<Problem>> {
        match kind {
            Kind::Slo => slo::parse_one(definitions, SAVED, text).map(|slo| Read::Slo(Box::new(slo))),
            Kind::Group => file::parse_one(SAVED, text).map(Read::Group),
        }
    }

    pub fn id(&self) -> String {
        match self {
            Read::Slo(slo) => slo.id(),
            Read::Group(group) => group.name.clone(),
        }
    }
}

pub fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::Slo => "objective",
        Kind::Group => "group",
    }
}

/// The file that has one of this name.
pub fn file_of(files: &Loaded, kind: Kind, id: &str) -> Option<String> {
    match kind {
        Kind::Slo => files.slos.iter().find(|slo| slo.id() == id).map(|slo| slo.file.to_string()),
        Kind::Group => files.groups.iter().find(|group| group.name == id).map(|group| group.file.to_string()),
    }
}

/// Why a document can't be beside the files and the other documents that are in force.
pub fn clash(files: &Loaded, saved: &Loaded, read: &Read) -> Option<String> {
    let (kind, id) = match read {
        Read::Slo(slo) => (Kind::Slo, slo.id()),
        Read::Group(group) => (Kind::Group, group.name.clone()),
    };
    if let Some(file) = file_of(files, kind, &id) {
        return Some(format!(
            "{} {id:?} is in {file} already; choose another name, or change it there",
            noun(kind)
        ));
    }
    let makes = |slo: &Slo, name: &str| slo::rules::groups(slo).iter().any(|group| group.name == name);
    match read {
        Read::Slo(slo) => {
            let group = saved.groups.iter().find(|group| makes(slo, &group.name))?;
            Some(format!("its rules would be the group {:?}, which is saved already", group.name))
        }
        Read::Group(group) => {
            let slo = saved.slos.iter().find(|slo| makes(slo, &group.name))?;
            Some(format!("group {id:?} is made of the objective {:?}; choose another name", slo.id()))
        }
    }
}

/// The documents that are in force, and why others are not, by their place.
pub fn merge(files: &Loaded, documents: &Documents) -> (Loaded, Vec<Option<String>>) {
    let mut saved = Loaded::default();
    let why: Vec<Option<String>> =
        documents.all.iter().map(|document| take(files, document, &mut saved).err()).collect();
    let groups = files.groups.iter().cloned().chain(saved.groups).collect();
    let slos = files.slos.iter().cloned().chain(saved.slos).collect();
    (Loaded { groups, slos, definitions: files.definitions.clone() }, why)
}

fn take(files: &Loaded, document: &Document, saved: &mut Loaded) -> Result<(), String> {
    let lines =
        |problems: Vec<Problem>| problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n");
    let read = Read::parse(document.kind, &document.text, &files.definitions).map_err(lines)?;
    if read.id() != document.id {
        return Err(format!("it reads as {:?}", read.id()));
    }
    if let Some(why) = clash(files, saved, &read) {
        return Err(why);
    }
    match read {
        Read::Slo(slo) => saved.slos.push(*slo),
        Read::Group(group) => saved.groups.push(group),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(texts: &[(Kind, &str)]) -> Documents {
        let one = |(kind, text): &(Kind, &str)| {
            let id = Read::parse(*kind, text, &Definitions::default())
                .map_or("broken".to_owned(), |read| read.id());
            Document::new(*kind, id, 1, (*text).to_owned())
        };
        Documents { all: texts.iter().map(one).collect(), mark: String::new() }
    }

    #[test]
    fn what_clashes_is_left_out_and_told() {
        let files = Loaded {
            groups: file::parse("rules.yml", "groups: [{name: a}]").unwrap(),
            slos: slo::parse("slos.yml", "slos: [{name: x, objective: 99, availability: {service: s}}]")
                .unwrap(),
            ..Loaded::default()
        };
        let (loaded, why) = merge(
            &files,
            &documents(&[
                (Kind::Slo, "slos: [{name: x, objective: 90, availability: {service: s}}]"),
                (Kind::Slo, "slos: [{name: y, objective: 90, availability: {service: s}}]"),
                (Kind::Group, "name: a"),
                (Kind::Group, "name: b"),
                (Kind::Group, "name: slo-s-y"),
                (Kind::Group, "name: [\n"),
            ]),
        );
        let names: Vec<&str> = loaded.groups.iter().map(|group| group.name.as_str()).collect();
        let ids: Vec<String> = loaded.slos.iter().map(Slo::id).collect();
        assert_eq!((names, ids), (vec!["a", "b"], vec!["s-x".to_owned(), "s-y".to_owned()]));
        let told = |at: usize, words: &str| assert!(why[at].as_ref().unwrap().contains(words), "{why:?}");
        told(0, "\"s-x\" is in slos.yml already");
        told(2, "\"a\" is in rules.yml already");
        told(4, "made of the objective \"s-y\"");
        told(5, "1:7: name: invalid type");
        assert!(why[1].is_none() && why[3].is_none(), "{why:?}");
    }
}
