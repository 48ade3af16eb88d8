//! What a proxy makes of the token of a request: by the RequestAuthentications that are attached to it.

use crate::model::{Kind, ResourceRef};

use super::envoy::{Proxy, Token};
use super::mesh::Mesh;
use super::sidecar::Unclear;

/// What a proxy makes of tokens.
#[derive(Debug)]
pub(super) enum Tokens {
    /// It finds none valid.
    None,
    /// It finds some valid, or may.
    Some,
    /// What is known of the token is of none that it accepts: it refuses the request, as this says.
    Refused(ResourceRef),
}

impl Tokens {
    /// By what is attached to the proxy. A request without a token passes, one with a token of another issuer does not
    /// (pilot/pkg/security/authn/policy_applier.go, `JwtFilter`: any of the issuers, or `allow_missing`).
    pub(super) fn of(mesh: &Mesh<'_>, proxy: &Proxy<'_>) -> Self {
        let snapshot = mesh.snapshot;
        let kind = || Kind::from_wire("RequestAuthentication");
        let here = snapshot.routing.request_authentications.of(&proxy.namespaces());
        let attached: Vec<_> = here
            .filter(|policy| proxy.accepts_tokens_of(policy) && !policy.spec.jwt_rules.is_empty())
            .collect();
        let unread = Unclear::unread(snapshot, &kind(), &proxy.namespaces()).is_some();
        let issuer = match &mesh.request.token {
            Token::Claims { claims, .. } => claims.get("iss").and_then(|issuer| issuer.as_str()),
            Token::Unknown | Token::Absent => None,
        };
        let mut rules = attached.iter().flat_map(|policy| &policy.spec.jwt_rules);
        match (attached.first(), issuer) {
            _ if unread => Self::Some,
            (None, _) => Self::None,
            (Some(first), Some(issuer)) if !rules.any(|rule| *rule.issuer == *issuer) => {
                Self::Refused(first.reference(kind()))
            }
            (Some(_), _) => Self::Some,
        }
    }

    /// Whether claims may count.
    pub(super) fn may_be_valid(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// What refuses the request.
    pub(super) fn refused(self) -> Option<ResourceRef> {
        match self {
            Self::Refused(object) => Some(object),
            Self::None | Self::Some => None,
        }
    }
}
