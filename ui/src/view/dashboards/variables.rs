//! What is chosen of a dashboard's variables: what the address says, else what the dashboard says, else the
//! first that is offered.

use ocelli_api::dashboards::interpolate::Chosen;
use ocelli_api::dashboards::{ALL, Variable, VariableKind};

/// The name of a variable in the address.
pub fn key(name: &str) -> String {
    format!("var-{name}")
}

/// Several values in the address: `a,b`, where a comma of a value is `\,`.
pub fn parse(text: &str, multi: bool) -> Vec<String> {
    if !multi {
        return vec![text.to_owned()];
    }
    let mut values = vec![String::new()];
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        let place = values.len() - 1;
        match sign {
            ',' => values.push(String::new()),
            '\\' => values[place].extend(signs.next()),
            sign => values[place].push(sign),
        }
    }
    values.retain(|value| !value.is_empty());
    values
}

/// The other way.
pub fn write(values: &[String], multi: bool) -> String {
    if !multi {
        return values.first().cloned().unwrap_or_default();
    }
    let escaped = |value: &String| value.replace('\\', "\\\\").replace(',', "\\,");
    values.iter().map(escaped).collect::<Vec<_>>().join(",")
}

/// None while it depends on what will be offered.
pub fn chosen(variable: &Variable, address: &str, offered: Option<&[String]>) -> Option<Chosen> {
    let wanted = match address {
        "" => variable.default.clone(),
        text => parse(text, variable.multi),
    };
    if variable.kind == VariableKind::Text {
        return Some(Chosen::one(wanted.into_iter().next().unwrap_or_default()));
    }
    if wanted.iter().any(|value| value == ALL) {
        let has_pattern = !variable.all_value.is_empty();
        let values = offered.map(<[String]>::to_vec).or_else(|| has_pattern.then(Vec::new))?;
        return Some(Chosen { values, is_all: true, all_value: variable.all_value.clone() });
    }
    if !wanted.is_empty() {
        return Some(Chosen { values: wanted, ..Chosen::default() });
    }
    let first = offered?.first().cloned();
    Some(Chosen { values: first.into_iter().collect(), ..Chosen::default() })
}

/// What a variable with several values has after one of them was clicked: `All` excludes the others.
pub fn toggled(chosen: &Chosen, value: &str) -> Vec<String> {
    if value == ALL {
        return vec![ALL.to_owned()];
    }
    let mut values = if chosen.is_all { Vec::new() } else { chosen.values.clone() };
    match values.iter().position(|known| known == value) {
        Some(place) => drop(values.remove(place)),
        None => values.push(value.to_owned()),
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[&str]) -> Vec<String> {
        values.iter().map(|&value| value.to_owned()).collect()
    }

    #[test]
    fn any_value_is_written_and_read() {
        let values = texts(&["a,b", "c\\", "<d>", "é"]);
        assert_eq!(write(&values, true), "a\\,b,c\\\\,<d>,é");
        assert_eq!(parse(&write(&values, true), true), values);
        assert_eq!(parse("a,b", false), ["a,b"]);
        assert_eq!(parse(",a,", true), ["a"]);
    }

    #[test]
    fn the_address_comes_before_the_default_and_that_before_the_first() {
        let mut variable = Variable { kind: VariableKind::Services, ..Variable::default() };
        let offered = texts(&["cart", "web"]);
        assert_eq!(chosen(&variable, "", None), None, "it is not known yet");
        assert_eq!(chosen(&variable, "", Some(&offered)), Some(Chosen::one("cart")));
        assert_eq!(chosen(&variable, "", Some(&[])).unwrap().values, texts(&[]));
        variable.default = texts(&["web"]);
        assert_eq!(chosen(&variable, "", None), Some(Chosen::one("web")));
        assert_eq!(chosen(&variable, "other", None), Some(Chosen::one("other")));
        let text = Variable { kind: VariableKind::Text, ..Variable::default() };
        assert_eq!(chosen(&text, "", None), Some(Chosen::one("")));
    }

    #[test]
    fn all_is_all_that_are_offered() {
        let mut variable = Variable { multi: true, include_all: true, ..Variable::default() };
        let offered = texts(&["a", "b"]);
        assert_eq!(chosen(&variable, ALL, None), None);
        let all = chosen(&variable, ALL, Some(&offered)).unwrap();
        assert!(all.is_all && all.values == offered);
        variable.all_value = ".*".to_owned();
        assert!(chosen(&variable, ALL, None).is_some_and(|all| all.all_value == ".*"));
        assert_eq!(toggled(&all, "b"), ["b"]);
        assert_eq!(toggled(&Chosen::one("b"), "a"), ["b", "a"]);
        assert_eq!(toggled(&Chosen::one("b"), "b"), texts(&[]));
        assert_eq!(toggled(&Chosen::one("b"), ALL), [ALL]);
    }
}
