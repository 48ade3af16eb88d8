use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use mesh_testkit::odd;
use serde_json::{Value, json};

use super::super::test_pages::kept;
use super::super::{Bundle, write};
use super::{LIMITS, Limits, read, read_within};
use crate::snapshot::{RESOURCES, Resource, Silent, Why};

/// A folder with files that somebody sends.
struct Sent {
    folder: tempfile::TempDir,
}

impl Sent {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("x.tar.gz")
    }

    fn bytes(&self, bytes: &[u8]) -> String {
        std::fs::write(self.path(), bytes).unwrap();
        self.told(LIMITS)
    }

    fn told(&self, limits: Limits) -> String {
        match read_within(&self.path(), &Silent, limits) {
            Ok(bundle) => format!("{:?}", bundle.contents.lists),
            Err(error) => {
                assert!(!error.message.contains('\n'), "{error}");
                error.message.replace(&self.path().display().to_string(), "x")
            }
        }
    }
}

type File<'a> = (&'a str, tar::EntryType, &'a [u8]);

fn plain<'a>(name: &'a str, text: &'a str) -> File<'a> {
    (name, tar::EntryType::Regular, text.as_bytes())
}

fn packed(files: &[File<'_>]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (name, kind, content) in files {
        let mut header = tar::Header::new_ustar();
        // What `set_path` would refuse.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_entry_type(*kind);
        header.set_cksum();
        archive.append(&header, *content).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

fn manifest(lists: &Value) -> Value {
    json!({
        "apiVersion": "kubectl-mesh/v1alpha1", "kind": "Bundle", "createdAt": "", "version": "0.1.0", "source": "s",
        "namespace": "n", "redacted": false, "lists": lists, "notRead": [], "absent": [],
    })
}

const ONE_POD: &str =
    r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"}}]}"#;

fn listed(resource: &str, api_version: &str, items: usize) -> Value {
    json!([{"resource": resource, "apiVersion": api_version, "items": items}])
}

#[test]
fn what_somebody_packed_again_is_read() {
    let sent = Sent::new();
    let manifest = manifest(&listed("pods", "v1", 1)).to_string();
    let files = [
        ("./", tar::EntryType::Directory, &[][..]),
        ("./lists/pods.json", tar::EntryType::Regular, ONE_POD.as_bytes()),
        ("x", tar::EntryType::XHeader, b"20 mtime=1.5\n"),
        ("./bundle.json", tar::EntryType::Regular, manifest.as_bytes()),
        plain("lists/._pods.json", "what macOS adds"),
        plain("README", "hello"),
    ];
    assert!(sent.bytes(&packed(&files)).contains("\\\"name\\\":\\\"p\\\""));
    let newer = self::manifest(&listed("things.example.com", "example.com/v1", 0)).to_string();
    let unknown = [plain("bundle.json", &newer), plain("lists/things.example.com.json", "{}")];
    assert_eq!(sent.bytes(&packed(&unknown)), "[]", "what a newer version reads besides is passed over");
}

#[test]
fn a_kind_that_the_writer_did_not_know_was_not_asked_for() {
    let sent = Sent::new();
    let mut manifest = manifest(&listed("pods", "v1", 1));
    let all: Vec<String> = RESOURCES.iter().map(Resource::name).collect();
    let absent: Vec<&String> =
        all.iter().filter(|name| *name != "authorizationpolicies.security.istio.io").collect();
    manifest["absent"] = json!(absent);
    let manifest = manifest.to_string();
    sent.bytes(&packed(&[plain("bundle.json", &manifest), plain("lists/pods.json", ONE_POD)]));
    let not_read = read(&sent.path(), &Silent).unwrap().objects().not_read;
    let names: Vec<&str> = not_read.iter().map(|list| list.resource.as_str()).collect();
    assert_eq!(names, ["authorizationpolicies.security.istio.io"]);
    assert!(not_read[0].why == Why::NotAsked && not_read[0].extent.is_all());
}

#[test]
fn what_is_no_bundle_is_refused_in_one_line() {
    let sent = Sent::new();
    let good = manifest(&listed("pods", "v1", 1));
    let text = good.to_string();
    let with = |key: &str, value: Value| {
        let mut manifest = good.clone();
        manifest[key] = value;
        manifest.to_string()
    };
    let pods = plain("lists/pods.json", ONE_POD);
    let secret = ONE_POD.replace("\"Pod\"", "\"Secret\"");
    let later = with("apiVersion", json!("kubectl-mesh/v2"));
    let report = with("kind", json!("ReachabilityReport"));
    let foreign = with("apiVersion", json!("v1"));
    let group = manifest(&listed("pods", "apps/v1", 1)).to_string();
    let more = manifest(&listed("pods", "v1", 2)).to_string();
    let link = ("lists/pods.json", tar::EntryType::Symlink, &[][..]);
    let manifest = plain("bundle.json", &text);
    for (files, told) in [
        (vec![pods], "`x` is no bundle: it holds no `bundle.json`"),
        (vec![manifest], "`x` is no bundle: `lists/pods.json` is missing"),
        (vec![manifest, pods, pods], "`x` is no bundle: it holds `lists/pods.json` twice"),
        (vec![manifest, pods, manifest], "`x` is no bundle: it holds `bundle.json` twice"),
        (vec![manifest, link], "`x` is no bundle: `lists/pods.json` in it is no plain file"),
        (
            vec![manifest, pods, plain("../bundle.json", "")],
            "`x` is no bundle: `../bundle.json` in it leads out of it",
        ),
        (
            vec![manifest, pods, plain("/etc/passwd", "")],
            "`x` is no bundle: `/etc/passwd` in it leads out of it",
        ),
        (
            vec![manifest, pods, plain("lists/secrets.json", "{}")],
            "`x` is no bundle: `lists/secrets.json` in it is not named in `bundle.json`",
        ),
        (
            vec![manifest, plain("lists/pods.json", &secret)],
            "`x` is no bundle: `lists/pods.json` in it holds `Secret` of `v1`, not `Pod` of `v1`",
        ),
        (
            vec![manifest, plain("lists/pods.json", "{}")],
            "`x` is no bundle: `lists/pods.json` in it is no list: the answer is no list",
        ),
        (
            vec![plain("bundle.json", &group), pods],
            "`x` is no bundle: `lists/pods.json` in it is of `apps/v1`",
        ),
        (
            vec![plain("bundle.json", &more), pods],
            "`x` is no bundle: `lists/pods.json` in it has 1 items, not 2",
        ),
        (
            vec![plain("bundle.json", &later), pods],
            "`x` could not be read: it was written by another version: `v2`",
        ),
        (
            vec![plain("bundle.json", &report), pods],
            "`x` is no bundle: `bundle.json` in it is `ReachabilityReport` of `kubectl-mesh/v1alpha1`",
        ),
        (
            vec![plain("bundle.json", &foreign), pods],
            "`x` is no bundle: `bundle.json` in it is `Bundle` of `v1`",
        ),
        (
            vec![("bundle.json", tar::EntryType::Regular, &[0xff, 0xfe])],
            "`x` is no bundle: `bundle.json` in it is not UTF-8 text",
        ),
    ] {
        assert_eq!(sent.bytes(&packed(&files)), told);
    }
    for (bytes, told) in [
        (&b""[..], "`x` is no bundle: it is empty"),
        (b"apiVersion: v1", "`x` is no bundle: it is not compressed with gzip"),
        (b"\x1f\x8b", "`x` could not be read: it is cut off"),
    ] {
        assert_eq!(sent.bytes(bytes), told);
    }
    let mut zipped = GzEncoder::new(Vec::new(), Compression::default());
    zipped.write_all(&[b'x'; 2_000]).unwrap();
    let told = sent.bytes(&zipped.finish().unwrap());
    assert!(told.starts_with("`x` could not be read: it is damaged: "), "{told}");
    assert!(
        read(Path::new("/no/such"), &Silent)
            .unwrap_err()
            .message
            .ends_with("there is no such file or directory")
    );
    assert!(
        read(sent.folder.path(), &Silent).unwrap_err().message.ends_with("is no bundle: it is a directory")
    );
}

#[test]
fn every_damage_is_told() {
    let sent = Sent::new();
    write(&sent.path(), &kept(&odd::cluster(3)), false).unwrap();
    let whole = std::fs::read(sent.path()).unwrap();
    for end in (0..whole.len()).step_by(97) {
        let told = sent.bytes(&whole[..end]);
        assert!(told.starts_with("`x` "), "cut off at {end}: {told}");
    }
    for at in (10..whole.len()).step_by(89) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        let told = sent.bytes(&bytes);
        assert!(told.starts_with("`x` "), "changed at {at}: {told}");
    }
}

#[test]
fn what_unpacks_to_too_much_is_refused_before_it_is_read() {
    let sent = Sent::new();
    let manifest = manifest(&json!([])).to_string();
    let zeros = vec![b' '; 4 << 20];
    let big = |kind| packed(&[plain("bundle.json", &manifest), ("lists/pods.json", kind, &zeros)]);
    let bytes = big(tar::EntryType::Regular);
    assert!(bytes.len() < 20_000);
    std::fs::write(sent.path(), &bytes).unwrap();
    let told = sent.told(Limits { single: 1 << 20, ..LIMITS });
    assert_eq!(told, "`x` is no bundle: `lists/pods.json` in it is larger than 1 MiB");
    assert_eq!(sent.told(Limits { total: 2 << 20, ..LIMITS }), "`x` is no bundle: it holds more than 2 MiB");
    // A name or an attribute of that size.
    std::fs::write(sent.path(), big(tar::EntryType::XHeader)).unwrap();
    assert_eq!(sent.told(Limits { total: 2 << 20, ..LIMITS }), "`x` is no bundle: it holds more than 2 MiB");
    assert_eq!(
        sent.bytes(&big(tar::EntryType::GNULongName)),
        "`x` is no bundle: `lists/pods.json` in it is no plain file"
    );
    let many: Vec<File<'_>> = (0..1_001).map(|_| ("d/", tar::EntryType::Directory, &[][..])).collect();
    assert_eq!(sent.bytes(&packed(&many)), "`x` is no bundle: it holds more than 1000 files");
}

#[test]
fn a_list_nested_without_end_is_refused() {
    let sent = Sent::new();
    let deep = format!("{{\"kind\":\"List\",\"apiVersion\":\"v1\",\"items\":[{}", "[".repeat(1 << 20));
    let manifest = manifest(&listed("pods", "v1", 1)).to_string();
    let told = sent.bytes(&packed(&[plain("bundle.json", &manifest), plain("lists/pods.json", &deep)]));
    assert!(told.starts_with("`x` is no bundle: `lists/pods.json` in it is no list:"), "{told}");
}

#[test]
fn how_far_reading_is_is_told() {
    struct Heard(std::sync::atomic::AtomicU64);
    impl crate::snapshot::Progress for Heard {
        fn start(&self, _: &str, total: Option<u64>) {
            assert!(total.is_some());
        }
        fn advance(&self, bytes: u64) {
            self.0.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
        }
    }
    let sent = Sent::new();
    let written = write(&sent.path(), &kept(&odd::cluster(3)), false).unwrap();
    let heard = Heard(0.into());
    let _: Bundle = read(&sent.path(), &heard).unwrap();
    assert_eq!(heard.0.into_inner(), written.bytes);
}
