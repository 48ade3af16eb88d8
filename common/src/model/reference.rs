//! How objects are named: `kind/namespace/name`, in the spelling that we print and that scripts should use.

use std::fmt;

use super::{Name, Namespace};

#[cfg(test)]
mod tests;

macro_rules! kinds {
    ($( $(#[$doc:meta])* $kind:ident: $wire:literal, $printed:literal $(, $alias:literal)* ; )*) => {
        /// The kinds that are read, and how kubectl calls them.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Kind {
            $( $(#[$doc])* $kind, )*
            /// Any other kind, by its wire name.
            Other(Name),
        }

        impl Kind {
            /// The name in manifests: `Deployment`.
            #[must_use]
            pub fn wire(&self) -> &str {
                match self {
                    $( Self::$kind => $wire, )*
                    Self::Other(name) => name,
                }
            }

            /// The name that we print and people type: `deploy`.
            #[must_use]
            pub fn printed(&self) -> &str {
                match self {
                    $( Self::$kind => $printed, )*
                    Self::Other(name) => name,
                }
            }

            /// The kind of a manifest.
            #[must_use]
            pub fn from_wire(wire: &str) -> Self {
                match wire {
                    $( $wire => Self::$kind, )*
                    other => Self::Other(other.into()),
                }
            }

            /// The kind that a person names, by any name that kubectl knows: singular, plural or short, with or
            /// without its group (`deployments.apps`).
            #[must_use]
            pub fn from_typed(typed: &str) -> Option<Self> {
                let typed = typed.to_ascii_lowercase();
                let name = typed.split('.').next().unwrap_or_default();
                match name {
                    $( $printed $( | $alias )* => Some(Self::$kind), )*
                    _ => None,
                }
            }
        }
    };
}

kinds! {
    /// core/v1
    Pod: "Pod", "pod", "pods", "po";
    /// apps
    Deployment: "Deployment", "deploy", "deployment", "deployments";
    /// apps
    StatefulSet: "StatefulSet", "sts", "statefulset", "statefulsets";
    /// apps
    DaemonSet: "DaemonSet", "ds", "daemonset", "daemonsets";
    /// apps
    ReplicaSet: "ReplicaSet", "rs", "replicaset", "replicasets";
    /// batch
    Job: "Job", "job", "jobs";
    /// batch
    CronJob: "CronJob", "cj", "cronjob", "cronjobs";
    /// core/v1
    Service: "Service", "svc", "service", "services";
    /// core/v1
    ServiceAccount: "ServiceAccount", "sa", "serviceaccount", "serviceaccounts";
    /// core/v1
    Namespace: "Namespace", "ns", "namespace", "namespaces";
    /// core/v1
    Node: "Node", "node", "nodes", "no";
    /// security.istio.io
    AuthorizationPolicy: "AuthorizationPolicy", "AuthorizationPolicy", "authorizationpolicy", "authorizationpolicies", "ap";
    /// security.istio.io
    PeerAuthentication: "PeerAuthentication", "PeerAuthentication", "peerauthentication", "peerauthentications", "pa";
    /// networking.k8s.io
    NetworkPolicy: "NetworkPolicy", "NetworkPolicy", "networkpolicy", "networkpolicies", "netpol";
    /// policy.networking.k8s.io
    AdminNetworkPolicy: "AdminNetworkPolicy", "AdminNetworkPolicy", "adminnetworkpolicy", "adminnetworkpolicies", "anp";
    /// policy.networking.k8s.io
    BaselineAdminNetworkPolicy: "BaselineAdminNetworkPolicy", "BaselineAdminNetworkPolicy", "baselineadminnetworkpolicy", "baselineadminnetworkpolicies", "banp";
    /// gateway.networking.k8s.io
    Gateway: "Gateway", "Gateway", "gateway", "gateways", "gtw";
}

/// One object. Keys are always whole: a bare name would mix namespaces.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ResourceRef {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace, unless the kind has none.
    pub namespace: Option<Namespace>,
    /// Its name.
    pub name: Name,
}

impl ResourceRef {
    /// An object in a namespace.
    pub fn new(kind: Kind, namespace: impl Into<Namespace>, name: impl Into<Name>) -> Self {
        Self { kind, namespace: Some(namespace.into()), name: name.into() }
    }

    /// An object of the cluster.
    pub fn cluster(kind: Kind, name: impl Into<Name>) -> Self {
        Self { kind, namespace: None, name: name.into() }
    }

    /// `namespace/name`, as the data plane names policies.
    #[must_use]
    pub fn key(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}/{}", self.name),
            None => self.name.to_string(),
        }
    }
}

impl fmt::Display for ResourceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.printed())?;
        if let Some(namespace) = &self.namespace {
            write!(f, "/{namespace}")?;
        }
        write!(f, "/{}", self.name)
    }
}
