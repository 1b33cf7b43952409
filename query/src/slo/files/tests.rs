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

#[test]
fn sloths_examples_load_unchanged() {
    let mut loaded = 0;
    // What these ask for is code of Sloth's own, or MetricsQL.
    let refused = [
        ("contrib-denominator-corrected.yaml", "plugin \"sloth.dev/contrib/denominator_corrected_rules/v1\""),
        ("contrib-slo-plugins.yml", "plugin \"sloth.dev/contrib/info_labels/v1\""),
        ("plugin-getting-started.yml", "plugin \"getting_started_availability\""),
        ("plugin-k8s-getting-started.yml", "plugin \"getting_started_availability\""),
        ("victoria-metrics.yml", "plugin \"sloth.dev/contrib/validate_victoria_metrics/v1\""),
    ];
    for (name, text) in folder("sloth") {
        assert!(is_slo_file(&text), "{name}");
        let refusal = refused.iter().find(|(refused, _)| *refused == name);
        match (parse(&name, &text), refusal) {
            (Ok(slos), None) => {
                assert!(!slos.is_empty(), "{name}");
                slos.iter().for_each(|slo| check_rules(&name, slo));
                loaded += slos.len();
            }
            (Err(problems), Some((_, words))) => {
                assert!(
                    told(&problems).iter().any(|problem| problem.contains(words)),
                    "{name}: {problems:?}"
                );
            }
            (found, _) => {
                panic!("{name}: {:#?}", found.map_err(|problems| told(&problems)).map(|slos| slos.len()))
            }
        }
    }
    assert!(loaded >= 17, "{loaded}");
}

#[test]
fn objectives_of_a_configuration_are_read_beside_its_other_keys() {
    let text = "listen: {http: 1}\nslos:\n- {name: a, objective: 99.9, availability: {service: s}}\n";
    assert!(!is_slo_file(text));
    let slos = of_config("ocelli.yml", text).unwrap();
    assert_eq!((slos[0].id().as_str(), slos[0].objective, slos[0].budget()), ("s-a", 0.999, 0.001));
    assert!(of_config("ocelli.yml", "listen: 1\n").unwrap().is_empty());
    let wrong = of_config("ocelli.yml", "a: 1\nslos:\n- {name: a, objective: 100, ratio: {}}\n").unwrap_err();
    assert_eq!(told(&wrong)[0], "3:24: 100: an objective is percent, above 0 and below 100: 99.9");
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
