//! What `-o` and `--sort-by` ask for, as kubectl spells it.

use crate::manifests;
use crate::render::{Columns, Format, JsonPath, Missing, Output, SortBy, Template};

use super::{CliError, OutputArguments};

/// The forms that every command has beside those of its own.
const EXPRESSIONS: &str = "jsonpath=TEMPLATE, custom-columns=HEADER:PATH,…";

/// What is printed. `available` are the forms of ours that `what` has.
pub(super) fn output(
    arguments: &OutputArguments,
    what: &str,
    available: &[Format],
) -> Result<Output, CliError> {
    let wanted = arguments.output.as_str();
    let (name, argument) = wanted.split_once('=').unwrap_or((wanted, ""));
    match name {
        "jsonpath" | "jsonpath-as-json" | "jsonpath-file" => {
            template(arguments, name, argument).map(Output::JsonPath)
        }
        "custom-columns" | "custom-columns-file" => columns(name, argument).map(Output::Columns),
        "go-template" | "go-template-file" | "template" | "templatefile" => {
            Err(unavailable(what, name, available)
                .hint("what Go's templates print, -o jsonpath='{…}' or -o custom-columns=… can print too"))
        }
        _ => {
            let format = Format::parse(wanted).filter(|format| available.contains(format));
            format.map(Output::Fixed).ok_or_else(|| unavailable(what, wanted, available))
        }
    }
}

/// The order of rows.
pub(super) fn sort_by(path: Option<&str>) -> Result<Option<SortBy>, CliError> {
    let by = path.filter(|path| !path.is_empty()).map(SortBy::parse).transpose();
    by.map_err(|error| CliError::usage(format!("--sort-by: {error}")))
}

fn unavailable(what: &str, wanted: &str, available: &[Format]) -> CliError {
    let names = available.iter().map(|format| format.as_str()).collect::<Vec<_>>().join(", ");
    CliError::usage(format!("{what} has no output `{wanted}`")).hint(format!("it has {names}, {EXPRESSIONS}"))
}

fn template(arguments: &OutputArguments, name: &str, argument: &str) -> Result<JsonPath, CliError> {
    let is_file = name == "jsonpath-file";
    let text = match (argument, is_file) {
        ("", true) => return Err(needs(name, "a file", "-o jsonpath-file=template.txt")),
        ("", false) => return Err(needs(name, "a template", &format!("-o {name}='{{.metadata.source}}'"))),
        (file, true) => read(file)?,
        (text, false) => text.to_owned(),
    };
    let template = Template::parse(&text).map_err(|error| {
        CliError::usage(match is_file {
            true => format!("{argument}:{}:{}: {}", error.line, error.column, error.message),
            false => format!("-o {name}: {error}"),
        })
    })?;
    let missing = if arguments.allow_missing_template_keys { Missing::Allowed } else { Missing::Refused };
    Ok(JsonPath { template, missing, as_json: name == "jsonpath-as-json" })
}

fn columns(name: &str, argument: &str) -> Result<Columns, CliError> {
    let columns = match (argument, name) {
        ("", "custom-columns-file") => {
            return Err(needs(name, "a file", "-o custom-columns-file=columns.txt"));
        }
        ("", _) => return Err(needs(name, "columns", "-o custom-columns=HEADER:.field,OTHER:.other.field")),
        (file, "custom-columns-file") => {
            return Columns::of_file(&read(file)?)
                .map_err(|error| CliError::usage(format!("{file}: {error}")));
        }
        (columns, _) => Columns::parse(columns),
    };
    columns.map_err(|error| CliError::usage(format!("-o {name}: {error}")))
}

fn needs(name: &str, what: &str, example: &str) -> CliError {
    CliError::usage(format!("-o {name} needs {what}")).hint(format!("for example: {example}"))
}

fn read(file: &str) -> Result<String, CliError> {
    std::fs::read_to_string(file).map_err(|error| {
        CliError::input(format!("`{file}` could not be read: {}", manifests::reason(&error)))
    })
}
