//! Variables that a template uses and nobody declares: told when the file is read, not at 3 a.m.

use super::Data;
use super::lex::Wrong;
use super::parse::{Base, Command, Node, Operand, Pipeline, Template};
use super::value::Value;

/// Those that every template of an alert has; the empty one is `$`.
const GIVEN: [&str; 5] = ["", "labels", "externalLabels", "externalURL", "value"];

/// Those with their values.
pub fn given(data: &Data) -> Vec<(String, Value)> {
    let values = [
        Value::Root,
        Value::Map(data.labels.clone()),
        Value::Map(data.external_labels.clone()),
        Value::Text(data.external_url.clone()),
        Value::from(&data.value),
    ];
    GIVEN.map(str::to_owned).into_iter().zip(values).collect()
}

pub fn check(template: &Template) -> Result<(), Wrong> {
    let all = || {
        block(&template.nodes, &mut GIVEN.map(str::to_owned).to_vec())?;
        // A defined template sees nothing but the dot that it is given.
        template.defined.values().try_for_each(|nodes| block(nodes, &mut vec![String::new()]))
    };
    let there_are = "; there are $labels, $value, $externalLabels and $externalURL";
    all().map_err(|wrong| Wrong { why: wrong.why + there_are, ..wrong })
}

/// Of a template whose only variable is `$`; the templates that it uses must be there.
pub fn check_used(template: &Template) -> Result<(), Wrong> {
    let blocks = std::iter::once(&template.nodes).chain(template.defined.values());
    for nodes in blocks {
        block(nodes, &mut vec![String::new()])?;
        used(nodes, &mut |name, at| match template.defined.contains_key(name) {
            true => Ok(()),
            false => Err(Wrong { at, why: format!("template {name:?} not defined") }),
        })?;
    }
    Ok(())
}

/// The names of the templates that are used, with their places.
fn used(nodes: &[Node], found: &mut dyn FnMut(&str, usize) -> Result<(), Wrong>) -> Result<(), Wrong> {
    nodes.iter().try_for_each(|node| match node {
        Node::Template(name, _, at) => found(name, *at),
        Node::If(branches) => branches.iter().try_for_each(|(_, body)| used(body, found)),
        Node::With(_, body, otherwise) | Node::Range(_, body, otherwise) => {
            used(body, found)?;
            used(otherwise, found)
        }
        _ => Ok(()),
    })
}

fn block(nodes: &[Node], known: &mut Vec<String>) -> Result<(), Wrong> {
    let outer = known.len();
    for node in nodes {
        let inner = known.len();
        match node {
            Node::Text(_) | Node::Break | Node::Continue => {}
            Node::Action(action) => pipeline(action, known)?,
            Node::Template(_, dot, _) => dot.iter().try_for_each(|dot| pipeline(dot, known))?,
            Node::If(branches) => {
                for (condition, body) in branches {
                    condition.iter().try_for_each(|condition| pipeline(condition, known))?;
                    block(body, known)?;
                }
                known.truncate(inner);
            }
            Node::With(over, body, otherwise) | Node::Range(over, body, otherwise) => {
                pipeline(over, known)?;
                block(body, known)?;
                block(otherwise, known)?;
                known.truncate(inner);
            }
        }
    }
    known.truncate(outer);
    Ok(())
}

fn pipeline(one: &Pipeline, known: &mut Vec<String>) -> Result<(), Wrong> {
    variables(one, known).map_err(|why| Wrong { at: one.at, why })
}

fn variables(pipeline: &Pipeline, known: &mut Vec<String>) -> Result<(), String> {
    for command in &pipeline.commands {
        match command {
            Command::Value(value, operands) => {
                operand(value, known)?;
                operands.iter().try_for_each(|one| operand(one, known))?;
            }
            Command::Call(_, operands) => operands.iter().try_for_each(|one| operand(one, known))?,
        }
    }
    for name in &pipeline.variables {
        if pipeline.declares {
            known.push(name.clone());
        } else {
            is_known(name, known)?;
        }
    }
    Ok(())
}

fn operand(operand: &Operand, known: &mut Vec<String>) -> Result<(), String> {
    match &operand.base {
        Base::Variable(name) => is_known(name, known),
        Base::Pipeline(inner) => variables(inner, known),
        _ => Ok(()),
    }
}

fn is_known(name: &str, known: &[String]) -> Result<(), String> {
    if known.iter().any(|one| one == name) {
        return Ok(());
    }
    Err(format!("undefined variable \"${name}\""))
}
