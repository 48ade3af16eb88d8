//! What the engine says of how sidecars take and send connections, compared with what istiod sends them
//! (`mesh_testkit::sidecars`, tests/env/istio/istio-sidecars).

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot run fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use mesh_common::manifests;
use mesh_common::model::{Kind, ResourceRef, WorkloadIndex};
use mesh_common::policy::Mesh;
use mesh_common::policy::sidecar::inbound::{self, Inbound, Protocol};
use mesh_common::policy::sidecar::mtls::{self, Enforced, Mode};
use mesh_common::policy::sidecar::outbound::{Dial, Outbound, Why};
use mesh_common::snapshot::{Backend, MeshSnapshot, Service, SettingsOverride};
use serde_json::{Value, json};

/// What a question came to.
#[derive(Debug, Default)]
pub struct Compared {
    /// Ports of sidecars at which the same becomes of whatever arrives.
    pub inbound: usize,
    /// Endpoints to which a sidecar sends in the same way.
    pub outbound: usize,
    /// What the engine does not tell, by the kind of the object because of which.
    pub unknown: BTreeMap<String, usize>,
    /// What it does not tell for no reason that is known.
    pub unexplained: BTreeSet<String>,
    /// The differences, in words.
    pub different: Vec<String>,
}

impl Compared {
    /// Fails where anything differs, where more than so many percent are unknown or anything is for no reason, and where
    /// too little was compared: so many ports of sidecars and endpoints at least.
    ///
    /// # Panics
    /// Then.
    pub fn assert(&self, inbound: usize, outbound: usize, percent: usize) {
        let different = &self.different;
        assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
        assert!(self.unexplained.is_empty(), "unknown for no reason: {:?}", self.unexplained);
        let unknown: usize = self.unknown.values().sum();
        let all = unknown + self.inbound + self.outbound;
        assert!(unknown * 100 <= all * percent, "too much is unknown: {self}");
        assert!(self.inbound >= inbound && self.outbound >= outbound, "too few to tell: {self}");
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inbound, outbound, unknown, .. } = self;
        write!(f, "{inbound} ports and {outbound} endpoints agree; unknown because of {unknown:?}")
    }
}

/// Compares all answers.
///
/// # Panics
/// When they are not answers to these questions.
#[must_use]
pub fn compare_all(questions: &[Value], answers: &[Value]) -> Compared {
    assert_eq!(questions.len(), answers.len());
    let mut all = Compared::default();
    for (question, answer) in questions.iter().zip(answers) {
        let seed = &question["seed"];
        assert_eq!(*seed, answer["seed"]);
        let one = compare(question, answer);
        all.inbound += one.inbound;
        all.outbound += one.outbound;
        for (kind, count) in one.unknown {
            *all.unknown.entry(kind).or_default() += count;
        }
        let in_seed = |of: &String| format!("seed {seed}: {of}");
        all.unexplained.extend(one.unexplained.iter().map(in_seed));
        all.different.extend(one.different.iter().map(in_seed));
    }
    all
}

/// Compares the engine's answers with istiod's.
///
/// # Panics
/// When the question cannot be read.
#[must_use]
pub fn compare(question: &Value, theirs: &Value) -> Compared {
    let refused: Vec<&str> =
        theirs["refused"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    let objects =
        manifests::from_text("mesh.yaml", &written(question, &refused), &manifests::Options::default());
    let snapshot = MeshSnapshot::build(objects, &SettingsOverride::default());
    assert!(snapshot.unreadable.is_empty(), "{:?}", snapshot.unreadable);
    let mesh = Mesh::new(&snapshot);
    let mut compared = Compared::default();
    for (name, theirs) in theirs["proxies"].as_object().unwrap() {
        let (namespace, name) = name.split_once('/').unwrap();
        let reference = ResourceRef::new(Kind::Pod, namespace, name);
        let at = snapshot.workloads.iter().position(|workload| workload.reference == reference).unwrap();
        let proxy = Proxy { mesh: &mesh, index: WorkloadIndex(at) };
        proxy.compare_inbound(theirs, &mut compared);
        proxy.compare_outbound(theirs, &mut compared);
    }
    let unexplained = compared.unknown.keys().filter(|kind| !may_be_unknown(question, kind));
    compared.unexplained = unexplained.cloned().collect();
    compared
}

/// Whether there is anything in a mesh that may leave an answer unknown because of an object of this kind.
fn may_be_unknown(question: &Value, kind: &str) -> bool {
    let any = |wanted: &str, has: &dyn Fn(&Value) -> bool| {
        let mut all = question["objects"].as_array().unwrap().iter();
        all.any(|object| object["kind"] == wanted && has(object))
    };
    let undated = |of: &Value| of["metadata"]["creationTimestamp"].is_null();
    match kind {
        // What no Service takes gets nowhere.
        "ConfigMap" => question["meshConfig"]["outboundTrafficPolicy"]["mode"] == "REGISTRY_ONLY",
        // Endpoints are given as ones behind HBONE, for which proxies have no listener.
        "Pod" => {
            let env = &question["env"];
            env["PILOT_ENABLE_SENDING_HBONE"] == "false" || env["PILOT_ENABLE_AMBIENT"].is_null()
        }
        // Listeners of its own, or hosts that it leaves out.
        "Sidecar" => any("Sidecar", &|_| true),
        // Which of several of a level is the oldest.
        "PeerAuthentication" => any(kind, &undated) || is_tied(question, kind),
        // Which of several for a host comes first; identities that the destination does not have; PASSTHROUGH.
        "DestinationRule" => {
            any(kind, &undated)
                || any(kind, &|of| {
                    of.to_string().contains("subjectAltNames") || of.to_string().contains("PASSTHROUGH")
                })
        }
        // Which of several is the oldest; which of several headless ones takes what is sent to a pod, or whether requests
        // or bytes are; endpoints given by hand; who knows it.
        "Service" => {
            any(kind, &undated)
                || is_tied(question, kind)
                || any(kind, &|of| of["spec"]["clusterIP"] == "None")
                || any(kind, &|of| of["spec"]["selector"].is_null())
                || any(kind, &|of| of["metadata"]["annotations"]["networking.istio.io/exportTo"].is_string())
        }
        _ => false,
    }
}

/// Whether two objects of a kind are of the same age.
fn is_tied(question: &Value, kind: &str) -> bool {
    let all = question["objects"].as_array().unwrap().iter().filter(|object| object["kind"] == kind);
    let mut seen = BTreeSet::new();
    !all.map(|object| object["metadata"]["creationTimestamp"].to_string()).all(|at| seen.insert(at))
}

/// The objects of a question as manifests, with istiod's settings.
fn written(question: &Value, refused: &[&str]) -> String {
    let env = question["env"].as_object().unwrap().iter();
    let env: Vec<Value> = env.map(|(name, value)| json!({"name": name, "value": value})).collect();
    let istiod = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "istiod", "namespace": "istio-system"},
        "spec": {"template": {
            "metadata": {"labels": {"app": "istiod"}},
            "spec": {"containers": [{"name": "discovery", "env": env}]},
        }},
    });
    let settings = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "istio-system"},
        "data": {"mesh": question["meshConfig"].to_string()},
    });
    let is_kept = |object: &&Value| {
        let text = |field: &Value| field.as_str().unwrap_or_default().to_owned();
        let of = [&object["kind"], &object["metadata"]["namespace"], &object["metadata"]["name"]].map(text);
        !refused.contains(&of.join("/").as_str())
    };
    let all = question["objects"].as_array().unwrap().iter().filter(is_kept);
    let all = all.chain([&istiod, &settings]);
    all.map(|object| format!("---\n{object}\n")).collect()
}

struct Proxy<'a> {
    mesh: &'a Mesh<'a>,
    index: WorkloadIndex,
}

impl Proxy<'_> {
    fn snapshot(&self) -> &MeshSnapshot {
        self.mesh.snapshot
    }

    fn named(&self) -> &ResourceRef {
        &self.snapshot().workload(self.index).unwrap().reference
    }

    fn compare_inbound(&self, theirs: &Value, compared: &mut Compared) {
        for (port, theirs) in theirs["inbound"].as_object().unwrap() {
            let at = port.parse().ok().filter(|port| *port != 0);
            match self.inbound(at) {
                Err(unclear) => note(compared, &unclear),
                Ok(ours) if theirs == ours => compared.inbound += 1,
                Ok(ours) => {
                    compared.different.push(format!("{} at {port}: {theirs}, ours {ours}", self.named()));
                }
            }
        }
        for (port, theirs) in theirs["hbone"].as_object().into_iter().flatten() {
            let at = port.parse().ok().filter(|port| *port != 0);
            // What HBONE carried is not encrypted any more, and has no mode.
            let ours = match inbound::at_port(self.snapshot(), self.index, at) {
                Inbound::Chains { protocol, .. } if self.snapshot().settings.istiod.ambient => {
                    letters(protocol, Mode::Disable)
                }
                // Without ambient nothing listens for HBONE.
                Inbound::Chains { .. } => "",
                _ => continue,
            };
            match theirs.as_str().unwrap().get(..2) == ours.get(..2) {
                true => compared.inbound += 1,
                false => compared
                    .different
                    .push(format!("{} over HBONE at {port}: {theirs}, ours {ours}", self.named())),
            }
        }
    }

    /// What becomes of the probes of tests/env/istio/istio-sidecars/envoy.go.
    fn inbound(&self, port: Option<u16>) -> Result<&'static str, String> {
        let workload = self.snapshot().workload(self.index).unwrap();
        let modes = self.mesh.policies.peer_authentications();
        let protocol = match inbound::at_port(self.snapshot(), self.index, port) {
            Inbound::Chains { protocol, .. } => protocol,
            Inbound::Blackhole => return Ok("xxxxx"),
            Inbound::Open => return Ok("open"),
            Inbound::Unclear(unclear) => return Err(unclear.object.kind.wire().to_owned()),
        };
        match mtls::at_port(modes, &workload.identity.namespace, &workload.labels, port) {
            Enforced::Mode { mode, .. } => Ok(letters(protocol, mode)),
            Enforced::Tied(_) => Err("PeerAuthentication".to_owned()),
        }
    }

    fn compare_outbound(&self, theirs: &Value, compared: &mut Compared) {
        for (dialled, theirs) in theirs["outbound"].as_object().unwrap() {
            let (host, port) = dialled.split_once(':').unwrap();
            match host.parse::<IpAddr>() {
                Ok(address) => {
                    let mut all = self.snapshot().workloads.iter();
                    let at = all.position(|workload| workload.addresses.contains(&address)).unwrap();
                    let (to, port) = (WorkloadIndex(at), port.parse().unwrap());
                    // Nothing that a pod sends to itself comes to its sidecar.
                    if to != self.index {
                        self.compare_dial((None, port), (to, Some(port)), theirs, compared);
                    }
                }
                Err(_) => self.compare_service(host, port, theirs, compared),
            }
        }
    }

    fn compare_service(&self, host: &str, port: &str, theirs: &Value, compared: &mut Compared) {
        let services = &self.snapshot().services;
        let (name, namespace) = host.split_once('.').unwrap();
        let (port, only) = port.split_once(' ').map_or((port, None), |(port, only)| (port, Some(only)));
        let port: u16 = port.parse().unwrap();
        let only: Option<IpAddr> = only.map(|address| address.parse().unwrap());
        let reference = ResourceRef::new(Kind::Service, namespace, name);
        let at = services.iter().position(|service| service.reference == reference).unwrap();
        let service = &services[at];
        let Some(of) = service.ports.iter().find(|of| of.port == port) else { return };
        for backend in &service.backends {
            let Backend::Workload { index, ready: true } = backend else { continue };
            let workload = self.snapshot().workload(*index).unwrap();
            let is_meant = *index != self.index && only.is_none_or(|only| workload.addresses.contains(&only));
            let target = if service.headless { Some(port) } else { Service::target_port(of, workload) };
            if let (true, Some(_)) = (is_meant || only.is_none(), target) {
                self.compare_dial((Some(at), port), (*index, target), theirs, compared);
            }
        }
    }

    fn compare_dial(
        &self,
        (service, dialled): (Option<usize>, u16),
        (to, port): (WorkloadIndex, Option<u16>),
        theirs: &Value,
        compared: &mut Compared,
    ) {
        let snapshot = self.snapshot();
        let modes = self.mesh.policies.peer_authentications();
        let client = snapshot.workload(self.index).unwrap();
        let dial = Dial { snapshot, modes, client, dialled: Some(dialled), service, to, port };
        let outbound = dial.outbound();
        if let Outbound::Unclear(unclear) = &outbound {
            note(compared, unclear.object.kind.wire());
            return;
        }
        let target = snapshot.workload(to).unwrap();
        let address = format!("{}:{}", target.addresses[0], port.unwrap());
        let of_service = service.map(|at| &snapshot.services[at]);
        let of_port = of_service.and_then(|of| of.ports.iter().find(|port| port.port == dialled));
        let is_http = of_port.is_some_and(|port| Protocol::of(port) == Protocol::Http);
        // Bytes that are no requests go past a Service for requests.
        let answers: Vec<&Value> = match (&theirs["all"], is_http) {
            (Value::Null, true) => vec![&theirs["http"]],
            (Value::Null, false) => vec![&theirs["http"], &theirs["tcp"]],
            (all, _) => vec![all],
        };
        let identity = target.identity.to_string();
        let written = of_service.map_or("its address".to_owned(), |of| of.reference.to_string());
        for theirs in answers {
            let theirs = sent(theirs, &address);
            let same = theirs.as_deref().is_some_and(|theirs| is_same(&outbound, theirs, &identity));
            if same {
                compared.outbound += 1;
            } else {
                let different = format!(
                    "{} to {written}:{dialled} at {address}: {theirs:?}, ours {outbound:?}",
                    self.named()
                );
                compared.different.push(different);
            }
        }
    }
}

fn note(compared: &mut Compared, kind: &str) {
    *compared.unknown.entry(kind.to_owned()).or_default() += 1;
}

/// How an address is sent to: as that of an endpoint, or, dialled itself, as whatever takes it.
fn sent(theirs: &Value, address: &str) -> Option<String> {
    let all = theirs.as_object().unwrap();
    let text = |(name, how): (&String, &Value)| format!("{name} {}", how.as_str().unwrap());
    match all.get(address) {
        Some(how) => Some(format!("endpoint {}", how.as_str().unwrap())),
        None => {
            let mut through = all.iter().filter(|(name, _)| !name.starts_with(char::is_numeric));
            through.next().map(text).or_else(|| Some(format!("NONE {}", Value::Object(all.clone()))))
        }
    }
}

fn is_same(ours: &Outbound, theirs: &str, identity: &str) -> bool {
    let (through, how) = theirs.split_once(' ').unwrap();
    let passes = through == "PassthroughCluster";
    match ours {
        Outbound::Plaintext(why) => how == "plaintext" && (*why == Why::Passthrough) == passes,
        Outbound::Mtls(_) => {
            let mut words = how.split(' ');
            let names: Vec<&str> = words.by_ref().collect();
            names[0] == "mtls" && (names.len() == 1 || names[1..].contains(&identity))
        }
        Outbound::Hbone(_) => how == "hbone",
        Outbound::OwnTls { .. } => how == "tls" || how == "hbone tls",
        Outbound::Unclear(_) => false,
    }
}

/// What becomes of requests, of other bytes, of both over mTLS, and of other TLS: pilot/pkg/networking/core/
/// filterchain_options.go. Where no TLS is looked for it is bytes like others.
fn letters(protocol: Protocol, mode: Mode) -> &'static str {
    match (protocol, mode) {
        (Protocol::Http, Mode::Disable) => "hhhhh",
        (Protocol::Http, Mode::Permissive) => "hhHH-",
        (Protocol::Http, Mode::Strict) => "--HHH",
        (Protocol::Tcp, Mode::Disable) => "ttttt",
        (Protocol::Tcp, Mode::Permissive) => "ttTTt",
        (Protocol::Tcp, Mode::Strict) => "--TTT",
        (Protocol::Detected, Mode::Disable) => "htttt",
        (Protocol::Detected, Mode::Permissive) => "htHTt",
        (Protocol::Detected, Mode::Strict) => "--HTT",
    }
}
