//! Where what istiod makes of PeerAuthentications is not what is written.

use crate::codes::{Code, Evidence};
use crate::istio::{MtlsMode, PeerAuthentication};
use crate::model::{FieldPath, Kind};
use crate::policy::compile::{Context, Remark, Remarks, remark_hidden};
use crate::policy::ir::Rule;
use crate::snapshot::{Object, Policy};

use super::entry::{Entry, Level, Selects};
use super::{Effective, PeerAuthentications, World};

/// Remarks on every object.
pub(in crate::policy) fn remarks(
    context: &Context<'_>,
    policies: &[Policy<PeerAuthentication>],
    all: &PeerAuthentications,
    into: &mut Vec<Remark>,
) {
    for policy in policies {
        let mut remarks = Remarks::on(&policy.object, Kind::PeerAuthentication, into);
        if let Some(hidden) = &policy.hidden {
            let subject = policy.object.reference(Kind::PeerAuthentication);
            remark_hidden(hidden, context, &subject, &mut remarks);
        }
    }
    for entry in &all.entries {
        let Some(policy) = policies.get(entry.index.0) else { continue };
        let mut remarks = Remarks::on(&policy.object, Kind::PeerAuthentication, into);
        placement(all, entry, &mut remarks);
        ports(all, entry, &mut remarks);
    }
}

fn placement(all: &PeerAuthentications, entry: &Entry, remarks: &mut Remarks<'_>) {
    let selector = || FieldPath::spec().field("selector");
    let level = entry.level(&all.root);
    if level == Level::Nowhere {
        remarks.add(Code::RootSelectorIgnored, selector(), Evidence::none());
    }
    if level == Level::Mesh && entry.selects == Selects::EmptySelector {
        remarks.add(Code::RootEmptySelector, selector(), Evidence::none());
    }
    if matches!(level, Level::Mesh | Level::Namespace) && !entry.ports.is_empty() {
        remarks.add(Code::PortLevelIgnored, FieldPath::spec().field("portLevelMtls"), Evidence::none());
    }
}

/// That nothing decides which of these objects holds for some workload: on each of them.
pub(in crate::policy) fn tied(objects: &[&Object<PeerAuthentication>]) -> Vec<Remark> {
    let mut into = Vec::new();
    let key = |object: &Object<_>| object.reference(Kind::PeerAuthentication).key();
    for object in objects {
        let others = objects.iter().map(|other| key(other)).filter(|other| *other != key(object));
        let others: Vec<String> = others.map(|other| format!("`{other}`")).collect();
        let evidence = Evidence::none().with("others", others.join(", "));
        let mut remarks = Remarks::on(object, Kind::PeerAuthentication, &mut into);
        remarks.add(Code::PeerAuthenticationTie, FieldPath::default(), evidence);
    }
    into
}

/// Compares, port by port, what a workload policy says with what ztunnel gets for it, however ties fall.
fn ports(all: &PeerAuthentications, entry: &Entry, remarks: &mut Remarks<'_>) {
    if entry.level(&all.root) != Level::Workload || entry.ports.is_empty() {
        return;
    }
    let worlds = all.worlds(entry);
    let in_all = |holds: &dyn Fn(&World) -> bool| worlds.iter().all(holds);
    let listed = |holds: &dyn Fn(MtlsMode, bool) -> bool| {
        let found = entry.ports.iter().filter(|(port, mode)| {
            in_all(&|world| holds(**mode, refuses_plaintext(&world.effective, Some(**port))))
        });
        found.map(|(port, _)| port.to_string()).collect::<Vec<_>>().join(", ")
    };
    let path = || FieldPath::spec().field("portLevelMtls");
    let mut remark = |code, ports: String| {
        if !ports.is_empty() {
            remarks.add(code, path(), Evidence::none().with("ports", ports));
        }
    };
    remark(Code::StrictPortOpens, listed(&|mode, refused| mode == MtlsMode::Strict && !refused));
    remark(Code::PortDisableStaysStrict, listed(&|mode, refused| mode == MtlsMode::Disable && refused));
    let strict_as_written = |world: &World| match entry.mode {
        MtlsMode::Unset => world.inherited == MtlsMode::Strict,
        own => own == MtlsMode::Strict,
    };
    if in_all(&|world| strict_as_written(world) && !refuses_plaintext(&world.effective, None)) {
        remark(Code::PortExemptionOpensAll, listed(&|mode, _| mode.exempts()));
    }
}

/// Whether plaintext is refused at a port, or at one that no rule names.
fn refuses_plaintext(effective: &Effective, port: Option<u16>) -> bool {
    effective.denies.as_ref().is_some_and(|policy| policy.rules.iter().any(|rule| refuses(rule, port)))
}

fn refuses(rule: &Rule, port: Option<u16>) -> bool {
    rule.matches().all(|one| {
        let ports = &one.destination_ports;
        let listed = ports.any_of.is_empty() || port.is_some_and(|port| ports.any_of.contains(&port));
        listed && !port.is_some_and(|port| ports.none_of.contains(&port))
    })
}
