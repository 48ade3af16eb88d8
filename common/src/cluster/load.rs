//! Everything that a question needs, read side by side; what is missing is told as [`NotRead`].
//!
//! Rounds: first what the question names, then what the first answers point at (the root namespace and istiod's
//! own, where they are not the usual ones; where waypoints stand). What may not be listed everywhere is listed where the
//! question is about.

use std::collections::{BTreeMap, BTreeSet};

use tokio::task::JoinSet;

use crate::model::Name;
use crate::snapshot::{
    Extent, Needs, NotRead, Objects, SettingsOverride, Topic, Why, istio_namespaces, root_namespace,
    waypoint_namespaces,
};

use super::api::Trouble;
use super::discovery::{Discovery, Served, is_built_in};
use super::list::{List, Listed, Reader};
use super::plan::{Wanted, resource_of, wanted};
use super::{ConnectError, RawList, istio};

mod lists;
mod missing;
#[cfg(test)]
mod tests;

use lists::lists;
use missing::{Outcome, explained, missing_of, no_settings, not_asked, nothing, why_of};

/// Rounds of reading: the second one knows where Istio is, the third what its settings say.
const ROUNDS: usize = 3;

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
    let called = needs.of(Topic::Policies);
    let mut needs = needs.clone();
    let mut loading = Loading { reader, home, search, discovery: None, read: Read::default() };
    for _ in 0..ROUNDS {
        let before = loading.read.outcomes.len();
        let asked = wanted(&needs, &istio, &roots);
        let missing: Vec<Wanted> = asked.into_iter().filter_map(|wanted| loading.missing(wanted)).collect();
        if missing.is_empty() || before > 0 && loading.is_slow() {
            break;
        }
        loading.round(missing, &needs, before == 0).await?;
        let objects = &loading.read.objects;
        istio.extend(istio_namespaces(objects, given));
        istio.extend(loading.read.istio.iter().cloned());
        roots.insert(root_namespace(objects, given));
        let has_gateways =
            |name: &Name| objects.gateways.iter().any(|of| of.meta.namespace.as_ref() == Some(name));
        let waypoints = waypoint_namespaces(objects, &called).into_iter().filter(has_gateways);
        needs = needs.with_waypoints(waypoints.collect());
    }
    loading.finish(&needs, &istio, &roots)
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
            self.start(wanted, vec![version.to_owned()], &mut running);
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

    fn start(&self, wanted: Wanted, versions: Vec<String>, running: &mut JoinSet<Arrived>) {
        let (reader, home) = (self.reader.clone(), self.home.clone());
        running.spawn(async move {
            let listed = lists(&reader, &wanted, versions, &home).await;
            Arrived::List(wanted, listed)
        });
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
            self.start(wanted, versions, running);
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
