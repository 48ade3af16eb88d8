//! Path templates: `*` is one segment or the rest of one, `**` is anything, slashes among it.
//!
//! source/extensions/path/uri_template_lib/uri_template_internal.cc, `toRegexPattern`: `*` becomes
//! `[characters of a segment]+`, `**` becomes `[those and /]*`, and the whole path must match. A `=` in the path is
//! none of those characters.

/// Whether a path, without its query, is of a template.
pub(super) fn matches(template: &str, path: &str) -> bool {
    let Some(at) = template.find('*') else { return template == path };
    let (literal, rest) = template.split_at(at);
    let Some(path) = path.strip_prefix(literal) else { return false };
    let (rest, any_length) = match rest.strip_prefix("**") {
        Some(rest) => (rest, true),
        None => (rest.strip_prefix('*').unwrap_or(rest), false),
    };
    let is_valid = |c: char| is_of_segment(c) || any_length && c == '/';
    let taken = path.find(|c| !is_valid(c)).unwrap_or(path.len());
    let ends = path.char_indices().map(|(at, _)| at).chain([path.len()]);
    let mut ends = ends.filter(|end| *end <= taken && (any_length || *end > 0));
    ends.any(|end| path.get(end..).is_some_and(|path| matches(rest, path)))
}

fn is_of_segment(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~%!$&'()+,;:@".contains(c)
}
