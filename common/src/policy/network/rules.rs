//! The policies of the network as they are judged: one shape for all kinds.
//!
//! A policy selects pods and has rules by direction; a rule is for peers and for ports. Those of NetworkPolicy
//! only allow, and what a selected pod is not allowed is refused; those of the administrator's policies allow,
//! deny or pass on, the first that matches.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::{LabelSelector, Namespace, Origin, ResourceRef};
use crate::policy::ir::Block;

use super::Direction;
use super::classes::Selection;
use super::ports::Ports;

/// Which policies come first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Tier {
    /// AdminNetworkPolicies, by their priority.
    Admin(i64),
    /// NetworkPolicies.
    Namespace,
    /// The BaselineAdminNetworkPolicy.
    Baseline,
}

/// A policy.
#[derive(Debug)]
pub(super) struct Policy<'a> {
    pub(super) reference: ResourceRef,
    pub(super) origin: Origin,
    pub(super) tier: Tier,
    pub(super) subject: Selection,
    pub(super) ingress: Option<Vec<Rule<'a>>>,
    pub(super) egress: Option<Vec<Rule<'a>>>,
}

impl<'a> Policy<'a> {
    /// Its rules for a direction; `None` when it says nothing of it.
    pub(super) fn rules(&self, direction: Direction) -> Option<&[Rule<'a>]> {
        match direction {
            Direction::Ingress => self.ingress.as_deref(),
            Direction::Egress => self.egress.as_deref(),
        }
    }
}

/// What happens to what a rule matches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Action {
    Allow,
    Deny,
    /// NetworkPolicies decide.
    Pass,
}

/// A rule.
#[derive(Debug)]
pub(super) struct Rule<'a> {
    pub(super) action: Action,
    pub(super) peers: Peers<'a>,
    pub(super) ports: Ports,
}

/// The other end of a connection: any of these.
#[derive(Debug, Default)]
pub(super) struct Peers<'a> {
    /// Whatever it is.
    pub(super) everyone: bool,
    /// Pods, as they are selected.
    pub(super) selectors: Vec<Selector<'a>>,
    /// The same as classes.
    pub(super) pods: Selection,
    pub(super) blocks: Vec<IpBlock>,
    /// Whether nodes by their labels, or hosts by their names, are among them.
    pub(super) others: bool,
}

/// Pods by their labels and those of their namespace.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Selector<'a> {
    pub(super) namespaces: Namespaces<'a>,
    /// `None`: all of them.
    pub(super) pods: Option<&'a LabelSelector>,
}

/// Which namespaces.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Namespaces<'a> {
    /// That of the policy.
    Own(Namespace),
    /// Those with such labels.
    Labelled(&'a LabelSelector),
}

/// A block of addresses with holes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct IpBlock {
    pub(super) block: Block,
    pub(super) except: Vec<Block>,
}

impl IpBlock {
    pub(super) fn contains(&self, address: &IpAddr) -> bool {
        let address = address.to_canonical();
        self.block.contains(&address) && !self.except.iter().any(|hole| hole.contains(&address))
    }

    /// Its bounds and those of its holes.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Block> {
        std::iter::once(self.block).chain(self.except.iter().copied())
    }

    /// Whether every address of a family is in it.
    pub(super) fn is_whole_family(&self) -> bool {
        self.block.net().prefix_len() == 0 && self.except.is_empty()
    }
}

impl std::fmt::Display for IpBlock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let net: IpNet = self.block.net();
        write!(f, "{net}")?;
        self.except.iter().try_for_each(|hole| write!(f, " except {}", hole.net()))
    }
}

impl std::fmt::Display for Selector<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.pods.filter(|pods| !pods.is_empty()) {
            Some(pods) => write!(f, "{pods}")?,
            None => f.write_str("any pod")?,
        }
        match &self.namespaces {
            Namespaces::Own(namespace) => write!(f, " of namespace {namespace}"),
            Namespaces::Labelled(selector) if selector.is_empty() => f.write_str(" of any namespace"),
            Namespaces::Labelled(selector) => write!(f, " of namespaces {selector}"),
        }
    }
}
