//! The lists of one entry, item by item: what is kept, what is dropped, what an API server would refuse.

use crate::codes::{Code, Evidence};
use crate::istio::{Condition, Operation, Rule as WrittenRule, Source};
use crate::model::identity::SCHEME;
use crate::model::{FieldPath, Name, Namespace};
use crate::policy::compile::{Remarks, strings};
use crate::policy::ir::{Block, Field, Match, StringMatch};

use super::Entry;

/// Converts lists of items and remarks on those that get lost.
pub(super) struct Items<'a, 'r> {
    pub(super) index: usize,
    pub(super) trust_domain: &'a str,
    pub(super) remarks: &'a mut Remarks<'r>,
}

impl Items<'_, '_> {
    /// An empty list is read as none: handleRule adds no clause, and the decoded object no longer tells.
    pub(super) fn empty_lists(&mut self, rule: &WrittenRule, path: &FieldPath) {
        let from = rule.from.as_ref().is_some_and(Vec::is_empty).then_some("from");
        let to = rule.to.as_ref().is_some_and(Vec::is_empty).then_some("to");
        for field in [from, to].into_iter().flatten() {
            let evidence = Evidence::none().with("rule", self.index).with("field", field);
            self.remarks.add(Code::EmptyListMatchesAll, path.clone().field(field), evidence);
        }
    }

    pub(super) fn operation(&mut self, operation: Option<&Operation>, path: FieldPath) -> Entry {
        let none = Operation::default();
        let written = operation.unwrap_or(&none);
        let http = set(&[
            ("hosts", &written.hosts),
            ("notHosts", &written.not_hosts),
            ("methods", &written.methods),
            ("notMethods", &written.not_methods),
            ("paths", &written.paths),
            ("notPaths", &written.not_paths),
        ]);
        let converted = Match {
            destination_ports: Field {
                any_of: self.ports(&written.ports, &path, "ports"),
                none_of: self.ports(&written.not_ports, &path, "notPorts"),
            },
            ..Match::default()
        };
        if http.is_empty() && written.ports.is_empty() && written.not_ports.is_empty() {
            self.refused(&path, "an empty `operation`");
        }
        Entry { converted, http: owned(&http), dropped: Vec::new(), path }
    }

    pub(super) fn source(
        &mut self,
        source: Option<&Source>,
        namespace: &Namespace,
        path: FieldPath,
    ) -> Entry {
        let none = Source::default();
        let written = source.unwrap_or(&none);
        let http = set(&[
            ("remoteIpBlocks", &written.remote_ip_blocks),
            ("notRemoteIpBlocks", &written.not_remote_ip_blocks),
            ("requestPrincipals", &written.request_principals),
            ("notRequestPrincipals", &written.not_request_principals),
        ]);
        let dropped =
            set(&[("trustDomains", &written.trust_domains), ("notTrustDomains", &written.not_trust_domains)]);
        let account = |value: &Name| strings::account(value, namespace);
        let converted = Match {
            source_ips: Field {
                any_of: self.blocks(&written.ip_blocks, &path, "ipBlocks"),
                none_of: self.blocks(&written.not_ip_blocks, &path, "notIpBlocks"),
            },
            namespaces: Field {
                any_of: self.texts(&written.namespaces, &path, "namespaces"),
                none_of: self.texts(&written.not_namespaces, &path, "notNamespaces"),
            },
            service_accounts: Field {
                any_of: written.service_accounts.iter().map(account).collect(),
                none_of: written.not_service_accounts.iter().map(account).collect(),
            },
            principals: Field {
                any_of: self.principals(&written.principals, &path, "principals"),
                none_of: self.principals(&written.not_principals, &path, "notPrincipals"),
            },
            ..Match::default()
        };
        self.refused_sources(written, &http, &dropped, &path);
        Entry { converted, http: owned(&http), dropped, path }
    }

    /// One `when`: a key that ztunnel knows, or nothing that matches.
    pub(super) fn condition(&mut self, condition: &Condition, path: FieldPath) -> Entry {
        let mut converted = Match::default();
        let mut http = Vec::new();
        let (values, not_values) = (&condition.values, &condition.not_values);
        if values.is_empty() && not_values.is_empty() {
            self.refused(&path, "a `when` without values");
        }
        match &*condition.key {
            "source.ip" => converted.source_ips = self.both(values, not_values, &path, Self::blocks),
            "destination.ip" => {
                converted.destination_ips = self.both(values, not_values, &path, Self::blocks);
            }
            "destination.port" => {
                converted.destination_ports = self.both(values, not_values, &path, Self::ports);
            }
            "source.namespace" => converted.namespaces = self.both(values, not_values, &path, Self::texts),
            "source.principal" => {
                converted.principals = self.both(values, not_values, &path, Self::principals);
            }
            other => http.push(other.to_owned()),
        }
        Entry { converted, http, dropped: Vec::new(), path }
    }

    fn both<T>(
        &mut self,
        values: &[Name],
        not_values: &[Name],
        path: &FieldPath,
        read: fn(&mut Self, &[Name], &FieldPath, &'static str) -> Vec<T>,
    ) -> Field<T> {
        Field {
            any_of: read(self, values, path, "values"),
            none_of: read(self, not_values, path, "notValues"),
        }
    }

    fn ports(&mut self, values: &[Name], path: &FieldPath, field: &'static str) -> Vec<u16> {
        self.kept(values, path, field, "port number", strings::port)
    }

    fn blocks(&mut self, values: &[Name], path: &FieldPath, field: &'static str) -> Vec<Block> {
        for value in values.iter().filter(|value| strings::block(value).is_some_and(|b| b.is_mapped())) {
            self.remark(Code::MappedAddress, value, path, field);
        }
        self.kept(values, path, field, "IP address or block", strings::block)
    }

    fn texts(&mut self, values: &[Name], path: &FieldPath, field: &'static str) -> Vec<StringMatch> {
        for value in values {
            let inner = value.strip_prefix('*').unwrap_or(value);
            if inner.strip_suffix('*').unwrap_or(inner).contains('*')
                || value.len() > 1 && is_wild_twice(value)
            {
                self.remark(Code::LiteralAsterisk, value, path, field);
            }
            if value.is_empty() {
                self.refused(path, "an empty string");
            }
        }
        values.iter().map(strings::text).collect()
    }

    fn principals(&mut self, values: &[Name], path: &FieldPath, field: &'static str) -> Vec<StringMatch> {
        for value in values {
            if value.starts_with(SCHEME) {
                self.remark(Code::SchemeInPrincipal, value, path, field);
            } else if let Some((trust_domain, _)) = value.split_once("/ns/")
                && !trust_domain.contains('*')
                && trust_domain != self.trust_domain
            {
                let evidence = self.about(value, field).with("trust_domain", self.trust_domain);
                self.remarks.add(Code::ForeignPrincipal, path.clone(), evidence);
            }
        }
        self.texts(values, path, field)
    }

    fn kept<T>(
        &mut self,
        values: &[Name],
        path: &FieldPath,
        field: &'static str,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Vec<T> {
        let mut kept = Vec::with_capacity(values.len());
        for value in values {
            match read(value) {
                Some(item) => kept.push(item),
                None => {
                    let evidence = self.about(value, field).with("expected", expected);
                    self.remarks.add(Code::ItemDropped, path.clone().field(field), evidence);
                }
            }
        }
        kept
    }

    fn about(&self, value: &Name, field: &str) -> Evidence {
        Evidence::none().with("rule", self.index).with("value", value).with("field", field)
    }

    fn remark(&mut self, code: Code, value: &Name, path: &FieldPath, field: &'static str) {
        let evidence = self.about(value, field);
        self.remarks.add(code, path.clone().field(field), evidence);
    }

    fn refused(&mut self, path: &FieldPath, what: &str) {
        let evidence = Evidence::none().with("field", path).with("what", what);
        self.remarks.add(Code::RefusedByAdmission, path.clone(), evidence);
    }

    /// pkg/config/validation/validation.go, `ValidateAuthorizationPolicy`.
    fn refused_sources(&mut self, source: &Source, http: &[&str], dropped: &[&str], path: &FieldPath) {
        let names = [&source.principals, &source.not_principals, &source.namespaces, &source.not_namespaces];
        let has_names = names.iter().any(|list| !list.is_empty());
        let has_accounts = !source.service_accounts.is_empty() || !source.not_service_accounts.is_empty();
        let has_blocks = !source.ip_blocks.is_empty() || !source.not_ip_blocks.is_empty();
        let mut accounts = source.service_accounts.iter().chain(&source.not_service_accounts);
        if accounts.any(|account| account.contains('*')) {
            self.refused(path, "a wildcard in an account, which is compared as it stands");
        }
        if has_names && has_accounts {
            self.refused(path, "accounts together with principals or namespaces");
        }
        if !has_names && !has_accounts && !has_blocks && http.is_empty() && dropped.is_empty() {
            self.refused(path, "an empty `source`");
        }
    }
}

/// `*abc*`: only the first asterisk is a wildcard.
fn is_wild_twice(value: &str) -> bool {
    value.starts_with('*') && value.ends_with('*')
}

/// The names of the lists that have items.
fn set(lists: &[(&'static str, &Vec<Name>)]) -> Vec<&'static str> {
    lists.iter().filter(|(_, list)| !list.is_empty()).map(|(name, _)| *name).collect()
}

fn owned(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| (*field).to_owned()).collect()
}
