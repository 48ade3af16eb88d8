//! The one fold over rules, generic in the domain of the answer: one peer (true or false), or all peers (a set).
//!
//! As straightforward a translation as possible of ztunnel src/rbac.rs, `Authorization::matches`: and, or, not
//! and ztunnel's quirks are written here once, so that the two questions cannot drift apart.

use std::net::IpAddr;

use super::ir::{Authorization, Block, Clause, Field, Match, Rule, ServiceAccountMatch, StringMatch};
use super::network::{ClassSet, EndKind};
use super::sets::Sets;

/// Who is asked about.
pub trait Domain: Sets {
    /// Those with an identity of the mesh's trust domain.
    fn identities(&self) -> Self::Set;
    /// Those without an identity.
    fn plaintext(&self) -> Self::Set;
    /// Those with an identity of another trust domain.
    fn foreign(&self) -> Self::Set;

    /// Those whose identity's namespace matches. Without an identity it is the empty text.
    fn namespace(&self, wanted: &StringMatch) -> Self::Set;
    /// Those whose account matches.
    fn service_account(&self, wanted: &ServiceAccountMatch) -> Self::Set;
    /// Those whose identity, without `spiffe://`, matches. Without an identity nothing does.
    fn principal(&self, wanted: &StringMatch) -> Self::Set;
    /// Those whose address is in the block.
    fn source_ip(&self, block: &Block) -> Self::Set;
    /// Those within a set, divided by what is said of who sends: from which address, if that is asked and known. Of
    /// each set of pods that are alike one is asked, and all others one by one.
    fn by_sender<K: PartialEq>(
        &self,
        within: &Self::Set,
        addressed: bool,
        alike: impl FnOnce() -> Vec<ClassSet>,
        of: impl FnMut(EndKind<'_>, Option<IpAddr>) -> K,
    ) -> Vec<(Self::Set, K)>;
    /// Whether the workload's address is in the block.
    fn destination_ip(&self, block: &Block) -> bool;
    /// Whether it is the workload's port.
    fn destination_port(&self, port: u16) -> bool;
}

/// Those whom a policy matches, rule by rule: each is given to the first rule that matches.
pub fn policy<D: Domain>(domain: &D, policy: &Authorization) -> Vec<(D::Set, Option<usize>)> {
    let mut rest = domain.all();
    let mut hits = Vec::new();
    // A policy without rules matches nothing.
    for one in &policy.rules {
        if domain.is_none(&rest) {
            break;
        }
        let matched = domain.and(rule(domain, one), &rest);
        if !domain.is_none(&matched) {
            rest = domain.without(rest, &matched);
            hits.push((matched, one.index));
        }
    }
    hits
}

/// Those whom a rule matches: all of its clauses. One without clauses matches everyone.
fn rule<D: Domain>(domain: &D, rule: &Rule) -> D::Set {
    let mut matched = domain.all();
    for one in &rule.clauses {
        if domain.is_none(&matched) {
            break;
        }
        let of_clause = clause(domain, one);
        matched = domain.and(matched, &of_clause);
    }
    matched
}

/// Those whom a clause matches: any of its matches. A clause without matches matches everyone, but an *empty
/// match* is skipped: a clause with only such matches matches no one.
fn clause<D: Domain>(domain: &D, clause: &Clause) -> D::Set {
    if clause.matches.is_empty() {
        return domain.all();
    }
    let conditions = clause.matches.iter().filter(|one| !one.is_empty());
    conditions.fold(domain.none(), |matched, one| domain.or(matched, &all_fields(domain, one)))
}

/// Those for whom every field holds.
fn all_fields<D: Domain>(domain: &D, one: &Match) -> D::Set {
    let connection = field(domain, &one.destination_ips, |block| whole(domain, domain.destination_ip(block)));
    let ports = field(domain, &one.destination_ports, |port| whole(domain, domain.destination_port(*port)));
    let mut matched = domain.and(connection, &ports);
    if domain.is_none(&matched) {
        return matched;
    }
    matched = domain.and(matched, &field(domain, &one.source_ips, |block| domain.source_ip(block)));
    matched =
        domain.and(matched, &field(domain, &one.service_accounts, |account| domain.service_account(account)));
    matched = domain.and(matched, &field(domain, &one.principals, |wanted| domain.principal(wanted)));
    domain.and(matched, &field(domain, &one.namespaces, |wanted| domain.namespace(wanted)))
}

/// Those for whom a field holds: `matches_internal` in ztunnel. Of the positive form any item, when it has any;
/// of the negative form no item.
fn field<D: Domain, T>(domain: &D, field: &Field<T>, item: impl Fn(&T) -> D::Set) -> D::Set {
    let any = |items: &[T]| items.iter().fold(domain.none(), |found, one| domain.or(found, &item(one)));
    let matched = if field.any_of.is_empty() { domain.all() } else { any(&field.any_of) };
    if field.none_of.is_empty() { matched } else { domain.without(matched, &any(&field.none_of)) }
}

fn whole<D: Domain>(domain: &D, holds: bool) -> D::Set {
    if holds { domain.all() } else { domain.none() }
}
