use super::*;
use crate::slo::rules::{as_yaml, groups};
use std::path::PathBuf;

fn folder(name: &str) -> Vec<(String, String)> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/slo").join(name);
    let mut files: Vec<(String, String)> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "yml" || end == "yaml"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path.file_name().unwrap().to_str().unwrap().to_owned(), text)
        })
        .collect();
    files.sort();
    files
}

fn told(found: &[Problem]) -> Vec<String> {
    found.iter().map(Problem::to_string).collect()
}

#[test]
fn the_files_in_testdata_are_told_as_they_say() {
    let (mut seen, mut wrong) = ((0, 0), String::new());
    for (name, text) in folder("") {
        assert!(is_slo_file(&text), "{name}");
        let found = parse(&name, &text);
        if name.ends_with(".good.yml") {
            match found {
                Ok(slos) => slos.iter().for_each(|slo| check_rules(&name, slo)),
                Err(problems) => wrong.push_str(&format!("{name}: {:#?}\n", told(&problems))),
            }
            seen.0 += 1;
        } else {
            let wanted: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# ")).collect();
            let found = told(&found.expect_err(&name));
            if found != wanted {
                wrong.push_str(&format!("{name}:\n# {}\n", found.join("\n# ")));
            }
            seen.1 += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(seen.0 >= 2 && seen.1 >= 3, "{seen:?}");
}

/// What is made of an objective is a rule file without errors.
fn check_rules(name: &str, slo: &Slo) {
    let groups = groups(slo);
    for rule in groups.iter().flat_map(|group| &group.rules) {
        rule.language.check(&rule.expr).unwrap_or_else(|why| panic!("{name}: {}: {why}", rule.expr));
    }
    assert!(as_yaml(&groups).starts_with("groups:"));
}

/// What becomes of each file of others is in `examples.txt`; what loads makes right rules.
#[test]
fn examples_of_sloth_and_openslo_do_as_listed() {
    let folders = ["sloth", "sloth/windows", "openslo/examples", "openslo/sdk", "openslo/oslo"];
    let mut said = String::new();
    for (folder_name, (name, text)) in
        folders.iter().flat_map(|of| folder(of).into_iter().map(move |file| (of, file)))
    {
        assert!(is_slo_file(&text), "{name}");
        said.push_str(&format!("{folder_name}/{name}: "));
        match parse(&name, &text) {
            Ok(slos) => {
                slos.iter().for_each(|slo| check_rules(&name, slo));
                said.push_str(&format!("{}\n", slos.len()));
            }
            Err(problems) => {
                let lines = told(&problems).into_iter().map(|line| format!("\n    {line}"));
                said.push_str(&format!("refused{}\n", lines.collect::<String>()));
            }
        }
    }
    let list = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/slo/examples.txt");
    let wanted = std::fs::read_to_string(list).unwrap();
    assert!(said == wanted, "{said}");
}

#[test]
fn objectives_of_a_configuration_are_read_beside_its_other_keys() {
    let text = "listen: {http: 1}\nslos:\n- {name: a, objective: 99.9, availability: {service: s}}\n";
    assert!(!is_slo_file(text));
    let slos = of_config(&Definitions::default(), "ocelli.yml", text).unwrap();
    assert_eq!((slos[0].id().as_str(), slos[0].objective, slos[0].budget()), ("s-a", 0.999, 0.001));
    assert!(of_config(&Definitions::default(), "ocelli.yml", "listen: 1\n").unwrap().is_empty());
    let wrong = of_config(
        &Definitions::default(),
        "ocelli.yml",
        "a: 1\nslos:\n- {name: a, objective: 100, ratio: {}}\n",
    )
    .unwrap_err();
    assert_eq!(told(&wrong)[0], "3:24: 100: an objective is percent, above 0 and below 100: 99.9");
}

#[test]
fn objects_of_openslo_are_found_in_other_files() {
    let read = |name: &str| {
        let files = folder("openslo/sdk").into_iter().filter(|(file, _)| file.starts_with("v1-"));
        let slo = (
            "slo.yml".to_owned(),
            format!(
                "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: a}}\nspec:\n  service: s\n  indicatorRef: {name}\n  \
                 budgetingMethod: Occurrences\n  objectives: [{{target: 0.9, op: lt, value: 5}}]\n  alertPolicies: [{{alertPolicyRef: low-priority}}]\n"
            ),
        );
        let (_, mut read) = parse_all(&files.chain([slo]).collect::<Vec<_>>());
        read.pop().unwrap().map_err(|problems| told(&problems))
    };
    let slo = read("annotator-throughput").unwrap().remove(0);
    assert_eq!(slo.alerting.conditions[0].name, "cpu-usage-breach");
    let why = read("search-availability").unwrap_err().join("\n");
    assert!(why.starts_with("6:17: metric source \"Datadog\" can't be asked here"), "{why}");
}

#[test]
fn an_id_is_there_once() {
    let text = "slos: [{name: a, objective: 99, availability: {service: s}}, {name: a, service: s, objective: 9, ratio: {bad: b, total: t}}]";
    let slos = parse("s.yml", text).unwrap();
    assert_eq!(
        duplicates(&slos),
        ["s.yml: objective \"s-a\" is there twice; rename one: the other is in s.yml"]
    );
}
