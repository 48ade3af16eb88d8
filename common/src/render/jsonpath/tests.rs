//! The tables of client-go's own tests (jsonpath_test.go, parser_test.go), and what is ours. Inputs that are Go
//! structs there are JSON here, so their fields are in the order of their names.

use serde_json::{Value, json};

use super::{Missing, Template};

mod client_go;
mod ours;
mod parser;
mod paths;

const ALLOWED: Missing = Missing::Allowed;
const REFUSED: Missing = Missing::Refused;

/// What a template makes of a value, or what is wrong with either.
fn text(template: &str, input: &Value, missing: Missing) -> Result<String, String> {
    let template = Template::parse(template).map_err(|error| error.to_string())?;
    template.text(input, missing).map_err(|error| error.to_string())
}

fn same(input: &Value, missing: Missing, cases: &[(&str, &str)]) {
    for (template, expected) in cases {
        assert_eq!(text(template, input, missing).as_deref(), Ok(*expected), "{template}");
    }
}

fn errors(input: &Value, missing: Missing, cases: &[(&str, &str)]) {
    for (template, expected) in cases {
        assert_eq!(text(template, input, missing), Err((*expected).to_owned()), "{template}");
    }
}

/// The same values, in whatever order maps are visited.
fn same_words(input: &Value, cases: &[(&str, &str)]) {
    let words = |text: &str| {
        let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        words.sort();
        words
    };
    for (template, expected) in cases {
        let found = text(template, input, REFUSED).unwrap();
        assert_eq!(words(&found), words(expected), "{template}");
    }
}
