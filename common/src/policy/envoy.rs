//! What istiod makes of AuthorizationPolicies for an Envoy, and what that Envoy then decides: sidecars, waypoints,
//! gateways of the Gateway API.
//!
//! [`select()`] finds the policies of a proxy, [`compile()`] makes of them the filters of one kind of chain, in Envoy's
//! own terms, and [`decide()`] folds those over a request of which parts may be unknown, for one peer or for a set of
//! peers. ztunnel is another matter (`policy::compile`, `policy::fold`): the same words mean other things there. Which
//! chain a connection gets, who the peer is and which port it sees is not decided here.

mod compile;
mod decide;
mod fold;
mod formula;
mod identity;
mod ir;
mod matcher;
mod request;
mod rule;
mod select;
mod trust_domains;

pub use compile::{Mesh, Provider, compile};
pub use decide::{Hit, Outcome, Why, decide};
pub use fold::{OnePeer, Parts, Peers, Sources, Split, told_apart};
pub use formula::{Formula, Leaf};
pub use identity::IdentityMatch;
pub use ir::{
    Action, Chain, Dropped, Expression, Filter, Filters, Matcher, Metadata, Policy, PolicyName, Rbac,
    Refused, RuleName, Rules, Shadow, Text, TextPattern, Value,
};
pub use request::{Attribute, Known, Lists, Mistyped, Request, Token, Tunnel, check_method, check_path};
pub use rule::keys;
pub use select::{AttachedService, Proxy, Selected, select};
pub use trust_domains::TrustDomains;
