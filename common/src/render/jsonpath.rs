//! Templates in kubectl's language: from text to [`Template`], and from a JSON value to text.
//!
//! The oracle is k8s.io/client-go/util/jsonpath (v0.36): `parser.go` for [`Template::parse`], `jsonpath.go` for
//! [`Template::results`]. It is not RFC 9535: `$` and `@` both mean the current value, keys in brackets are paths
//! of their own, and everything outside of braces is text.
//!
//! ```text
//! {range .rows[?(@.verdict=="allowed")]}{.peer.identity}{"\t"}{.port}{"\n"}{end}
//! ```
//!
//! Where client-go answers, the answer here is the same, except:
//!
//! - Fields of a map are visited in the order of their names; Go visits them in no order.
//! - An empty list among several is passed over. There (`evalArray`) it ends the search, and values behind it are
//!   lost; lists in objects of Kubernetes are hardly ever empty, ours often are.
//! - In a filter null counts as a field that is missing, as ours are null where Kubernetes leaves fields out.
//!   There a comparison with null ends everything, and null "exists".
//! - An element that a list does not have does not exist (`[?(@.workloads[1])]`). There the test fails, and with it
//!   holds. What else fails in such a test is an error.
//! - What stands in a range over nothing is not looked at; there it is evaluated with nothing, and may fail.
//! - In a `range`, `{@}` prints null as everywhere else; there it is `<no value>`.
//! - What can never be meant is an error with its place before anything is read: words other than `range` and
//!   `end`, these two anywhere but first, operators that do not exist, braces in keys, more than 16 ranges within
//!   each other.
//!
//! Nothing is read or printed here, and what a value holds is escaped before it becomes text.

mod action;
mod below;
mod brackets;
mod compare;
mod cursor;
mod evaluate;
mod filter;
mod path;
mod print;
mod quoted;
mod relaxed;
mod template;
#[cfg(test)]
mod tests;

pub use cursor::TemplateError;
pub use evaluate::{EvaluationError, Missing};
pub use relaxed::PathError;
pub use template::Template;

pub(super) use print::in_column;
pub(super) use relaxed::of_path;
