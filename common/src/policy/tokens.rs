//! What a proxy makes of tokens: which of them it accepts, by the RequestAuthentications that are attached to it.
//!
//! That a token is valid is assumed; what is known of it may show that no rule accepts it.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use crate::istio::{GATEWAY_NAME, JwtRule};
use crate::model::{Kind, Name, ResourceRef, Workload};
use crate::snapshot::Service;

use super::envoy::{Lists, Proxy, Request, Token};
use super::mesh::Mesh;
use super::sidecar::Unclear;

#[cfg(test)]
mod tests;

/// Claims that are lists whatever a rule says (pilot/pkg/security/authn/policy_applier.go, `buildSpaceDelimitedClaims`).
const ALWAYS_LISTS: [&str; 2] = ["permission", "scope"];

impl Mesh<'_> {
    /// Whether the token that is given may be one that the Envoy of a pod finds valid.
    #[must_use]
    pub fn may_take_token(&self, workload: &Workload) -> bool {
        self.may_find_valid(&Proxy::of_pod(workload, &self.snapshot.settings))
    }

    /// The same of a waypoint, in front of a Service or of pods.
    #[must_use]
    pub fn may_take_token_at(&self, waypoint: &ResourceRef, service: Option<&Service>) -> bool {
        let Some(namespace) = &waypoint.namespace else { return false };
        let labels = [(GATEWAY_NAME, &*waypoint.name)].into_iter().collect();
        self.may_find_valid(&Proxy::of_waypoint((namespace, &labels), service, &self.snapshot.settings))
    }

    fn may_find_valid(&self, proxy: &Proxy<'_>) -> bool {
        let given = matches!(self.request.token, Token::Claims { .. });
        given && !matches!(Tokens::of(self, proxy), Tokens::None)
    }
}

/// What a proxy makes of tokens.
#[derive(Debug)]
pub(super) enum Tokens {
    /// It finds none valid.
    None,
    /// It finds some valid, or may.
    Some(Lists),
    /// What is known of the token is of none that it accepts: it refuses the request, as this says.
    Refused(ResourceRef),
    /// That cannot be told of the token that is given: this was not read.
    Unread(ResourceRef),
}

impl Tokens {
    /// By what is attached to the proxy. A request without a token passes, one with a token that no rule accepts does
    /// not (pilot/pkg/security/authn/policy_applier.go, `convertToEnvoyJwtConfig`: any of the rules, or
    /// `allow_missing`).
    pub(super) fn of(mesh: &Mesh<'_>, proxy: &Proxy<'_>) -> Self {
        let snapshot = mesh.snapshot;
        let kind = || Kind::from_wire("RequestAuthentication");
        let here = snapshot.routing.request_authentications.of(&proxy.namespaces());
        let attached: Vec<_> = here
            .filter(|policy| proxy.accepts_tokens_of(policy) && !policy.spec.jwt_rules.is_empty())
            .collect();
        if let Some(unread) = Unclear::unread(snapshot, &kind(), &proxy.namespaces()) {
            return match &mesh.request.token {
                Token::Claims { .. } => Self::Unread(unread.object),
                Token::Unknown | Token::Absent => Self::Some(Lists::default()),
            };
        }
        let rules = || attached.iter().flat_map(|policy| &policy.spec.jwt_rules);
        let accepting: Vec<&JwtRule> = rules().filter(|rule| may_accept(rule, &mesh.request.token)).collect();
        match attached.first() {
            None => Self::None,
            Some(first) if accepting.is_empty() => Self::Refused(first.reference(kind())),
            Some(_) => Self::Some(lists(&accepting)),
        }
    }

    /// The request as what stands behind the filter for tokens has it.
    pub(super) fn seen_in(&self, mut request: Request) -> Request {
        request.token = match (self, request.token) {
            (Self::None | Self::Refused(_), _) => Token::Absent,
            (Self::Unread(_), _) => Token::Unknown,
            (Self::Some(lists), token) => lists.divide(token),
        };
        request
    }
}

fn lists(rules: &[&JwtRule]) -> Lists {
    let of = |rule: &&JwtRule| -> BTreeSet<Name> {
        ALWAYS_LISTS.map(Name::from).into_iter().chain(rule.space_delimited_claims.iter().cloned()).collect()
    };
    let mut all = rules.iter().map(of);
    let first = all.next().unwrap_or_else(|| ALWAYS_LISTS.map(Name::from).into());
    let (surely, any) = all.fold((first.clone(), first), |(surely, any), of| (&surely & &of, &any | &of));
    Lists { maybe: &any - &surely, surely }
}

/// Whether a rule may accept what is known of a token.
fn may_accept(rule: &JwtRule, token: &Token) -> bool {
    let Token::Claims { claims, complete } = token else { return true };
    let issuer = match claims.get("iss") {
        Some(issuer) => issuer.as_str() == Some(&*rule.issuer),
        None => !complete,
    };
    issuer && (rule.audiences.is_empty() || is_for(rule, claims).unwrap_or(!complete))
}

/// Whether a token is for whom a rule wants it to be, where the token says for whom it is. Envoy leaves out the scheme
/// and a slash at the end (jwt_verify_lib, `CheckAudience::areAudiencesAllowed`).
fn is_for(rule: &JwtRule, claims: &Map<String, Json>) -> Option<bool> {
    let audiences = match claims.get("aud")? {
        Json::Array(several) => several.iter().filter_map(Json::as_str).collect(),
        one => Vec::from_iter(one.as_str()),
    };
    let is_wanted = |of: &str| rule.audiences.iter().any(|wanted| bare(wanted) == bare(of));
    Some(audiences.into_iter().any(is_wanted))
}

fn bare(audience: &str) -> &str {
    let host = audience.strip_prefix("http://").or_else(|| audience.strip_prefix("https://"));
    let host = host.unwrap_or(audience);
    host.strip_suffix('/').unwrap_or(host)
}
