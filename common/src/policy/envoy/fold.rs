//! The one fold over Envoy's rules, generic in whom it is about: one peer or a set of peers.
//!
//! What is known of the request is put in; what is not stays as a [`Formula`]. The answer is a division of everyone by
//! the formula that is left for them.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::policy::fold::Domain;
use crate::policy::ir::{Block, Match, ServiceAccountMatch, StringMatch};
use crate::policy::sets::{One, Sets};

use super::formula::{Formula, Leaf};
use super::identity::IdentityMatch;
use super::ir::{Expression, Filters, Matcher, Policy};
use super::request::Request;

#[cfg(test)]
mod tests;
mod words;

/// Who is asked about. What the fold over ztunnel's rules asks of a `Domain`, and that something may not be known of a
/// peer.
pub trait Sources: Sets {
    /// Those whose identity matches.
    fn identity(&self, wanted: &IdentityMatch) -> Split<Self::Set>;
    /// Those whose address is in the block.
    fn address(&self, block: &IpNet) -> Split<Self::Set>;
}

/// Everyone, divided by a comparison: who is in neither does not match. Nobody is in both.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Split<S> {
    /// Who matches.
    pub holds: S,
    /// Of whom it is not known.
    pub depends: S,
}

/// Everyone, each with what is left to be known. Those who are not there: `False`.
pub type Parts<S> = Vec<(S, Formula)>;

/// Whom a rule matches: any permission and any principal (source/extensions/filters/common/rbac/matchers.cc,
/// `PolicyMatcher::matches`).
pub(super) fn policy<S: Sources>(sources: &S, request: &Request, policy: &Policy) -> Parts<S::Set> {
    let any = |of: &[Expression]| any_of(sources, request, of);
    both(sources, &any(&policy.permissions), &any(&policy.principals))
}

fn expression<S: Sources>(sources: &S, request: &Request, one: &Expression) -> Parts<S::Set> {
    match one {
        Expression::Any => vec![(sources.all(), Formula::True)],
        Expression::Not(one) => not(sources, &expression(sources, request, one)),
        Expression::AnyOf(of) => any_of(sources, request, of),
        Expression::All(of) => of.iter().fold(vec![(sources.all(), Formula::True)], |so_far, one| {
            if so_far.is_empty() {
                so_far
            } else {
                both(sources, &so_far, &expression(sources, request, one))
            }
        }),
        Expression::Is(matcher) if request.hides(matcher) => Vec::new(),
        Expression::Is(matcher) => match matcher {
            Matcher::Identity(wanted) => split(sources, sources.identity(wanted), matcher),
            Matcher::DirectRemoteIp(block) => split(sources, sources.address(block), matcher),
            Matcher::RemoteIp(block) if request.is_connection => {
                split(sources, sources.address(block), matcher)
            }
            other => whole(sources, request.holds(other)),
        },
    }
}

fn whole<S: Sources>(sources: &S, formula: Formula) -> Parts<S::Set> {
    if formula == Formula::False { Vec::new() } else { vec![(sources.all(), formula)] }
}

fn split<S: Sources>(sources: &S, split: Split<S::Set>, matcher: &Matcher) -> Parts<S::Set> {
    let mut parts = Vec::new();
    add(sources, &mut parts, split.holds, Formula::True);
    add(sources, &mut parts, split.depends, Formula::Is(Leaf::Matcher(matcher.clone())));
    parts
}

fn any_of<S: Sources>(sources: &S, request: &Request, of: &[Expression]) -> Parts<S::Set> {
    // De Morgan: whom none of them matches.
    let nobody = vec![(sources.all(), Formula::True)];
    let unmatched = of.iter().fold(nobody, |so_far, one| {
        if so_far.is_empty() {
            return so_far;
        }
        both(sources, &so_far, &not(sources, &expression(sources, request, one)))
    });
    not(sources, &unmatched)
}

fn both<S: Sources>(sources: &S, a: &Parts<S::Set>, b: &Parts<S::Set>) -> Parts<S::Set> {
    let mut parts = Vec::new();
    for (set, formula) in a {
        for (other, more) in b {
            let formula = Formula::all([formula.clone(), more.clone()]);
            add(sources, &mut parts, sources.and(set.clone(), other), formula);
        }
    }
    parts
}

fn not<S: Sources>(sources: &S, of: &Parts<S::Set>) -> Parts<S::Set> {
    let rest = of.iter().fold(sources.all(), |rest, (set, _)| sources.without(rest, set));
    let mut parts = Vec::new();
    add(sources, &mut parts, rest, Formula::True);
    for (set, formula) in of {
        add(sources, &mut parts, set.clone(), formula.clone().negated());
    }
    parts
}

/// Adds those for whom something is left, together with others of whom it is the same.
fn add<S: Sources>(sources: &S, parts: &mut Parts<S::Set>, set: S::Set, formula: Formula) {
    if formula == Formula::False || sources.is_none(&set) {
        return;
    }
    match parts.iter_mut().find(|(_, known)| *known == formula) {
        Some((known, _)) => *known = sources.or(known.clone(), &set),
        None => parts.push((set, formula)),
    }
}

/// One peer: a set of one, so true or false.
#[derive(Clone, Debug)]
pub struct OnePeer<'a> {
    /// The identity of its certificate, `spiffe://` included; `None` is plaintext.
    pub identity: Option<&'a str>,
    /// Its address; `None` when it is not known.
    pub address: Option<IpAddr>,
}

impl One for OnePeer<'_> {}

impl Sources for OnePeer<'_> {
    fn identity(&self, wanted: &IdentityMatch) -> Split<bool> {
        Split { holds: self.identity.is_some_and(|identity| wanted.matches(identity)), depends: false }
    }

    fn address(&self, block: &IpNet) -> Split<bool> {
        Split {
            holds: self.address.is_some_and(|address| block.contains(&address)),
            depends: self.address.is_none(),
        }
    }
}

/// The peers of a [`Domain`], for the same question. What no identity of the mesh's trust domain decides is open for
/// identities of others.
#[derive(Clone, Copy, Debug)]
pub struct Peers<'a, D> {
    /// Who is asked about.
    pub domain: &'a D,
    /// The trust domain of the mesh.
    pub trust_domain: &'a str,
}

impl<D: Domain> Sets for Peers<'_, D> {
    type Set = D::Set;

    fn all(&self) -> D::Set {
        self.domain.all()
    }

    fn none(&self) -> D::Set {
        self.domain.none()
    }

    fn and(&self, a: D::Set, b: &D::Set) -> D::Set {
        self.domain.and(a, b)
    }

    fn or(&self, a: D::Set, b: &D::Set) -> D::Set {
        self.domain.or(a, b)
    }

    fn without(&self, a: D::Set, b: &D::Set) -> D::Set {
        self.domain.without(a, b)
    }

    fn is_none(&self, set: &D::Set) -> bool {
        self.domain.is_none(set)
    }

    fn exceeds(&self, sets: usize) -> bool {
        self.domain.exceeds(sets)
    }
}

impl<D: Domain> Sources for Peers<'_, D> {
    fn identity(&self, wanted: &IdentityMatch) -> Split<D::Set> {
        words::identity(self.domain, self.trust_domain, wanted)
    }

    fn address(&self, block: &IpNet) -> Split<D::Set> {
        Split { holds: self.domain.source_ip(&Block::new(*block)), depends: self.domain.none() }
    }
}

/// Everything about peers that filters look at in a request, in the words of ztunnel's rules: what a domain of sets must
/// be able to tell apart.
#[must_use]
pub fn told_apart(filters: &Filters, request: &Request) -> Match {
    let mut told = Match::default();
    for matcher in filters.matchers().filter(|matcher| !request.hides(matcher)) {
        match matcher {
            Matcher::Identity(wanted) => {
                for word in words::words(wanted) {
                    match word {
                        Word::Namespace(one) => told.namespaces.any_of.push(one),
                        Word::ServiceAccount(one) => told.service_accounts.any_of.push(one),
                        Word::Principal(one) => told.principals.any_of.push(one),
                    }
                }
            }
            Matcher::DirectRemoteIp(block) => told.source_ips.any_of.push(Block::new(*block)),
            Matcher::RemoteIp(block) if request.is_connection => {
                told.source_ips.any_of.push(Block::new(*block));
            }
            _ => {}
        }
    }
    told
}

/// A comparison with an identity in the words of ztunnel's rules.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Word {
    /// Of the namespace.
    Namespace(StringMatch),
    /// Of the account.
    ServiceAccount(ServiceAccountMatch),
    /// Of the whole, without `spiffe://`.
    Principal(StringMatch),
}
