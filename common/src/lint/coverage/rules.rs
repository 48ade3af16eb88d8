//! Whether one rule matches whatever another one matches.

use ipnet::IpNet;

use crate::istio::{Condition, Operation, Rule, Source};
use crate::lint::blocks;
use crate::model::{Name, Namespace};

/// Who reads a policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Readers {
    /// ztunnel, and nobody else.
    Ztunnel,
    /// Envoys too, which take principals of other trust domains for ours.
    Any,
}

/// Compares a rule that may cover with one that may be covered.
#[derive(Clone, Copy)]
pub(super) struct Covering<'a> {
    pub(super) readers: Readers,
    /// The namespace of the policy that may cover.
    pub(super) namespace: &'a Namespace,
    /// That of the other.
    pub(super) other: &'a Namespace,
    /// Whether the rule that may cover denies.
    pub(super) denies: bool,
}

/// A comparison of one item that covers with one that is covered.
pub(in crate::lint) type Covers = fn(&str, &str) -> bool;

impl Covering<'_> {
    /// Whether `wide` matches whatever `narrow` matches. ztunnel and chains for TCP leave an ALLOW rule out that has an
    /// attribute of requests: both must have one in every entry, or `wide` none.
    pub(super) fn covers(&self, wide: &Rule, narrow: &Rule) -> bool {
        let alike = is_about_connections(wide)
            || !self.denies
                && !has_trust_domains(wide)
                && is_about_requests(wide)
                && is_about_requests(narrow);
        if !alike || !is_sound(wide) || !is_sound(narrow) {
            return false;
        }
        let from = |rule| sources(rule).collect::<Vec<_>>();
        let to = |rule| operations(rule).collect::<Vec<_>>();
        let implied = |wide: &Condition| narrow.when.iter().any(|narrow| self.condition(wide, narrow));
        each_is_covered(&from(wide), &from(narrow), |wide, narrow| self.source(wide, narrow))
            && each_is_covered(&to(wide), &to(narrow), |wide, narrow| operation(wide, narrow))
            && wide.when.iter().all(implied)
    }

    fn source(&self, wide: &Source, narrow: &Source) -> bool {
        let (w, n) = (wide, narrow);
        let accounts = |of: &[Name]| whole_accounts(self.namespace, of);
        let others = |of: &[Name]| whole_accounts(self.other, of);
        lists(self.principal(), &w.principals, &n.principals, &w.not_principals, &n.not_principals)
            && lists(text, &w.namespaces, &n.namespaces, &w.not_namespaces, &n.not_namespaces)
            && lists(
                same,
                &accounts(&w.service_accounts),
                &others(&n.service_accounts),
                &accounts(&w.not_service_accounts),
                &others(&n.not_service_accounts),
            )
            && lists(
                any_or_same,
                &w.trust_domains,
                &n.trust_domains,
                &w.not_trust_domains,
                &n.not_trust_domains,
            )
            && lists(block, &w.ip_blocks, &n.ip_blocks, &w.not_ip_blocks, &n.not_ip_blocks)
            && lists(
                block,
                &w.remote_ip_blocks,
                &n.remote_ip_blocks,
                &w.not_remote_ip_blocks,
                &n.not_remote_ip_blocks,
            )
            && lists(
                same,
                &w.request_principals,
                &n.request_principals,
                &w.not_request_principals,
                &n.not_request_principals,
            )
    }

    fn condition(&self, wide: &Condition, narrow: &Condition) -> bool {
        let covers = match &*wide.key {
            "source.ip" | "destination.ip" => block,
            "source.namespace" => text,
            "source.principal" => self.principal(),
            _ => same,
        };
        let (w, n) = (wide, narrow);
        w.key == n.key && lists(covers, &w.values, &n.values, &w.not_values, &n.not_values)
    }

    /// trustdomain/bundle.go expands a principal that is written in full to the aliases of its trust domain, and no
    /// prefix: where Envoys read it a prefix does not cover all that a principal in full stands for.
    fn principal(&self) -> Covers {
        match self.readers {
            Readers::Ztunnel => text,
            Readers::Any => any_or_same,
        }
    }
}

/// Accounts with their namespaces: without a slash they are of the policy's.
pub(super) fn whole_accounts(of: &Namespace, list: &[Name]) -> Vec<Name> {
    let whole = |name: &Name| match name.contains('/') {
        true => name.clone(),
        false => format!("{of}/{name}").into(),
    };
    list.iter().map(whole).collect()
}

fn operation(w: &Operation, n: &Operation) -> bool {
    lists(any_or_same, &w.hosts, &n.hosts, &w.not_hosts, &n.not_hosts)
        && lists(any_or_same, &w.methods, &n.methods, &w.not_methods, &n.not_methods)
        && lists(any_or_same, &w.paths, &n.paths, &w.not_paths, &n.not_paths)
        && lists(same, &w.ports, &n.ports, &w.not_ports, &n.not_ports)
}

/// Without entries everything is matched.
fn each_is_covered<T>(wide: &[T], narrow: &[T], covers: impl Fn(&T, &T) -> bool) -> bool {
    let some = !narrow.is_empty();
    wide.is_empty() || some && narrow.iter().all(|narrow| wide.iter().any(|wide| covers(wide, narrow)))
}

/// One field: what is asked for must be asked for there too, and what is excluded excluded.
fn lists(covers: Covers, wide: &[Name], narrow: &[Name], not_wide: &[Name], not_narrow: &[Name]) -> bool {
    let is_in = |list: &[Name], item: &Name| list.iter().any(|wide| covers(wide, item));
    let asked = wide.is_empty() || !narrow.is_empty() && narrow.iter().all(|item| is_in(wide, item));
    asked && not_wide.iter().all(|item| is_in(not_narrow, item))
}

fn same(wide: &str, narrow: &str) -> bool {
    wide == narrow
}

fn any_or_same(wide: &str, narrow: &str) -> bool {
    wide == narrow || wide == "*" && !narrow.is_empty()
}

/// Texts with an asterisk at one end, as everybody reads them.
pub(in crate::lint) fn text(wide: &str, narrow: &str) -> bool {
    if any_or_same(wide, narrow) {
        return true;
    }
    let inner = |text: &str| text.trim_matches('*').contains('*') || text.matches('*').count() > 1;
    if inner(wide) || inner(narrow) || narrow.is_empty() {
        return false;
    }
    match (wide.strip_suffix('*'), wide.strip_prefix('*')) {
        (Some(prefix), _) => !narrow.starts_with('*') && narrow.trim_end_matches('*').starts_with(prefix),
        // To an Envoy `*a` is found in more than what ends so; what it covers it covers either way.
        (None, Some(suffix)) => !narrow.ends_with('*') && narrow.trim_start_matches('*').ends_with(suffix),
        (None, None) => false,
    }
}

/// Blocks of addresses; an address is a block of one.
pub(in crate::lint) fn block(wide: &str, narrow: &str) -> bool {
    let contains = |(wide, narrow): (IpNet, IpNet)| wide.contains(&narrow);
    wide == narrow || blocks::read(wide).zip(blocks::read(narrow)).is_some_and(contains)
}

/// Whether everybody reads a rule alike as far as its parts go: every entry says something, every port and address is
/// one, every `when` is about something that ztunnel knows too or that only Envoys do, and says something.
fn is_sound(rule: &Rule) -> bool {
    let ports = |list: &[Name]| list.iter().all(|port| port.parse::<u16>().is_ok());
    let blocks = |list: &[Name]| list.iter().all(|text| blocks::read(text).is_some());
    let of_source = |s: &Source| {
        lists_of_source(s).iter().any(|list| !list.is_empty())
            && [&s.ip_blocks, &s.not_ip_blocks, &s.remote_ip_blocks, &s.not_remote_ip_blocks]
                .into_iter()
                .all(|list| blocks(list))
    };
    let of_operation = |o: &Operation| {
        lists_of_operation(o).iter().any(|list| !list.is_empty()) && ports(&o.ports) && ports(&o.not_ports)
    };
    let of_condition = |when: &Condition| {
        let says = !when.values.is_empty() || !when.not_values.is_empty();
        let (values, not_values) = (&when.values, &when.not_values);
        says && match &*when.key {
            "source.ip" | "destination.ip" => blocks(values) && blocks(not_values),
            "destination.port" => ports(values) && ports(not_values),
            "source.namespace" | "source.principal" => true,
            _ => false,
        }
    };
    rule.sources().iter().all(|from| from.source.as_ref().is_some_and(of_source))
        && rule.operations().iter().all(|to| to.operation.as_ref().is_some_and(of_operation))
        && rule.when.iter().all(of_condition)
}

/// Whether nothing of a rule is left out anywhere: neither by ztunnel nor on TCP.
fn is_about_connections(rule: &Rule) -> bool {
    let of_source = |s: &Source| {
        let of_request = [&s.request_principals, &s.not_request_principals];
        let of_client = [&s.remote_ip_blocks, &s.not_remote_ip_blocks];
        of_request.into_iter().chain(of_client).all(Vec::is_empty)
    };
    !has_trust_domains(rule)
        && sources(rule).all(of_source)
        && operations(rule).all(|operation| !has_request(operation))
}

/// Whether every entry of `to` asks for what only requests have.
fn is_about_requests(rule: &Rule) -> bool {
    !rule.operations().is_empty() && operations(rule).all(has_request)
}

fn has_request(o: &Operation) -> bool {
    let lists = [&o.hosts, &o.not_hosts, &o.methods, &o.not_methods, &o.paths, &o.not_paths];
    lists.into_iter().any(|list| !list.is_empty())
}

fn has_trust_domains(rule: &Rule) -> bool {
    sources(rule).any(|s| !s.trust_domains.is_empty() || !s.not_trust_domains.is_empty())
}

fn sources(rule: &Rule) -> impl Iterator<Item = &Source> {
    rule.sources().iter().filter_map(|from| from.source.as_ref())
}

fn operations(rule: &Rule) -> impl Iterator<Item = &Operation> {
    rule.operations().iter().filter_map(|to| to.operation.as_ref())
}

fn lists_of_source(s: &Source) -> [&Vec<Name>; 14] {
    [
        &s.principals,
        &s.not_principals,
        &s.request_principals,
        &s.not_request_principals,
        &s.namespaces,
        &s.not_namespaces,
        &s.service_accounts,
        &s.not_service_accounts,
        &s.trust_domains,
        &s.not_trust_domains,
        &s.ip_blocks,
        &s.not_ip_blocks,
        &s.remote_ip_blocks,
        &s.not_remote_ip_blocks,
    ]
}

fn lists_of_operation(o: &Operation) -> [&Vec<Name>; 8] {
    [&o.hosts, &o.not_hosts, &o.methods, &o.not_methods, &o.paths, &o.not_paths, &o.ports, &o.not_ports]
}
