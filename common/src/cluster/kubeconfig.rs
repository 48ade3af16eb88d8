//! Kubeconfigs: reading, and merging several into one, as client-go does.
//!
//! kube's own reader is not used: it fails on files of a `KUBECONFIG` list that do not exist, takes empty texts
//! (which kubectl writes) for values, and its errors may print the lines around them, where tokens stand.
//! What nobody here asks for is not kept. client-go: clientcmd/loader.go, Load; clientcmd/api/v1/types.go.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

use crate::yaml;

use super::error::{ConnectError, reason};
use super::flags::Secret;

#[cfg(test)]
mod tests;

/// A value that may be missing or null.
fn lenient<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A text that YAML takes for a number or a boolean is still one where a text belongs: sigs.k8s.io/yaml,
/// convertToJSONableObject.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TextVisitor).map(Self)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_bool<E>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_f64<E>(self, value: f64) -> Result<String, E> {
        Ok(value.to_string())
    }
}

fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(Option::<Text>::deserialize(from)?.map(|text| text.0).unwrap_or_default())
}

fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let items = Option::<Vec<Text>>::deserialize(from)?.unwrap_or_default();
    Ok(items.into_iter().map(|text| text.0).collect())
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Text::deserialize(from).map(|text| text.0.into())
    }
}

/// One file, or what several come to.
#[derive(Clone, Default, Deserialize, Debug)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct Kubeconfig {
    #[serde(deserialize_with = "text")]
    pub current_context: String,
    #[serde(deserialize_with = "lenient")]
    pub contexts: Vec<NamedContext>,
    #[serde(deserialize_with = "lenient")]
    pub clusters: Vec<NamedCluster>,
    #[serde(deserialize_with = "lenient")]
    pub users: Vec<NamedUser>,
    /// The files that were read.
    #[serde(skip)]
    pub read: Vec<PathBuf>,
    /// The files that do not exist.
    #[serde(skip)]
    pub missing: Vec<PathBuf>,
}

macro_rules! named {
    ($name:ident, $field:ident: $value:ident) => {
        #[derive(Clone, Default, Deserialize, Debug)]
        #[serde(default)]
        pub(super) struct $name {
            #[serde(deserialize_with = "text")]
            pub name: String,
            #[serde(deserialize_with = "lenient")]
            pub $field: $value,
        }
    };
}

named!(NamedContext, context: Context);
named!(NamedCluster, cluster: Cluster);
named!(NamedUser, user: User);

/// Which cluster, as which user, in which namespace.
#[derive(Clone, Default, Deserialize, Debug)]
#[serde(default)]
pub(super) struct Context {
    #[serde(deserialize_with = "text")]
    pub cluster: String,
    #[serde(deserialize_with = "text")]
    pub user: String,
    #[serde(deserialize_with = "text")]
    pub namespace: String,
}

/// Where an API server is, and how it is known to be the one.
#[derive(Clone, Default, Deserialize, Debug)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct Cluster {
    #[serde(deserialize_with = "text")]
    pub server: String,
    #[serde(deserialize_with = "text")]
    pub tls_server_name: String,
    #[serde(deserialize_with = "lenient")]
    pub insecure_skip_tls_verify: bool,
    #[serde(deserialize_with = "text")]
    pub certificate_authority: String,
    #[serde(deserialize_with = "text")]
    pub certificate_authority_data: String,
    #[serde(deserialize_with = "text")]
    pub proxy_url: String,
    #[serde(deserialize_with = "lenient")]
    pub disable_compression: bool,
    #[serde(deserialize_with = "lenient")]
    pub extensions: Vec<Extension>,
}

/// Something that another program wants to know of a cluster.
#[derive(Clone, Default, Deserialize, Debug)]
#[serde(default)]
pub(super) struct Extension {
    #[serde(deserialize_with = "text")]
    pub name: String,
    pub extension: serde_json::Value,
}

/// How someone logs in.
#[derive(Clone, Default, Deserialize, Debug)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct User {
    #[serde(deserialize_with = "text")]
    pub client_certificate: String,
    #[serde(deserialize_with = "text")]
    pub client_certificate_data: String,
    #[serde(deserialize_with = "text")]
    pub client_key: String,
    #[serde(deserialize_with = "lenient")]
    pub client_key_data: Secret,
    #[serde(deserialize_with = "lenient")]
    pub token: Secret,
    #[serde(rename = "tokenFile", deserialize_with = "text")]
    pub token_file: String,
    #[serde(rename = "as", deserialize_with = "text")]
    pub as_user: String,
    #[serde(deserialize_with = "text")]
    pub as_uid: String,
    #[serde(deserialize_with = "texts")]
    pub as_groups: Vec<String>,
    #[serde(deserialize_with = "lenient")]
    pub as_user_extra: BTreeMap<String, Vec<String>>,
    #[serde(deserialize_with = "text")]
    pub username: String,
    #[serde(deserialize_with = "lenient")]
    pub password: Secret,
    pub auth_provider: Option<Provider>,
    pub exec: Option<Exec>,
}

/// A way to log in that is built into the client.
#[derive(Clone, Default, Deserialize, Debug)]
#[serde(default)]
pub(super) struct Provider {
    #[serde(deserialize_with = "text")]
    pub name: String,
    #[serde(deserialize_with = "lenient")]
    pub config: BTreeMap<String, Secret>,
}

/// A program that logs in.
#[derive(Clone, Default, Deserialize, Debug)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Exec {
    #[serde(deserialize_with = "text")]
    pub command: String,
    #[serde(deserialize_with = "lenient")]
    pub args: Vec<Secret>,
    #[serde(deserialize_with = "lenient")]
    pub env: Vec<Variable>,
    #[serde(deserialize_with = "text")]
    pub api_version: String,
    #[serde(deserialize_with = "text")]
    pub install_hint: String,
    #[serde(deserialize_with = "lenient")]
    pub provide_cluster_info: bool,
    #[serde(deserialize_with = "text")]
    pub interactive_mode: String,
}

/// A variable that a program gets.
#[derive(Clone, Default, Deserialize, Debug)]
#[serde(default)]
pub(super) struct Variable {
    #[serde(deserialize_with = "text")]
    pub name: String,
    #[serde(deserialize_with = "lenient")]
    pub value: Secret,
}

/// Reads the one file that was asked for.
pub(super) fn read_one(path: &Path) -> Result<Kubeconfig, ConnectError> {
    read(path)?.ok_or_else(|| {
        ConnectError::new(format!("the kubeconfig `{}` does not exist", path.display()))
            .hint("check `--kubeconfig`")
    })
}

/// Reads several files: what the first sets wins, and those that do not exist are passed over.
pub(super) fn read_list(paths: Vec<PathBuf>) -> Result<Kubeconfig, ConnectError> {
    let mut all = Kubeconfig::default();
    for path in paths {
        match read(&path)? {
            Some(next) => all.add(next, path),
            None => all.missing.push(path),
        }
    }
    Ok(all)
}

impl Kubeconfig {
    fn add(&mut self, next: Self, path: PathBuf) {
        if self.current_context.is_empty() {
            self.current_context = next.current_context;
        }
        add_new(&mut self.contexts, next.contexts, |item| &item.name);
        add_new(&mut self.clusters, next.clusters, |item| &item.name);
        add_new(&mut self.users, next.users, |item| &item.name);
        self.read.push(path);
    }

    pub(super) fn context(&self, name: &str) -> Option<&Context> {
        self.contexts.iter().find(|item| item.name == name).map(|item| &item.context)
    }

    pub(super) fn cluster(&self, name: &str) -> Option<&Cluster> {
        self.clusters.iter().find(|item| item.name == name).map(|item| &item.cluster)
    }

    pub(super) fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|item| item.name == name).map(|item| &item.user)
    }

    /// Paths stand relative to the file that names them: client-go clientcmd/loader.go, ResolveLocalPaths.
    fn resolve(&mut self, folder: &Path) {
        for NamedCluster { cluster, .. } in &mut self.clusters {
            resolve(&mut cluster.certificate_authority, folder);
        }
        for NamedUser { user, .. } in &mut self.users {
            resolve(&mut user.client_certificate, folder);
            resolve(&mut user.client_key, folder);
            resolve(&mut user.token_file, folder);
            if let Some(exec) = &mut user.exec
                && exec.command.contains(std::path::is_separator)
            {
                resolve(&mut exec.command, folder);
            }
        }
    }
}

fn add_new<T>(known: &mut Vec<T>, next: Vec<T>, name: fn(&T) -> &String) {
    let count = known.len();
    for item in next {
        if !known.iter().take(count).any(|other| name(other) == name(&item)) {
            known.push(item);
        }
    }
}

fn resolve(path: &mut String, folder: &Path) {
    if !path.is_empty() && Path::new(path.as_str()).is_relative() {
        *path = folder.join(path.as_str()).to_string_lossy().into_owned();
    }
}

fn read(path: &Path) -> Result<Option<Kubeconfig>, ConnectError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let reason = reason(&error);
            return Err(ConnectError::new(format!(
                "the kubeconfig `{}` cannot be read: {reason}",
                path.display()
            )));
        }
    };
    let mut kubeconfig = parse(&bytes).map_err(|error| {
        let path = path.display();
        let place = if error.line > 0 { format!(":{}", error.line) } else { String::new() };
        ConnectError::new(format!(
            "the kubeconfig `{path}`{place} cannot be read: {}",
            without_values(&error.message)
        ))
    })?;
    kubeconfig.resolve(path.parent().unwrap_or(Path::new("")));
    kubeconfig.read.push(path.to_owned());
    Ok(Some(kubeconfig))
}

/// The first document, as kubectl reads it.
fn parse(bytes: &[u8]) -> Result<Kubeconfig, yaml::Error> {
    let error = |message: &str| yaml::Error { line: 0, column: 0, message: message.to_owned() };
    let text = text_of(bytes).ok_or_else(|| error("it is no text"))?;
    let Some(document) = yaml::documents(&text).next() else { return Ok(Kubeconfig::default()) };
    let before = text.get(..document.start).unwrap_or_default().lines().count();
    let read = yaml::parse(document.text).and_then(|node| match node.value {
        yaml::Value::Null => Ok(Kubeconfig::default()),
        _ => node.decode(),
    });
    read.map_err(|error| match error.line {
        0 => error,
        line => yaml::Error { line: line + before, ..error },
    })
}

/// UTF-8 with or without a mark, or UTF-16 with one, which PowerShell writes.
fn text_of(bytes: &[u8]) -> Option<String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        rest.is_empty().then(|| String::from_utf16(&units).ok()).flatten()
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] | rest => str::from_utf8(rest).ok().map(str::to_owned),
    }
}

/// What is expected stays; what was found may be a token.
fn without_values(message: &str) -> String {
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => message.to_owned(),
    }
}
