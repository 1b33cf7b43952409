//! The pieces of a template into nodes.

use super::lex::{Piece, Token, Wrong, pieces};
use std::collections::BTreeMap;

/// A template and those that it defines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    pub nodes: Vec<Node>,
    pub defined: BTreeMap<String, Vec<Node>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Text(String),
    Action(Pipeline),
    /// `if`: the first branch whose condition holds; the last may have none.
    If(Vec<(Option<Pipeline>, Vec<Node>)>),
    With(Pipeline, Vec<Node>, Vec<Node>),
    Range(Pipeline, Vec<Node>, Vec<Node>),
    /// `template`, and what `block` leaves: a defined template, and its dot.
    Template(String, Option<Pipeline>, usize),
    Break,
    Continue,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pipeline {
    /// Of its action, in bytes.
    pub at: usize,
    /// Variables that take its value; two in a `range` take key and value.
    pub variables: Vec<String>,
    /// `:=`, not `=`.
    pub declares: bool,
    pub commands: Vec<Command>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Call(String, Vec<Operand>),
    /// One operand; more than one where its last field is a method with arguments.
    Value(Operand, Vec<Operand>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Operand {
    pub base: Base,
    pub fields: Vec<String>,
}

impl Operand {
    /// Whether it may turn out to be a method.
    fn takes_arguments(&self) -> bool {
        !self.fields.is_empty()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Base {
    Dot,
    Variable(String),
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Nil,
    /// A function without arguments, or a pipeline in parentheses.
    Pipeline(Box<Pipeline>),
}

/// Nesting beyond this is refused.
const MAX_DEPTH: usize = 50;

/// Words that are not known as functions are refused.
pub fn parse(template: &str, known: Known) -> Result<Template, Wrong> {
    let mut parser = Parser {
        known,
        pieces: pieces(template)?,
        at: 0,
        place: 0,
        depth: 0,
        ranges: 0,
        defined: BTreeMap::new(),
    };
    let parsed = parser.nodes().and_then(|(nodes, end)| match end {
        None => Ok(nodes),
        Some(tokens) => Err(format!("unexpected {}", word(&tokens))),
    });
    let nodes = parsed.map_err(|why| Wrong { at: parser.place, why })?;
    Ok(Template { nodes, defined: parser.defined })
}

/// Whether a word is a function.
type Known = fn(&str) -> bool;

struct Parser {
    known: Known,
    pieces: Vec<Piece>,
    at: usize,
    /// Of the action that is read.
    place: usize,
    depth: usize,
    /// How many `range`s are around.
    ranges: usize,
    defined: BTreeMap<String, Vec<Node>>,
}

fn word(tokens: &[Token]) -> String {
    match tokens.first() {
        Some(Token::Word(word)) => format!("{{{{{word}}}}}"),
        other => format!("{other:?}"),
    }
}

/// What ends a list of nodes: an `else` or `end`, or nothing where the template ends.
type End = Option<Vec<Token>>;

impl Parser {
    fn nodes(&mut self) -> Result<(Vec<Node>, End), String> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.get(self.at).cloned() {
            self.at += 1;
            let tokens = match piece {
                Piece::Text(text) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Piece::Action(tokens, at) => {
                    self.place = at;
                    tokens
                }
            };
            let keyword = match tokens.first() {
                Some(Token::Word(word)) => word.as_str(),
                _ => "",
            };
            match keyword {
                "end" | "else" => return Ok((nodes, Some(tokens))),
                "if" => nodes.push(self.deeper(|parser| parser.branches(&tokens[1..]))?),
                "with" | "range" => nodes.push(self.deeper(|parser| parser.over(&tokens, keyword))?),
                "define" => self.define(&tokens[1..])?,
                "template" => nodes.push(self.template(&tokens[1..])?),
                "block" => nodes.push(self.deeper(|parser| parser.block(&tokens[1..]))?),
                "break" | "continue" => nodes.push(self.jump(&tokens, keyword)?),
                _ => nodes.push(Node::Action(self.pipeline(&tokens)?)),
            }
        }
        Ok((nodes, None))
    }

    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Parser) -> Result<T, String>) -> Result<T, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("the template is nested too deeply".to_owned());
        }
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn pipeline(&self, tokens: &[Token]) -> Result<Pipeline, String> {
        Ok(Pipeline { at: self.place, ..pipeline(tokens, self.known)? })
    }

    fn branches(&mut self, condition: &[Token]) -> Result<Node, String> {
        let mut branches = Vec::new();
        let mut condition = Some(self.pipeline(condition)?);
        loop {
            let (body, end) = self.nodes()?;
            let end = end.ok_or("unexpected EOF: {{if}} without {{end}}")?;
            let last = condition.is_none();
            branches.push((condition, body));
            condition = match &end[..] {
                [Token::Word(word)] if word == "end" => return Ok(Node::If(branches)),
                _ if last => return Err("expected {{end}} after {{else}}".to_owned()),
                [_] => None,
                [_, Token::Word(word), rest @ ..] if word == "if" => Some(self.pipeline(rest)?),
                _ => return Err("unexpected text after {{else}}".to_owned()),
            };
        }
    }

    /// `with` and `range`.
    fn over(&mut self, tokens: &[Token], keyword: &str) -> Result<Node, String> {
        let over = self.pipeline(&tokens[1..])?;
        let is_range = usize::from(keyword == "range");
        let outside = self.ranges;
        self.ranges += is_range;
        let (body, end) = self.nodes()?;
        self.ranges = outside;
        let end = end.ok_or_else(|| format!("unexpected EOF: {{{{{keyword}}}}} without {{{{end}}}}"))?;
        let otherwise = match &end[..] {
            [Token::Word(word)] if word == "end" => Vec::new(),
            [Token::Word(word)] if word == "else" => self.body("else")?,
            [Token::Word(word), rest @ ..] if word == "else" && is_range == 0 => match rest.first() {
                Some(Token::Word(next)) if next == "with" => {
                    vec![self.deeper(|parser| parser.over(rest, "with"))?]
                }
                _ => return Err("unexpected text after {{else}}".to_owned()),
            },
            other => return Err(format!("expected {{{{end}}}}, found {}", word(other))),
        };
        Ok(if is_range == 0 { Node::With(over, body, otherwise) } else { Node::Range(over, body, otherwise) })
    }

    /// Nodes up to an `end`.
    fn body(&mut self, keyword: &str) -> Result<Vec<Node>, String> {
        let (nodes, end) = self.nodes()?;
        match end.as_deref() {
            Some([Token::Word(word)]) if word == "end" => Ok(nodes),
            Some(other) => Err(format!("expected {{{{end}}}}, found {}", word(other))),
            None => Err(format!("unexpected EOF: {{{{{keyword}}}}} without {{{{end}}}}")),
        }
    }

    fn define(&mut self, tokens: &[Token]) -> Result<(), String> {
        let [Token::Text(name)] = tokens else {
            return Err("{{define}} takes a name in quotes and nothing else".to_owned());
        };
        if self.depth > 0 {
            return Err("unexpected {{define}}: it must not be inside of another action".to_owned());
        }
        self.deeper(|parser| parser.named(name, "define"))
    }

    /// Reads the body of a template and keeps it by its name.
    fn named(&mut self, name: &str, keyword: &str) -> Result<(), String> {
        let place = self.place;
        // A `range` around the definition is not around the body.
        let ranges = std::mem::take(&mut self.ranges);
        let body = self.body(keyword)?;
        self.ranges = ranges;
        let is_empty = |nodes: &[Node]| {
            nodes.iter().all(|node| matches!(node, Node::Text(text) if text.trim().is_empty()))
        };
        match self.defined.get(name) {
            Some(known) if !is_empty(known) && !is_empty(&body) => {
                self.place = place;
                return Err(format!("multiple definition of template {name:?}"));
            }
            Some(known) if !is_empty(known) => {}
            _ => drop(self.defined.insert(name.to_owned(), body)),
        }
        Ok(())
    }

    fn template(&self, tokens: &[Token]) -> Result<Node, String> {
        let (name, rest) = named(tokens, "template")?;
        let dot = if rest.is_empty() { None } else { Some(self.pipeline(rest)?) };
        Ok(Node::Template(name, dot, self.place))
    }

    fn block(&mut self, tokens: &[Token]) -> Result<Node, String> {
        let (name, rest) = named(tokens, "block")?;
        let (dot, place) = (self.pipeline(rest)?, self.place);
        self.named(&name, "block")?;
        Ok(Node::Template(name, Some(dot), place))
    }

    fn jump(&self, tokens: &[Token], keyword: &str) -> Result<Node, String> {
        match (tokens, self.ranges) {
            ([_], 1..) => Ok(if keyword == "break" { Node::Break } else { Node::Continue }),
            ([_], _) => Err(format!("{{{{{keyword}}}}} outside {{{{range}}}}")),
            _ => Err(format!("unexpected text after {{{{{keyword}}}}}")),
        }
    }
}

/// The name in quotes that an action begins with, and what follows.
fn named<'a>(tokens: &'a [Token], keyword: &str) -> Result<(String, &'a [Token]), String> {
    match tokens {
        [Token::Text(name), rest @ ..] => Ok((name.clone(), rest)),
        _ => Err(format!("{{{{{keyword}}}}} takes a name in quotes")),
    }
}

/// `$x := command | command`.
fn pipeline(tokens: &[Token], known: Known) -> Result<Pipeline, String> {
    let mut pipeline = Pipeline::default();
    let assigns = tokens.iter().take(4).position(|token| matches!(token, Token::Sign(":=" | "=")));
    let mut rest = tokens;
    if let Some(at) = assigns {
        for token in &tokens[..at] {
            match token {
                Token::Variable(name) => pipeline.variables.push(name.clone()),
                Token::Sign(",") => {}
                _ => return Err("expected a variable before the assignment".to_owned()),
            }
        }
        pipeline.declares = tokens[at] == Token::Sign(":=");
        rest = &tokens[at + 1..];
    }
    let (commands, rest) = commands(rest, 0, known)?;
    if !rest.is_empty() {
        return Err(format!("unexpected {:?} in command", rest[0]));
    }
    pipeline.commands = commands;
    Ok(pipeline)
}

/// Commands up to a closing parenthesis or the end.
fn commands(tokens: &[Token], depth: usize, known: Known) -> Result<(Vec<Command>, &[Token]), String> {
    if depth > MAX_DEPTH {
        return Err("the template is nested too deeply".to_owned());
    }
    let mut commands = Vec::new();
    let mut rest = tokens;
    loop {
        let mut operands = Vec::new();
        let mut function = None;
        if let Some(Token::Word(word)) = rest.first()
            && !matches!(word.as_str(), "true" | "false" | "nil")
        {
            function = Some(function_of(word, known)?);
            rest = &rest[1..];
        }
        while let Some((operand, after)) = operand(rest, depth, known)? {
            operands.push(operand);
            rest = after;
        }
        match (function, operands.len()) {
            (Some(name), _) => commands.push(Command::Call(name, operands)),
            (None, 0) => return Err("missing value for command".to_owned()),
            (None, _) => {
                let arguments = operands.split_off(1);
                match operands.pop() {
                    Some(operand) if arguments.is_empty() || operand.takes_arguments() => {
                        commands.push(Command::Value(operand, arguments));
                    }
                    _ => return Err("can't give argument to non-function".to_owned()),
                }
            }
        }
        match commands.last() {
            Some(Command::Value(operand, _)) if commands.len() > 1 && !operand.takes_arguments() => {
                return Err(format!("non executable command in pipeline stage {}", commands.len()));
            }
            _ => {}
        }
        match rest.first() {
            Some(Token::Sign("|")) => rest = &rest[1..],
            _ => return Ok((commands, rest)),
        }
    }
}

fn function_of(word: &str, known: Known) -> Result<String, String> {
    if known(word) { Ok(word.to_owned()) } else { Err(format!("function {word:?} not defined")) }
}

/// One operand with its fields, none at `|`, `)` or the end.
fn operand(tokens: &[Token], depth: usize, known: Known) -> Result<Option<(Operand, &[Token])>, String> {
    let Some((first, mut rest)) = tokens.split_first() else { return Ok(None) };
    let mut fields = Vec::new();
    let base = match first {
        Token::Sign("(") => {
            let (commands, after) = commands(rest, depth + 1, known)?;
            rest = match after.first() {
                Some(Token::Sign(")")) => &after[1..],
                _ => return Err("unclosed left paren".to_owned()),
            };
            Base::Pipeline(Box::new(Pipeline { commands, ..Pipeline::default() }))
        }
        Token::Sign("|" | ")") => return Ok(None),
        Token::Field(name, _) => {
            fields.extend((!name.is_empty()).then(|| name.clone()));
            Base::Dot
        }
        Token::Variable(name) => Base::Variable(name.clone()),
        Token::Text(text) => Base::Text(text.clone()),
        Token::Int(int) => Base::Int(*int),
        Token::Float(float) => Base::Float(*float),
        Token::Word(word) => match word.as_str() {
            "true" | "false" => Base::Bool(word == "true"),
            "nil" => Base::Nil,
            _ => {
                let call = Command::Call(function_of(word, known)?, Vec::new());
                Base::Pipeline(Box::new(Pipeline { commands: vec![call], ..Pipeline::default() }))
            }
        },
        other => return Err(format!("unexpected {other:?} in operand")),
    };
    while let Some(Token::Field(name, true)) = rest.first() {
        fields.push(name.clone());
        rest = &rest[1..];
    }
    Ok(Some((Operand { base, fields }, rest)))
}
