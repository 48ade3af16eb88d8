//! Findings about policies and accounts: what is written and probably not meant.
//!
//! What the conversion for ztunnel loses or changes is remarked on where that happens (`policy`). Here stands what
//! takes a look at the whole mesh: a function for each check, all of them in `CHECKS`. A check that cannot be
//! certain is silent: a false alarm is a bug. Nothing here decides a connection.

mod accounts;
mod addresses;
mod answers;
mod attachments;
mod blocks;
mod coverage;
mod envoys;
mod kept_out;
mod names;
mod network_policies;
mod peer_authentication;
mod ports;
mod protection;
mod rules;
mod selectors;
mod sidecars;
mod survey;
mod targets;
mod tcp_ports;
mod waypoints;
mod wildcards;

use crate::codes::Code;
use crate::policy::{Mesh, Remark};

pub use answers::{Asked, beside_answers};
use survey::Survey;

/// A look at the mesh.
struct Check {
    /// What it may find.
    codes: &'static [Code],
    /// Looks.
    run: fn(&Survey<'_>, &mut Vec<Remark>),
}

/// Every check.
const CHECKS: &[Check] = &[
    Check { codes: &[Code::SelectorSelectsNothing], run: selectors::select_nothing },
    Check { codes: &[Code::PolicyOutsideMesh], run: selectors::outside_of_the_mesh },
    Check { codes: &[Code::PrincipalMatchesNobody, Code::ForeignPrincipal], run: names::principals },
    Check { codes: &[Code::NameMatchesNobody], run: names::namespaces_and_accounts },
    Check { codes: &[Code::NoSuchAccount, Code::NothingRunsAsAccount], run: accounts::existence },
    Check { codes: &[Code::NoSuchNamespace], run: accounts::namespaces },
    Check { codes: &[Code::DefaultAccountUsed, Code::SharedAccount], run: accounts::shared },
    Check { codes: &[Code::DefaultAccountNamed], run: accounts::default_named },
    Check { codes: &[Code::NamedOutsideMesh], run: accounts::outside_of_the_mesh },
    Check { codes: &[Code::RuleSplit], run: rules::split },
    Check { codes: &[Code::RuleContradictsItself], run: rules::contradictions },
    Check { codes: &[Code::RuleOnServicePort], run: ports::rules },
    Check { codes: &[Code::PortLevelOnServicePort], run: ports::port_levels },
    Check { codes: &[Code::PeerAuthenticationShadowed], run: peer_authentication::shadowed },
    Check { codes: &[Code::HbonePortForgotten, Code::PortLimitLost], run: network_policies::hbone },
    Check { codes: &[Code::HostProbeNotAllowed], run: network_policies::probes },
    Check { codes: &[Code::NetworkPeerSelectsNothing], run: network_policies::peers },
    Check {
        codes: &[Code::TargetMissing, Code::TargetNotTaken, Code::TargetWithoutWaypoint],
        run: targets::targets_of_policies,
    },
    Check { codes: &[Code::WaypointRefused, Code::WaypointMisspelt], run: waypoints::not_used },
    Check { codes: &[Code::WaypointBypassable], run: waypoints::bypassable },
    Check { codes: &[Code::WaypointKeptOut], run: kept_out::waypoints },
    Check { codes: &[Code::RuleCovered, Code::AllowRuleDenied], run: coverage::covered },
    Check { codes: &[Code::DenyWidenedAtTcp], run: tcp_ports::deny },
    Check { codes: &[Code::NamespaceMatchesEverybody], run: wildcards::namespaces },
    Check { codes: &[Code::BlocksAtWaypoint], run: addresses::at_waypoints },
    Check { codes: &[Code::AmbientReadsOtherwise], run: sidecars::changes_in_ambient },
    Check { codes: &[Code::MixedDataPlanes], run: sidecars::mixed },
    Check { codes: &[Code::UnprotectedWorkload], run: protection::unlike_its_neighbours },
];

/// Everything that a reader of the mesh's policies and accounts should know.
#[must_use]
pub fn lint(mesh: &Mesh<'_>) -> Vec<Remark> {
    let survey = Survey::new(mesh);
    let of_policies = mesh.policies.remarks.iter();
    let mut remarks: Vec<Remark> =
        of_policies.filter(|remark| !sidecars::concerns_nobody(&survey, remark)).cloned().collect();
    remarks.extend(mesh.snapshot.workloads.iter().flat_map(|workload| mesh.remarks_on(workload)));
    for check in CHECKS {
        let before = remarks.len();
        (check.run)(&survey, &mut remarks);
        debug_assert!(remarks.iter().skip(before).all(|remark| check.codes.contains(&remark.code)));
    }
    remarks.sort();
    remarks.dedup();
    remarks
}
