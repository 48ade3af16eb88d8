//! kubectl's `-l` syntax: `app=pg,tier!=web,env in (a,b),!canary`.

use std::str::FromStr;

use super::{LabelSelector, Operator, Requirement};
use crate::model::Name;

/// A text that is no label selector.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a label selector: expected KEY=VALUE, KEY!=VALUE, KEY in (A,B), KEY notin (A,B), KEY or !KEY"
)]
pub struct InvalidSelector(pub String);

impl FromStr for LabelSelector {
    type Err = InvalidSelector;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = split_outside_parentheses(text);
        let match_expressions = parts.into_iter().map(requirement).collect::<Result<_, _>>()?;
        Ok(Self { match_expressions, ..Self::default() })
    }
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .collect()
}

fn requirement(part: &str) -> Result<Requirement, InvalidSelector> {
    let part = part.trim();
    if let Some((key, values)) = set(part, " notin ") {
        return build(part, key, Operator::NotIn, values);
    }
    if let Some((key, values)) = set(part, " in ") {
        return build(part, key, Operator::In, values);
    }
    if let Some((key, value)) = part.split_once("!=") {
        return build(part, key, Operator::NotIn, vec![value.trim()]);
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return build(part, key, Operator::In, vec![value.trim()]);
    }
    match part.strip_prefix('!') {
        Some(key) => build(part, key, Operator::DoesNotExist, Vec::new()),
        None => build(part, part, Operator::Exists, Vec::new()),
    }
}

/// `KEY in (A,B)` cut at its word.
fn set<'a>(part: &'a str, word: &str) -> Option<(&'a str, Vec<&'a str>)> {
    let (key, values) = part.split_once(word)?;
    let values = values.trim().strip_prefix('(')?.strip_suffix(')')?;
    Some((key, values.split(',').map(str::trim).collect()))
}

fn build(
    part: &str,
    key: &str,
    operator: Operator,
    values: Vec<&str>,
) -> Result<Requirement, InvalidSelector> {
    let key = key.trim();
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    if key.is_empty() || !plain(key) || !values.iter().all(|value| plain(value)) {
        return Err(InvalidSelector(part.to_owned()));
    }
    Ok(Requirement {
        key: key.into(),
        operator: Some(operator),
        values: values.into_iter().map(Name::from).collect(),
        ..Requirement::default()
    })
}
