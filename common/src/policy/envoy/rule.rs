//! One rule of a policy: pilot/pkg/security/authz/model/model.go, `New` and `Generate`.
//!
//! Every entry of `to` becomes a permission and every entry of `from` a principal; each `when` is put into all of the
//! one or all of the other. Of a rule that cannot be made as written, ALLOW loses the whole rule and every other action
//! the part: either way less gets in.

use crate::istio::{Condition, Operation, Rule, Source};
use crate::model::{Name, Namespace};

use super::ir::{Expression, Policy};
use super::trust_domains::TrustDomains;

pub mod keys;
#[cfg(test)]
mod tests;

use keys::Key;

/// What a rule is made for.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    /// The namespace of its policy.
    pub(super) namespace: &'a Namespace,
    pub(super) trust_domains: &'a TrustDomains,
    pub(super) tcp: bool,
    /// Whether what it matches is let in.
    pub(super) allows: bool,
    /// How many entries its `from` has, one at least.
    sources: usize,
}

/// A list of a rule: a key, its values and its negative values.
struct Constraint<'a> {
    key: Key<'a>,
    values: Vec<Name>,
    not_values: Vec<Name>,
}

impl<'a> Target<'a> {
    pub(super) fn new(
        namespace: &'a Namespace,
        trust_domains: &'a TrustDomains,
        tcp: bool,
        allows: bool,
    ) -> Self {
        Self { namespace, trust_domains, tcp, allows, sources: 1 }
    }
}

/// What only an ALLOW rule cannot do without.
pub(super) struct CannotCompare;

/// Something written that is not compared.
pub(super) struct Dropped {
    /// The attribute.
    pub(super) key: Name,
    /// Its value, where it is that.
    pub(super) value: Option<Name>,
}

/// The rule; `None` when it is left out. What is dropped is told either way.
pub(super) fn policy(target: &Target<'_>, rule: &Rule, dropped: &mut Vec<Dropped>) -> Option<Policy> {
    let target = &Target { sources: rule.sources().len().max(1), ..*target };
    let mut permissions = Vec::new();
    let mut principals = Vec::new();
    for when in &rule.when {
        let Some(key) = Key::of(&when.key) else {
            dropped.push(Dropped { key: when.key.clone(), value: None });
            return None;
        };
        let into = if key.is_permission() { &mut permissions } else { &mut principals };
        into.push((key, when));
    }
    let to = entries(rule.operations().iter().map(|to| to.operation.as_ref()));
    let permissions =
        to.map(|to| expression(target, operation(to), &permissions, dropped)).collect::<Result<_, _>>();
    let from = entries(rule.sources().iter().map(|from| from.source.as_ref()));
    let principals =
        from.map(|from| expression(target, source(from), &principals, dropped)).collect::<Result<_, _>>();
    Some(Policy { permissions: permissions.ok()?, principals: principals.ok()? })
}

/// The entries, or one that says nothing. An entry without its source or operation says nothing either.
fn entries<'a, T: 'a>(
    all: impl ExactSizeIterator<Item = Option<&'a T>>,
) -> impl Iterator<Item = Option<&'a T>> {
    let none = (all.len() == 0).then_some(None);
    all.chain(none)
}

type List<'a> = (Key<'static>, &'a [Name], &'a [Name]);

/// The lists of an operation, in the order in which istiod puts them in front.
fn operation(operation: Option<&Operation>) -> Vec<List<'_>> {
    let Some(o) = operation else { return Vec::new() };
    vec![
        (Key::Host, &o.hosts, &o.not_hosts),
        (Key::Method, &o.methods, &o.not_methods),
        (Key::Path, &o.paths, &o.not_paths),
        (Key::DestinationPort, &o.ports, &o.not_ports),
    ]
}

fn source(source: Option<&Source>) -> Vec<List<'_>> {
    let Some(s) = source else { return Vec::new() };
    vec![
        (Key::Principal, &s.principals, &s.not_principals),
        (Key::RequestPrincipal, &s.request_principals, &s.not_request_principals),
        (Key::ServiceAccount, &s.service_accounts, &s.not_service_accounts),
        (Key::TrustDomain, &s.trust_domains, &s.not_trust_domains),
        (Key::Namespace, &s.namespaces, &s.not_namespaces),
        (Key::RemoteIp, &s.remote_ip_blocks, &s.not_remote_ip_blocks),
        (Key::SourceIp, &s.ip_blocks, &s.not_ip_blocks),
    ]
}

/// `generatePermission` and `generatePrincipal`: all lists must hold; without any it is anything.
fn expression(
    target: &Target<'_>,
    lists: Vec<List<'_>>,
    when: &[(Key<'_>, &Condition)],
    dropped: &mut Vec<Dropped>,
) -> Result<Expression, CannotCompare> {
    let when = when.iter().map(|(key, when)| (*key, when.values.as_slice(), when.not_values.as_slice()));
    let mut all = Vec::new();
    let lists = lists.into_iter().map(|list| (list, 1)).chain(when.map(|list| (list, target.sources)));
    for ((key, values, not_values), times) in lists {
        let constraint = Constraint::new(target, key, values, not_values, times);
        all.extend(constraint.expressions(target, dropped)?);
    }
    Ok(Expression::All(if all.is_empty() { vec![Expression::Any] } else { all }))
}

impl<'a> Constraint<'a> {
    /// `MigrateTrustDomain`, which istiod runs on a `when` once for each entry of `from`, as they share it. What comes
    /// of it does not change after the second time, but for what is there twice.
    fn new(target: &Target<'_>, key: Key<'a>, values: &[Name], not_values: &[Name], times: usize) -> Self {
        let migrate = |values: &[Name]| match key {
            Key::Principal => {
                (0..times.min(2)).fold(values.to_vec(), |values, _| target.trust_domains.principals(&values))
            }
            Key::TrustDomain => target.trust_domains.trust_domains(values),
            _ => values.to_vec(),
        };
        Self { key, values: migrate(values), not_values: migrate(not_values) }
    }

    /// model.go, `rule.permission` and `rule.principal`.
    fn expressions(
        &self,
        target: &Target<'_>,
        dropped: &mut Vec<Dropped>,
    ) -> Result<Vec<Expression>, CannotCompare> {
        let any = self.any_of(target, &self.values, dropped)?;
        let none = self.any_of(target, &self.not_values, dropped)?.map(Expression::negated);
        Ok(any.into_iter().chain(none).collect())
    }

    /// Any of the values; `None` when none of them can be compared. `checkError`: an ALLOW rule is lost, of any other
    /// the part.
    fn any_of(
        &self,
        target: &Target<'_>,
        values: &[Name],
        dropped: &mut Vec<Dropped>,
    ) -> Result<Option<Expression>, CannotCompare> {
        let mut or_skip = |made: Result<Expression, CannotCompare>, value: Option<&Name>| match made {
            Ok(expression) => Ok(Some(expression)),
            Err(CannotCompare) => {
                dropped.push(Dropped { key: self.key.to_string().into(), value: value.cloned() });
                if target.allows { Err(CannotCompare) } else { Ok(None) }
            }
        };
        if values.is_empty() {
            return Ok(None);
        }
        if self.key.is_extended() {
            return or_skip(self.key.list(values, target), None);
        }
        let mut any = Vec::new();
        for value in values {
            any.extend(or_skip(self.key.value(value, target).map(Expression::Is), Some(value))?);
        }
        Ok((!any.is_empty()).then_some(Expression::AnyOf(any)))
    }
}
