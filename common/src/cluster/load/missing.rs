//! What is missing of what was wanted, and when nothing can be answered for it. Pure: nothing is asked here.

use crate::cluster::ConnectError;
use crate::cluster::api::Trouble;
use crate::cluster::discovery::is_built_in;
use crate::cluster::plan::Wanted;
use crate::snapshot::{Extent, Needs, NotRead, RESOURCES, Resource, Topic, Why, rules};

/// As the API server words that a user may not act as another: apiserver, responsewriters/errors.go,
/// `forbiddenMessage`, with the verb `impersonate`, or since 1.36 `impersonate:user-info`,
/// `impersonate-on:user-info:list` and the like.
const NOBODY_ELSE: &str = " cannot impersonate";

/// What is known of a resource.
pub(super) struct Outcome {
    pub(super) read: Extent,
    pub(super) tried: Extent,
    pub(super) why: Option<Why>,
}

impl Default for Outcome {
    fn default() -> Self {
        Self { read: Extent::none(), tried: Extent::none(), why: None }
    }
}

/// What of a resource is missing, and what was not asked for where it could decide.
pub(super) fn missing_of(wanted: Wanted, outcome: Outcome) -> Vec<NotRead> {
    let resource = wanted.resource.name();
    let not_read = |extent: Extent, why: Why| NotRead { resource: resource.clone(), extent, why };
    let mut missing = Vec::new();
    let is_news = |why: &Why| *why != Why::Missing || wanted.resource.is_expected();
    let untried = minus(wanted.extent.clone(), &outcome.tried);
    let given_up = || Why::TimedOut("it was not asked for any more".to_owned());
    // What does not exist does not exist elsewhere either.
    let why = outcome.why.or_else(|| (!untried.is_none()).then(given_up));
    if let Some(why) = why.filter(is_news) {
        let left = minus(wanted.extent.clone(), &outcome.read);
        if !left.is_none() {
            missing.push(not_read(left, why));
        }
    }
    // Of what is called nothing else tells whose an address is.
    let decides =
        matches!(wanted.resource.topic, Topic::Policies | Topic::Network | Topic::Pods | Topic::Services);
    if decides && wanted.resource.namespaced && !wanted.extent.is_all() {
        missing.push(not_read(wanted.extent.complement(), Why::NotAsked));
    }
    missing
}

/// Topics of which nothing is read: a bundle must not say that there is none.
pub(super) fn not_asked(needs: &Needs) -> impl Iterator<Item = NotRead> + '_ {
    let resources = RESOURCES.iter().filter(|resource| needs.of(resource.topic).is_none());
    let not_asked = |resource: &Resource| resource.topic != Topic::Pods;
    resources.filter(move |resource| not_asked(resource)).map(|resource| NotRead {
        resource: resource.name(),
        extent: Extent::all(),
        why: Why::NotAsked,
    })
}

/// Everything hangs on settings that are there and could not be read this time: trust domain, root namespace, what
/// istiod looks at. Those that may not be read are assumed.
pub(super) fn no_settings(not_read: &[NotRead]) -> Option<ConnectError> {
    let is_of_settings =
        |list: &&NotRead| Resource::named(&list.resource).is_some_and(|of| of.topic == Topic::Settings);
    let said = not_read.iter().filter(is_of_settings).find_map(|list| match &list.why {
        Why::TimedOut(error) | Why::Failed(error) => Some(error),
        Why::NotAsked | Why::Forbidden | Why::Missing => None,
    })?;
    let hint =
        "every answer hangs on Istio's settings; try again, with a longer --request-timeout if it is slow";
    Some(ConnectError::new(format!("the ConfigMaps of Istio could not be read: {said}")).hint(hint))
}

/// What says more than that a list is missing, should nothing be answered at all.
pub(super) fn explained(trouble: &Trouble) -> Option<ConnectError> {
    match trouble {
        Trouble::TimedOut(error) => Some(error.clone()),
        Trouble::Forbidden(said) if said.contains(NOBODY_ELSE) => {
            let rule = "{apiGroups: [\"\"], resources: [\"users\", \"groups\"], verbs: [\"impersonate\"]} in a ClusterRole";
            let hint = format!("ask for {rule}, or leave out `--as`");
            Some(ConnectError::new(format!("nothing could be read: {said}")).hint(hint))
        }
        _ => None,
    }
}

/// Nothing came: no answer would rest on anything.
pub(super) fn nothing(not_read: &[NotRead]) -> ConnectError {
    // What nobody asked for is no cause.
    let cause = match not_read.iter().map(|list| &list.why).find(|why| **why != Why::NotAsked) {
        Some(Why::Forbidden) => "you may not list any of what the question needs".to_owned(),
        Some(Why::TimedOut(error) | Why::Failed(error)) => error.clone(),
        Some(Why::Missing | Why::NotAsked) | None => "the API server has nothing to list".to_owned(),
    };
    let hints = rules(not_read).into_iter().map(|rule| format!("ask for {rule}"));
    ConnectError::new(format!("nothing could be read: {cause}")).hints(hints)
}

/// What is in the first and not in the second.
fn minus(of: Extent, without: &Extent) -> Extent {
    of.complement().union(without.clone()).complement()
}

pub(super) fn why_of(trouble: Trouble, resource: &Resource) -> Why {
    match trouble {
        Trouble::Forbidden(_) => Why::Forbidden,
        Trouble::NotFound if is_built_in(resource) => {
            Why::Failed("the API server answered 404 Not Found for a list of Kubernetes' own".to_owned())
        }
        // Only what discovery says is not there is missing, and that is not asked for.
        Trouble::NotFound => Why::Failed(
            "the API server answered 404 Not Found, and does not say that it has no such resource".to_owned(),
        ),
        Trouble::TimedOut(error) => Why::TimedOut(error.message),
        Trouble::Expired => Why::Failed("it changed faster than it could be read".to_owned()),
        Trouble::Unauthorized(error) => Why::Failed(error.message),
        Trouble::Failed(error) => Why::Failed(error),
    }
}
