use super::*;

const DOMAIN: &str = "td";

fn pair(wanted: &StringMatch) -> Option<(NameMatch, NameMatch)> {
    Pair::of_principal(wanted, DOMAIN).map(|pair| (pair.namespace, pair.account))
}

fn any() -> NameMatch {
    NameMatch::Any
}

fn exact(name: &str) -> NameMatch {
    NameMatch::Exact(name.into())
}

fn prefix(name: &str) -> NameMatch {
    NameMatch::Prefix(name.into())
}

fn suffix(name: &str) -> NameMatch {
    NameMatch::Suffix(name.into())
}

#[test]
fn a_prefix_says_what_it_ends_in() {
    for (written, expected) in [
        ("t", Some((any(), any()))),
        ("td/ns/", Some((any(), any()))),
        ("td/ns/sh", Some((prefix("sh"), any()))),
        ("td/ns/shop/", Some((exact("shop"), any()))),
        ("td/ns/shop/s", Some((exact("shop"), any()))),
        ("td/ns/shop/sa/", Some((exact("shop"), any()))),
        ("td/ns/shop/sa/w", Some((exact("shop"), prefix("w")))),
        ("other/", None),
        ("spiffe://td", None),
        ("td/ns//", None),
        ("td/ns/shop/x", None),
        ("td/ns/shop/sa/w/x", None),
    ] {
        assert_eq!(pair(&StringMatch::Prefix(written.into())), expected, "{written}*");
    }
}

#[test]
fn a_suffix_says_what_it_begins_in() {
    for (written, expected) in [
        ("eb", Some((any(), suffix("eb")))),
        ("/web", Some((any(), exact("web")))),
        ("a/web", Some((any(), exact("web")))),
        ("sa/web", Some((any(), exact("web")))),
        ("/sa/web", Some((any(), exact("web")))),
        ("op/sa/web", Some((suffix("op"), exact("web")))),
        ("/shop/sa/web", Some((exact("shop"), exact("web")))),
        ("td/ns/shop/sa/web", Some((exact("shop"), exact("web")))),
        ("xtd/ns/shop/sa/web", None),
        ("other/ns/shop/sa/web", None),
        ("shop/sb/web", None),
        ("/", None),
    ] {
        assert_eq!(pair(&StringMatch::Suffix(written.into())), expected, "*{written}");
    }
}

#[test]
fn an_exact_principal_is_whole() {
    let whole = |text: &str| pair(&StringMatch::Exact(text.into()));
    assert_eq!(whole("td/ns/shop/sa/web"), Some((exact("shop"), exact("web"))));
    for never in [
        "td",
        "td/ns/shop",
        "td/ns/shop/sa/",
        "td/ns//sa/web",
        "spiffe://td/ns/shop/sa/web",
        "td/ns/shop/sa/w/x",
    ] {
        assert_eq!(whole(never), None, "{never}");
    }
}

/// Every name is in one cell, and a condition selects the cell just when it matches the name.
#[test]
fn cells_agree_with_conditions() {
    let conditions = [exact("web"), prefix("w"), prefix("we"), suffix("b"), suffix("eb"), exact("x"), any()];
    let cells = NameCells::new(conditions.iter());
    for name in ["web", "w", "we", "wb", "web2", "b", "eb", "x", "xb", "other", "weeb", "wexeb"] {
        let cell = cells.cell_of(name);
        for condition in &conditions {
            let selected = cells.select(condition).get(cell).copied();
            assert_eq!(selected, Some(condition.matches(name)), "{name} {condition:?}");
        }
    }
}

#[test]
fn a_group_is_described_by_what_its_names_share() {
    let namespaces = NameCells::new([prefix("sh"), exact("shop")].iter());
    let accounts = NameCells::new([suffix("b")].iter());
    let label = |namespace: &str, account: &str| {
        let label =
            CellLabel::new(&namespaces, namespaces.cell_of(namespace), &accounts, accounts.cell_of(account));
        (label.namespace.clone(), label.account.clone(), label.is_rest())
    };
    assert_eq!(label("shop", "web"), ("shop".to_owned(), "*b".to_owned(), false));
    assert_eq!(label("shed", "x"), ("sh*".to_owned(), "*".to_owned(), false));
    assert_eq!(label("a", "x"), ("*".to_owned(), "*".to_owned(), true));
}
