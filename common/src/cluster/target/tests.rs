use super::*;

const CONFIG: &str = "
current-context: dev
contexts:
- {name: dev, context: {cluster: dev, user: dev, namespace: shop}}
- {name: prod, context: {cluster: prod, user: prod}}
- {name: torn, context: {cluster: gone, user: dev}}
- {name: nobody, context: {cluster: dev, user: gone}}
clusters:
- {name: dev, cluster: {server: 'https://dev:6443', tls-server-name: dev.internal, certificate-authority-data: Y2E=}}
- {name: prod, cluster: {server: 'https://prod:6443', insecure-skip-tls-verify: true}}
users:
- {name: dev, user: {client-certificate-data: Yw==, client-key-data: aw==}}
- {name: prod, user: {tokenFile: /t, exec: {command: login, apiVersion: client.authentication.k8s.io/v1}, as: robot}}
";

struct Place {
    folder: tempfile::TempDir,
    environment: Environment,
}

fn place(config: Option<&str>) -> Place {
    let folder = tempfile::tempdir().unwrap();
    if let Some(config) = config {
        fs::create_dir(folder.path().join(".kube")).unwrap();
        fs::write(folder.path().join(".kube/config"), config).unwrap();
    }
    let environment = Environment { home: Some(folder.path().to_owned()), ..Environment::default() };
    Place { folder, environment }
}

impl Place {
    fn choose(&self, flags: &ConnectionFlags) -> Result<Target, ConnectError> {
        Target::choose(&self.environment, flags)
    }

    /// The error, with the folder's name left out.
    fn error(&self, flags: &ConnectionFlags) -> (String, Vec<String>) {
        let error = self.choose(flags).unwrap_err();
        let folder = self.folder.path().to_string_lossy().into_owned();
        let short = |text: &String| text.replace(&folder, "~");
        (short(&error.message), error.hints.iter().map(short).collect())
    }

    fn set(&mut self, name: &str, value: &str) {
        self.environment.variables.insert(name.to_owned(), value.into());
    }

    fn in_pod(&mut self) {
        self.set("KUBERNETES_SERVICE_HOST", "fd00::1");
        self.set("KUBERNETES_SERVICE_PORT", "443");
        for (name, text) in [("token", "t"), ("namespace", "apps\n"), ("ca.crt", "ca")] {
            fs::write(self.folder.path().join(name), text).unwrap();
        }
        self.environment.service_account = self.folder.path().to_owned();
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn the_current_context_is_used_unless_another_is_named() {
    let place = place(Some(CONFIG));
    let current = place.choose(&ConnectionFlags::default()).unwrap();
    assert_eq!((current.context.as_deref(), current.namespace.as_str()), (Some("dev"), "shop"));
    assert_eq!(current.cluster.server, "https://dev:6443");
    let named = place.choose(&ConnectionFlags { context: some("prod"), ..Default::default() }).unwrap();
    assert_eq!((named.context.as_deref(), named.namespace.as_str()), (Some("prod"), "default"));
    assert_eq!(named.user_name, "prod");
}

#[test]
fn a_context_can_be_named_without_a_current_one() {
    let place = place(Some(&CONFIG.replace("current-context: dev", "current-context: ''")));
    let target = place.choose(&ConnectionFlags { context: some("prod"), ..Default::default() }).unwrap();
    assert_eq!(target.cluster.server, "https://prod:6443");
    let (message, hints) = place.error(&ConnectionFlags::default());
    assert_eq!(message, "no cluster is configured: the kubeconfig `~/.kube/config` has no current context");
    assert_eq!(hints, ["choose one with `--context`", "it has the contexts `dev`, `nobody`, `prod`, `torn`"]);
}

#[test]
fn names_that_do_not_exist_are_told_with_the_nearest() {
    let place = place(Some(CONFIG));
    let flags = ConnectionFlags::default();
    let table = [
        (
            ConnectionFlags { context: some("prud"), ..flags.clone() },
            "no context `prud` in the kubeconfig `~/.kube/config`",
            vec!["did you mean `prod`?", "it has the contexts `dev`, `nobody`, `prod`, `torn`"],
        ),
        (
            ConnectionFlags { cluster: some("x"), ..flags.clone() },
            "no cluster `x` in the kubeconfig `~/.kube/config`",
            vec!["it has the clusters `dev`, `prod`"],
        ),
        (
            ConnectionFlags { user: some("DEV"), ..flags.clone() },
            "no user `DEV` in the kubeconfig `~/.kube/config`",
            vec!["did you mean `dev`?", "it has the users `dev`, `prod`"],
        ),
        (
            ConnectionFlags { context: some("torn"), ..flags.clone() },
            "no cluster `gone` in the kubeconfig `~/.kube/config`, which the context `torn` names",
            vec!["it has the clusters `dev`, `prod`"],
        ),
        (
            ConnectionFlags { context: some("nobody"), ..flags },
            "no user `gone` in the kubeconfig `~/.kube/config`, which the context `nobody` names",
            vec!["it has the users `dev`, `prod`"],
        ),
    ];
    for (flags, message, hints) in table {
        assert_eq!(place.error(&flags), (message.to_owned(), hints.into_iter().map(str::to_owned).collect()));
    }
}

#[test]
fn without_any_cluster_it_is_said_where_one_was_sought() {
    let (message, hints) = place(None).error(&ConnectionFlags::default());
    assert_eq!(message, "no cluster is configured: `~/.kube/config` does not exist");
    assert_eq!(hints, ["name a kubeconfig with `--kubeconfig`, or read manifests with `-f`"]);
    let (message, _) = place(Some("")).error(&ConnectionFlags::default());
    assert_eq!(message, "no cluster is configured: the kubeconfig `~/.kube/config` has no context");
    let mut listed = place(None);
    listed.set("KUBECONFIG", "/a/x:/b/y");
    let (message, _) = listed.error(&ConnectionFlags::default());
    assert_eq!(message, "no cluster is configured: none of `/a/x`, `/b/y` exists");
}

#[test]
fn a_server_needs_no_kubeconfig() {
    let target = place(None)
        .choose(&ConnectionFlags { server: some("http://localhost:8001"), ..Default::default() })
        .unwrap();
    assert_eq!(
        (target.cluster.server.as_str(), target.namespace.as_str()),
        ("http://localhost:8001", "default")
    );
}

#[test]
fn flags_replace_what_they_stand_for() {
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca");
    fs::write(&authority, "ca").unwrap();
    let place = place(Some(CONFIG));
    let flags = ConnectionFlags::default();

    let server = ConnectionFlags { server: some("https://new"), ..flags.clone() };
    let cluster = place.choose(&server).unwrap().cluster;
    assert_eq!((cluster.server.as_str(), cluster.tls_server_name.as_str()), ("https://new", ""));
    assert_eq!(cluster.certificate_authority_data, "Y2E=", "the authority stays");

    let authority =
        ConnectionFlags { context: some("prod"), certificate_authority: Some(authority), ..flags.clone() };
    assert!(!place.choose(&authority).unwrap().cluster.insecure_skip_tls_verify);

    let insecure = ConnectionFlags { insecure_skip_tls_verify: true, ..flags.clone() };
    assert_eq!(place.choose(&insecure).unwrap().cluster.certificate_authority_data, "");

    let token = ConnectionFlags { context: some("prod"), token: Some("x".parse().unwrap()), ..flags.clone() };
    let user = place.choose(&token).unwrap().user;
    assert_eq!((user.token.reveal(), user.token_file.as_str(), user.exec.is_none()), ("x", "", true));

    let acting = ConnectionFlags {
        context: some("prod"),
        as_user: some("ann"),
        as_groups: vec!["g".to_owned()],
        as_uid: some("7"),
        ..flags
    };
    let user = place.choose(&acting).unwrap().user;
    assert_eq!(
        (user.as_user.as_str(), user.as_uid.as_str(), user.as_groups),
        ("ann", "7", vec!["g".to_owned()])
    );
}

#[test]
fn a_missing_user_matters_not_when_credentials_are_given() {
    let flags =
        ConnectionFlags { context: some("nobody"), token: Some("x".parse().unwrap()), ..Default::default() };
    assert_eq!(place(Some(CONFIG)).choose(&flags).unwrap().user.token.reveal(), "x");
}

#[test]
fn contradictions_are_refused_as_kubectl_refuses_them() {
    let user = |user: &str| {
        format!(
            "current-context: a\ncontexts: [{{name: a, context: {{cluster: c, user: u}}}}]\nclusters: [{{name: c, cluster: {{server: 'https://c'}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n"
        )
    };
    let table = [
        ("token: t, username: n", "the user `u` has a token and a password: only one can be sent"),
        ("client-certificate-data: Yw==", "the client's certificate has no key"),
        ("as-groups: [g]", "acting as a group or UID needs a user to act as"),
        (
            "exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}",
            "the plugin `x` of the user `u` has the `apiVersion` `client.authentication.k8s.io/v1alpha1`, which no client speaks any more",
        ),
        ("exec: {command: x}", "the plugin `x` of the user `u` has no `apiVersion`"),
        ("exec: {apiVersion: client.authentication.k8s.io/v1}", "the plugin of the user `u` has no command"),
        (
            "exec: {command: x, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Sometimes}",
            "the plugin `x` of the user `u` has no interactive mode `Sometimes`",
        ),
        (
            "exec: {command: x}, auth-provider: {name: oidc}",
            "the user `u` has an auth provider and a plugin: only one can log in",
        ),
    ];
    for (entry, message) in table {
        assert_eq!(place(Some(&user(entry))).error(&ConnectionFlags::default()).0, message);
    }
    let flags = ConnectionFlags {
        certificate_authority: Some("/ca".into()),
        insecure_skip_tls_verify: true,
        ..Default::default()
    };
    assert_eq!(
        place(Some(CONFIG)).error(&flags).0,
        "a certificate authority and `insecure-skip-tls-verify` exclude each other"
    );
    let flags = ConnectionFlags { certificate_authority: Some("/nowhere/ca".into()), ..Default::default() };
    assert_eq!(
        place(Some(CONFIG)).error(&flags).0,
        "the certificate authority `/nowhere/ca` cannot be read: no such file or directory"
    );
}

#[test]
fn a_group_needs_no_flag_for_the_user_that_the_kubeconfig_acts_as() {
    let flags =
        ConnectionFlags { context: some("prod"), as_groups: vec!["g".to_owned()], ..Default::default() };
    assert_eq!(place(Some(CONFIG)).choose(&flags).unwrap().user.as_user, "robot");
}

#[test]
fn a_pod_finds_its_own_server_only_when_nothing_else_is_configured() {
    let mut pod = place(None);
    pod.in_pod();
    let target = pod.choose(&ConnectionFlags::default()).unwrap();
    assert_eq!(target.cluster.server, "https://[fd00::1]:443");
    assert_eq!(target.namespace, "apps");
    assert!(target.user.token_file.ends_with("/token"));
    assert!(target.cluster.certificate_authority.ends_with("/ca.crt"));

    let flags =
        ConnectionFlags { as_user: some("ann"), token: Some("x".parse().unwrap()), ..Default::default() };
    let user = pod.choose(&flags).unwrap().user;
    assert_eq!((user.as_user.as_str(), user.token.reveal(), user.token_file.as_str()), ("ann", "x", ""));

    pod.set("POD_NAMESPACE", "told");
    assert_eq!(pod.choose(&ConnectionFlags::default()).unwrap().namespace, "told");

    let mut with_config = place(Some(CONFIG));
    with_config.in_pod();
    let target = with_config.choose(&ConnectionFlags::default()).unwrap();
    assert_eq!((target.cluster.server.as_str(), target.namespace.as_str()), ("https://dev:6443", "shop"));
    fs::remove_file(pod.folder.path().join("token")).unwrap();
    assert!(pod.choose(&ConnectionFlags::default()).is_err(), "a pod without a token has no server");
}

#[test]
fn contexts_are_listed_in_order() {
    let place = place(Some(CONFIG));
    let names = contexts_in(&place.environment, &ConnectionFlags::default()).unwrap();
    assert_eq!(names, ["dev", "nobody", "prod", "torn"]);
}
