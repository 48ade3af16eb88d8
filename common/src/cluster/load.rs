//! Everything that a question needs, read side by side; what is missing is told as [`NotRead`].
//!
//! Rounds: first what the question names, then what the first answers point at (the root namespace and istiod's
//! own, where they are not the usual ones). What may not be listed everywhere is listed where the question is
//! about.

use std::collections::{BTreeMap, BTreeSet};

use tokio::task::JoinSet;

use crate::model::Name;
use crate::snapshot::{
    Extent, Needs, NotRead, Objects, RESOURCES, Resource, SettingsOverride, Topic, Why, istio_namespaces,
    root_namespace, rules,
};

use super::api::Trouble;
use super::discovery::{Discovery, Served, is_built_in};
use super::list::{List, Listed, Reader};
use super::plan::{Wanted, resource_of, wanted};
use super::{ConnectError, RawList, istio};

#[cfg(test)]
mod tests;

/// Rounds of reading: the second one knows where Istio is, the third what its settings say.
const ROUNDS: usize = 3;

/// Where MeshConfig stands, unless istiod has a revision.
const MESH_CONFIG: &str = "istio";

/// As the API server words that a user may not act as another: apiserver, responsewriters/errors.go,
/// `forbiddenMessage`, with the verb `impersonate`, or since 1.36 `impersonate:user-info`,
/// `impersonate-on:user-info:list` and the like.
const NOBODY_ELSE: &str = " cannot impersonate";

/// What was read.
#[derive(Default)]
pub(super) struct Read {
    pub(super) objects: Objects,
    pub(super) raw: Vec<RawList>,
    /// Namespaces that are read, by resource; what went wrong otherwise.
    outcomes: BTreeMap<String, Outcome>,
    /// Where Istio was found.
    istio: BTreeSet<Name>,
    /// What was looked for in vain, beside lists.
    lost: Vec<NotRead>,
    answered: bool,
    /// The first reason why there was no answer.
    first: Option<ConnectError>,
}

/// What is known of a resource.
struct Outcome {
    read: Extent,
    tried: Extent,
    why: Option<Why>,
}

impl Default for Outcome {
    fn default() -> Self {
        Self { read: Extent::none(), tried: Extent::none(), why: None }
    }
}

/// Reads.
pub(super) async fn load(
    reader: Reader,
    needs: &Needs,
    given: &SettingsOverride,
    home: &BTreeSet<Name>,
) -> Result<Read, ConnectError> {
    let (mut istio, mut roots) = expected(given);
    let home = home.iter().chain(&istio).chain(&roots).cloned().collect();
    let elsewhere = !needs.of(Topic::Settings).is_none() && !needs.of(Topic::Pods).is_all();
    let search = elsewhere.then(|| given.clone());
    let mut loading = Loading { reader, home, search, discovery: None, read: Read::default() };
    for _ in 0..ROUNDS {
        let before = loading.read.outcomes.len();
        let asked = wanted(needs, &istio, &roots);
        let missing: Vec<Wanted> = asked.into_iter().filter_map(|wanted| loading.missing(wanted)).collect();
        if missing.is_empty() || before > 0 && loading.is_slow() {
            break;
        }
        loading.round(missing, needs, before == 0).await?;
        let objects = &loading.read.objects;
        istio.extend(istio_namespaces(objects, given));
        istio.extend(loading.read.istio.iter().cloned());
        roots.insert(root_namespace(objects, given));
    }
    loading.finish(needs, &istio, &roots)
}

/// Where Istio usually is, or is said to be.
fn expected(given: &SettingsOverride) -> (BTreeSet<Name>, BTreeSet<Name>) {
    let istio = given.istio_namespace.clone().unwrap_or_else(|| "istio-system".into());
    let root = given.root_namespace.clone().unwrap_or_else(|| istio.clone());
    (BTreeSet::from([istio]), BTreeSet::from([root]))
}

struct Loading {
    reader: Reader,
    home: BTreeSet<Name>,
    /// What is said of Istio, when it has to be looked for because not every pod is read.
    search: Option<SettingsOverride>,
    /// What the server has, once it was asked; what went wrong otherwise.
    discovery: Option<Result<Discovery, Trouble>>,
    read: Read,
}

/// Something that came back.
enum Arrived {
    Discovery(Result<Discovery, Trouble>),
    List(Wanted, Vec<Listed>),
    Object(Listed),
    Istio(Result<BTreeSet<Name>, Trouble>),
}

impl Loading {
    /// What of a resource is not tried yet.
    fn missing(&self, wanted: Wanted) -> Option<Wanted> {
        let Some(outcome) = self.read.outcomes.get(&wanted.resource.name()) else { return Some(wanted) };
        let Extent::Only(only) = &wanted.extent else { return None };
        let left: BTreeSet<Name> = only.iter().filter(|n| !outcome.tried.covers(n)).cloned().collect();
        (!left.is_empty()).then_some(Wanted { extent: Extent::Only(left), ..wanted })
    }

    /// Whether the server let us wait in vain: it is not asked for more.
    fn is_slow(&self) -> bool {
        self.read.outcomes.values().any(|outcome| matches!(outcome.why, Some(Why::TimedOut(_))))
    }

    /// Reads what is missing, everything at once; what is not Kubernetes' own as soon as it is known to exist.
    async fn round(
        &mut self,
        missing: Vec<Wanted>,
        needs: &Needs,
        is_first: bool,
    ) -> Result<(), ConnectError> {
        let mut running = JoinSet::new();
        let (built_in, added): (Vec<_>, Vec<_>) = missing.into_iter().partition(|w| is_built_in(w.resource));
        if self.discovery.is_none() && !added.is_empty() {
            let api = self.reader.api.clone();
            running.spawn(async move { Arrived::Discovery(Discovery::ask(&api).await) });
        }
        for wanted in built_in {
            let version = wanted.resource.versions.first().copied().unwrap_or("v1");
            running.spawn(lists(self.reader.clone(), wanted, vec![version.to_owned()], self.home.clone()));
        }
        if is_first {
            self.named(needs, &mut running);
        }
        if let Some(given) = self.search.take() {
            let api = self.reader.api.clone();
            running.spawn(async move { Arrived::Istio(istio::namespaces(&api, &given).await) });
        }
        let mut waiting = Some(added);
        if let Some(discovery) = self.discovery.take() {
            self.discovered(discovery, waiting.take().unwrap_or_default(), &mut running);
        }
        while let Some(arrived) = running.join_next().await {
            match arrived {
                Ok(Arrived::Discovery(discovery)) => {
                    self.discovered(discovery, waiting.take().unwrap_or_default(), &mut running);
                }
                Ok(Arrived::List(wanted, listed)) => self.arrived(&wanted, listed)?,
                Ok(Arrived::Object(listed)) => self.object(listed)?,
                Ok(Arrived::Istio(found)) => self.found(found)?,
                Err(error) => return Err(ConnectError::new(format!("reading stopped: {error}"))),
            }
        }
        Ok(())
    }

    fn named(&self, needs: &Needs, running: &mut JoinSet<Arrived>) {
        for named in &needs.named {
            let Some(resource) = resource_of(named.kind.wire()) else { continue };
            let version = resource.versions.first().copied().unwrap_or("v1").to_owned();
            let list = List { resource, version, namespace: named.namespace.clone() };
            let (reader, name) = (self.reader.clone(), named.name.clone());
            running.spawn(async move { Arrived::Object(reader.object(list, name).await) });
        }
    }

    /// Starts the lists of what exists.
    fn discovered(
        &mut self,
        discovery: Result<Discovery, Trouble>,
        waiting: Vec<Wanted>,
        running: &mut JoinSet<Arrived>,
    ) {
        for wanted in waiting {
            let served = match &discovery {
                Ok(discovery) => discovery.version(wanted.resource),
                // Whoever may not ask may still list.
                Err(Trouble::TimedOut(error)) => {
                    self.note(&wanted, Why::TimedOut(error.message.clone()));
                    continue;
                }
                Err(_) => Served::Unclear,
            };
            let versions = match served {
                Served::Not => {
                    self.note(&wanted, Why::Missing);
                    continue;
                }
                Served::In(version) => vec![version],
                Served::Unclear => wanted.resource.versions.iter().map(|&known| known.to_owned()).collect(),
            };
            running.spawn(lists(self.reader.clone(), wanted, versions, self.home.clone()));
        }
        self.discovery = Some(discovery);
    }

    fn note(&mut self, wanted: &Wanted, why: Why) {
        let outcome = self.read.outcomes.entry(wanted.resource.name()).or_default();
        outcome.tried = std::mem::replace(&mut outcome.tried, Extent::none()).union(wanted.extent.clone());
        outcome.why = Some(outcome.why.take().unwrap_or(why));
    }

    fn arrived(&mut self, wanted: &Wanted, listed: Vec<Listed>) -> Result<(), ConnectError> {
        let mut read = Extent::none();
        let mut why = None;
        for one in listed {
            let extent = one.list.namespace.clone().map_or_else(Extent::all, Extent::one);
            let trouble = one.trouble.clone();
            self.keep(one);
            match trouble {
                None => {
                    read = read.union(extent);
                    self.read.answered = true;
                }
                Some(Trouble::Unauthorized(error)) => return Err(error),
                Some(trouble) => {
                    if let Some(error) = explained(&trouble) {
                        self.read.first.get_or_insert(error);
                    }
                    why = Some(why.unwrap_or_else(|| why_of(trouble, wanted.resource)));
                }
            }
        }
        let outcome = self.read.outcomes.entry(wanted.resource.name()).or_default();
        outcome.read = std::mem::replace(&mut outcome.read, Extent::none()).union(read);
        outcome.tried = std::mem::replace(&mut outcome.tried, Extent::none()).union(wanted.extent.clone());
        if outcome.why.is_none() {
            outcome.why = why;
        }
        Ok(())
    }

    /// An object by its name. Whether it may be read says nothing of the list; that it may not, that it may be there.
    fn object(&mut self, listed: Listed) -> Result<(), ConnectError> {
        let resource = listed.list.resource;
        let extent = listed.list.namespace.clone().map_or_else(Extent::all, Extent::one);
        match listed.trouble.clone() {
            Some(Trouble::Unauthorized(error)) => return Err(error),
            Some(trouble) => {
                let why = why_of(trouble, resource);
                self.read.lost.push(NotRead { resource: resource.name(), extent, why });
            }
            None => {}
        }
        self.keep(listed);
        Ok(())
    }

    /// Where Istio is. When that cannot be said, an istiod may be anywhere.
    fn found(&mut self, found: Result<BTreeSet<Name>, Trouble>) -> Result<(), ConnectError> {
        match found {
            Ok(found) => self.read.istio = found,
            Err(Trouble::Unauthorized(error)) => return Err(error),
            Err(trouble) => {
                let why = match trouble {
                    Trouble::TimedOut(error) => Why::TimedOut(error.message),
                    Trouble::Failed(error) => Why::Failed(error),
                    _ => Why::Failed("no list of Istio's pods came".to_owned()),
                };
                self.read.lost.push(NotRead { resource: "pods".to_owned(), extent: Extent::all(), why });
            }
        }
        Ok(())
    }

    fn keep(&mut self, listed: Listed) {
        let api_version = listed.list.resource.api_version(&listed.list.version);
        let resource = listed.list.resource.name();
        self.read.raw.extend(listed.kept.into_iter().map(|text| RawList {
            resource: resource.clone(),
            api_version: api_version.clone(),
            text,
        }));
        for objects in listed.objects {
            self.read.objects.append(objects);
        }
    }

    /// Says what is missing. Where nothing was read at all, that is an error and no answer.
    fn finish(
        mut self,
        needs: &Needs,
        istio: &BTreeSet<Name>,
        roots: &BTreeSet<Name>,
    ) -> Result<Read, ConnectError> {
        let mut not_read = Vec::new();
        for wanted in wanted(needs, istio, roots) {
            let name = wanted.resource.name();
            let outcome = self.read.outcomes.remove(&name).unwrap_or_default();
            not_read.extend(missing_of(wanted, outcome));
        }
        not_read.append(&mut self.read.lost);
        not_read.extend(not_asked(needs));
        not_read.sort();
        if !self.read.answered {
            return Err(self.read.first.unwrap_or_else(|| nothing(&not_read)));
        }
        if let Some(error) = no_settings(&not_read) {
            return Err(error);
        }
        self.read.objects.not_read = not_read;
        self.read.objects.gateways_listed = needs.of(Topic::Gateways).is_all();
        Ok(self.read)
    }
}

/// What of a resource is missing, and what was not asked for where it could decide.
fn missing_of(wanted: Wanted, outcome: Outcome) -> Vec<NotRead> {
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
fn not_asked(needs: &Needs) -> impl Iterator<Item = NotRead> + '_ {
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
fn no_settings(not_read: &[NotRead]) -> Option<ConnectError> {
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
fn explained(trouble: &Trouble) -> Option<ConnectError> {
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
fn nothing(not_read: &[NotRead]) -> ConnectError {
    let cause = match not_read.first().map(|list| &list.why) {
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

fn why_of(trouble: Trouble, resource: &Resource) -> Why {
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

/// Reads what is wanted of a resource, in the first of these versions that there is.
async fn lists(reader: Reader, wanted: Wanted, versions: Vec<String>, home: BTreeSet<Name>) -> Arrived {
    let mut listed = Vec::new();
    for version in versions {
        listed = lists_in(&reader, &wanted, &version, &home).await;
        if listed.iter().any(|one| one.trouble != Some(Trouble::NotFound)) {
            break;
        }
    }
    Arrived::List(wanted, listed)
}

/// Of the whole cluster, else, where that is forbidden, at home.
async fn lists_in(reader: &Reader, wanted: &Wanted, version: &str, home: &BTreeSet<Name>) -> Vec<Listed> {
    let resource = wanted.resource;
    let of = |namespace: Option<Name>| List { resource, version: version.to_owned(), namespace };
    let Some(namespaces) = wanted.namespaces() else {
        let all = reader.clone().list(of(None)).await;
        if !matches!(all.trouble, Some(Trouble::Forbidden(_))) {
            return vec![all];
        }
        let at_home = at_home(reader, resource, version, home).await;
        return std::iter::once(all).chain(at_home).collect();
    };
    let mut running = JoinSet::new();
    for namespace in namespaces {
        running.spawn(one_namespace(reader.clone(), of(Some(namespace))));
    }
    in_order(running).await
}

/// Whichever came first: of ConfigMaps of one name the first counts.
async fn in_order(running: JoinSet<Listed>) -> Vec<Listed> {
    let mut listed = running.join_all().await;
    listed.sort_by(|a, b| a.list.namespace.cmp(&b.list.namespace));
    listed
}

/// What a user may read who may not list everywhere.
async fn at_home(
    reader: &Reader,
    resource: &'static Resource,
    version: &str,
    home: &BTreeSet<Name>,
) -> Vec<Listed> {
    let mut running = JoinSet::new();
    for namespace in home.iter().cloned() {
        let reader = reader.clone();
        let list = List { resource, version: version.to_owned(), namespace: Some(namespace.clone()) };
        if resource.namespaced {
            running.spawn(one_namespace(reader, list));
        } else if resource.topic == Topic::Namespaces {
            running.spawn(async move {
                let list = List { namespace: None, ..list };
                let listed = reader.object(list, namespace.clone()).await;
                // What it tells is of this namespace only.
                Listed { list: List { namespace: Some(namespace), ..listed.list.clone() }, ..listed }
            });
        }
    }
    in_order(running).await
}

/// The settings of Istio stand in ConfigMaps of known names, which may be readable where the list is not.
async fn one_namespace(reader: Reader, list: List) -> Listed {
    let listed = reader.clone().list(list.clone()).await;
    let is_forbidden = matches!(listed.trouble, Some(Trouble::Forbidden(_)));
    if list.resource.topic != Topic::Settings || !is_forbidden {
        return listed;
    }
    let mut found = Listed { objects: Vec::new(), ..listed };
    let mut all_told = true;
    for name in [MESH_CONFIG, "istio-cni-config"] {
        let one = reader.clone().object(list.clone(), name.into()).await;
        // Without this one, MeshConfig may have another name, that of a revision.
        all_told &= one.trouble.is_none() && (name != MESH_CONFIG || !one.objects.is_empty());
        found.objects.extend(one.objects);
        found.kept.extend(one.kept);
    }
    found.trouble = found.trouble.filter(|_| !all_told);
    found
}
