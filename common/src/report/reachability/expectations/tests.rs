use super::*;

const HEAD: &str = "apiVersion: kubectl-mesh/v1alpha1\nkind: ReachabilityExpectations\nexpectations:\n";

fn error(text: &str) -> String {
    Expectations::parse(text).unwrap_err().to_string()
}

#[test]
fn lists_make_pairs_in_their_order() {
    let text = format!(
        "{HEAD}- {{from: [a, b], to: [c, d], port: http, expect: denied, name: nobody}}\n- {{from: a, to: c}}\n"
    );
    let parsed = Expectations::parse(&text).unwrap();
    let [first, second] = parsed.0.as_slice() else { panic!("{parsed:?}") };
    let pairs: Vec<String> = first.pairs.iter().map(|pair| format!("{}-{}", pair.from, pair.to)).collect();
    assert_eq!(pairs, ["a-c", "a-d", "b-c", "b-d"]);
    assert_eq!(
        (first.expect, first.line, first.port.as_ref().map(ToString::to_string)),
        (Some(Verdict::Denied), 4, Some("http".to_owned()))
    );
    assert_eq!((second.expect, second.name.clone()), (None, None));
}

#[test]
fn what_is_not_understood_has_its_place() {
    for (item, expected) in [
        ("- {from: a, too: b}", "4:13: unknown field `too`"),
        ("- {from: a}", "4:3: missing field `to`"),
        ("- {to: a, from: []}", "4:3: missing field `from`"),
        ("- {from: a, to: b, expect: maybe}", "4:28: unknown variant `maybe`"),
        ("- {from: a, to: b, port: 70000}", "4:26"),
        ("- {from: foo/shop/cart, to: b}", "4:3: `foo` is not a kind"),
        ("- {from: 'a:80', to: b}", "4:3: `a:80` names a port, but who calls has none"),
        ("- {from: a, to: 'b:80', port: 80}", "4:3: `b:80` names a port, and so does `port`"),
        ("- {from: a, to: b, protocol: udp}", "4:30: unknown variant `udp`"),
        ("- {from: a, to: b, method: get}", "4:3: `method`: no request has the method `get`"),
        ("- {from: a, to: b, path: x}", "4:3: `path`: a path begins with `/`"),
        ("- {from: a, to: b, path: /x/..}", "4:3: `path`: no policy sees the path `/x/..`"),
    ] {
        let said = error(&format!("{HEAD}{item}\n"));
        assert!(said.starts_with(expected), "{item}: {said}");
    }
}

#[test]
fn the_file_says_what_it_is() {
    for (text, expected) in [
        ("", "expected a map"),
        ("[]", "1:1: expected a map"),
        ("kind: ReachabilityExpectations\nexpectations: []", "1:1: missing field `apiVersion`"),
        ("apiVersion: kubectl-mesh/v1\nkind: ReachabilityExpectations", "1:1: expected apiVersion"),
        ("apiVersion: kubectl-mesh/v1alpha1\nkind: Other", "2:1: expected kind"),
        (
            "apiVersion: kubectl-mesh/v1alpha1\nkind: ReachabilityExpectations",
            "1:1: missing field `expectations`",
        ),
        (
            "apiVersion: kubectl-mesh/v1alpha1\nkind: ReachabilityExpectations\nexpectations: {}",
            "3:15: expected a list",
        ),
        ("apiVersion: kubectl-mesh/v1alpha1\nextra: 1", "2:1: unknown field `extra`"),
    ] {
        let said = error(text);
        assert!(said.contains(expected), "{text}: {said}");
    }
}
