//! What is known of the requests that are asked about, in the words of the command line.

use clap::Args;
use serde_json::{Map, Value};

use crate::cli::CliError;
use crate::model::Name;
use crate::policy::envoy::{Known, Mistyped, Request, Token, check_method, check_path};

#[cfg(test)]
mod tests;

/// The request. What is not given makes answers conditional that depend on it.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Request")]
pub struct RequestArguments {
    /// The HTTP method
    #[arg(long, value_name = "METHOD")]
    pub method: Option<String>,
    /// The path, as the proxy normalizes it (without . and ..)
    #[arg(long, value_name = "PATH")]
    pub path: Option<String>,
    /// The host, with the port if one is sent
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// A header; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    pub header: Vec<String>,
    /// The server name that TLS asks for
    #[arg(long, value_name = "NAME")]
    pub sni: Option<String>,
    /// Claims of the token.
    #[arg(
        long,
        value_name = "CLAIM=VALUE",
        help = "A claim of the token, or [CLAIM][FIELD]=VALUE inside of one; repeatable, several of one name are a list"
    )]
    pub jwt_claim: Vec<String>,
}

impl RequestArguments {
    /// Whether nothing is given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { method, path, host, header, sni, jwt_claim } = self;
        [method, path, host, sni].into_iter().all(Option::is_none)
            && header.is_empty()
            && jwt_claim.is_empty()
    }

    /// The request.
    ///
    /// # Errors
    /// When something is no request's.
    pub fn request(&self) -> Result<Request, CliError> {
        let known = |text: &Option<String>| Known::from(text.as_deref().map(Name::from));
        let wrong = |flag, mistyped: Mistyped| {
            CliError::usage(format!("{flag}: {}", mistyped.message)).hint(mistyped.hint)
        };
        self.method.as_deref().map_or(Ok(()), check_method).map_err(|of| wrong("--method", of))?;
        self.path.as_deref().map_or(Ok(()), check_path).map_err(|of| wrong("--path", of))?;
        let mut request = Request {
            method: known(&self.method),
            path: known(&self.path),
            host: known(&self.host),
            server_name: known(&self.sni),
            ..Request::default()
        };
        for typed in &self.header {
            let (name, value) = pair("--header", typed)?;
            request.add_header(name, value);
        }
        if !self.jwt_claim.is_empty() {
            let mut claims = Map::new();
            for typed in &self.jwt_claim {
                let (name, value) = pair("--jwt-claim", typed)?;
                add_claim(&mut claims, &path_of(name)?, value);
            }
            request.token = Token::Claims { claims, complete: false };
        }
        Ok(request)
    }
}

fn pair<'a>(flag: &str, typed: &'a str) -> Result<(&'a str, &'a str), CliError> {
    let named = typed.split_once('=').filter(|(name, _)| !name.is_empty());
    named.ok_or_else(|| CliError::usage(format!("{flag}: `{typed}` is not NAME=VALUE")))
}

/// `[realm][roles]`, as policies write what is inside of a claim; anything else is the name of one.
fn path_of(name: &str) -> Result<Vec<&str>, CliError> {
    let Some(inner) = name.strip_prefix('[') else { return Ok(vec![name]) };
    let inner = inner.strip_suffix(']').filter(|inner| !inner.is_empty());
    let wrong = || CliError::usage(format!("--jwt-claim: `{name}` is not [CLAIM][FIELD]"));
    Ok(inner.ok_or_else(wrong)?.split("][").collect())
}

/// A value beside others of the same name makes a list of them.
fn add_claim(claims: &mut Map<String, Value>, path: &[&str], value: &str) {
    let Some((first, rest)) = path.split_first() else { return };
    let known = claims.entry((*first).to_owned()).or_insert(Value::Null);
    if !rest.is_empty() {
        if !known.is_object() {
            *known = Value::Object(Map::new());
        }
        if let Value::Object(inner) = known {
            add_claim(inner, rest, value);
        }
        return;
    }
    *known = match std::mem::take(known) {
        Value::Null => Value::from(value),
        Value::Array(mut list) => {
            list.push(value.into());
            Value::Array(list)
        }
        one => Value::Array(vec![one, value.into()]),
    };
}
