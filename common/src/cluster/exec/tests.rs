#![cfg(unix)]

use std::fs;

use super::super::kubeconfig::{Extension, Variable};
use super::*;

const V1: &str = "client.authentication.k8s.io/v1";

struct Script {
    folder: tempfile::TempDir,
    exec: Exec,
}

/// A plugin that is this shell script.
fn script(text: &str) -> Script {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("login");
    super::super::test_program::write(&path, text);
    let command = path.to_string_lossy().into_owned();
    Script { folder, exec: Exec { command, api_version: V1.to_owned(), ..Exec::default() } }
}

impl Script {
    fn run_within(&self, limit: Option<Duration>) -> Result<Credential, ConnectError> {
        Plugin::new(self.exec.clone(), &Cluster::default(), false, limit)?.run()
    }

    fn run(&self) -> Result<Credential, ConnectError> {
        self.run_within(Some(Duration::from_secs(20)))
    }

    /// The error behind the name of the plugin.
    fn error(&self) -> String {
        let start = format!("the plugin `{}` that logs in ", self.exec.command);
        let message = self.run().unwrap_err().message;
        message.strip_prefix(&start).unwrap_or_else(|| panic!("{message}")).to_owned()
    }
}

fn prints(status: &str) -> Script {
    script(&format!(
        "cat <<'END'\n{{\"kind\": \"ExecCredential\", \"apiVersion\": \"{V1}\", \"status\": {status}}}\nEND"
    ))
}

#[test]
fn a_token_is_taken_whatever_is_said_on_stderr() {
    let script = script(&format!(
        "echo 'a new version is out' >&2; echo '{{\"kind\":\"ExecCredential\",\"apiVersion\":\"{V1}\",\"status\":{{\"token\":\"hunter2\"}}}}'"
    ));
    let credential = script.run().unwrap();
    assert!(credential.certificate.is_none());
    assert!(!format!("{credential:?}").contains("hunter2"));
    assert!(credential.token.is_some());
}

#[test]
fn yaml_and_a_certificate_are_taken() {
    let script = script(&format!(
        "printf 'kind: ExecCredential\\napiVersion: {V1}\\nstatus:\\n  clientCertificateData: c\\n  clientKeyData: k\\n'"
    ));
    let (certificate, key) = script.run().unwrap().certificate.unwrap();
    assert_eq!((certificate.as_str(), key.reveal()), ("c", "k"));
}

#[test]
fn failures_are_told_in_the_plugins_own_last_words() {
    let table = [
        ("exit 3", "ended with status 3"),
        ("echo hunter2; exit 1", "ended with status 1"),
        (
            "echo 'first' >&2; printf '\\nsession expired\\n\\n' >&2; exit 1",
            "ended with status 1: session expired",
        ),
        ("kill -9 $$", "was killed"),
        ("echo hunter2", "printed no `ExecCredential`"),
        ("true", "printed no `ExecCredential`"),
        ("printf '\\377\\376'", "printed no `ExecCredential`"),
        ("echo '{\"kind\": \"List\"}'", "printed no `ExecCredential`"),
    ];
    for (text, expected) in table {
        assert_eq!(script(text).error(), expected, "{text}");
    }
    let old = script(
        "echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1beta1\"}'",
    );
    assert_eq!(old.error(), format!("answers in `client.authentication.k8s.io/v1beta1`, asked in `{V1}`"));
}

#[test]
fn credentials_that_are_none_are_refused() {
    let table = [
        ("{}", "printed neither a token nor a certificate"),
        ("null", "printed neither a token nor a certificate"),
        ("{\"token\": \"\"}", "printed neither a token nor a certificate"),
        ("{\"clientKeyData\": \"k\"}", "printed a certificate or a key, not both"),
        (
            "{\"token\": \"t\", \"expirationTimestamp\": \"soon\"}",
            "printed an `expirationTimestamp` that is no time",
        ),
        ("{\"token\": [7]}", "printed no `ExecCredential`"),
    ];
    for (status, expected) in table {
        assert_eq!(prints(status).error(), expected, "{status}");
    }
    let message = prints("{\"token\": \"hunter2\\n\"}").run().unwrap_err().message;
    assert!(message.ends_with("has characters that cannot be sent"), "{message}");
    assert!(!message.contains("hunter2"), "{message}");
}

#[test]
fn one_that_hangs_is_ended_within_the_limit() {
    for text in ["exec sleep 60", "sleep 60", "exec 1>&-; exec sleep 60"] {
        let since = Instant::now();
        let error = script(text).run_within(Some(Duration::from_millis(300))).unwrap_err();
        assert!(error.message.ends_with("that logs in did not end within 0.3 s"), "{error}");
        assert!(error.hints[0].contains("--request-timeout"), "{:?}", error.hints);
        assert!(since.elapsed() < Duration::from_secs(20), "{text} took {:?}", since.elapsed());
    }
}

#[test]
fn one_that_prints_without_end_is_refused() {
    let error =
        script("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done")
            .run();
    assert!(error.is_err());
}

#[test]
fn one_that_does_not_exist_is_told_with_how_to_get_it() {
    let mut gone = script("");
    gone.exec.command = gone.folder.path().join("none").to_string_lossy().into_owned();
    gone.exec.install_hint = "\n  run `get login`\nand read on".to_owned();
    let error = gone.run().unwrap_err();
    assert_eq!(error.message, format!("the plugin `{}` that logs in was not found", gone.exec.command));
    assert_eq!(error.hints, ["run `get login`"]);

    gone.exec.command = gone.folder.path().to_string_lossy().into_owned();
    let message = gone.run().unwrap_err().message;
    assert!(message.ends_with("cannot be started: permission denied"), "{message}");
}

#[test]
fn it_is_told_of_itself_and_of_the_cluster_when_it_wants_to() {
    let mut asks =
        script("printf '%s' \"$KUBERNETES_EXEC_INFO\" > \"$OUT\"; printf '%s' \"$1\" >> \"$OUT\"; exit 1");
    let out = asks.folder.path().join("out");
    asks.exec.args = vec!["argument".to_owned().into()];
    asks.exec.env =
        vec![Variable { name: "OUT".to_owned(), value: out.to_string_lossy().into_owned().into() }];
    let cluster = Cluster {
        server: "https://c".to_owned(),
        certificate_authority_data: "Y2E=".to_owned(),
        extensions: vec![Extension { name: EXTENSION.to_owned(), extension: json!({"a": 1}) }],
        ..Cluster::default()
    };
    let told = |exec: &Exec| {
        let limit = Some(Duration::from_secs(20));
        Plugin::new(exec.clone(), &cluster, false, limit).unwrap().run().unwrap_err();
        fs::read_to_string(&out).unwrap()
    };
    let plain =
        format!(r#"{{"apiVersion":"{V1}","kind":"ExecCredential","spec":{{"interactive":false}}}}argument"#);
    assert_eq!(told(&asks.exec), plain);
    asks.exec.provide_cluster_info = true;
    let text = told(&asks.exec);
    let info: serde_json::Value = serde_json::from_str(text.trim_end_matches("argument")).unwrap();
    let expected = json!({"server": "https://c", "certificate-authority-data": "Y2E=", "config": {"a": 1}});
    assert_eq!(info["spec"]["cluster"], expected);
}

#[test]
fn who_may_ask_depends_on_the_mode_and_the_terminal() {
    let table = [
        ("", true, Some(true)),
        ("", false, Some(false)),
        ("IfAvailable", true, Some(true)),
        ("IfAvailable", false, Some(false)),
        ("Never", true, Some(false)),
        ("Always", true, Some(true)),
        ("Always", false, None),
    ];
    for (mode, terminal, expected) in table {
        let exec = Exec { command: "login".to_owned(), interactive_mode: mode.to_owned(), ..Exec::default() };
        let plugin = Plugin::new(exec, &Cluster::default(), terminal, None);
        assert_eq!(plugin.ok().map(|plugin| plugin.interactive), expected, "{mode} {terminal}");
    }
}

#[test]
fn a_person_has_longer_unless_they_said_how_long() {
    let limit = |terminal: bool, limit: Duration| {
        Plugin::new(Exec::default(), &Cluster::default(), terminal, Some(limit)).unwrap().limit.unwrap()
    };
    assert_eq!(limit(true, DEFAULT_TIMEOUT), FOR_A_PERSON);
    assert_eq!(limit(false, DEFAULT_TIMEOUT), DEFAULT_TIMEOUT);
    assert_eq!(limit(true, Duration::from_secs(5)), Duration::from_secs(5));
}

#[test]
fn a_limit_that_no_clock_reaches_is_none() {
    assert!(prints(r#"{"token": "t"}"#).run_within(Some(Duration::MAX)).is_ok());
}

/// Wrappers start the program that really logs in.
#[test]
fn what_a_plugin_started_ends_with_it() {
    let script = script("(sleep 3; touch \"$0.late\") &\nsleep 600");
    let error = script.run_within(Some(Duration::from_millis(500))).unwrap_err();
    assert!(error.message.ends_with("did not end within 0.5 s"), "{}", error.message);
    std::thread::sleep(Duration::from_secs(4));
    assert!(!script.folder.path().join("login.late").exists());
}
