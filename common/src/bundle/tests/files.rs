//! What is written is read again, in any order, and the file is what it should be.

use mesh_testkit::{odd, seed};
use serde_json::Value;

use super::corners::corners;
use super::{not_read, same, unpacked};
use crate::bundle::test_pages::kept;
use crate::bundle::{Contents, List, anonymous, check_target, read, write};
use crate::snapshot::{Objects, Silent};

#[test]
fn a_bundle_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar.gz");
    for (name, objects) in [("corners", corners()), ("odd", odd::cluster(seed())), ("nothing", Vec::new())] {
        let said = not_read();
        let mut contents = Contents { not_read: said.iter().map(anonymous).collect(), ..kept(&objects) };
        // Nothing is said of what the API server does not have.
        contents.lists.retain(|list| !list.resource.contains("calico"));
        for list in &mut contents.lists {
            sort(list);
        }
        let written = write(&path, &contents, false).unwrap();
        assert_eq!(written.bytes, std::fs::metadata(&path).unwrap().len());
        let bundle = read(&path, &Silent).unwrap();
        same(&bundle.objects(), &contents.objects(), name);
        assert_eq!(bundle.objects().not_read, contents.objects().not_read);
        assert_eq!(bundle.contents.not_read, contents.not_read);
        assert!(contents.nothing_said().len() > 2);
        assert_eq!((bundle.redacted, &*bundle.version), (false, env!("CARGO_PKG_VERSION")));
        let metadata = |of: &Contents| [of.namespace.clone(), of.source.clone(), of.created_at.clone()];
        assert_eq!(metadata(&bundle.contents), metadata(&contents));
    }
}

/// Puts the items of a list into the order of their names.
fn sort(list: &mut List) {
    let mut value: Value = serde_json::from_str(&list.text).unwrap();
    let key = |item: &Value| {
        let name = |field: &str| item["metadata"][field].as_str().unwrap_or_default().to_owned();
        format!("{}/{}", name("namespace"), name("name"))
    };
    value["items"].as_array_mut().unwrap().sort_by_cached_key(key);
    list.text = value.to_string();
}

#[test]
fn pages_of_one_resource_become_one_list() {
    let all = odd::cluster(7);
    let (first, second) = all.split_at(all.len() / 2);
    let mut paged = kept(first);
    paged.lists.extend(kept(second).lists);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar.gz");
    // Policies of two versions stand in one list of a server in one.
    let one_version = |list: &mut List| {
        if list.api_version.starts_with("security") {
            list.api_version = "security.istio.io/v1".to_owned();
        }
    };
    paged.lists.iter_mut().for_each(one_version);
    write(&path, &paged, false).unwrap();
    let bundle = read(&path, &Silent).unwrap();
    let mut whole = kept(&all);
    whole.lists.iter_mut().for_each(one_version);
    whole.lists.iter_mut().for_each(sort);
    same(&bundle.objects(), &whole.objects(), "pages");
}

#[test]
fn the_order_in_which_lists_came_says_nothing() {
    let mut contents = kept(&odd::cluster(5));
    let split = |list: &List| -> Vec<List> {
        let items: Vec<&serde_json::value::RawValue> = crate::decode::json::items(&list.text).unwrap();
        let page = |item: &&serde_json::value::RawValue| {
            let text = format!(r#"{{"apiVersion":"v1","kind":"List","items":[{item}]}}"#);
            List { text, ..list.clone() }
        };
        let pages: Vec<_> = items.iter().rev().map(page).collect();
        if pages.is_empty() { vec![list.clone()] } else { pages }
    };
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    write(&a, &contents, false).unwrap();
    contents.lists = contents.lists.iter().rev().flat_map(split).collect();
    write(&b, &contents, false).unwrap();
    assert_eq!(std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap());
}

#[test]
fn the_same_contents_give_the_same_bytes_and_only_we_may_read_them() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    let contents = kept(&corners());
    std::fs::write(&b, "old").unwrap();
    for path in [&a, &b] {
        check_target(path).unwrap();
        write(path, &contents, false).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
    assert_eq!(std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap());
    let lines = unpacked(&a);
    assert_eq!(lines[0].0, "bundle.json");
    let (_, pods) = lines.iter().find(|(name, _)| name == "lists/pods.json").unwrap();
    assert_eq!(pods.lines().count(), 4, "an item a line: {pods}");
    assert!(
        pods.lines().nth(1).unwrap().starts_with(r#"{"apiVersion":"v1","kind":"Pod","metadata":{"#),
        "{pods}"
    );
}

#[test]
fn unpacked_lists_are_manifests() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.tar.gz");
    write(&path, &kept(&corners()), false).unwrap();
    let mut objects = Objects::default();
    for (name, text) in unpacked(&path).into_iter().skip(1) {
        objects.append(crate::manifests::from_text(&name, &text, &crate::manifests::Options::default()));
    }
    let live = kept(&corners()).objects();
    assert_eq!(objects.pods.len(), live.pods.len());
    assert_eq!(objects.authorization_policies.len(), live.authorization_policies.len());
    assert_eq!(objects.templates.len(), live.templates.len());
    assert_eq!((objects.gaps.len(), objects.unreadable.len()), (0, 0));
}

#[test]
fn what_cannot_be_written_is_told_before_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let inside = |name: &str| folder.path().join(name);
    let told = |name: &str| check_target(&inside(name)).unwrap_err().message;
    assert!(told("no/such/x.tar.gz").ends_with("cannot be written: there is no such file or directory"));
    std::fs::create_dir(inside("folder")).unwrap();
    assert!(told("folder").ends_with("it is a directory"));
    assert!(check_target(std::path::Path::new("/dev/null")).unwrap_err().message.ends_with("it is no file"));
    assert!(check_target(std::path::Path::new("")).is_err());
    let bad = List { resource: "pods".to_owned(), api_version: "v1".to_owned(), text: "{}".to_owned() };
    let contents = Contents { lists: vec![bad.clone()], ..Contents::default() };
    std::fs::write(inside("old"), "old").unwrap();
    let error = write(&inside("old"), &contents, false).unwrap_err();
    assert!(error.message.ends_with("cannot be written: the answer is no list"), "{error}");
    let unknown = List { resource: "secrets".to_owned(), ..bad };
    assert!(write(&inside("old"), &Contents { lists: vec![unknown], ..Contents::default() }, false).is_err());
    assert_eq!(std::fs::read_to_string(inside("old")).unwrap(), "old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "something was left behind");
}

#[cfg(unix)]
#[test]
fn a_link_stays_and_what_it_leads_to_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (link, file) = (folder.path().join("link"), folder.path().join("file"));
    std::fs::write(&file, "old").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    write(&link, &Contents::default(), false).unwrap();
    assert!(link.is_symlink());
    assert!(read(&file, &Silent).is_ok());
}
