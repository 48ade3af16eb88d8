//! Ports of Services where policies ask for those of containers.

use crate::codes::{Code, Evidence};
use crate::istio::{PeerAuthentication, Rule};
use crate::model::{FieldPath, Kind, Name, Protocol, Workload, WorkloadIndex};
use crate::policy::{Remark, Remarks};
use crate::snapshot::{Object, Service};

use super::names::path_of_rule;
use super::survey::{Survey, is_in_mesh, nearest};

/// Rules that name a port of which only a Service in front of their workloads knows.
pub(super) fn rules(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    for policy in survey.policies() {
        let workloads: Vec<_> = survey.counting_for(policy).filter(|(_, of)| is_in_mesh(of)).collect();
        let mut remarks = Remarks::on(policy, Kind::AuthorizationPolicy, into);
        for (index, rule) in policy.spec.rules.iter().enumerate() {
            for (path, field, port) in ports_of(index, rule) {
                let Some(of) = port.parse().ok().and_then(|port| mistaken(survey, &workloads, port)) else {
                    continue;
                };
                let evidence = of.with("rule", index).with("field", field);
                remarks.add(Code::RuleOnServicePort, path, evidence);
            }
        }
    }
}

/// A port as it is written: its place, its list, its text.
type Named<'a> = (FieldPath, &'static str, &'a Name);

/// Every port that a rule names.
fn ports_of(index: usize, rule: &Rule) -> Vec<Named<'_>> {
    let mut found = Vec::new();
    for (at, to) in rule.operations().iter().enumerate() {
        let Some(operation) = &to.operation else { continue };
        let path = path_of_rule(index).field("to").item(at).field("operation");
        found.extend(listed(&path, "ports", &operation.ports));
        found.extend(listed(&path, "notPorts", &operation.not_ports));
    }
    for (at, when) in rule.when.iter().enumerate().filter(|(_, when)| &*when.key == "destination.port") {
        let path = path_of_rule(index).field("when").item(at);
        found.extend(listed(&path, "values", &when.values));
        found.extend(listed(&path, "notValues", &when.not_values));
    }
    found
}

fn listed<'a>(path: &FieldPath, field: &'static str, values: &'a [Name]) -> Vec<Named<'a>> {
    let place = |at| path.clone().field(field).item(at);
    values.iter().enumerate().map(|(at, value)| (place(at), field, value)).collect()
}

/// PeerAuthentications whose modes of ports are for ports of which only a Service knows.
pub(super) fn port_levels(survey: &Survey<'_>, into: &mut Vec<Remark>) {
    let seen = survey.snapshot.peer_authentications.iter().filter(|policy| policy.hidden.is_none());
    for object in seen.map(|policy| &policy.object) {
        let workloads = selected(survey, object);
        let mut remarks = Remarks::on(object, Kind::PeerAuthentication, into);
        for port in object.spec.port_level_mtls.0.keys() {
            if let Some(evidence) = mistaken(survey, &workloads, *port) {
                let path = FieldPath::spec().field("portLevelMtls");
                remarks.add(Code::PortLevelOnServicePort, path, evidence);
            }
        }
    }
}

/// The workloads of the mesh that a PeerAuthentication selects by labels. Otherwise its ports do not count.
fn selected<'a>(
    survey: &Survey<'a>,
    object: &Object<PeerAuthentication>,
) -> Vec<(WorkloadIndex, &'a Workload)> {
    let labels = object.spec.selector.as_ref().and_then(|selector| selector.match_labels.as_ref());
    let Some(wanted) = labels.filter(|labels| !labels.is_empty()) else { return Vec::new() };
    let namespace = object.namespace();
    let is_selected = |workload: &Workload| {
        workload.identity.namespace == namespace
            && workload.labels.contains_all(wanted)
            && is_in_mesh(workload)
    };
    survey.workloads().filter(|(_, workload)| is_selected(workload)).collect()
}

/// What is known of a port that no workload has, and that a Service in front of one declares.
fn mistaken(survey: &Survey<'_>, workloads: &[(WorkloadIndex, &Workload)], port: u16) -> Option<Evidence> {
    if workloads.iter().any(|(index, workload)| listens(survey, *index, workload, port)) {
        return None;
    }
    workloads.iter().find_map(|(index, workload)| {
        let services = survey.services_of(*index).iter();
        let declaring: Vec<(&Service, u16)> = services
            .filter(|service| !service.headless)
            .filter_map(|service| {
                let declared = service.ports.iter().find(|declared| declared.port == port)?;
                Some((*service, Service::target_port(declared, workload)?))
            })
            .collect();
        let (service, _) = declaring.first()?;
        let mut targets: Vec<u16> = declaring.iter().map(|(_, target)| *target).collect();
        targets.sort_unstable();
        targets.dedup();
        let targets = nearest(targets.iter().map(ToString::to_string).collect());
        let evidence = Evidence::none().with("port", port).with("target", targets);
        Some(evidence.with("service", &service.reference))
    })
}

/// Whether a workload has a port: a container declares it, or some Service sends something there. A Service whose
/// target has a name that the workload does not know may.
fn listens(survey: &Survey<'_>, index: WorkloadIndex, workload: &Workload, port: u16) -> bool {
    let declared = workload.ports.iter().any(|of| of.protocol == Protocol::Tcp && of.number == port);
    let targeted = survey.services_of(index).iter().any(|service| {
        let headless = service.headless && service.ports.iter().any(|declared| declared.port == port);
        let target = |declared| Service::target_port(declared, workload);
        headless || service.ports.iter().any(|declared| target(declared).is_none_or(|target| target == port))
    });
    declared || targeted
}
