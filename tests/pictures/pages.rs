//! Pages in a real browser: what is clicked explains itself, as the report says; and the page does nothing else.

use serde_json::Value;

use crate::browser::Browser;
use crate::meshes::{Drawn, HOSTILE, hostile, mesh};

/// The selector of the cell of a caller and a column, brought into view.
fn cell(browser: &mut Browser, caller: &str, column: &str) -> String {
    let at = browser.ask(&format!(
        "(() => {{ \
           const row = shown.rows.findIndex((line) => line.at !== undefined && sources[line.at].name === {caller:?}); \
           const column = shown.columns.findIndex((line) => line.at !== undefined && \
             `${{columns[line.at].name}}:${{columns[line.at].port}}` === {column:?}); \
           grid.scrollTo(column * CELL.width, row * CELL.height); draw(); return [row, column]; }})()"
    ));
    assert!(
        at[0].as_i64() >= Some(0) && at[1].as_i64() >= Some(0),
        "{caller} to {column} is not shown: {at}"
    );
    format!("#cell-{}-{}", at[0], at[1])
}

fn panel(browser: &mut Browser) -> String {
    browser.ask("document.getElementById('panel').innerText").as_str().unwrap().to_owned()
}

fn assert_quiet(browser: &mut Browser) {
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// What the report says of a caller at a column: verdicts in their order.
fn said(rows: &[Value], caller: &str, target: &str, port: &str) -> Vec<String> {
    let name = |row: &Value| match (row["peer"]["namespace"].as_str(), row["peer"]["serviceAccount"].as_str())
    {
        (Some(namespace), Some(account)) => format!("{namespace}/{account}"),
        _ => String::new(),
    };
    let is_meant = |row: &&Value| {
        row["target"] == target
            && row["peer"]["class"] == "identity"
            && name(row) == caller
            && row["port"].as_str().unwrap().split(',').any(|of| of == port)
    };
    let mut all: Vec<String> =
        rows.iter().filter(is_meant).map(|row| row["verdict"].as_str().unwrap().to_owned()).collect();
    all.sort();
    all.dedup();
    all
}

#[test]
fn a_cell_explains_itself() {
    let drawn = Drawn::of_folder("examples/enterprise-rag");
    let page = drawn.file(&["--all", "-o", "html"], "page.html");
    let mut browser = Browser::start();
    browser.look(1400, 900, false);
    browser.open(&page);
    let at = cell(&mut browser, "rag-ui/ui-app", "sts/edp/edp-postgresql:5432,*");
    browser.click(&at);
    let text = panel(&mut browser);
    for wanted in [
        "rag-ui/ui-app → sts/edp/edp-postgresql",
        "denied",
        "DENY edp/edp-postgresql rules[0]",
        "authz-edp.yaml:12",
        "authorization block: A rule of a DENY policy matches",
        "transport pass",
    ] {
        assert!(text.contains(wanted), "no `{wanted}` in:\n{text}");
    }
    browser.screenshot("example-light");
    let gates = browser.ask("[...document.querySelectorAll('#panel .gate')].map((gate) => gate.textContent)");
    assert_eq!(gates[0], "resolve");
    assert_eq!(gates[gates.as_array().unwrap().len() - 1], "authorization");
    // Where other identities are told apart, the row of any other is all of them.
    let at = cell(&mut browser, "any other identity", "deploy/ingress-nginx/ingress-nginx-controller:443");
    assert_eq!(browser.ask(&format!("document.querySelector('{at}').textContent")), "AD");
    browser.click("#view-graph");
    assert!(browser.ask("document.querySelectorAll('svg .edge').length").as_u64() > Some(40));
    browser.screenshot("example-graph");
    assert_quiet(&mut browser);
}

#[test]
fn every_cell_is_what_the_report_says() {
    let drawn = Drawn::of_folder("examples/enterprise-rag");
    let report: Value = serde_json::from_str(&drawn.ask(&["--all", "-o", "json"])).unwrap();
    let rows = report["rows"].as_array().unwrap();
    let page = drawn.file(&["--all", "-o", "html"], "page.html");
    let mut browser = Browser::start();
    browser.open(&page);
    let cells = browser.ask(
        "sources.flatMap((source, s) => source.kind !== 'identity' ? [] : columns.map((column, c) => \
         [source.name, column.name, column.port, parts(s, c).filter((part) => !part.plain).map((part) => data.answers[part.answer].v).sort()]))",
    );
    let cells = cells.as_array().unwrap();
    let mut answers = 0;
    for of in cells {
        let [caller, target, ports] = [0, 1, 2].map(|at| of[at].as_str().unwrap());
        for port in ports.split(',') {
            let expected = said(rows, caller, target, port);
            let mut found: Vec<&str> =
                of[3].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
            found.dedup();
            assert_eq!(found, expected, "{caller} to {target}:{port}");
            answers += expected.len();
        }
    }
    assert!(answers > 1_000, "only {answers} answers were compared");
}

#[test]
fn ten_workloads_by_keyboard_in_a_narrow_dark_window() {
    let drawn = Drawn::of(&mesh(10, 2));
    let page = drawn.file(&["--all", "-o", "html"], "page.html");
    let mut browser = Browser::start();
    browser.look(640, 900, true);
    browser.open(&page);
    browser.screenshot("ten-narrow-dark");
    browser.ask("grid.focus()");
    for key in ["ArrowDown", "ArrowDown", "ArrowRight", "Enter"] {
        browser.press(key);
    }
    let text = panel(&mut browser);
    assert!(
        text.contains("team-0/app-0 → deploy/team-0/app-0") && text.contains("Gates, in order"),
        "{text}"
    );
    assert_eq!(browser.ask("document.activeElement.id"), "panel");
    browser.press("Escape");
    assert_eq!(browser.ask("document.activeElement.id"), "grid");
    browser.screenshot("ten-explained-narrow-dark");
    // A click on a namespace closes it.
    let lines = browser.ask("shown.rows.length").as_u64().unwrap();
    browser.click("#left .group");
    assert!(browser.ask("shown.rows.length").as_u64().unwrap() < lines);
    assert_quiet(&mut browser);
}

#[test]
fn filters_leave_what_fits() {
    let drawn = Drawn::of(&mesh(10, 2));
    let page = drawn.file(&["--all", "-o", "html"], "page.html");
    let mut browser = Browser::start();
    browser.look(1200, 800, false);
    browser.open(&page);
    browser.click("#text-0");
    browser.call("Input.insertText", &serde_json::json!({"text": "app-3"}));
    let names = "shown.rows.filter((line) => line.at !== undefined).map((line) => axes[shown.rowAxis].members[line.at].name)";
    assert_eq!(browser.ask(names), serde_json::json!(["team-1/app-3"]));
    browser.ask("document.getElementById('text-0').value = ''; document.getElementById('text-0').dispatchEvent(new Event('input'))");
    browser.click("#verdict-denied");
    let denied = browser.ask("[...document.querySelectorAll('#cells .v8')].filter((cell) => !cell.classList.contains('off')).length");
    assert_eq!(denied, 0);
    assert!(browser.ask("document.querySelectorAll('#cells .v1').length").as_u64() > Some(10));
    assert_quiet(&mut browser);
}

#[test]
fn a_thousand_workloads_are_fast_and_true() {
    let drawn = Drawn::of(&mesh(1_000, 40));
    let page = drawn.file(&["--all", "-o", "html"], "page.html");
    let size = std::fs::metadata(&page).unwrap().len();
    assert!(size < 4_000_000, "the page has {size} bytes");
    let mut browser = Browser::start();
    browser.look(1500, 900, false);
    let opened = browser.open(&page);
    browser.screenshot("thousand-closed");
    let open = "(() => { const begin = performance.now(); document.getElementById('open-all').click(); \
                void grid.offsetHeight; return performance.now() - begin; })()";
    let all = browser.ask(open).as_f64().unwrap();
    println!(
        "1,000 workloads: {size} bytes, ready after {} ms, all open after {all:.0} ms",
        opened.as_millis()
    );
    assert!(opened.as_millis() < 5_000 && all < 1_000.0, "ready after {opened:?}, all open after {all} ms");
    let at = cell(&mut browser, "team-17/app-17", "deploy/team-28/app-28:8080");
    browser.click(&at);
    let text = panel(&mut browser);
    assert!(
        text.contains("team-17/app-17 → deploy/team-28/app-28")
            && text.contains("no ALLOW matches (team-28/app-28)"),
        "{text}"
    );
    browser.screenshot("thousand-open");
    compare_with_single_questions(&drawn, &mut browser);
    assert_quiet(&mut browser);
}

/// In a matrix of this size most identities share a row. The page says of each what a question about it alone says.
fn compare_with_single_questions(drawn: &Drawn, browser: &mut Browser) {
    assert!(browser.ask("columns.filter((column) => column.rest !== null).length").as_u64() > Some(900));
    let pairs = browser.ask(
        "(() => { const pairs = []; for (let c = 0; c < columns.length; c += 37) { \
           for (const s of [...[...columns[c].parts.keys()].slice(0, 3), (c * 31) % 1000, (c * 53) % 1000]) { \
             if (sources[s].kind === 'identity') pairs.push([sources[s].name, columns[c].name, columns[c].port.split(',')[0], mask(s, c)]); } } return pairs; })()",
    );
    let pairs: Vec<&Value> = pairs.as_array().unwrap().iter().filter(|pair| pair[2] != "*").collect();
    let mut expectations =
        "apiVersion: kubectl-mesh/v1alpha1\nkind: ReachabilityExpectations\nexpectations:\n".to_owned();
    for pair in &pairs {
        let caller = pair[0].as_str().unwrap();
        let port = pair[2].as_str().unwrap();
        expectations +=
            &format!("- {{from: sa/{caller}, to: {}, port: {port}}}\n", pair[1].as_str().unwrap());
    }
    let file = drawn.beside("expectations.yaml", &expectations);
    let report: Value =
        serde_json::from_str(&drawn.ask(&["--check", file.to_str().unwrap(), "-o", "json"])).unwrap();
    let results = report["results"].as_array().unwrap();
    assert!(results.len() == pairs.len() && results.len() > 100, "{} results", results.len());
    let mut allowed = 0;
    for (pair, result) in pairs.iter().zip(results) {
        let expected = match result["verdict"].as_str().unwrap() {
            "allowed" => 1,
            "denied" => 8,
            other => panic!("{pair}: {other}"),
        };
        assert_eq!(pair[3], expected, "{pair}");
        allowed += usize::from(expected == 1);
    }
    assert!(allowed > 20 && allowed < results.len(), "{allowed} allowed");
}

#[test]
fn hostile_names_are_text() {
    let drawn = Drawn::of(&hostile());
    let page = drawn.file(&["--all", "-o", "html"], "page.html");
    let mut browser = Browser::start();
    browser.look(1200, 800, false);
    browser.open(&page);
    let seen = HOSTILE.replace('\u{202e}', "\\u{202e}");
    let at = cell(&mut browser, &format!("plain/{seen}"), &format!("deploy/plain/{seen}:8080"));
    browser.click(&at);
    let text = panel(&mut browser);
    assert!(text.contains(&format!("ALLOW plain/{seen} rules[0]")), "{text}");
    browser.click("#view-graph");
    assert!(browser.ask("document.querySelectorAll('svg .edge').length").as_u64() > Some(0));
    assert_eq!(
        browser.ask("document.querySelectorAll('img, script:not(#data):not(:last-of-type)').length"),
        0
    );
    assert_eq!(browser.ask("document.querySelectorAll('script').length"), 2);
    browser.screenshot("hostile");
    assert_quiet(&mut browser);
}

#[test]
fn the_page_admits_nothing_but_itself() {
    let drawn = Drawn::of(&mesh(10, 2));
    let page = drawn.file(&["--all", "-o", "html"], "page.html");
    let mut browser = Browser::start();
    browser.open(&page);
    // What an injected script, handler, style or picture would do: each is refused, and the watch sees it.
    browser.ask(
        "(() => { const script = document.createElement('script'); script.textContent = 'window.ran = 1'; document.body.append(script); \
         const button = document.createElement('button'); button.setAttribute('onclick', 'window.ran = 2'); document.body.append(button); button.click(); \
         const image = document.createElement('img'); image.src = 'http://127.0.0.1:9/x.png'; document.body.append(image); \
         return new Promise((resolve) => setTimeout(resolve, 300)); })()",
    );
    assert_eq!(browser.ask("window.ran === undefined"), true);
    let complaints = browser.complaints();
    for directive in ["script-src-elem", "script-src-attr", "img-src"] {
        let refused = complaints
            .iter()
            .any(|complaint| complaint.starts_with("policy:") && complaint.contains(directive));
        assert!(refused, "{directive} in {complaints:?}");
    }
}
