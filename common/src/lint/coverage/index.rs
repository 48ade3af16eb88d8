//! Rules by something that whatever they cover has as well, so that few have to be compared.

use rustc_hash::FxHashMap;

use crate::istio::{Rule, Source};
use crate::model::{Name, Namespace};

use super::Candidate;

/// Something that a rule names in full.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Token {
    /// A principal, a namespace, or an account with its namespace.
    Peer(Name),
    /// A port.
    Port(Name),
}

/// Rules that may cover others.
#[derive(Default)]
pub(super) struct Rules<'a> {
    by_token: FxHashMap<Token, Vec<Candidate<'a>>>,
    /// Those that may cover what has no token of theirs.
    open: Vec<Candidate<'a>>,
}

impl<'a> Rules<'a> {
    pub(super) fn add(&mut self, candidate: Candidate<'a>) {
        match asked_by(candidate.rule, &candidate.policy.namespace()) {
            None => self.open.push(candidate),
            Some(tokens) => {
                for token in tokens {
                    self.by_token.entry(token).or_default().push(candidate);
                }
            }
        }
    }

    /// Those that may cover a rule with these tokens.
    pub(super) fn for_tokens<'s>(&'s self, tokens: &'s [Token]) -> impl Iterator<Item = Candidate<'a>> + 's {
        let named = tokens.iter().filter_map(|token| self.by_token.get(token)).flatten();
        named.chain(&self.open).copied()
    }
}

/// What a rule asks for in full: whatever it covers has one of these. Each entry of `from` has a list without
/// wildcards, or each of `to` one of ports.
fn asked_by(rule: &Rule, namespace: &Namespace) -> Option<Vec<Token>> {
    let of_source = |source: &Source| {
        let lists = [peers(&source.principals), peers(&source.namespaces), accounts(source, namespace)];
        let is_exact = |token: &Token| !matches!(token, Token::Peer(name) if name.contains('*'));
        lists.into_iter().find(|list| !list.is_empty() && list.iter().all(is_exact))
    };
    let sources = rule.sources().iter().map(|from| of_source(from.source.as_ref()?));
    let of_ports = |ports: &[Name]| (!ports.is_empty()).then(|| self::ports(ports));
    let operations = rule.operations().iter().map(|to| of_ports(&to.operation.as_ref()?.ports));
    let from: Option<Vec<Vec<Token>>> = sources.collect();
    let to: Option<Vec<Vec<Token>>> = operations.collect();
    let found = from.filter(|from| !from.is_empty()).or(to.filter(|to| !to.is_empty()))?;
    Some(found.into_iter().flatten().collect())
}

/// The tokens of a rule that may be covered: those of one entry of each part, as every entry must be covered.
pub(super) fn tokens(rule: &Rule, namespace: &Namespace) -> Vec<Token> {
    let source = rule.sources().first().and_then(|from| from.source.as_ref());
    let of_source = |source: &Source| {
        let lists = [peers(&source.principals), peers(&source.namespaces), accounts(source, namespace)];
        lists.into_iter().flatten().collect::<Vec<_>>()
    };
    let operation = rule.operations().first().and_then(|to| to.operation.as_ref());
    let of_operation = operation.map(|operation| ports(&operation.ports)).unwrap_or_default();
    source.map(of_source).unwrap_or_default().into_iter().chain(of_operation).collect()
}

fn peers(list: &[Name]) -> Vec<Token> {
    list.iter().cloned().map(Token::Peer).collect()
}

fn accounts(source: &Source, namespace: &Namespace) -> Vec<Token> {
    super::rules::whole_accounts(namespace, &source.service_accounts).into_iter().map(Token::Peer).collect()
}

fn ports(list: &[Name]) -> Vec<Token> {
    list.iter().cloned().map(Token::Port).collect()
}
