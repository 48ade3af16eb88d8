use super::*;
use crate::snapshot::Silent;

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: pg, namespace: edp}\nspec: {}\n";

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

fn read(path: &Path, recursive: bool) -> Result<Objects, InputError> {
    let options = Options { recursive, ..Options::default() };
    load(&[path.display().to_string()], &options, &Silent)
}

#[test]
fn a_directory_is_searched_as_kubectl_does() {
    let files: &[(&str, &[u8])] = &[
        ("a.yaml", SERVICE.as_bytes()),
        ("b.yml", SERVICE.as_bytes()),
        ("c.txt", SERVICE.as_bytes()),
        ("below/d.yaml", SERVICE.as_bytes()),
    ];
    let folder = folder(files);
    assert_eq!(read(folder.path(), false).unwrap().services.len(), 2);
    assert_eq!(read(folder.path(), true).unwrap().services.len(), 3);
}

#[test]
fn a_directory_without_manifests_is_an_error_that_knows_of_folders() {
    let folder = folder(&[("below/d.yaml", SERVICE.as_bytes())]);
    let error = read(folder.path(), false).unwrap_err();
    assert!(error.message.ends_with("it holds no *.yaml, *.yml or *.json file"), "{error}");
    assert_eq!(error.hints, ["-R also reads what is in its folders"]);
}

#[test]
fn what_powershell_writes_is_read() {
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let text = format!("\u{feff}{}", SERVICE.replace('\n', "\r\n"));
        let content: Vec<u8> = text.encode_utf16().flat_map(bytes).collect();
        let folder = folder(&[("a.yaml", &content)]);
        let objects = read(folder.path(), false).unwrap();
        assert_eq!((objects.services.len(), objects.gaps.len()), (1, 0));
    }
}

#[test]
fn a_byte_that_is_no_text_loses_nothing_else() {
    let content = [SERVICE.as_bytes(), b"---\n# caf\xe9\n---\n", SERVICE.as_bytes()].concat();
    let folder = folder(&[("a.yaml", &content)]);
    let objects = read(folder.path(), false).unwrap();
    assert_eq!(objects.services.len(), 2);
    assert_eq!(objects.gaps[0].evidence.get("error"), Some("line 6 is not UTF-8 text"));
}

#[test]
fn a_missing_file_beside_others_is_a_gap() {
    let folder = folder(&[("a.yaml", SERVICE.as_bytes())]);
    let paths = ["a.yaml", "b.yaml"].map(|name| folder.path().join(name).display().to_string());
    let objects = load(&paths, &Options::default(), &Silent).unwrap();
    assert_eq!(objects.services.len(), 1);
    assert_eq!(objects.gaps[0].code, Code::FileUnreadable);
    assert_eq!(objects.gaps[0].affects, Affects::Everything);
}

#[test]
fn links_that_lead_in_circles_are_not_followed() {
    let folder = folder(&[("below/d.yaml", SERVICE.as_bytes())]);
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path(), folder.path().join("below/up")).unwrap();
    assert_eq!(read(folder.path(), true).unwrap().services.len(), 1);
}

#[test]
fn names_of_manifests_are_told_in_any_case() {
    let json = r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"a","namespace":"edp"},"spec":{}}"#;
    let files: &[(&str, &[u8])] =
        &[("a.YAML", SERVICE.as_bytes()), ("b.Yml", SERVICE.as_bytes()), ("c.JSON", json.as_bytes())];
    assert_eq!(read(folder(files).path(), false).unwrap().services.len(), 3);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    fn not_read(objects: &Objects) -> Vec<(&str, &Affects)> {
        objects.gaps.iter().map(|gap| (gap.evidence.get("error").unwrap(), &gap.affects)).collect()
    }

    #[test]
    fn what_is_no_file_is_not_opened() {
        let folder = folder(&[("a.yaml", SERVICE.as_bytes())]);
        let at = |name: &str| folder.path().join(name);
        assert!(Command::new("mkfifo").arg(at("b.yaml")).status().unwrap().success());
        let _listener = UnixListener::bind(at("c.json")).unwrap();
        let _other = UnixListener::bind(at("other.sock")).unwrap();
        symlink("/dev/zero", at("d.yml")).unwrap();
        symlink("a.yaml", at("e.yaml")).unwrap();
        let objects = read(folder.path(), false).unwrap();
        assert_eq!(objects.services.len(), 2);
        assert_eq!(not_read(&objects), [("it is a pipe, a socket or a device", &Affects::Everything); 3]);
    }

    #[test]
    fn links_to_directories_are_told_but_those_of_a_mount() {
        let folder = folder(&[("..2024/d.yaml", SERVICE.as_bytes()), ("a.yaml", SERVICE.as_bytes())]);
        let elsewhere = super::folder(&[("e.yaml", SERVICE.as_bytes())]);
        symlink("..2024", folder.path().join("..data")).unwrap();
        symlink("..data/d.yaml", folder.path().join("d.yaml")).unwrap();
        symlink("nowhere", folder.path().join("old")).unwrap();
        assert_eq!(not_read(&read(folder.path(), true).unwrap()), []);
        symlink(elsewhere.path(), folder.path().join("more")).unwrap();
        assert_eq!(not_read(&read(folder.path(), false).unwrap()), []);
        let objects = read(folder.path(), true).unwrap();
        assert_eq!(not_read(&objects), [("a link to a directory is not followed", &Affects::Everything)]);
    }

    #[test]
    fn a_pipe_that_is_named_is_read() {
        let folder = folder(&[]);
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for (content, services, gaps) in [(SERVICE, 1, 0), ("", 0, 1)] {
            let target = pipe.clone();
            let writer = std::thread::spawn(move || fs::write(target, content).unwrap());
            let mut input = Input {
                objects: Objects::default(),
                options: &Options::default(),
                progress: &Silent,
                problems: Vec::new(),
            };
            input.path(&pipe.display().to_string());
            writer.join().unwrap();
            assert_eq!((input.objects.services.len(), input.objects.gaps.len()), (services, gaps));
        }
    }
}
