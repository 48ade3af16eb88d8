//! Documents that speak of the code must be true: codes and reasons, the cases behind the semantics, schemas,
//! and the links between documents.
//!
//! `UPDATE=1` writes docs/codes.md from the table in the source.

#![expect(clippy::unwrap_used, reason = "a test that cannot run fails")]

use std::collections::BTreeSet;
use std::fmt::Write;

use mesh_common::codes::{Class, Code, Reason};
use mesh_common::policy::{Gate, GateOutcome, Verdict};
use serde_json::Value;

fn codes_page() -> String {
    let mut page = String::from(
        "# Codes and reasons\n\nGenerated from the table in the source (`UPDATE=1 cargo test -p mesh-tests --test docs`). Every binary \
         explains a code with `--explain CODE`; numbers are never used twice.\n\nAn object silences a code with the \
         annotation `kubectl-mesh/ignore: MESH0107` (several: separated by commas); what is silenced is counted.\n",
    );
    let mut section = |title: &str, of: fn(Class) -> bool| {
        write!(page, "\n## {title}\n").unwrap();
        for code in Code::ALL.iter().filter(|code| of(code.entry().class)) {
            let entry = code.entry();
            let severity = match entry.class {
                Class::Finding(severity) => format!(" ({})", severity.as_str()),
                Class::Assumption | Class::Gap => String::new(),
            };
            write!(page, "\n### {code}: {}{severity}\n\n", entry.title).unwrap();
            writeln!(page, "> {}\n>\n> hint: {}\n\n{}", entry.message, entry.hint, entry.explanation)
                .unwrap();
        }
    };
    section("Findings", |class| matches!(class, Class::Finding(_)));
    section("Assumptions", |class| class == Class::Assumption);
    section("Gaps", |class| class == Class::Gap);
    page.push_str(
        "\n## Reasons\n\n`decidedBy.reason` and `hops[].gates[].detail` in JSON; the list is closed.\n\n",
    );
    page.push_str("| reason | meaning |\n|---|---|\n");
    for reason in Reason::ALL {
        writeln!(page, "| `{}` | {} |", reason.as_str(), reason.meaning()).unwrap();
    }
    page
}

#[test]
fn the_page_of_codes_is_fresh() {
    let path = mesh_tests::root().join("docs/codes.md");
    let page = codes_page();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/codes.md is stale: UPDATE=1 cargo test -p mesh-tests --test docs");
}

/// The names of cases that a text mentions: `cases/NAME.yaml` or a link to it.
fn cases_named(text: &str) -> BTreeSet<String> {
    let names = text.split("cases/").skip(1).filter_map(|rest| rest.split_once(".yaml"));
    let is_name =
        |name: &&str| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    names.map(|(name, _)| name).filter(is_name).map(str::to_owned).collect()
}

#[test]
fn the_semantics_name_every_case_and_only_cases() {
    let named = cases_named(&mesh_tests::read("docs/semantics.md"));
    let folder = std::fs::read_dir(mesh_tests::root().join("tests/cases")).unwrap();
    let files = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let there: BTreeSet<String> =
        files.filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned)).collect();
    let missing: Vec<_> = named.difference(&there).collect();
    assert!(missing.is_empty(), "docs/semantics.md names cases that are not there: {missing:?}");
    let unnamed: Vec<_> = there.difference(&named).collect();
    assert!(unnamed.is_empty(), "docs/semantics.md does not name {unnamed:?}");
}

/// Every list of allowed values in a schema.
fn enums(schema: &Value, found: &mut Vec<BTreeSet<String>>) {
    match schema {
        Value::Object(fields) => {
            if let Some(values) = fields.get("enum").and_then(Value::as_array) {
                found.push(values.iter().filter_map(Value::as_str).map(str::to_owned).collect());
            }
            fields.values().for_each(|value| enums(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| enums(item, found)),
        _ => {}
    }
}

#[test]
fn schemas_list_the_words_of_the_code() {
    let set = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<String>>();
    let reasons: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    let gates: Vec<&str> = Gate::ALL.iter().map(|gate| gate.as_str()).collect();
    let outcomes = [
        GateOutcome::Pass,
        GateOutcome::Block,
        GateOutcome::Conditional,
        GateOutcome::Unknown,
        GateOutcome::NotApplicable,
    ]
    .map(GateOutcome::as_str);
    let verdicts =
        [Verdict::Allowed, Verdict::Conditional, Verdict::Unknown, Verdict::Denied].map(Verdict::as_str);
    for name in ["ReachabilityReport", "ReachabilityCheckReport", "ReachabilityDiff"] {
        let schema = serde_json::from_str(&mesh_tests::read(&format!("docs/schema/{name}.json"))).unwrap();
        let mut found = Vec::new();
        enums(&schema, &mut found);
        for words in [reasons.as_slice(), &gates, &outcomes, &verdicts] {
            assert!(found.contains(&set(words)), "{name} has no list that equals {words:?}");
        }
    }
}

/// The targets of links in a page that are files of the repository.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let targets = targets.map(|(target, _)| target.split('#').next().unwrap_or_default());
    targets.filter(|target| !target.is_empty() && !target.contains("://")).collect()
}

#[test]
fn links_lead_somewhere() {
    let root = mesh_tests::root();
    let pages = [
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "examples/enterprise-rag/README.md",
        "examples/enterprise-rag-change/README.md",
        "tests/cases/README.md",
        "tests/lint/README.md",
    ];
    let docs = std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let docs = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    for page in pages.map(|page| root.join(page)).into_iter().chain(docs) {
        let text =
            std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        for link in links(&text) {
            let target = page.parent().unwrap().join(link);
            assert!(target.exists(), "{} links to {link}, which is not there", page.display());
        }
    }
}
