use super::*;

/// `X.good.yml` must pass; `X.bad.yml` must fail with exactly what is in `X.bad.txt`.
#[test]
fn the_files_in_testdata_are_told_as_they_say() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules/unit");
    let (mut seen, mut wrong) = ((0, 0), String::new());
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.ends_with(".good.yml") && !name.ends_with(".bad.yml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let mut report = run_file(&path, &text);
        let shown = shown(&mut report, &dir);
        if name.ends_with(".good.yml") {
            if !report.failures.is_empty() || report.checks == 0 {
                wrong.push_str(&format!("{name}:\n{shown}\n"));
            }
            seen.0 += 1;
        } else {
            let expected = std::fs::read_to_string(path.with_extension("txt")).unwrap_or_default();
            if report.failures.is_empty() || shown != expected {
                wrong.push_str(&format!("{name}:\n{shown}\n"));
            }
            seen.1 += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(seen.0 >= 2 && seen.1 >= 4, "{seen:?}");
}

fn shown(report: &mut Report, dir: &Path) -> String {
    let mut text: String = report.warnings.iter().map(|warning| format!("WARNING: {warning}\n")).collect();
    for failure in &report.failures {
        text.push_str(&format!("{failure}\n\n"));
    }
    text.replace(&format!("{}/", dir.display()), "")
}
