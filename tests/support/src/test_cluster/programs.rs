//! How each program is started.

use std::path::Path;

use super::assets::Assets;
use super::certificates::{Authority, TokenKeys};
use super::server::{Folder, Server};
use super::{Options, audit, ports};

/// The audit log, in the cluster's folder.
pub(super) const AUDIT_LOG: &str = "audit.log";

/// What the programs find in the cluster's folder, which they run in.
pub(super) fn write_files(folder: &Folder, authority: &Authority, tokens: &TokenKeys) {
    let server = authority.server(&[
        "127.0.0.1",
        "localhost",
        "10.96.0.1",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
    ]);
    let kubelet_client = authority.client("kube-apiserver", &["system:masters"], false);
    let files = [
        ("ca.crt", authority.pem.as_str()),
        ("server.crt", &server.chain),
        ("server.key", &server.key),
        ("kubelet-client.crt", &kubelet_client.chain),
        ("kubelet-client.key", &kubelet_client.key),
        ("tokens.key", &tokens.private),
        ("tokens.pub", &tokens.public),
        ("audit.yaml", audit::POLICY),
    ];
    for (name, text) in files {
        folder.write(name, text);
    }
}

fn start(name: &'static str, assets: &Assets, folder: &Folder, flags: &[String]) -> Server {
    Server::start(name, folder.path(), &assets.program(name), flags, &[])
}

pub(super) fn etcd(assets: &Assets, folder: &Folder, port: u16) -> Server {
    let (clients, peers) =
        (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{}", ports::free()));
    let flags = vec![
        "--name=test".to_owned(),
        format!("--data-dir={}", folder.path().join("etcd").display()),
        format!("--listen-client-urls={clients}"),
        format!("--advertise-client-urls={clients}"),
        format!("--listen-peer-urls={peers}"),
        format!("--initial-advertise-peer-urls={peers}"),
        format!("--initial-cluster=test={peers}"),
        // What is in here may be lost: it is a test's.
        "--unsafe-no-fsync".to_owned(),
        "--quota-backend-bytes=4294967296".to_owned(),
        "--log-level=warn".to_owned(),
    ];
    start("etcd", assets, folder, &flags)
}

pub(super) fn api_server(
    assets: &Assets,
    folder: &Folder,
    options: &Options,
    port: u16,
    etcd: u16,
) -> Server {
    let mut flags: Vec<String> = [
        "--bind-address=127.0.0.1",
        // Nobody has to reach it there, and a machine without network has no address to choose.
        "--advertise-address=192.0.2.1",
        "--endpoint-reconciler-type=none",
        "--authorization-mode=RBAC",
        "--client-ca-file=ca.crt",
        "--tls-cert-file=server.crt",
        "--tls-private-key-file=server.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-account-key-file=tokens.pub",
        "--service-account-signing-key-file=tokens.key",
        "--service-cluster-ip-range=10.96.0.0/12",
        "--allow-privileged=true",
        "--kubelet-preferred-address-types=InternalIP",
        "--kubelet-client-certificate=kubelet-client.crt",
        "--kubelet-client-key=kubelet-client.key",
        "--audit-policy-file=audit.yaml",
        // In megabytes: one file, however much is asked.
        "--audit-log-maxsize=4000",
        "--profiling=false",
    ]
    .map(str::to_owned)
    .to_vec();
    flags.push(format!("--secure-port={port}"));
    flags.push(format!("--etcd-servers=http://127.0.0.1:{etcd}"));
    flags.push(format!("--audit-log-path={}", folder.path().join(AUDIT_LOG).display()));
    if !options.service_accounts {
        flags.push("--disable-admission-plugins=ServiceAccount".to_owned());
    }
    flags.extend(options.api_server.iter().cloned());
    start("kube-apiserver", assets, folder, &flags)
}

pub(super) fn controller_manager(
    assets: &Assets,
    folder: &Folder,
    options: &Options,
    kubeconfig: &Path,
) -> Server {
    let mut flags = vec![
        format!("--kubeconfig={}", kubeconfig.display()),
        format!("--secure-port={}", ports::free()),
        "--bind-address=127.0.0.1".to_owned(),
        "--service-account-private-key-file=tokens.key".to_owned(),
        "--root-ca-file=ca.crt".to_owned(),
        "--leader-elect=false".to_owned(),
        // Thousands of objects at once are what tests are about.
        "--kube-api-qps=1000".to_owned(),
        "--kube-api-burst=1000".to_owned(),
        // Nobody renews the lease of a node that is played: within a minute its pods would be ready no more.
        "--node-monitor-grace-period=24h".to_owned(),
        "--node-startup-grace-period=24h".to_owned(),
    ];
    // A pod that is ending and runs on no node would be set to Failed at any moment, every 20 seconds.
    let mut controllers = "--controllers=*,-pod-garbage-collector-controller".to_owned();
    if !options.kwok {
        // Pods may be said to run on nodes that nobody plays.
        controllers += ",-node-lifecycle-controller,-taint-eviction-controller";
    }
    flags.push(controllers);
    start("kube-controller-manager", assets, folder, &flags)
}

pub(super) fn scheduler(assets: &Assets, folder: &Folder, kubeconfig: &Path) -> Server {
    let flags = vec![
        format!("--kubeconfig={}", kubeconfig.display()),
        format!("--secure-port={}", ports::free()),
        "--bind-address=127.0.0.1".to_owned(),
        "--leader-elect=false".to_owned(),
    ];
    start("kube-scheduler", assets, folder, &flags)
}

pub(super) fn kwok(assets: &Assets, folder: &Folder, options: &Options, kubeconfig: &Path) -> Server {
    let config =
        [assets.manifest("kwok/node.yaml"), assets.manifest("kwok/pod.yaml"), options.kwok_config.clone()]
            .join("\n---\n");
    let config = folder.write("kwok.yaml", &config);
    let port = ports::free();
    let flags = vec![
        format!("--kubeconfig={}", kubeconfig.display()),
        format!("--config={}", config.display()),
        "--manage-all-nodes=true".to_owned(),
        "--node-ip=127.0.0.1".to_owned(),
        format!("--node-port={port}"),
        format!("--server-address=127.0.0.1:{port}"),
        "--cidr=10.0.0.1/16".to_owned(),
        "--tls-cert-file=server.crt".to_owned(),
        "--tls-private-key-file=server.key".to_owned(),
    ];
    start("kwok", assets, folder, &flags)
}
