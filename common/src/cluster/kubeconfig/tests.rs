use super::*;

fn file(folder: &tempfile::TempDir, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_first_file_wins_and_missing_ones_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let first = file(
        &folder,
        "a",
        "current-context: ''\nclusters: [{name: c, cluster: {server: https://a}}]\nusers: null\ncontexts:\n",
    );
    let second = file(
        &folder,
        "b",
        "current-context: x\nclusters: [{name: c, cluster: {server: https://b, proxy-url: http://p}}, {name: d, cluster: {server: https://d}}]\n",
    );
    let third = file(&folder, "c", "current-context: z\n");
    let missing = folder.path().join("none");
    let all = read_list(vec![missing.clone(), first, second, third]).unwrap();
    assert_eq!(all.current_context, "x");
    assert_eq!(all.cluster("c").unwrap().server, "https://a");
    assert_eq!(all.cluster("c").unwrap().proxy_url, "", "nothing of a later entry of the same name");
    assert_eq!(all.cluster("d").unwrap().server, "https://d");
    assert_eq!(all.missing, [missing]);
    assert_eq!(all.read.len(), 3);
}

#[test]
fn the_file_that_was_named_must_exist() {
    let error = read_one(Path::new("/nowhere/config")).unwrap_err();
    assert_eq!(error.message, "the kubeconfig `/nowhere/config` does not exist");
    assert_eq!(error.hints, ["check `--kubeconfig`"]);
}

#[test]
fn a_folder_is_no_kubeconfig() {
    let folder = tempfile::tempdir().unwrap();
    let error = read_one(folder.path()).unwrap_err();
    let expected = format!("the kubeconfig `{}` cannot be read: is a directory", folder.path().display());
    assert_eq!(error.message, expected);
}

#[test]
fn paths_are_relative_to_the_file_and_empty_ones_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let text = "clusters: [{name: c, cluster: {certificate-authority: ca.crt}}]\n\
        users: [{name: u, user: {client-certificate: '', client-key: /k, tokenFile: t, exec: {command: bin/login}}},\n\
        {name: v, user: {exec: {command: login}}}]\n";
    let config = read_one(&file(&folder, "config", text)).unwrap();
    let within = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let user = config.user("u").unwrap();
    assert_eq!(config.cluster("c").unwrap().certificate_authority, within("ca.crt"));
    assert_eq!(user.client_certificate, "");
    assert_eq!(user.client_key, "/k");
    assert_eq!(user.token_file, within("t"));
    assert_eq!(user.exec.as_ref().unwrap().command, within("bin/login"));
    assert_eq!(config.user("v").unwrap().exec.as_ref().unwrap().command, "login", "found on PATH");
}

#[test]
fn errors_name_the_line_and_never_a_value() {
    let folder = tempfile::tempdir().unwrap();
    let table = [
        ("users:\n- name: u\n  user: hunter2\n", ":3 cannot be read: expected struct User"),
        ("# c\n---\nusers:\n  hunter2\n", ":4 cannot be read: expected a sequence"),
        ("users: [\n", ":"),
        ("hunter2", ":1 cannot be read: expected struct Kubeconfig"),
    ];
    for (text, expected) in table {
        let path = file(&folder, "config", text);
        let message = read_one(&path).unwrap_err().message;
        let start = format!("the kubeconfig `{}`{expected}", path.display());
        assert!(message.starts_with(&start), "{message}\n{start}");
        assert!(!message.contains("hunter2"), "{message}");
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn other_encodings_and_empty_files_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let text = "current-context: ä\n";
    let wide = |unit: fn(u16) -> [u8; 2], mark: [u8; 2]| -> Vec<u8> {
        mark.into_iter().chain(text.encode_utf16().flat_map(unit)).collect()
    };
    let marked = [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat();
    let little = wide(u16::to_le_bytes, [0xFF, 0xFE]);
    let big = wide(u16::to_be_bytes, [0xFE, 0xFF]);
    for bytes in [text.as_bytes().to_vec(), marked, little, big] {
        assert_eq!(read_one(&file(&folder, "config", bytes)).unwrap().current_context, "ä");
    }
    for empty in ["", "# nothing\n", "---\n", "{}\n"] {
        assert_eq!(read_one(&file(&folder, "config", empty)).unwrap().current_context, "", "{empty:?}");
    }
    let error = read_one(&file(&folder, "config", b"\xC3\x28")).unwrap_err();
    assert!(error.message.ends_with("cannot be read: it is no text"), "{error}");
}

#[test]
fn unknown_fields_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let text = "kind: Config\napiVersion: v1\npreferences: {colors: true}\nextensions: [{name: x, extension: {a: 1}}]\n\
        contexts: [{name: a, context: {cluster: c, user: u, extensions: [{name: m, extension: {v: 1}}]}}]\n";
    let config = read_one(&file(&folder, "config", text)).unwrap();
    assert_eq!(config.context("a").unwrap().cluster, "c");
}

#[test]
fn numbers_and_booleans_are_texts_where_a_text_belongs() {
    let folder = tempfile::tempdir().unwrap();
    let text = "current-context: 7\nusers: [{name: yes, user: {username: n, password: 1234, as-groups: [1, a, true]}}]\n";
    let config = read_one(&file(&folder, "config", text)).unwrap();
    assert_eq!(config.current_context, "7");
    let user = config.user("true").unwrap();
    assert_eq!((user.username.as_str(), user.password.reveal()), ("false", "1234"));
    assert_eq!(user.as_groups, ["1", "a", "true"]);
}
