//! A place in the text of a template, and what is wrong there.

use std::fmt;

/// What is wrong with a template, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TemplateError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 1 {
            write!(f, "line {}, ", self.line)?;
        }
        write!(f, "character {}: {}", self.column, self.message)
    }
}

impl std::error::Error for TemplateError {}

/// What is wrong at a byte of the template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Flaw {
    at: usize,
    message: String,
}

impl Flaw {
    /// With the place as people count it.
    pub(super) fn in_text(self, text: &str) -> TemplateError {
        let before = text.get(..self.at).unwrap_or(text);
        let of_line = before.rsplit('\n').next().unwrap_or(before);
        TemplateError {
            line: before.matches('\n').count() + 1,
            column: of_line.chars().count() + 1,
            message: self.message,
        }
    }
}

/// A text and how far it was read.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    base: usize,
}

impl<'a> Cursor<'a> {
    /// At the beginning of a text that stands at `base` in the template.
    pub(super) fn new(text: &'a str, base: usize) -> Self {
        Self { text, at: 0, base }
    }

    /// The byte of the template.
    pub(super) fn place(&self) -> usize {
        self.base + self.at
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    pub(super) fn eat(&mut self, prefix: &str) -> bool {
        let eaten = self.rest().starts_with(prefix);
        if eaten {
            self.at += prefix.len();
        }
        eaten
    }

    /// Everything before the first character that is one of these.
    pub(super) fn until(&mut self, is_end: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        self.take(rest.find(is_end).unwrap_or(rest.len()))
    }

    /// The next bytes, as far as there are any.
    pub(super) fn take(&mut self, bytes: usize) -> &'a str {
        let taken = self.rest().get(..bytes).unwrap_or_else(|| self.rest());
        self.at += taken.len();
        taken
    }

    pub(super) fn flaw(&self, message: impl Into<String>) -> Flaw {
        Self::flaw_at(self.place(), message)
    }

    pub(super) fn flaw_at(at: usize, message: impl Into<String>) -> Flaw {
        Flaw { at, message: message.into() }
    }
}
