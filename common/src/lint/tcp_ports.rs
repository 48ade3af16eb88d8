//! DENY by attributes of requests at ports of sidecars and waypoints where there are no requests: what cannot be compared
//! is left out there (pilot/pkg/security/authz/model/model.go, `checkError`), so that more is denied than is written. ztunnel makes
//! the opposite of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::codes::{Code, Evidence};
use crate::istio::{Action, AuthorizationPolicy, Condition, Operation, Rule, Source};
use crate::kubernetes::ServicePort;
use crate::model::{Kind, Name, ResourceRef, WorkloadIndex};
use crate::policy::envoy::keys::{is_known, only_requests_have};
use crate::policy::sidecar::inbound::{self, Inbound, Protocol};
use crate::policy::{Remark, Remarks};
use crate::snapshot::{Object, Service, asks_for_dry_run};

use super::envoys::has_sidecar;
use super::names::path_of_rule;
use super::survey::{Survey, some_of};
use super::waypoints::behind_waypoints;

/// A port that is for TCP: of pods with a sidecar, whatever Service leads there, or of a Service behind a waypoint.
struct TcpPort<'a> {
    number: u16,
    service: &'a ResourceRef,
}

/// DENY rules by attributes of requests, at ports for TCP.
pub(super) fn deny(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    at_sidecars(survey, into);
    at_waypoints(survey, into);
}

/// Of Services behind a waypoint that enforces the policy. It sees the Service's own ports. What an EnvoyFilter makes of
/// its filters nobody knows.
fn at_waypoints(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    if !survey.snapshot.routing.envoy_filters.is_empty() {
        return;
    }
    for policy in survey.policies().filter(|policy| denies(policy) && policy.spec.has_targets()) {
        let rules = policy.spec.rules.iter().enumerate().filter(|(_, rule)| is_widened(rule));
        let rules: Vec<_> = rules.collect();
        if rules.is_empty() {
            continue;
        }
        // What is sent to the name of a headless Service goes past the waypoint.
        let services = behind_waypoints(survey, policy).into_iter().filter(|service| !service.headless);
        let services: Vec<&Service> = services.collect();
        let ports = services.iter().flat_map(|service| service.ports.iter().map(|port| (*service, port)));
        let is_tcp = |port: &ServicePort| Protocol::of(port) == Protocol::Tcp;
        let tcp = ports.filter(|(_, port)| is_tcp(port));
        let tcp = tcp.map(|(service, port)| TcpPort { number: port.port, service: &service.reference });
        let tcp: Vec<TcpPort<'_>> = tcp.collect();
        for (at, rule) in rules {
            let ports: Vec<&TcpPort<'_>> = tcp.iter().filter(|port| reaches(rule, port.number)).collect();
            if let Some(evidence) = told(rule, &ports, "waypoints") {
                let mut remarks = Remarks::on(policy, Kind::AuthorizationPolicy, into);
                remarks.add(Code::DenyWidenedAtTcp, path_of_rule(at), evidence.with("rule", at));
            }
        }
    }
}

fn at_sidecars(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    let mut known: BTreeMap<WorkloadIndex, Vec<TcpPort<'_>>> = BTreeMap::new();
    for policy in survey.policies().filter(|policy| denies(policy) && !policy.spec.has_targets()) {
        let rules: Vec<_> =
            policy.spec.rules.iter().enumerate().filter(|(_, rule)| is_widened(rule)).collect();
        if rules.is_empty() {
            continue;
        }
        let selected = survey.selected_indexes(&policy.reference(Kind::AuthorizationPolicy));
        let sidecars =
            selected.into_iter().filter(|index| survey.mesh.workload(*index).is_some_and(has_sidecar));
        let sidecars: Vec<WorkloadIndex> = sidecars.collect();
        for index in &sidecars {
            known.entry(*index).or_insert_with(|| tcp_ports(survey, *index));
        }
        for (at, rule) in rules {
            let ports = sidecars.iter().filter_map(|index| known.get(index)).flatten();
            let ports: Vec<&TcpPort<'_>> = ports.filter(|port| reaches(rule, port.number)).collect();
            if let Some(evidence) = told(rule, &ports, "sidecars") {
                let mut remarks = Remarks::on(policy, Kind::AuthorizationPolicy, into);
                remarks.add(Code::DenyWidenedAtTcp, path_of_rule(at), evidence.with("rule", at));
            }
        }
    }
}

fn denies(policy: &Object<AuthorizationPolicy>) -> bool {
    policy.spec.action == Action::Deny && !asks_for_dry_run(&policy.meta)
}

/// The ports of a pod at which a Service asks for chains for TCP.
fn tcp_ports<'a>(survey: &Survey<'a>, index: WorkloadIndex) -> Vec<TcpPort<'a>> {
    let Some(workload) = survey.mesh.workload(index) else { return Vec::new() };
    let targets = |service: &'a Service| {
        service.ports.iter().filter_map(|port| Service::target_port(port, workload)).collect::<Vec<u16>>()
    };
    let numbers: BTreeSet<u16> = survey.services_of(index).iter().flat_map(|of| targets(of)).collect();
    let chains = |number: u16| match inbound::at_port(survey.snapshot, index, Some(number)) {
        Inbound::Chains { protocol: Protocol::Tcp, service: Some(at) } => {
            let service = &survey.snapshot.services.get(at)?.reference;
            Some(TcpPort { number, service })
        }
        _ => None,
    };
    numbers.into_iter().filter_map(chains).collect()
}

/// The lists that are set of those that only requests have.
fn http_of_operation(o: &Operation) -> Vec<&'static str> {
    set(&[
        ("hosts", &o.hosts),
        ("notHosts", &o.not_hosts),
        ("methods", &o.methods),
        ("notMethods", &o.not_methods),
        ("paths", &o.paths),
        ("notPaths", &o.not_paths),
    ])
}

fn http_of_source(s: &Source) -> Vec<&'static str> {
    set(&[("requestPrincipals", &s.request_principals), ("notRequestPrincipals", &s.not_request_principals)])
}

fn set(lists: &[(&'static str, &Vec<Name>)]) -> Vec<&'static str> {
    lists.iter().filter(|(_, list)| !list.is_empty()).map(|(name, _)| *name).collect()
}

/// What of a rule is not compared on TCP.
fn ignored(rule: &Rule) -> Vec<&str> {
    let operations = rule.operations().iter().filter_map(|to| to.operation.as_ref());
    let sources = rule.sources().iter().filter_map(|from| from.source.as_ref());
    let when = rule.when.iter().map(|when| &*when.key).filter(|key| only_requests_have(key));
    let lists = operations.flat_map(http_of_operation).chain(sources.flat_map(http_of_source));
    let mut found: Vec<&str> = lists.map(|list: &'static str| -> &str { list }).chain(when).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn is_widened(rule: &Rule) -> bool {
    rule.when.iter().all(|when| is_known(&when.key)) && !ignored(rule).is_empty()
}

/// Whether a port is among those that a rule is for.
fn reaches(rule: &Rule, port: u16) -> bool {
    let operations = rule.operations();
    let of_operation = |o: &Operation| allows_port(&o.ports, &o.not_ports, port);
    let to =
        operations.is_empty() || operations.iter().any(|to| to.operation.as_ref().is_none_or(of_operation));
    let of_ports = |when: &&Condition| &*when.key == "destination.port";
    to && rule.when.iter().filter(of_ports).all(|when| allows_port(&when.values, &when.not_values, port))
}

fn allows_port(any_of: &[Name], none_of: &[Name], port: u16) -> bool {
    let is_in = |list: &[Name]| list.iter().any(|value| value.parse() == Ok(port));
    (any_of.is_empty() || is_in(any_of)) && !is_in(none_of)
}

/// Whether nothing of a rule is left at the ports that it reaches: whoever it is, it is denied.
fn denies_everybody(rule: &Rule) -> bool {
    let whoever = |s: &Source| {
        let identity = [&s.principals, &s.not_principals, &s.namespaces, &s.not_namespaces];
        let account = [&s.service_accounts, &s.not_service_accounts, &s.trust_domains, &s.not_trust_domains];
        let address = [&s.ip_blocks, &s.not_ip_blocks, &s.remote_ip_blocks, &s.not_remote_ip_blocks];
        identity.into_iter().chain(account).chain(address).all(Vec::is_empty)
    };
    let from = rule.sources().is_empty()
        || rule.sources().iter().any(|from| from.source.as_ref().is_none_or(whoever));
    let is_left_out = |when: &Condition| only_requests_have(&when.key) || &*when.key == "destination.port";
    from && rule.when.iter().all(is_left_out)
}

/// What is told of a rule at the ports that it reaches.
fn told(rule: &Rule, ports: &[&TcpPort<'_>], proxies: &str) -> Option<Evidence> {
    if ports.is_empty() {
        return None;
    }
    let mut shown: Vec<String> =
        ports.iter().map(|port| format!("{} of {}", port.number, port.service)).collect();
    shown.sort_unstable();
    shown.dedup();
    let fields: Vec<String> = ignored(rule).iter().map(|field| format!("`{field}`")).collect();
    Some(
        Evidence::none()
            .with("what", if denies_everybody(rule) { "everything" } else { "more than is written" })
            .with("ports", some_of(shown))
            .with("proxies", proxies)
            .with("fields", fields.join(", ")),
    )
}
