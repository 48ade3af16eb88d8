//! The codes themselves. A sentence names what happens, not what the program did.

use super::Class::{Assumption, Finding, Gap};
use super::Entry;
use super::Severity::{Error, Info, Warning};

macro_rules! codes {
    ($( $code:ident = $number:literal, $class:expr, $title:literal;
        message: $message:literal; hint: $hint:literal; why: $why:literal; )*) => {
        /// A kind of finding, assumption or gap.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Code {
            $( #[doc = $title] $code, )*
        }

        impl Code {
            /// Every code, in the order of the numbers.
            pub const ALL: &[Code] = &[ $( Code::$code ),* ];

            /// What the table says of it.
            #[must_use]
            pub fn entry(self) -> Entry {
                match self {
                    $( Self::$code => Entry {
                        number: $number, class: $class, title: $title,
                        message: $message, hint: $hint, explanation: $why,
                    }, )*
                }
            }
        }
    };
}

codes! {
    CustomActionDropped = 101, Finding(Error), "CUSTOM is not enforced by ztunnel";
        message: "ztunnel does not know the action CUSTOM: the policy has no effect there";
        hint: "attach it to a waypoint with `targetRefs`";
        why: "istiod sends ztunnel only ALLOW and DENY. The external authorizer is never asked, so what the policy was meant to refuse is let in. The object's condition ZtunnelAccepted says so too.";
    AuditActionDropped = 102, Finding(Warning), "AUDIT does nothing at ztunnel";
        message: "ztunnel does not know the action AUDIT: nothing is marked for an audit log";
        hint: "attach it to a waypoint with `targetRefs`";
        why: "istiod sends ztunnel only ALLOW and DENY. AUDIT never decides a connection anywhere.";
    AllowRuleOmitted = 103, Finding(Error), "An ALLOW rule is left out at ztunnel";
        message: "rules[{rule}] allows nothing at ztunnel: {fields} cannot be judged there, so the whole rule is left out";
        hint: "move the rule to a waypoint (`targetRefs`), or allow by identity and port only";
        why: "An ALLOW rule with an HTTP attribute could only be wider without it; istiod leaves it out. The policy still counts as an ALLOW policy, so everything that no other rule allows is refused.";
    DenyRuleNeverMatches = 104, Finding(Error), "A DENY rule denies nothing at ztunnel";
        message: "rules[{rule}] denies nothing at ztunnel: `{clause}` uses only {fields}, so the whole rule never matches";
        hint: "deny by identity, address or port only, or attach the policy to a waypoint with `targetRefs`";
        why: "A DENY rule loses its HTTP attributes entry by entry. An entry with nothing left never matches, and a `from`, `to` or `when` with only such entries makes the whole rule a no-op, whatever its other parts say. The workload is as open as without the rule.";
    DenyRuleWidened = 105, Finding(Error), "A DENY rule denies more than is written";
        message: "rules[{rule}] denies more than is written: ztunnel ignores {fields} in `{clause}`";
        hint: "attach the policy to a waypoint with `targetRefs`, or write what ztunnel can judge";
        why: "In an entry that mixes attributes of the connection with HTTP attributes ztunnel keeps the first and drops the second: the deny applies whatever the request is.";
    TrustDomainsDropped = 106, Finding(Error), "trustDomains is dropped on the way to ztunnel";
        message: "rules[{rule}]: {fields} is dropped on the way to ztunnel, with no warning in the policy's status";
        hint: "name the identities with `principals`: <trust domain>/*";
        why: "Sidecars and waypoints enforce trustDomains and notTrustDomains; istiod's conversion for ztunnel has no such field. With other fields the entry matches more than is written, alone it never matches.";
    ItemDropped = 107, Finding(Error), "A value that cannot be read is dropped";
        message: "rules[{rule}]: `{value}` in `{field}` is no {expected} and is dropped";
        hint: "correct the value; when it is the only one, the field counts as not set";
        why: "istiod drops such values one by one. A list that loses all of its values counts as not set: the entry then matches more than is written, or, with no other field, never. The API server refuses such objects, so only one that got past it has them.";
    RuleNeverMatches = 108, Finding(Error), "A rule can never match";
        message: "rules[{rule}] never matches at ztunnel: `{clause}` has no entry with a condition that it can judge";
        hint: "give every entry at least one condition, or remove the part";
        why: "ztunnel skips an entry without conditions; a `from`, `to` or `when` with only such entries matches nothing.";
    EmptySelector = 109, Finding(Error), "`selector: {}` selects nothing at ztunnel";
        message: "`selector: {}` without matchLabels selects no workload at ztunnel: the policy has no effect there";
        hint: "leave `selector` out to select the whole namespace";
        why: "istiod attaches a policy with a selector by its matchLabels and finds none; the status still says accepted. Sidecars read the same selector as `everything in the namespace`.";
    SchemeInPrincipal = 110, Finding(Error), "A principal with spiffe:// never matches";
        message: "rules[{rule}]: `{value}` in `{field}` never matches: principals are compared without `spiffe://`";
        hint: "write it without `spiffe://`";
        why: "The scheme is cut from the peer's identity before the comparison, never from the policy. In `principals` the entry matches nobody; in `notPrincipals` it excludes nobody.";
    ForeignPrincipal = 111, Finding(Warning), "A principal of another trust domain is never seen";
        message: "rules[{rule}]: `{value}` in `{field}` is of another trust domain than this mesh's {trust_domain}";
        hint: "correct the trust domain, or drop the principal";
        why: "ztunnel refuses a peer of another trust domain in the TLS handshake, before any policy, and knows no aliases.";
    MappedAddress = 112, Finding(Warning), "An IPv4-mapped block never matches";
        message: "rules[{rule}]: `{value}` in `{field}` never matches: such connections are seen as IPv4";
        hint: "write the block as IPv4";
        why: "ztunnel turns IPv4-mapped addresses into IPv4 before the comparison, and the two families never match each other.";
    DryRunDropped = 113, Finding(Info), "A dry-run policy is not sent to ztunnel";
        message: "dry-run: the policy is not sent to ztunnel, so nothing is logged either";
        hint: "set AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY on istiod (every ztunnel must be 1.29 or later)";
        why: "Without that flag istiod drops dry-run policies on the way to ztunnel.";
    DryRunLogged = 114, Finding(Info), "A dry-run policy is only logged";
        message: "dry-run: the policy decides nothing and does not count as an ALLOW policy";
        hint: "remove the annotation `istio.io/dry-run` to enforce it";
        why: "ztunnel logs what a dry-run policy would have done, at debug level.";
    DryRunEnforced = 115, Finding(Error), "A dry-run policy is enforced";
        message: "dry-run, but ztunnel {version} is older than 1.29 and enforces it";
        hint: "update ztunnel, or switch AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY off";
        why: "An older ztunnel does not know the field that marks a dry-run and takes the policy as any other.";
    OtherRevision = 116, Finding(Info), "The object is for another revision";
        message: "the label `istio.io/rev: {revision}` hides it from istiod of revision {served}";
        hint: "correct the label, or remove it";
        why: "istiod looks at objects without the label and at those that carry its own revision.";
    NamespaceNotDiscovered = 117, Finding(Info), "istiod does not look at the namespace";
        message: "no discovery selector of the mesh selects namespace {namespace}: istiod does not see the object";
        hint: "label the namespace as meshConfig.discoverySelectors asks";
        why: "With discoverySelectors istiod knows only the namespaces that they select.";
    RefusedByAdmission = 118, Finding(Error), "The API server refuses this object";
        message: "{field}: {what}; the API server refuses that";
        hint: "correct it: no cluster holds this object; compare it with what is applied";
        why: "Istio's validation refuses such objects. What is judged here is what istiod would make of it if it got past.";
    UnlabelledPod = 119, Finding(Warning), "A pod without labels is selected by every policy";
        message: "the pod has no labels at all: every policy with a selector in its namespace and in {root} applies to it";
        hint: "give the pod a label";
        why: "istiod's filter for the labels of a pod is switched off when there are none. Sidecars do not behave so.";
    StrictPortOpens = 120, Finding(Error), "A STRICT port takes plaintext";
        message: "port {ports} is written STRICT and takes plaintext: under a STRICT mesh istiod leaves the port out";
        hint: "set the mode of the workload to STRICT and exempt the other ports one by one";
        why: "Under a STRICT mesh, with no mode in the namespace, istiod takes a STRICT port for covered whatever the workload's own mode is, and sends nothing for it. Sidecars do not behave so.";
    PortExemptionOpensAll = 121, Finding(Error), "One exempted port opens every port";
        message: "the exemption of port {ports} makes every port take plaintext";
        hint: "set `mtls.mode: STRICT` in this policy, beside the exemption";
        why: "istiod attaches the policy in place of the strict one, but its conversion does not see the STRICT that is inherited and leaves it empty. Sidecars do not behave so.";
    PeerAuthenticationTie = 122, Finding(Warning), "Two PeerAuthentications of the same age";
        message: "{others} stand at the same level and none is older: which one holds is not defined";
        hint: "leave one of them";
        why: "The oldest wins, by whole seconds; objects that are applied together tie. Sidecars then go by name, ztunnel by chance.";
    RootSelectorIgnored = 123, Finding(Warning), "A selector in the root namespace is ignored";
        message: "a PeerAuthentication in the root namespace that selects by labels has no effect";
        hint: "move it to the namespace of the workloads";
        why: "The root namespace holds the mode of the whole mesh only; this is so for ambient and sidecars alike.";
    PortLevelIgnored = 124, Finding(Warning), "portLevelMtls without a selector is ignored";
        message: "portLevelMtls has no effect without labels in `selector`";
        hint: "select the workloads whose ports are meant";
        why: "Modes of single ports count on policies for workloads only.";
    PortDisableStaysStrict = 125, Finding(Warning), "DISABLE alone does not exempt a port";
        message: "port {ports} stays STRICT: under an inherited STRICT only PERMISSIVE exempts a port";
        hint: "write PERMISSIVE";
        why: "When the policy has no mode of its own and inherits STRICT, istiod looks for a PERMISSIVE port before it replaces the strict policy.";
    RootEmptySelector = 126, Finding(Warning), "`selector: {}` in the root namespace is not for the mesh";
        message: "with `selector: {}` the mode reaches ambient workloads of the root namespace only";
        hint: "leave `selector` out";
        why: "For workloads of other namespaces istiod takes only mesh-wide policies without the field.";
    LiteralAsterisk = 127, Finding(Warning), "An asterisk inside a value is literal";
        message: "rules[{rule}]: in `{value}` of `{field}` the asterisk is literal: only a leading or a trailing one is a wildcard";
        hint: "use a prefix (`abc*`) or a suffix (`*abc`)";
        why: "ztunnel knows exact values, prefixes, suffixes and `*`.";
    DenyEntryIgnored = 128, Finding(Error), "An entry of a DENY rule denies nothing at ztunnel";
        message: "rules[{rule}]: `{clause}` denies nothing at ztunnel: it uses only {fields}";
        hint: "deny by identity, address or port only, or attach the policy to a waypoint with `targetRefs`";
        why: "ztunnel skips an entry that has nothing left; the other entries of the same part still deny.";
    EmptyListMatchesAll = 129, Finding(Error), "An empty list is no condition";
        message: "rules[{rule}]: `{field}: []` is no condition: the rule matches as if `{field}` were left out";
        hint: "name who or what is meant; a policy with `rules: []` matches nothing";
        why: "An empty list does not survive the way through the API: istiod, ztunnel and sidecars see a rule without the field. In an ALLOW policy it lets everybody in.";
    NotCapturedAsLabelled = 301, Finding(Warning), "Labels ask for the mesh, the pod is not in it";
        message: "labels ask for ambient, but the pod runs without the annotation `ambient.istio.io/redirection`: its traffic is not redirected";
        hint: "restart the pod, then look at istio-cni on its node";
        why: "istio-cni annotates a pod when it has redirected it. Without that neither policies nor mTLS apply to the pod.";
    CapturedAgainstLabels = 302, Finding(Warning), "The pod is in the mesh although nothing asks for it";
        message: "the pod is redirected, although its labels and its namespace do not ask for it";
        hint: "restart the pod to take it out, or label it";
        why: "What counts is the annotation; labels are what istio-cni acts on next time.";
    EnrolledAsLabelled = 901, Assumption, "Enrolled as labelled";
        message: "{subject}: not running yet, so taken for enrolled as the labels ask";
        hint: "ask the cluster to know";
        why: "A template, or a pod as a person writes it, carries no trace of redirection.";
    NamespaceAssumed = 902, Assumption, "Namespace by default";
        message: "{subject} has no namespace: taken for one of {value}";
        hint: "write metadata.namespace, or give -n";
        why: "kubectl puts such an object into the namespace that -n names, else into the context's.";
    MeshConfigAssumed = 904, Assumption, "Mesh settings by default";
        message: "Istio's ConfigMap is not among the input: trust domain {trust_domain}, root namespace {root}";
        hint: "add it, or give --trust-domain and --root-namespace";
        why: "Both decide which identities are known and which policies are for the whole mesh.";
    IstiodFlagsAssumed = 905, Assumption, "istiod's flags by default";
        message: "istiod's Deployment is not among the input: its flags are taken for Istio's defaults, its revision for {revision}";
        hint: "add the Deployment, or give --revision";
        why: "Flags decide on dry-run policies, waypoints and what sidecars send.";
    IstioCniAssumed = 906, Assumption, "istio-cni's settings by default";
        message: "istio-cni's ConfigMap is not among the input: enrolment by `istio.io/dataplane-mode`, kube-system excluded, iptables";
        hint: "add the ConfigMap istio-cni-config";
        why: "Which labels enrol a pod is configurable.";
    ReadyAsWritten = 907, Assumption, "Ready as written";
        message: "{subject}: not running yet, so taken for ready";
        hint: "ask the cluster to know";
        why: "A Service sends nothing to pods that are not ready.";
    HostTrafficExempt = 908, Assumption, "The pod's own node";
        message: "processes on a pod's own node (the kubelet's probes) reach it past ztunnel and its policies";
        hint: "keep it in mind when the answer is `denied`";
        why: "istio-cni exempts connections of the node itself, so that probes work under STRICT.";
    NoSourceNat = 909, Assumption, "Addresses arrive unchanged";
        message: "addresses are taken to arrive as they left: no NAT between pods, and none in front of the cluster";
        hint: "check externalTrafficPolicy and the network plugin";
        why: "Rules about addresses see the TCP peer, which behind NAT is a node or a load balancer.";
    SourceOnAnotherNode = 910, Assumption, "On different nodes";
        message: "{subject} has its node's network; taken for another node than the destination's";
        hint: "from the destination's own node it is exempt from ztunnel";
        why: "Which node a pod runs on is not known before it runs.";
    ZtunnelVersionAssumed = 911, Assumption, "ztunnel is 1.29 or later";
        message: "ztunnel's version is not known: taken for 1.29 or later, which does not enforce dry-run policies";
        hint: "add the DaemonSet ztunnel";
        why: "Older ones enforce dry-run policies that istiod sends.";
    EndpointOfCallersNode = 912, Assumption, "Endpoints of the caller's node";
        message: "{subject} has internalTrafficPolicy Local: only endpoints on the caller's node are used";
        hint: "the answer holds for callers that have one on their node";
        why: "Without an endpoint on its node the caller finds no healthy upstream.";
    AddressUnknown = 913, Assumption, "An address of nothing that was read";
        message: "{subject} belongs to nothing that was read: taken for outside of the mesh";
        hint: "name the workload instead";
        why: "Nothing of the mesh guards an address that is no pod's.";
    FileUnreadable = 950, Gap, "A file could not be read";
        message: "{subject} could not be read: {error}";
        hint: "correct the path or its permissions";
        why: "What it holds is missing from the answer.";
    DocumentInvalid = 951, Gap, "A document could not be read";
        message: "the document could not be read: {error}";
        hint: "correct it: any object may be in it";
        why: "What it holds is missing from the answer.";
    ObjectInvalid = 952, Gap, "An object could not be read";
        message: "{subject} could not be read: {error}";
        hint: "correct the field; until then what this object decides is unknown";
        why: "An object that is understood in part would be judged wrongly.";
    UnknownField = 953, Gap, "A field that this version does not know";
        message: "{subject}: `{field}` is not known to this version";
        hint: "correct its spelling, or update";
        why: "A condition that is overlooked makes a rule wider than it is.";
    DuplicateObject = 954, Gap, "Two objects of the same name";
        message: "{subject} is given twice with different content: {first} is ignored, as `kubectl apply` would";
        hint: "leave one of them";
        why: "A cluster can hold only one of them.";
    KindNotJudged = 955, Gap, "A kind that is not judged";
        message: "{subject} is of a kind that is not judged by this version";
        hint: "look at it yourself";
        why: "Objects of this kind are read by name only.";
    NetworkPolicyNotJudged = 956, Gap, "NetworkPolicy is not judged yet";
        message: "{subject} isolates pods of this answer and is not judged by this version";
        hint: "enrolled traffic needs port 15008 in it";
        why: "Only that the policy selects the pods is known, not what it lets through.";
    WaypointNotJudged = 957, Gap, "Waypoints are not judged yet";
        message: "{subject} is bound to a waypoint, which is not judged by this version";
        hint: "look at the policies that are attached to the waypoint";
        why: "Behind a waypoint the destination sees the waypoint's identity, not the caller's.";
    SidecarNotJudged = 958, Gap, "Sidecars are not judged yet";
        message: "{subject} has an Envoy, which is not judged by this version";
        hint: "look at `istioctl experimental authz check`";
        why: "Envoy reads the same policies differently from ztunnel.";
    NotFound = 959, Gap, "Nothing has that name";
        message: "{error}: what is expected of it is not judged";
        hint: "correct the name";
        why: "A question about nothing has no answer.";
    VersionUnknown = 960, Gap, "A version of a kind that is not known";
        message: "{subject} has apiVersion {value}, which this version does not know";
        hint: "update, or convert the object";
        why: "Fields may have changed their meaning.";
    NamespaceNotRead = 961, Gap, "A Namespace was not read";
        message: "{subject} is not among the input: whether its pods are in the mesh is not known";
        hint: "add the Namespace, as `kubectl get ns -o yaml` prints it";
        why: "The labels of a namespace decide whether its pods are enrolled. A connection that gets in either way is allowed, one that is refused either way denied; any other is unknown.";
    RevisionUnclear = 962, Gap, "An object of another istiod";
        message: "{subject} is for revision {revision}, whose istiod is there too: whether it counts is not known";
        hint: "say with --revision which istiod serves the workloads";
        why: "With several istiods each looks at the objects of its own revision.";
    ListForbidden = 963, Gap, "A list may not be read";
        message: "{subject}: you may not list them, so what they hold is missing from the answer";
        hint: "ask for {rbac}";
        why: "What may not be read is not guessed: an answer that could hang on it is unknown.";
    ResourceMissing = 964, Gap, "The cluster has no such kind";
        message: "{subject}: the API server has no such resource, so there are none";
        hint: "is Istio installed in this cluster?";
        why: "Without its definition no object of the kind can exist.";
    ListTimedOut = 965, Gap, "A list did not come in time";
        message: "{subject} could not be read: {error}";
        hint: "try again, with a longer --request-timeout if the cluster is slow";
        why: "What had come by then is used; an answer that could hang on the rest is unknown.";
    ListFailed = 966, Gap, "A list could not be read";
        message: "{subject} could not be read: {error}";
        hint: "try again; look at the API server if it lasts";
        why: "What was read before is used; an answer that could hang on the rest is unknown.";
    ListNotAsked = 967, Gap, "A list that was not asked for";
        message: "{subject} were not read for this question";
        hint: "ask about the object itself";
        why: "A question reads what it needs; where more would decide, the answer is unknown.";
}
