//! Fills a template in.

use super::Data;
use super::functions::call;
use super::parse::{Base, Command, Node, Operand, Pipeline};
use super::scope::GIVEN;
use super::value::Value;
use crate::rules::state::Asked;

/// A longer result is refused: a template in a loop must not fill the memory.
const MAX_BYTES: usize = 1 << 20;

pub fn run(nodes: &[Node], data: &Data, ask: &mut Asked) -> Result<String, String> {
    let values = [
        Value::Root,
        Value::Map(data.labels.clone()),
        Value::Map(data.external_labels.clone()),
        Value::Text(data.external_url.clone()),
        Value::from(&data.value),
    ];
    let variables = GIVEN.map(str::to_owned).into_iter().zip(values).collect();
    let mut run = Run { data, ask, variables, out: String::new() };
    run.nodes(nodes, &Value::Root)?;
    Ok(run.out)
}

pub struct Run<'a, 'b> {
    pub data: &'a Data,
    pub ask: &'a mut Asked<'b>,
    variables: Vec<(String, Value)>,
    out: String,
}

impl Run<'_, '_> {
    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<(), String> {
        let scope = self.variables.len();
        for node in nodes {
            if self.out.len() > MAX_BYTES {
                return Err(format!("the result is longer than {MAX_BYTES} bytes"));
            }
            match node {
                Node::Text(text) => self.out.push_str(text),
                Node::Action(pipeline) => {
                    let value = self.pipeline(pipeline, dot)?;
                    if pipeline.variables.is_empty() {
                        self.out.push_str(&value.text());
                    } else {
                        self.assign(pipeline, vec![value])?;
                    }
                }
                Node::If(branches) => self.branches(branches, dot)?,
                Node::With(over, body, otherwise) => {
                    let value = self.pipeline(over, dot)?;
                    if value.is_true() {
                        let inner = self.variables.len();
                        self.assign(over, vec![value.clone()])?;
                        self.nodes(body, &value)?;
                        self.variables.truncate(inner);
                    } else {
                        self.nodes(otherwise, dot)?;
                    }
                }
                Node::Range(over, body, otherwise) => self.range(over, body, otherwise, dot)?,
            }
        }
        self.variables.truncate(scope);
        Ok(())
    }

    fn branches(&mut self, branches: &[(Option<Pipeline>, Vec<Node>)], dot: &Value) -> Result<(), String> {
        let scope = self.variables.len();
        for (condition, body) in branches {
            let holds = match condition {
                Some(pipeline) => {
                    let value = self.pipeline(pipeline, dot)?;
                    let holds = value.is_true();
                    self.assign(pipeline, vec![value])?;
                    holds
                }
                None => true,
            };
            if holds {
                self.nodes(body, dot)?;
                break;
            }
        }
        self.variables.truncate(scope);
        Ok(())
    }

    fn range(
        &mut self,
        over: &Pipeline,
        body: &[Node],
        otherwise: &[Node],
        dot: &Value,
    ) -> Result<(), String> {
        let pairs: Vec<(Value, Value)> = match self.pipeline(over, dot)? {
            Value::List(items) | Value::Args(items) => {
                items.into_iter().enumerate().map(|(at, item)| (Value::Int(at as i64), item)).collect()
            }
            Value::Map(labels) => labels
                .iter()
                .map(|(name, value)| (Value::Text(name.to_owned()), Value::Text(value.to_owned())))
                .collect(),
            Value::Nil => Vec::new(),
            other => return Err(format!("range can't iterate over {}", other.text())),
        };
        if pairs.is_empty() {
            return self.nodes(otherwise, dot);
        }
        for (key, value) in pairs {
            let scope = self.variables.len();
            let assigned =
                if over.variables.len() > 1 { vec![key, value.clone()] } else { vec![value.clone()] };
            self.assign(over, assigned)?;
            self.nodes(body, &value)?;
            self.variables.truncate(scope);
        }
        Ok(())
    }

    fn assign(&mut self, pipeline: &Pipeline, values: Vec<Value>) -> Result<(), String> {
        for (name, value) in pipeline.variables.iter().zip(values) {
            if pipeline.declares {
                self.variables.push((name.clone(), value));
                continue;
            }
            let known = self.variables.iter_mut().rev().find(|(known, _)| known == name);
            known.ok_or_else(|| format!("undefined variable \"${name}\""))?.1 = value;
        }
        Ok(())
    }

    fn pipeline(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Value, String> {
        let mut piped = None;
        for command in &pipeline.commands {
            piped = Some(match command {
                Command::Value(operand) if piped.is_none() => self.operand(operand, dot)?,
                Command::Value(_) => return Err("can't give argument to non-function".to_owned()),
                Command::Call(name, operands) => {
                    let mut arguments = operands
                        .iter()
                        .map(|operand| self.operand(operand, dot))
                        .collect::<Result<Vec<_>, _>>()?;
                    arguments.extend(piped);
                    call(name, arguments, self).map_err(|why| format!("error calling {name}: {why}"))?
                }
            });
        }
        piped.ok_or_else(|| "missing value for command".to_owned())
    }

    fn operand(&mut self, operand: &Operand, dot: &Value) -> Result<Value, String> {
        let mut value = match &operand.base {
            Base::Dot => dot.clone(),
            Base::Variable(name) => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                known
                    .map(|(_, value)| value.clone())
                    .ok_or_else(|| format!("undefined variable \"${name}\""))?
            }
            Base::Text(text) => Value::Text(text.clone()),
            Base::Int(int) => Value::Int(*int),
            Base::Float(float) => Value::Float(*float),
            Base::Bool(flag) => Value::Bool(*flag),
            Base::Nil => Value::Nil,
            Base::Pipeline(pipeline) => self.pipeline(pipeline, dot)?,
        };
        for field in &operand.fields {
            value = self.field(value, field)?;
        }
        Ok(value)
    }

    fn field(&self, value: Value, name: &str) -> Result<Value, String> {
        let none = |kind: &str| Err(format!("can't evaluate field {name} in {kind}"));
        match (&value, name) {
            // A label that is not there is empty.
            (Value::Map(labels), _) => Ok(Value::Text(labels.get(name).to_owned())),
            (Value::Root, "Labels") => Ok(Value::Map(self.data.labels.clone())),
            (Value::Root, "ExternalLabels") => Ok(Value::Map(self.data.external_labels.clone())),
            (Value::Root, "ExternalURL") => Ok(Value::Text(self.data.external_url.clone())),
            (Value::Root, "Value") => Ok(Value::from(&self.data.value)),
            (Value::Sample(labels, _), "Labels") => Ok(Value::Map(labels.clone())),
            (Value::Sample(_, value), "Value") => Ok(Value::Float(*value)),
            (Value::Args(values), _) => {
                let at = name.strip_prefix("arg").and_then(|at| at.parse::<usize>().ok());
                at.and_then(|at| values.get(at).cloned()).map_or_else(|| none("the arguments"), Ok)
            }
            (Value::Nil, _) => Err(format!("nil pointer evaluating {name}")),
            (other, _) => none(&other.text()),
        }
    }
}
