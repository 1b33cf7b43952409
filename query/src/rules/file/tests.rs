use super::*;

/// What is wrong, a line each.
fn problems(text: &str) -> String {
    match parse("rules.yml", text) {
        Ok(groups) => format!("{} groups", groups.len()),
        Err(problems) => problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"),
    }
}

#[test]
fn the_files_in_testdata_are_told_as_they_say() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let (mut seen, mut wrong) = ((0, 0), String::new());
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.ends_with(".good.yml") && !name.ends_with(".bad.yml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let found = parse(&name, &text);
        if name.ends_with(".good.yml") {
            if let Err(problems) = found {
                wrong.push_str(&format!("{name}: {problems:?}\n"));
            }
            seen.0 += 1;
        } else {
            let wanted: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# ")).collect();
            let found: Vec<String> = found.unwrap_err().iter().map(Problem::to_string).collect();
            if found != wanted {
                wrong.push_str(&format!("{name}:\n{}\n", found.join("\n")));
            }
            seen.1 += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(seen.0 >= 2 && seen.1 >= 3, "{seen:?}");
}

#[test]
fn a_group_gives_its_labels_to_its_rules() {
    let text = "groups:\n- name: a\n  interval: 30s\n  limit: 5\n  labels: {team: x, env: p}\n  rules:\n  - record: b:c\n    expr: >\n      sum(up)\n    labels: {env: q}\n  - {alert: D, expr: up == 0, for: 5m, keep_firing_for: 1m, annotations: {summary: '{{ $value }}'}}\n";
    let groups = parse("r.yml", text).unwrap();
    let group = &groups[0];
    assert_eq!((group.interval_ms, group.limit, &*group.file), (Some(30_000), 5, "r.yml"));
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(group.rules[0].labels, [pair("env", "q"), pair("team", "x")]);
    assert_eq!((group.rules[0].expr.as_str(), &group.rules[0].alert), ("sum(up)", &None));
    let alert = group.rules[1].alert.as_ref().unwrap();
    assert_eq!((alert.for_ms, alert.keep_firing_for_ms), (300_000, 60_000));
    assert_eq!(alert.annotations, [pair("summary", "{{ $value }}")]);
}

#[test]
fn an_empty_file_has_no_groups() {
    assert_eq!(problems(""), "0 groups");
    assert_eq!(problems("# nothing\n"), "0 groups");
    assert_eq!(problems("groups:\n"), "0 groups");
    assert!(is_rule_file("# x\ngroups:\n") && !is_rule_file("listen: 1\n"));
}

#[test]
fn duplicates_are_found_across_groups() {
    let rule = |labels: &str| format!("  - {{record: a, expr: up, labels: {{{labels}}}}}\n");
    let text = format!(
        "groups:\n- name: a\n  rules:\n{}{}- name: b\n  rules:\n{}",
        rule("x: y"),
        rule("x: z"),
        rule("x: y")
    );
    let found = duplicates(&parse("r.yml", &text).unwrap());
    assert_eq!(
        found,
        [
            "r.yml: group \"b\": duplicate rule \"a\" with the same labels; the other is in group \"a\" of r.yml"
        ]
    );
}
