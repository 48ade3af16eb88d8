//! What istiod was told, by the variables of its container.

use crate::codes::{Code, Evidence};
use crate::kubernetes::Container;
use crate::model::{Labels, Name, Namespace};
use crate::snapshot::{Assumption, Objects};

use super::{SettingsOverride, Version, main_container, parse_bool, pod_specs, version};

/// The variables of istiod that are read and are switched on and off.
pub(crate) const ISTIOD_FLAGS: [&str; 10] = [
    AMBIENT,
    DRY_RUN,
    AUTO_ALLOW,
    LAYERED,
    MULTIPLE_PROVIDERS,
    GATEWAY_SELECTORS,
    SENDS_HBONE,
    PREFERS_HBONE,
    EDS_FOR_HEADLESS,
    SKIPS_TRUST_DOMAINS,
];
/// The variable that names the revision.
pub(crate) const ISTIOD_REVISION: &str = "REVISION";
const AMBIENT: &str = "PILOT_ENABLE_AMBIENT";
const DRY_RUN: &str = "AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY";
const AUTO_ALLOW: &str = "PILOT_AUTO_ALLOW_WAYPOINT_POLICY";
const LAYERED: &str = "ENABLE_LAYERED_WAYPOINT_AUTHORIZATION_POLICIES";
const MULTIPLE_PROVIDERS: &str = "PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS";
const GATEWAY_SELECTORS: &str = "ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY";
const SENDS_HBONE: &str = "PILOT_ENABLE_SENDING_HBONE";
const PREFERS_HBONE: &str = "PILOT_PREFER_SENDING_HBONE";
const EDS_FOR_HEADLESS: &str = "PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES";
const SKIPS_TRUST_DOMAINS: &str = "PILOT_SKIP_VALIDATE_TRUST_DOMAIN";

/// The label of istiod's pods and of their templates.
pub(super) const ISTIOD: (&str, &str) = ("app", "istiod");

/// Whether a pod or a template with these labels is istiod.
pub(crate) fn is_istiod(labels: &Labels) -> bool {
    labels.get(ISTIOD.0) == Some(ISTIOD.1)
}

/// Whether a variable of istiod is read, where it is given by value. An environment holds secrets: whoever saves what was
/// read keeps these and no others.
pub(crate) fn is_istiod_variable(name: &str) -> bool {
    name == ISTIOD_REVISION || ISTIOD_FLAGS.contains(&name)
}

/// What istiod was told.
#[derive(Clone, Debug)]
pub struct Istiod {
    /// Its version, as far as the tag of its image says it.
    pub version: Option<Version>,
    /// Its revision; empty when it has none, and then looks at the objects of all.
    pub revision: Name,
    /// Revisions of other istiods, empty for one without, when nobody said which is meant.
    pub other_revisions: Vec<Name>,
    /// `AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY`.
    pub sends_dry_run: bool,
    /// `PILOT_AUTO_ALLOW_WAYPOINT_POLICY`.
    pub auto_allows_waypoints: bool,
    /// `ENABLE_LAYERED_WAYPOINT_AUTHORIZATION_POLICIES`.
    pub layers_waypoint_policies: bool,
    /// `PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS`.
    pub multiple_authorizers: bool,
    /// `ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY`, on by default.
    pub selects_gateways: bool,
    /// `PILOT_ENABLE_AMBIENT`: without it nobody but ztunnel knows of captured pods.
    pub ambient: bool,
    /// `PILOT_ENABLE_SENDING_HBONE`, on by default where ambient is.
    pub sends_hbone: bool,
    /// `PILOT_PREFER_SENDING_HBONE`
    pub prefers_hbone: bool,
    /// `PILOT_ENABLE_EDS_FOR_HEADLESS_SERVICES`
    pub eds_for_headless: bool,
    /// `PILOT_SKIP_VALIDATE_TRUST_DOMAIN`: Envoys take identities of every trust domain.
    pub skips_trust_domains: bool,
}

pub(super) fn istiod(
    objects: &Objects,
    given: &SettingsOverride,
    istio_namespace: &Name,
    assumptions: &mut Vec<Assumption>,
) -> Istiod {
    let is_own = |namespace: &Namespace| namespace.as_str() == &**istio_namespace;
    let all: Vec<(bool, &Container)> = pod_specs(objects, ISTIOD.0, ISTIOD.1)
        .filter(|(namespace, _)| is_own(namespace) || given.istio_namespace.is_none())
        .filter_map(|(namespace, spec)| Some((is_own(&namespace), main_container(spec)?)))
        .collect();
    let wanted = given.revision.as_deref();
    let is_wanted =
        |of: &str| wanted.is_none_or(|wanted| wanted == of || wanted == "default" && of.is_empty());
    // Anybody may label a pod so: where Istio's namespace has istiods, others count as other revisions at most.
    let found = all
        .iter()
        .filter(|(_, container)| is_wanted(revision(container)))
        .min_by_key(|(is_own, container)| {
            (!is_own, revision(container) != "default", revision(container).to_owned())
        })
        .map(|(_, container)| container);
    let others = all.iter().map(|(_, container)| revision(container)).filter(|_| wanted.is_none());
    let mut others: Vec<Name> = others.map(Name::from).collect();
    let revision: Name = found.map(|c| revision(c)).or(wanted).unwrap_or("default").into();
    if found.is_none() {
        let values = Evidence::none().with("revision", &revision);
        assumptions.push(Assumption { code: Code::IstiodFlagsAssumed, values });
    }
    assumptions.extend(objects.assumed.istiod.iter().map(|(flag, value)| Assumption {
        code: Code::IstiodFlagGiven,
        values: Evidence::none().with("flag", flag).with("value", value),
    }));
    let told = |name| objects.assumed.istiod.get(name).copied();
    let is_on = |name| told(name).unwrap_or_else(|| found.is_some_and(|c| is_true(c, name)));
    // pilot/pkg/features/ambient.go, registerAmbient: without PILOT_ENABLE_AMBIENT the others count as off. Who says
    // of an istiod that was not read that one of them is on says that ambient is.
    let is_ambient = told(AMBIENT).unwrap_or_else(|| found.is_none_or(|c| is_true(c, AMBIENT)));
    let flag = |name| is_ambient && is_on(name);
    let off = |name| {
        told(name) == Some(false)
            || told(name).is_none()
                && found.is_some_and(|c| variable(c, name).and_then(parse_bool) == Some(false))
    };
    Istiod {
        version: found.and_then(|container| version(container)),
        ambient: is_ambient,
        sends_hbone: is_ambient && !off(SENDS_HBONE),
        prefers_hbone: flag(PREFERS_HBONE),
        eds_for_headless: is_on(EDS_FOR_HEADLESS),
        skips_trust_domains: is_on(SKIPS_TRUST_DOMAINS),
        sends_dry_run: flag(DRY_RUN),
        auto_allows_waypoints: flag(AUTO_ALLOW),
        // pilot/pkg/features/{ambient,security,pilot}.go: of these three only the first hangs on ambient.
        layers_waypoint_policies: is_on(LAYERED),
        multiple_authorizers: is_on(MULTIPLE_PROVIDERS),
        selects_gateways: !off(GATEWAY_SELECTORS),
        other_revisions: {
            others.retain(|other| *other != revision);
            others
        },
        revision,
    }
}

fn variable<'a>(container: &'a Container, name: &str) -> Option<&'a str> {
    container.env.iter().find(|variable| &*variable.name == name)?.value.as_deref()
}

/// pilot/pkg/bootstrap/options.go, `Revision`: without the variable there is none.
fn revision(container: &Container) -> &str {
    variable(container, ISTIOD_REVISION).unwrap_or_default()
}

fn is_true(container: &Container, name: &str) -> bool {
    variable(container, name).and_then(parse_bool) == Some(true)
}
