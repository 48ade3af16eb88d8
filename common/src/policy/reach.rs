//! Every peer of a target at once: a partition of all peers by what they get, and why.
//!
//! No pairs are enumerated: the gates divide sets. The cost grows with the policies that count at the target
//! and the identities of the mesh, not with their product.

use std::net::IpAddr;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::codes::Reason;
use crate::model::{Capture, Name, Namespace, ResourceRef, Workload, WorkloadIndex};
use crate::snapshot::Binding;

use super::beside::{Beside, Told, Way};
use super::decision::{Cell, Decision};
use super::family::Family;
use super::fold::Domain;
use super::gates::resolve::{At, Destination, Resolution};
use super::gates::transport;
use super::gates::{Flow, blocked, is_too_many, judge, too_many};
use super::ir::{Authorization, Block, Match, PolicyIndex};
use super::join::{DESTINATION, DESTINATION_IP, WAYPOINT, join};
use super::mesh::Mesh;
use super::network::{Direction, PodClass};
use super::peer_set::blocks::Blocks;
use super::peer_set::{AllPeers, PeerSet, Universe};
use super::select::Applied;
use super::waypoint::{InFront, addressed};

/// What all peers get.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The atoms that the sets are made of.
    pub universe: Universe,
    /// Everyone, divided by their answers.
    pub cells: Vec<Cell<PeerSet>>,
    /// Whether some destination lets identities arrive.
    pub takes_identities: bool,
    /// Whether a waypoint stands in front of some destination, or may: Envoys that call go past it, so that each of
    /// them is asked.
    pub behind_waypoint: bool,
    /// Whether some destination has an Envoy: callers arrive there in different ways.
    pub at_envoys: bool,
    /// Callers for whom the answers do not hold, so that each is asked: pods, of several that are addressed
    /// directly, that are unlike any other of them, because what they get at the others is not what everyone gets
    /// at all; whoever is sent to the endpoints of its own node; whoever may come from either of two addresses
    /// that rules tell apart.
    pub unlike_others: FxHashSet<WorkloadIndex>,
}

/// Destinations that no policy and no gate tells apart.
pub(super) struct Variant<'a> {
    pub(super) destination: Destination,
    pub(super) workload: Option<&'a Workload>,
    pub(super) applied: Applied,
    /// What these destinations are called, for answers that depend on them.
    pub(super) names: Vec<String>,
    /// The addresses that rules may ask about.
    pub(super) addresses: Vec<(Vec<String>, Option<IpAddr>)>,
    /// What captured clients go through on their way: any of these.
    pub(super) in_front: Rc<[InFront]>,
    /// The sidecar at the destination.
    pub(super) beside: Option<Beside>,
}

/// What every peer gets at a target and port.
#[must_use]
pub fn reach(mesh: &Mesh<'_>, resolution: &Resolution) -> Reach {
    let destinations = match resolution {
        Resolution::Destinations(destinations) => destinations.as_slice(),
        Resolution::Nowhere(_) | Resolution::Unknown(_) => &[],
    };
    let variants = variants(mesh, destinations, false, Way::Captured);
    let at_envoys: Vec<Match> = variants.iter().flat_map(Variant::at_envoys).collect();
    let matches = variants.iter().flat_map(|v| v.policies(mesh)).flat_map(Authorization::matches);
    let blocks = variants.iter().flat_map(|v| v.network_blocks(mesh));
    let Some(universe) = Universe::new(mesh.senders(), matches.chain(&at_envoys), blocks) else {
        return too_many_groups(mesh, &variants);
    };
    let domain = AllPeers { universe: &universe, destination: None, port: None };
    let cells = match resolution {
        Resolution::Nowhere(reason) => vec![everyone(&domain, blocked(*reason, false))],
        Resolution::Unknown(reason) => vec![everyone(&domain, blocked(*reason, true))],
        Resolution::Destinations(_) => {
            let of = |address, port| AllPeers { universe: &universe, destination: address, port };
            in_all_worlds(mesh, &variants, of, &domain)
        }
    };
    if cells.iter().any(|cell| is_too_many(&cell.decision)) {
        return too_many_groups(mesh, &variants);
    }
    let takes_identities = takes_identities(&variants);
    let mut unlike_others = unlike_others(mesh, &variants, destinations);
    let reached: Vec<&Workload> =
        destinations.iter().filter_map(|of| mesh.workload(of.workload()?)).collect();
    if universe.blocks().divide() && Family::differ(&reached) {
        let dual = |index: &WorkloadIndex| mesh.workload(*index).is_some_and(Family::both);
        unlike_others.extend(mesh.snapshot.indexes().filter(dual));
    }
    let behind_waypoint = is_behind_waypoint(&variants);
    let at_envoys = has_envoys(&variants);
    Reach { cells, takes_identities, behind_waypoint, at_envoys, unlike_others, universe }
}

fn is_behind_waypoint(variants: &[Variant<'_>]) -> bool {
    variants.iter().any(Variant::is_behind_waypoint)
}

fn has_envoys(variants: &[Variant<'_>]) -> bool {
    variants.iter().any(|variant| variant.beside.is_some())
}

fn takes_identities(variants: &[Variant<'_>]) -> bool {
    variants.is_empty()
        || variants
            .iter()
            .any(|v| v.workload.is_some_and(|w| w.is_captured() || w.has_envoy()) || v.is_behind_waypoint())
}

/// Who runs is asked one by one; of all others nothing is said.
fn too_many_groups(mesh: &Mesh<'_>, variants: &[Variant<'_>]) -> Reach {
    let universe = Universe::coarse(mesh.senders());
    let cells = too_many(&AllPeers { universe: &universe, destination: None, port: None });
    let unlike_others = mesh.snapshot.indexes().collect();
    Reach {
        cells,
        takes_identities: takes_identities(variants),
        behind_waypoint: is_behind_waypoint(variants),
        at_envoys: has_envoys(variants),
        unlike_others,
        universe,
    }
}

fn unlike_others(
    mesh: &Mesh<'_>,
    variants: &[Variant<'_>],
    destinations: &[Destination],
) -> FxHashSet<WorkloadIndex> {
    let service = variants.first().and_then(|v| mesh.snapshot.services.get(v.destination.service?));
    let mut unlike = FxHashSet::default();
    if variants.len() > 1 || service.is_some() {
        let alone = variants.iter().filter(|variant| variant.names.len() == 1);
        let direct = alone.filter(|variant| variant.destination.is_dialled_directly(mesh));
        unlike.extend(direct.filter_map(|variant| variant.destination.workload()));
    }
    // A pod that gets to itself through its Service is not isolated from itself.
    let is_isolated =
        |class| mesh.network.isolates(class, Direction::Ingress) || mesh.network.isolates_egress();
    if service.is_some() {
        let isolated = destinations.iter().filter_map(Destination::workload);
        unlike.extend(isolated.filter(|index| is_isolated(mesh.network.class(*index))));
    }
    if service.is_some_and(|service| service.local_only) {
        // Each is sent to its own node, or to those of the pods of a waypoint.
        let placed = |index: &WorkloadIndex| {
            mesh.workload(*index).is_some_and(|w| w.node.is_some() || w.is_captured())
        };
        unlike.extend(mesh.snapshot.indexes().filter(placed));
    }
    unlike
}

fn everyone<D: Domain>(domain: &D, decision: Decision) -> Cell<D::Set> {
    Cell { peers: domain.all(), decision }
}

/// Judges every variant at every address that rules may see, and joins the answers.
pub(super) fn in_all_worlds<D: Domain>(
    mesh: &Mesh<'_>,
    variants: &[Variant<'_>],
    of: impl Fn(Option<IpAddr>, Option<u16>) -> D,
    domain: &D,
) -> Vec<Cell<D::Set>> {
    let through = |variant: &Variant<'_>, in_front: &InFront| {
        let flow = Flow {
            mesh,
            destination: &variant.destination,
            workload: variant.workload,
            applied: &variant.applied,
            in_front,
            beside: variant.beside.as_ref(),
        };
        let at = |(names, address): &(Vec<String>, Option<IpAddr>)| {
            (names.clone(), judge(&of(*address, variant.destination.port), &flow))
        };
        join(domain, DESTINATION_IP, variant.addresses.iter().map(at).collect())
    };
    let of_variant = |variant: &Variant<'_>| {
        let either =
            variant.in_front.iter().map(|in_front| (vec![in_front.name()], through(variant, in_front)));
        join(domain, WAYPOINT, either.collect())
    };
    let worlds = variants.iter().map(|variant| (variant.names.clone(), of_variant(variant)));
    join(domain, DESTINATION, worlds.collect())
}

/// What tells destinations apart.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    kind: Option<(Capture, Option<ResourceRef>)>,
    node: Option<Name>,
    /// What policies of the network see of it.
    network: Option<(PodClass, Vec<usize>)>,
    port: Option<u16>,
    policies: Vec<PolicyIndex>,
    attached: Vec<Vec<String>>,
    unreadable: (Vec<usize>, Vec<usize>),
    addresses: Vec<(Vec<String>, Option<IpAddr>)>,
    /// The sidecar.
    beside: Option<Told>,
    /// The WorkloadEntry that an address may be.
    entry: Option<ResourceRef>,
    /// The waypoint in front of it.
    bound: Option<(Namespace, Binding)>,
    /// The object for whose waypoint istiod may have added a policy.
    auto_allowed: Option<ResourceRef>,
}

/// Groups destinations that get the same answers; those of one node, if that matters.
pub(super) fn variants<'a>(
    mesh: &Mesh<'a>,
    destinations: &[Destination],
    by_node: bool,
    way: Way,
) -> Vec<Variant<'a>> {
    let mut known: FxHashMap<Key, usize> = FxHashMap::default();
    let mut variants: Vec<Variant<'a>> = Vec::new();
    let mut fronts = Fronts::default();
    for destination in destinations {
        let in_front = match way {
            Way::Captured => fronts.of(mesh, destination),
            Way::Hbone | Way::Mtls => [InFront::Nothing].into(),
        };
        let variant = Variant::new(mesh, destination, in_front, way);
        let by_node = by_node || variant.is_local_behind_waypoint(mesh);
        let key = Key { node: variant.node().filter(|_| by_node), ..variant.key(mesh) };
        match known.get(&key).and_then(|at| variants.get_mut(*at)) {
            Some(same) => same.names.extend(variant.names),
            None => {
                known.insert(key, variants.len());
                variants.push(variant);
            }
        }
    }
    variants
}

/// What stands in front of destinations: of a Service the same for all of its pods.
#[derive(Default)]
struct Fronts(FxHashMap<(usize, Option<u16>), Rc<[InFront]>>);

impl Fronts {
    fn of(&mut self, mesh: &Mesh<'_>, destination: &Destination) -> Rc<[InFront]> {
        let find = || InFront::of(mesh, destination).into();
        match (destination.service, addressed(mesh, destination)) {
            (Some(at), Some(_)) => self.0.entry((at, destination.dialled)).or_insert_with(find).clone(),
            _ => find(),
        }
    }
}

impl<'a> Variant<'a> {
    fn new(mesh: &Mesh<'a>, destination: &Destination, in_front: Rc<[InFront]>, way: Way) -> Self {
        let workload = destination.workload().and_then(|index| mesh.workload(index));
        let mut applied = workload.map(|workload| mesh.applied(workload)).unwrap_or_default();
        let beside = Beside::of(mesh, destination, way);
        if beside.is_some() {
            // What ztunnel has for it nobody asks.
            applied = Applied { policies: Vec::new(), peer_authentication: Vec::new(), ..applied };
        }
        let mut variant = Self {
            destination: destination.clone(),
            workload,
            applied,
            names: vec![destination.name(mesh)],
            addresses: Vec::new(),
            in_front,
            beside,
        };
        variant.addresses = variant.seen_addresses(mesh);
        variant
    }

    /// Every policy that counts at it, mTLS included.
    pub(super) fn policies<'p>(&'p self, mesh: &'p Mesh<'_>) -> impl Iterator<Item = &'p Authorization> {
        let authorization = self.applied.policies.iter().filter_map(|index| mesh.policies.get(*index));
        let mtls = self.applied.peer_authentication.iter().filter_map(|effective| effective.denies.as_ref());
        authorization.chain(mtls).map(|policy| &**policy)
    }

    /// Everything about peers that a waypoint in front, and the sidecar, look at.
    pub(super) fn at_envoys(&self) -> Vec<Match> {
        let in_front = self.in_front.iter().flat_map(|in_front| match in_front {
            InFront::Waypoint(waypoint) => waypoint.enforced.told_apart(&waypoint.request),
            InFront::Nothing | InFront::Unclear(_) => Vec::new(),
        });
        in_front.chain(self.beside.iter().flat_map(|of| of.enforced.told_apart(&of.request))).collect()
    }

    /// Whether identities arrive at a waypoint, or may.
    fn is_behind_waypoint(&self) -> bool {
        self.in_front.iter().any(|in_front| !matches!(in_front, InFront::Nothing))
    }

    /// Whether the nodes of a waypoint's pods say which destinations are taken.
    fn is_local_behind_waypoint(&self, mesh: &Mesh<'_>) -> bool {
        let service = addressed(mesh, &self.destination);
        self.is_behind_waypoint() && service.is_some_and(|service| service.local_only)
    }

    fn node(&self) -> Option<Name> {
        self.workload.and_then(|workload| workload.node.clone())
    }

    fn class(&self, mesh: &Mesh<'_>) -> Option<PodClass> {
        self.destination.workload().map(|index| mesh.network.class(index))
    }

    /// The blocks of addresses that policies of the network ask for.
    pub(super) fn network_blocks(&self, mesh: &Mesh<'_>) -> Vec<Block> {
        self.class(mesh).map(|class| mesh.network.ingress_blocks(class).collect()).unwrap_or_default()
    }

    /// The addresses at which the answer may differ: one without a name when no rule asks for it.
    fn seen_addresses(&self, mesh: &Mesh<'_>) -> Vec<(Vec<String>, Option<IpAddr>)> {
        let matches = self.policies(mesh).flat_map(Authorization::matches);
        let asked: Vec<Block> = matches.flat_map(|one| one.destination_ips.items().copied()).collect();
        if asked.is_empty() {
            return vec![(Vec::new(), None)];
        }
        let known = self.workload.map(|workload| workload.addresses.as_slice()).unwrap_or_default();
        if !known.is_empty() {
            return known.iter().map(|address| (vec![address.to_string()], Some(*address))).collect();
        }
        let blocks = Blocks::new(&asked);
        let range =
            |at: usize| (blocks.cover(&[at]).iter().map(ToString::to_string).collect(), blocks.example(at));
        (0..blocks.len()).map(range).collect()
    }

    fn key(&self, mesh: &Mesh<'_>) -> Key {
        // An Envoy is told by its name; so is what a waypoint may stand in front of.
        let named = self.workload.filter(|w| w.has_envoy());
        Key {
            kind: self.workload.map(|w| (w.capture, named.map(|w| w.owner.clone()))),
            node: None,
            network: self.class(mesh).map(|class| (class, mesh.network.egress_ranges(self.workload))),
            port: self.destination.port,
            policies: self.applied.policies.clone(),
            attached: self.applied.peer_authentication.iter().map(|e| e.attached.clone()).collect(),
            unreadable: (self.applied.unreadable.clone(), self.applied.unreadable_authentication.clone()),
            addresses: self.addresses.clone(),
            beside: self.beside.as_ref().zip(self.workload).map(|(beside, of)| beside.told(of)),
            entry: match self.destination.at {
                At::Address(address) => mesh.snapshot.entry_at(address),
                At::Workload(_) | At::Node(_) => None,
            },
            auto_allowed: self.workload.and_then(|w| transport::auto_allowed(mesh, &self.destination, w)),
            bound: self
                .workload
                .map(|w| (w.identity.namespace.clone(), mesh.snapshot.waypoint_of_workload(w))),
        }
    }
}

/// The reason for which nothing can be judged, if it is so.
#[must_use]
pub(super) fn nowhere(resolution: &Resolution) -> Option<(Reason, bool)> {
    match resolution {
        Resolution::Nowhere(reason) => Some((*reason, false)),
        Resolution::Unknown(reason) => Some((*reason, true)),
        Resolution::Destinations(_) => None,
    }
}
