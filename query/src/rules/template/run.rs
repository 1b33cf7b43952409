//! Fills a template in.

use super::lex::Wrong;
use super::parse::{Base, Command, Node, Operand, Pipeline, Template};
use super::value::Value;

/// A longer result is refused: a template in a loop must not fill the memory …
const MAX_BYTES: usize = 1 << 20;
/// … nor take forever: this many nodes, and templates inside of one another.
const MAX_NODES: usize = 1_000_000;
const MAX_DEPTH: usize = 100;

/// What the words of a template mean.
pub trait Functions {
    /// A function that is known. The last argument is what was piped.
    fn call(&mut self, name: &str, arguments: Vec<Value>) -> Result<Value, String>;

    /// Of the template's own data.
    fn field(&self, name: &str) -> Result<Value, String>;

    /// The template's own data, where it is gone through.
    fn root(&self) -> Value;

    /// A method of a value that this language gives it; `None` where it has none of the name.
    fn method(&self, _of: &Value, _name: &str, _arguments: &[Value]) -> Option<Result<Value, String>> {
        None
    }

    /// Puts the value of an action behind what there is.
    fn write(&self, value: &Value, out: &mut String) {
        out.push_str(&value.text());
    }

    /// After so many actions a template is ended.
    fn most_nodes(&self) -> usize {
        MAX_NODES
    }
}

pub fn run(
    template: &Template,
    variables: Vec<(String, Value)>,
    functions: &mut dyn Functions,
) -> Result<String, Wrong> {
    let mut run = Run { functions, template, variables, out: String::new(), place: 0, done: 0, depth: 0 };
    match run.nodes(&template.nodes, &Value::Root) {
        Ok(_) => Ok(run.out),
        Err(why) => Err(Wrong { at: run.place, why }),
    }
}

struct Run<'a, 'f> {
    functions: &'f mut dyn Functions,
    template: &'a Template,
    variables: Vec<(String, Value)>,
    out: String,
    /// Of the action that is done.
    place: usize,
    done: usize,
    depth: usize,
}

/// How it goes on behind a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

impl<'a> Run<'a, '_> {
    fn nodes(&mut self, nodes: &'a [Node], dot: &Value) -> Result<Flow, String> {
        let scope = self.variables.len();
        let mut flow = Flow::On;
        for node in nodes {
            self.count()?;
            flow = self.node(node, dot)?;
            if flow != Flow::On {
                break;
            }
        }
        self.variables.truncate(scope);
        Ok(flow)
    }

    fn count(&mut self) -> Result<(), String> {
        self.done += 1;
        let most = self.functions.most_nodes();
        if self.done > most {
            return Err(format!("the template has not ended after {most} actions"));
        }
        if self.out.len() > MAX_BYTES {
            return Err(format!("the result is longer than {MAX_BYTES} bytes"));
        }
        Ok(())
    }

    fn node(&mut self, node: &'a Node, dot: &Value) -> Result<Flow, String> {
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Action(pipeline) => {
                let value = self.action(pipeline, dot)?;
                if pipeline.variables.is_empty() {
                    self.functions.write(&value, &mut self.out);
                } else {
                    self.assign(pipeline, vec![value])?;
                }
            }
            Node::If(branches) => return self.branches(branches, dot),
            Node::With(over, body, otherwise) => {
                let value = self.action(over, dot)?;
                if !value.is_true() {
                    return self.nodes(otherwise, dot);
                }
                let scope = self.variables.len();
                self.assign(over, vec![value.clone()])?;
                let flow = self.nodes(body, &value);
                self.variables.truncate(scope);
                return flow;
            }
            Node::Range(over, body, otherwise) => return self.range(over, body, otherwise, dot),
            Node::Template(name, given, place) => {
                self.place = *place;
                let given = given.as_ref().map_or(Ok(Value::Nil), |given| self.action(given, dot))?;
                self.defined(name, &given)?;
            }
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    /// A defined template, which sees the dot and nothing else.
    fn defined(&mut self, name: &str, dot: &Value) -> Result<(), String> {
        let template = self.template;
        let nodes = template.defined.get(name).ok_or_else(|| format!("template {name:?} not defined"))?;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("exceeded maximum template depth ({MAX_DEPTH})"));
        }
        let outside = std::mem::replace(&mut self.variables, vec![(String::new(), dot.clone())]);
        self.nodes(nodes, dot)?;
        self.variables = outside;
        self.depth -= 1;
        Ok(())
    }

    fn branches(
        &mut self,
        branches: &'a [(Option<Pipeline>, Vec<Node>)],
        dot: &Value,
    ) -> Result<Flow, String> {
        let scope = self.variables.len();
        let mut flow = Flow::On;
        for (condition, body) in branches {
            let holds = match condition {
                Some(pipeline) => {
                    let value = self.action(pipeline, dot)?;
                    let holds = value.is_true();
                    self.assign(pipeline, vec![value])?;
                    holds
                }
                None => true,
            };
            if holds {
                flow = self.nodes(body, dot)?;
                break;
            }
        }
        self.variables.truncate(scope);
        Ok(flow)
    }

    fn range(
        &mut self,
        over: &Pipeline,
        body: &'a [Node],
        otherwise: &'a [Node],
        dot: &Value,
    ) -> Result<Flow, String> {
        let pairs = match self.action(over, dot)? {
            Value::Root => pairs(self.functions.root())?,
            value => pairs(value)?,
        };
        let mut is_empty = true;
        for (key, value) in pairs {
            is_empty = false;
            let scope = self.variables.len();
            let assigned =
                if over.variables.len() > 1 { vec![key, value.clone()] } else { vec![value.clone()] };
            self.count()?;
            self.assign(over, assigned)?;
            let flow = self.nodes(body, &value)?;
            self.variables.truncate(scope);
            if flow == Flow::Break {
                break;
            }
        }
        if is_empty { self.nodes(otherwise, dot) } else { Ok(Flow::On) }
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

    /// The pipeline of an action.
    fn action(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Value, String> {
        self.place = pipeline.at;
        self.pipeline(pipeline, dot)
    }

    fn pipeline(&mut self, pipeline: &Pipeline, dot: &Value) -> Result<Value, String> {
        let mut piped = None;
        for command in &pipeline.commands {
            piped = Some(match command {
                Command::Value(operand, arguments) if arguments.is_empty() && piped.is_none() => {
                    self.operand(operand, dot)?
                }
                Command::Value(operand, arguments) => self.method(operand, arguments, piped, dot)?,
                Command::Call(name, operands) if name == "and" || name == "or" => {
                    self.first_that_decides(name == "or", operands, piped, dot)?
                }
                Command::Call(name, operands) => {
                    let arguments = self.arguments(operands, piped, dot)?;
                    self.functions
                        .call(name, arguments)
                        .map_err(|why| format!("error calling {name}: {why}"))?
                }
            });
        }
        piped.ok_or_else(|| "missing value for command".to_owned())
    }

    /// The last one is what is piped.
    fn arguments(
        &mut self,
        operands: &[Operand],
        piped: Option<Value>,
        dot: &Value,
    ) -> Result<Vec<Value>, String> {
        let values = operands.iter().map(|operand| self.operand(operand, dot));
        let mut values = values.collect::<Result<Vec<_>, _>>()?;
        values.extend(piped);
        Ok(values)
    }

    /// `and` and `or` look no further than they must.
    fn first_that_decides(
        &mut self,
        wanted: bool,
        operands: &[Operand],
        piped: Option<Value>,
        dot: &Value,
    ) -> Result<Value, String> {
        let mut last = None;
        for operand in operands {
            let value = self.operand(operand, dot)?;
            if value.is_true() == wanted {
                return Ok(value);
            }
            last = Some(value);
        }
        let word = if wanted { "or" } else { "and" };
        piped.or(last).ok_or_else(|| format!("error calling {word}: it needs an argument"))
    }

    fn method(
        &mut self,
        operand: &Operand,
        arguments: &[Operand],
        piped: Option<Value>,
        dot: &Value,
    ) -> Result<Value, String> {
        let Some((name, fields)) = operand.fields.split_last() else {
            return Err("can't give argument to non-function".to_owned());
        };
        let of = Operand { base: operand.base.clone(), fields: fields.to_vec() };
        let value = self.operand(&of, dot)?;
        let arguments = self.arguments(arguments, piped, dot)?;
        let own = self.functions.method(&value, name, &arguments);
        own.unwrap_or_else(|| value.method(name, &arguments))
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
            value = match value {
                Value::Root => self.functions.field(field)?,
                value => {
                    let own = self.functions.method(&value, field, &[]);
                    own.unwrap_or_else(|| value.field(field))?
                }
            };
        }
        Ok(value)
    }
}

/// What `range` goes over, with keys.
fn pairs(over: Value) -> Result<Box<dyn Iterator<Item = (Value, Value)>>, String> {
    Ok(match over {
        Value::List(items) | Value::Args(items) => {
            Box::new(items.into_iter().enumerate().map(|(at, item)| (Value::Int(at as i64), item)))
        }
        Value::Map(labels) => {
            let text = |text: &str| Value::Text(text.to_owned());
            let pairs: Vec<_> = labels.iter().map(|(name, value)| (text(name), text(value))).collect();
            Box::new(pairs.into_iter())
        }
        Value::Int(end) => Box::new((0..end).map(|at| (Value::Int(at), Value::Int(at)))),
        Value::Nil => Box::new(std::iter::empty()),
        other => return Err(format!("range can't iterate over {}", other.text())),
    })
}
