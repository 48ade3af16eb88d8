//! Comparisons in filters: client-go's copy of text/template's `Equal`, `Less` and so on.

use std::cmp::Ordering;

use serde_json::Value;

use super::evaluate::EvaluationError;
use super::path::Operator;

/// Something that can be compared, with others of its kind only: `1` and `1.0` are of two kinds.
enum Comparable<'a> {
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(&'a str),
}

/// Whether a comparison holds. Null is compared with nothing: nothing holds of it.
pub(super) fn holds(left: &Value, operator: Operator, right: &Value) -> Result<bool, EvaluationError> {
    if left.is_null() || right.is_null() {
        return Ok(false);
    }
    let (one, other) = (comparable(left)?, comparable(right)?);
    let order = match (&one, &other) {
        (Comparable::Bool(one), Comparable::Bool(other)) => return of_bools(*one == *other, operator),
        (Comparable::Integer(one), Comparable::Integer(other)) => Some(one.cmp(other)),
        (Comparable::Float(one), Comparable::Float(other)) => one.partial_cmp(other),
        (Comparable::Text(one), Comparable::Text(other)) => Some(one.cmp(other)),
        _ => {
            let message = format!("{} cannot be compared with {}", what(left), what(right));
            return Err(EvaluationError::new(message));
        }
    };
    Ok(order.is_some_and(|order| is(order, operator)))
}

fn of_bools(equal: bool, operator: Operator) -> Result<bool, EvaluationError> {
    match operator {
        Operator::Equal => Ok(equal),
        Operator::NotEqual => Ok(!equal),
        _ => Err(EvaluationError::new("true and false have no order")),
    }
}

fn is(order: Ordering, operator: Operator) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Less => order.is_lt(),
        Operator::LessEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterEqual => order.is_ge(),
    }
}

fn comparable(value: &Value) -> Result<Comparable<'_>, EvaluationError> {
    let of_number = |number: &serde_json::Number| {
        number.as_i64().map(Comparable::Integer).or_else(|| number.as_f64().map(Comparable::Float))
    };
    let comparable = match value {
        Value::Bool(bool) => Some(Comparable::Bool(*bool)),
        Value::Number(number) => of_number(number),
        Value::String(text) => Some(Comparable::Text(text)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    comparable.ok_or_else(|| EvaluationError::new(format!("{} cannot be compared", what(value))))
}

/// What a value is, in words.
pub(super) fn what(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(bool) => format!("`{bool}`"),
        Value::Number(number) if number.is_f64() => format!("the fraction `{number}`"),
        Value::Number(number) => format!("the number `{number}`"),
        Value::String(text) => format!("the text `{text}`"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a map".to_owned(),
    }
}
