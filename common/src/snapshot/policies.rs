//! The policies that can be understood, and those that cannot.

use rustc_hash::FxHashMap;

use crate::istio::{AuthorizationPolicy, PeerAuthentication};
use crate::model::{Kind, Labels, Name};

use super::visible::{self, Visibility};
use super::{Affects, Gap, Hidden, Object, Objects, Settings, Unreadable};

/// A policy that can be understood, and whether istiod looks at it.
#[derive(Clone, Debug)]
pub struct Policy<T> {
    /// The policy as written.
    pub object: Object<T>,
    /// Why istiod does not look at it, if it does not.
    pub hidden: Option<Hidden>,
    /// Whether something of it is not understood that only an Envoy would read.
    pub unclear: bool,
}

pub(super) type Policies =
    (Vec<Policy<AuthorizationPolicy>>, Vec<Policy<PeerAuthentication>>, Vec<Unreadable>);

/// Sorts the policies into those that can be understood and those that cannot. Defects of a policy that ztunnel
/// never gets decide nothing.
pub(super) fn policies(
    objects: &mut Objects,
    settings: &Settings,
    namespaces: &FxHashMap<Name, Labels>,
    gaps: &mut Vec<Gap>,
) -> Policies {
    let visibility = Visibility { settings, namespaces };
    let mut unreadable = std::mem::take(&mut objects.unreadable);
    let sources = &objects.sources;
    let mut understood = |defect: Option<Unreadable>| defect.map(|defect| unreadable.push(defect)).is_none();
    objects.authorization_policies.retain(|policy| {
        let selector = policy.spec.selector.as_ref();
        understood(visibility.doubtful(policy, Kind::AuthorizationPolicy, selector, sources))
    });
    objects.peer_authentications.retain(|policy| {
        let selector = policy.spec.selector.as_ref();
        understood(visibility.doubtful(policy, Kind::PeerAuthentication, selector, sources))
    });
    let authorization: Vec<_> = std::mem::take(&mut objects.authorization_policies)
        .into_iter()
        .map(|object| {
            let hidden = visibility.hidden(&object.meta);
            let unclear = visible::is_dropped(&object, settings)
                && visible::defect_of_authorization(&object, sources).is_some();
            Policy { hidden, unclear, object }
        })
        .filter(|policy| {
            let defect = || visible::defect_of_authorization(&policy.object, sources);
            if policy.hidden.is_some() || visible::is_dropped(&policy.object, settings) {
                let harmless = |defect: Unreadable| Gap { affects: Affects::Nothing, ..defect.gap };
                gaps.extend(defect().map(harmless));
                return true;
            }
            understood(defect())
        })
        .collect();
    let authentication: Vec<_> = std::mem::take(&mut objects.peer_authentications)
        .into_iter()
        .map(|object| Policy { hidden: visibility.hidden(&object.meta), unclear: false, object })
        .filter(|policy| {
            policy.hidden.is_some()
                || understood(visible::defect_of_peer_authentication(&policy.object, sources))
        })
        .collect();
    for unreadable in &mut unreadable {
        if unreadable.reference.namespace.as_ref() == Some(&settings.mesh.root_namespace) {
            unreadable.gap.affects = Affects::Everything;
        }
    }
    (authorization, authentication, unreadable)
}
