//! Methods and paths as people type them: what no policy ever sees is refused with what it does see.
//!
//! Envoy compares methods letter by letter, and takes in requests with the methods that are known only (its parser of
//! HTTP/1, source/common/http/http1/balsa_parser.cc, `isMethodValid`). Paths come to policies without `.` and `..` and with
//! slashes only, unless MeshConfig's `pathNormalization` says NONE (istio pilot/pkg/networking/core/listener_builder.go,
//! `buildHTTPConnectionManager`; Envoy source/common/http/path_utility.cc, `canonicalPath`).

#[cfg(test)]
mod tests;

/// The methods of HTTP.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"];

/// What no request has where policies see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mistyped {
    /// One line.
    pub message: String,
    /// What to write instead.
    pub hint: String,
}

/// A method that requests have.
///
/// # Errors
/// When it is one of HTTP in other letters, or holds what no method holds.
pub fn check_method(typed: &str) -> Result<(), Mistyped> {
    let upper = typed.to_ascii_uppercase();
    if typed != upper && METHODS.contains(&upper.as_str()) {
        let message = format!("no request has the method `{typed}`: methods have case");
        return Err(Mistyped { message, hint: format!("did you mean `{upper}`?") });
    }
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if typed.is_empty() || !typed.chars().all(is_token) {
        let message = format!("`{typed}` is no method");
        return Err(Mistyped { message, hint: format!("it is one of {}", METHODS.join(", ")) });
    }
    Ok(())
}

/// A path as policies see it.
///
/// # Errors
/// When it does not begin with a slash, or the proxy would change it first.
pub fn check_path(typed: &str) -> Result<(), Mistyped> {
    if !typed.starts_with('/') {
        let hint = format!("did you mean `/{typed}`?");
        return Err(Mistyped { message: "a path begins with `/`".to_owned(), hint });
    }
    let seen = normalized(typed);
    if seen == typed {
        return Ok(());
    }
    let message = format!("no policy sees the path `{typed}`: proxies normalize it before");
    Err(Mistyped { message, hint: format!("ask about `{seen}`") })
}

/// Without segments of dots, written as they are or in percents, and with slashes for what stands for one. Behind `?` and
/// `#` nothing is a path.
fn normalized(path: &str) -> String {
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let (path, rest) = path.split_at(end);
    let slashed = path.replace('\\', "/");
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = slashed.split('/').skip(1).collect();
    for (at, segment) in segments.iter().enumerate() {
        let is_last = at + 1 == segments.len();
        match dots(segment) {
            0 => kept.push(segment),
            dots => {
                if dots == 2 {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
        }
    }
    format!("/{}{rest}", kept.join("/"))
}

/// How many dots a segment is, if it is nothing else and they are one or two.
fn dots(segment: &str) -> usize {
    let plain = segment.to_ascii_lowercase().replace("%2e", ".");
    match plain.as_str() {
        "." => 1,
        ".." => 2,
        _ => 0,
    }
}
