//! The pieces of a template into nodes.

use super::functions;
use super::lex::{Piece, Token, pieces};

#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Text(String),
    Action(Pipeline),
    /// `if`: the first branch whose condition holds; the last may have none.
    If(Vec<(Option<Pipeline>, Vec<Node>)>),
    With(Pipeline, Vec<Node>, Vec<Node>),
    Range(Pipeline, Vec<Node>, Vec<Node>),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pipeline {
    /// Variables that take its value; two in a `range` take key and value.
    pub variables: Vec<String>,
    /// `:=`, not `=`.
    pub declares: bool,
    pub commands: Vec<Command>,
}

/// A function with its arguments, or one operand.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Call(String, Vec<Operand>),
    Value(Operand),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Operand {
    pub base: Base,
    pub fields: Vec<String>,
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

pub fn parse(template: &str) -> Result<Vec<Node>, String> {
    let mut parser = Parser { pieces: pieces(template)?, at: 0, depth: 0 };
    let (nodes, end) = parser.nodes()?;
    match end {
        None => Ok(nodes),
        Some(tokens) => Err(format!("unexpected {}", word(&tokens))),
    }
}

struct Parser {
    pieces: Vec<Piece>,
    at: usize,
    depth: usize,
}

fn word(tokens: &[Token]) -> String {
    match tokens.first() {
        Some(Token::Word(word)) => format!("{{{{{word}}}}}"),
        other => format!("{other:?}"),
    }
}

impl Parser {
    /// Nodes up to the end, or to an `else` or `end`, which is given too.
    fn nodes(&mut self) -> Result<(Vec<Node>, Option<Vec<Token>>), String> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.get(self.at).cloned() {
            self.at += 1;
            let tokens = match piece {
                Piece::Text(text) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Piece::Action(tokens) => tokens,
            };
            let keyword = match tokens.first() {
                Some(Token::Word(word)) => word.as_str(),
                _ => "",
            };
            match keyword {
                "end" | "else" => return Ok((nodes, Some(tokens))),
                "if" => nodes.push(self.deeper(|parser| parser.branches(&tokens[1..]))?),
                "with" | "range" => nodes.push(self.deeper(|parser| parser.block(&tokens))?),
                "define" | "template" | "block" | "break" | "continue" => {
                    return Err(format!("{keyword:?} is not supported in the templates of rules"));
                }
                _ => nodes.push(Node::Action(pipeline(&tokens)?)),
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

    fn branches(&mut self, condition: &[Token]) -> Result<Node, String> {
        let mut branches = Vec::new();
        let mut condition = Some(pipeline(condition)?);
        loop {
            let (body, end) = self.nodes()?;
            let end = end.ok_or("unexpected EOF: {{if}} without {{end}}")?;
            let last = condition.is_none();
            branches.push((condition, body));
            condition = match &end[..] {
                [Token::Word(word)] if word == "end" => return Ok(Node::If(branches)),
                _ if last => return Err("expected {{end}} after {{else}}".to_owned()),
                [_] => None,
                [_, Token::Word(word), rest @ ..] if word == "if" => Some(pipeline(rest)?),
                _ => return Err("unexpected text after {{else}}".to_owned()),
            };
        }
    }

    fn block(&mut self, tokens: &[Token]) -> Result<Node, String> {
        let over = pipeline(&tokens[1..])?;
        let (body, end) = self.nodes()?;
        let mut otherwise = Vec::new();
        let mut end = end.ok_or_else(|| format!("unexpected EOF: {} without {{{{end}}}}", word(tokens)))?;
        if matches!(&end[..], [Token::Word(word)] if word == "else") {
            let (nodes, after) = self.nodes()?;
            otherwise = nodes;
            end = after.ok_or("unexpected EOF: {{else}} without {{end}}")?;
        }
        match &end[..] {
            [Token::Word(word)] if word == "end" => {}
            other => return Err(format!("expected {{{{end}}}}, found {}", word(other))),
        }
        let is_with = matches!(tokens.first(), Some(Token::Word(word)) if word == "with");
        Ok(if is_with { Node::With(over, body, otherwise) } else { Node::Range(over, body, otherwise) })
    }
}

/// `$x := command | command`.
fn pipeline(tokens: &[Token]) -> Result<Pipeline, String> {
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
    let (commands, rest) = commands(rest, 0)?;
    if !rest.is_empty() {
        return Err(format!("unexpected {:?} in command", rest[0]));
    }
    pipeline.commands = commands;
    Ok(pipeline)
}

/// Commands up to a closing parenthesis or the end.
fn commands(tokens: &[Token], depth: usize) -> Result<(Vec<Command>, &[Token]), String> {
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
            function = Some(known(word)?);
            rest = &rest[1..];
        }
        while let Some((operand, after)) = operand(rest, depth)? {
            operands.push(operand);
            rest = after;
        }
        match (function, operands.len()) {
            (Some(name), _) => commands.push(Command::Call(name, operands)),
            (None, 0) => return Err("missing value for command".to_owned()),
            (None, 1) => commands.extend(operands.pop().map(Command::Value)),
            (None, _) => return Err("can't give argument to non-function".to_owned()),
        }
        match rest.first() {
            Some(Token::Sign("|")) => rest = &rest[1..],
            _ => return Ok((commands, rest)),
        }
    }
}

fn known(word: &str) -> Result<String, String> {
    if functions::is_known(word) {
        Ok(word.to_owned())
    } else {
        Err(format!("function {word:?} not defined"))
    }
}

/// One operand with its fields, none at `|`, `)` or the end.
fn operand(tokens: &[Token], depth: usize) -> Result<Option<(Operand, &[Token])>, String> {
    let Some((first, mut rest)) = tokens.split_first() else { return Ok(None) };
    let mut fields = Vec::new();
    let base = match first {
        Token::Sign("(") => {
            let (commands, after) = commands(rest, depth + 1)?;
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
                let call = Command::Call(known(word)?, Vec::new());
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
