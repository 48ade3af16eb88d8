//! Where what istiod makes of PeerAuthentications is not what is written.

use crate::codes::{Code, Evidence};
use crate::istio::{MtlsMode, PeerAuthentication};
use crate::model::{FieldPath, Kind};
use crate::policy::compile::{Context, Remark, Remarks, remark_hidden};
use crate::snapshot::Policy;

use super::{Entry, Level, PeerAuthentications, Selects, choices};

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
        ties(all, entry, &mut remarks);
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

fn ties(all: &PeerAuthentications, entry: &Entry, remarks: &mut Remarks<'_>) {
    for tied in all.ties.iter().filter(|tied| tied.contains(&entry.reference)) {
        let others: Vec<String> = tied
            .iter()
            .filter(|other| **other != entry.reference)
            .map(|other| format!("`{}`", other.key()))
            .collect();
        let evidence = Evidence::none().with("others", others.join(", "));
        remarks.add(Code::PeerAuthenticationTie, FieldPath::default(), evidence);
    }
}

/// Compares, port by port, what a workload policy says with what ztunnel gets for it.
fn ports(all: &PeerAuthentications, entry: &Entry, remarks: &mut Remarks<'_>) {
    if entry.level(&all.root) != Level::Workload || entry.ports.is_empty() {
        return;
    }
    let Selects::Labels(labels) = &entry.selects else { return };
    let above = above(all, entry);
    let written = if entry.mode == MtlsMode::Unset { above } else { entry.mode };
    let answers = all.effective(&entry.namespace(), labels);
    let Some(effective) = answers.iter().find(|answer| answer.by == Some(entry.index) || answers.len() == 1)
    else {
        return;
    };
    let refuses = |port: Option<u16>| {
        effective.denies.as_ref().is_some_and(|policy| policy.rules.iter().any(|rule| refuses(rule, port)))
    };
    let listed = |wanted: &dyn Fn(MtlsMode, bool) -> bool| {
        let found = entry.ports.iter().filter(|(port, mode)| wanted(**mode, refuses(Some(**port))));
        found.map(|(port, _)| port.to_string()).collect::<Vec<_>>()
    };
    let path = || FieldPath::spec().field("portLevelMtls");
    let open = listed(&|mode, refused| mode == MtlsMode::Strict && !refused);
    if !open.is_empty() {
        remarks.add(Code::StrictPortOpens, path(), Evidence::none().with("ports", open.join(", ")));
    }
    let closed = listed(&|mode, refused| mode == MtlsMode::Disable && refused);
    if !closed.is_empty() {
        remarks.add(Code::PortDisableStaysStrict, path(), Evidence::none().with("ports", closed.join(", ")));
    }
    if written == MtlsMode::Strict && !refuses(None) {
        let exempt = listed(&|mode, _| mode.exempts());
        let inherited =
            if entry.mode == MtlsMode::Unset { "of the namespace or the mesh" } else { "its own" };
        let evidence = Evidence::none().with("ports", exempt.join(", ")).with("inherited", inherited);
        remarks.add(Code::PortExemptionOpensAll, path(), evidence);
    }
}

/// The mode that the levels above give.
fn above(all: &PeerAuthentications, entry: &Entry) -> MtlsMode {
    let of_level = |level: Level| {
        let none = crate::model::Labels::default();
        let namespace = entry.namespace();
        let applying: Vec<&Entry> =
            all.applying(&namespace, &none).filter(|other| other.level(&all.root) == level).collect();
        choices(&applying).first().copied().flatten().map_or(MtlsMode::Unset, |found| found.mode)
    };
    match of_level(Level::Namespace) {
        MtlsMode::Unset => of_level(Level::Mesh),
        mode => mode,
    }
}

/// Whether a rule refuses plaintext at a port, or at one that no rule names.
fn refuses(rule: &crate::policy::ir::Rule, port: Option<u16>) -> bool {
    rule.clauses.iter().flat_map(|clause| &clause.matches).all(|one| {
        let ports = &one.destination_ports;
        let listed = ports.any_of.is_empty() || port.is_some_and(|port| ports.any_of.contains(&port));
        listed && !port.is_some_and(|port| ports.none_of.contains(&port))
    })
}
