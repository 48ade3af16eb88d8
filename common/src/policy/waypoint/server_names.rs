//! Where a waypoint looks at the names that TLS asks for (pilot/pkg/networking/core/listener_waypoint.go,
//! `buildWaypointInternal`, `tlsInspector`): by the ports of everything that is bound to it, whatever is addressed.

use std::collections::BTreeSet;

use crate::istio::PortProtocol;
use crate::kubernetes::ServicePort;
use crate::model::{Kind, ResourceRef};
use crate::policy::mesh::Mesh;
use crate::policy::sidecar::Unclear;
use crate::snapshot::{Binding, Service};

/// Whether a waypoint looks at names at a port; `None` where that is not known.
pub(super) fn are_looked_at(mesh: &Mesh<'_>, gateway: &ResourceRef, port: Option<u16>) -> Option<bool> {
    let bound = Bound::to(mesh, gateway);
    let surely = Ports::of(&bound.surely);
    if port.is_some_and(|port| surely.of_tls.contains(&port)) {
        return Some(true);
    }
    let of_all = Ports::of(&[bound.surely, bound.maybe].concat());
    let looked_at = surely.look_at(port);
    // What is not known may make the first port of TLS, or a port that is none.
    (looked_at == of_all.look_at(port) && !bound.of_others).then_some(looked_at)
}

/// The Services that are bound to a waypoint.
struct Bound<'a> {
    surely: Vec<&'a Service>,
    /// Of which it is not known.
    maybe: Vec<&'a Service>,
    /// Whether a ServiceEntry is, whose ports were not read, or something that was not read may be.
    of_others: bool,
}

impl<'a> Bound<'a> {
    fn to(mesh: &Mesh<'a>, gateway: &ResourceRef) -> Self {
        let snapshot = mesh.snapshot;
        let mut bound = Self { surely: Vec::new(), maybe: Vec::new(), of_others: false };
        for service in &snapshot.services {
            // ambientindex.go, `serviceOwningWaypoints`: a second waypoint too, whatever its weight.
            let to = snapshot.waypoints_of_service(service);
            if to.iter().any(|to| matches!(to, Binding::Bound(to) if to == gateway)) {
                bound.surely.push(service);
            } else if to.iter().any(|to| matches!(to, Binding::Unknown(_))) {
                bound.maybe.push(service);
            }
        }
        bound.of_others = snapshot.routing.service_entries.iter().any(|entry| {
            match snapshot.waypoint_of_service_entry(entry) {
                Binding::Bound(to) => to == *gateway,
                Binding::Unknown(_) => true,
                Binding::Free | Binding::Refused(..) => false,
            }
        });
        let kinds = [Kind::Service, Kind::from_wire("ServiceEntry")];
        bound.of_others |= kinds.iter().any(|kind| Unclear::unread_anywhere(snapshot, kind).is_some());
        bound
    }
}

/// Ports by whether some Service says that they are of TLS.
struct Ports {
    of_tls: BTreeSet<u16>,
    others: BTreeSet<u16>,
}

impl Ports {
    fn of(services: &[&Service]) -> Self {
        let all = || services.iter().flat_map(|service| &service.written_ports);
        let is_tls = |port: &&ServicePort| PortProtocol::of(port) == PortProtocol::Tls;
        let of_tls: BTreeSet<u16> = all().filter(is_tls).map(|port| port.port).collect();
        let others = all().map(|port| port.port).filter(|port| !of_tls.contains(port)).collect();
        Self { of_tls, others }
    }

    /// Where there is one of TLS, at all ports of which nobody says that they are none.
    fn look_at(&self, port: Option<u16>) -> bool {
        !self.of_tls.is_empty() && port.is_none_or(|port| !self.others.contains(&port))
    }
}
