//! A real browser without a window: Chromium, over the pipe of its DevTools protocol. No port, so nothing else can
//! talk to it; and no crate, since messages are JSON with a zero byte between them.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Longer than this no answer takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Counts what the page may not do, before anything of the page runs.
const WATCH: &str = "window.violations = []; addEventListener('securitypolicyviolation', \
                     (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI));";

/// A browser with one tab.
pub(crate) struct Browser {
    child: Child,
    to: File,
    from: Receiver<Value>,
    session: Option<String>,
    last: u64,
    events: Vec<Value>,
    _folder: TempDir,
}

fn program() -> String {
    if let Ok(named) = std::env::var("MESH_CHROMIUM") {
        return named;
    }
    let is_there = |name: &&str| {
        let found = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        found.is_ok_and(|status| status.success())
    };
    let known = ["chromium", "chromium-browser", "google-chrome"];
    let found = known.iter().find(|name| is_there(name));
    found.expect("no `chromium` on PATH; `make browser` gets it, MESH_CHROMIUM names another one").to_string()
}

impl Browser {
    /// Starts one.
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let pipe = |name: &str| {
            let path = folder.path().join(name);
            assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
            path
        };
        let (to, from) = (pipe("to"), pipe("from"));
        let profile = folder.path().join("profile");
        // Chromium reads from 3 and writes to 4; the shell opens them, and becomes Chromium.
        let child = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<"$TO" 4>"$FROM""#])
            .arg(program())
            // Root may not use the sandbox; the pages are ours.
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--remote-debugging-pipe",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .env("TO", &to)
            .env("FROM", &from)
            // Whatever it keeps ends with the folder.
            .env("HOME", folder.path())
            .env_remove("XDG_CONFIG_HOME")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let to = OpenOptions::new().write(true).open(to).unwrap();
        let from = messages(File::open(from).unwrap());
        let mut browser =
            Self { child, to, from, session: None, last: 0, events: Vec::new(), _folder: folder };
        browser.attach();
        browser
    }

    fn attach(&mut self) {
        let target = self.call("Target.createTarget", &json!({"url": "about:blank"}));
        let target = target["targetId"].clone();
        let session = self.call("Target.attachToTarget", &json!({"targetId": target, "flatten": true}));
        self.session = Some(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), &json!({}));
        }
        self.call("Page.addScriptToEvaluateOnNewDocument", &json!({"source": WATCH}));
    }

    /// Asks for something, and waits for the answer.
    pub(crate) fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(message.to_string().as_bytes()).unwrap();
        self.to.write_all(&[0]).unwrap();
        loop {
            let answer = self.from.recv_timeout(PATIENCE);
            let answer =
                answer.unwrap_or_else(|error| panic!("{method}: the browser does not answer: {error}"));
            if answer["id"] == self.last {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.events.push(answer);
        }
    }

    /// What an expression in the page comes to.
    pub(crate) fn ask(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.call("Runtime.evaluate", &parameters);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// The size of the window, and whether it is dark.
    pub(crate) fn look(&mut self, width: u32, height: u32, dark: bool) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", &size);
        let scheme = json!({"name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" }});
        self.call("Emulation.setEmulatedMedia", &json!({"features": [scheme]}));
    }

    /// Opens a page, and says how long it takes until it can be used.
    pub(crate) fn open(&mut self, path: &std::path::Path) -> Duration {
        self.events.clear();
        let begin = Instant::now();
        self.call("Page.navigate", &json!({"url": format!("file://{}", path.display())}));
        while self.ask("document.readyState === 'complete' && document.querySelector('#panel h2') !== null")
            != true
        {
            assert!(
                begin.elapsed() < PATIENCE,
                "{} never gets ready: {:?}",
                path.display(),
                self.complaints()
            );
        }
        begin.elapsed()
    }

    /// Clicks with the mouse on the middle of what a selector finds, as a person would: whatever is on top there.
    pub(crate) fn click(&mut self, selector: &str) {
        let find = format!(
            "(() => {{ const of = document.querySelector({selector:?}).getBoundingClientRect(); \
             return [of.x + of.width / 2, of.y + of.height / 2]; }})()"
        );
        let at = self.ask(&find);
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", &event);
        }
    }

    /// Presses a key.
    pub(crate) fn press(&mut self, key: &str) {
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            _ => panic!("which key is {key}?"),
        };
        for kind in ["keyDown", "keyUp"] {
            let event = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// What is seen of the page, as a PNG, where MESH_SCREENSHOTS names a folder for it.
    pub(crate) fn screenshot(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("MESH_SCREENSHOTS") else { return };
        use base64::Engine;
        let picture = self.call("Page.captureScreenshot", &json!({"format": "png"}));
        let picture =
            base64::engine::general_purpose::STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        std::fs::write(std::path::Path::new(&folder).join(format!("{name}.png")), picture).unwrap();
    }

    /// Everything that went wrong in the page, and everything that it asked the network for besides itself.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        let violations = self.ask("violations");
        let mut all: Vec<String> =
            violations.as_array().unwrap().iter().map(|violation| format!("policy: {violation}")).collect();
        let mut documents = 0;
        for event in &self.events {
            match event["method"].as_str().unwrap_or_default() {
                "Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded" => {
                    all.push(event["params"].to_string());
                }
                "Network.requestWillBeSent" if event["params"]["type"] == "Document" && documents == 0 => {
                    documents += 1;
                }
                "Network.requestWillBeSent" | "Page.javascriptDialogOpening" => {
                    all.push(event["params"].to_string());
                }
                _ => {}
            }
        }
        all
    }
}

fn messages(from: File) -> Receiver<Value> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for message in BufReader::new(from).split(0).map_while(Result::ok) {
            let Ok(message) = serde_json::from_slice(&message) else { break };
            if sender.send(message).is_err() {
                break;
            }
        }
    });
    receiver
}

impl Drop for Browser {
    fn drop(&mut self) {
        let close = json!({"id": 0, "method": "Browser.close"});
        let asked = self.to.write_all(close.to_string().as_bytes()).and_then(|()| self.to.write_all(&[0]));
        let begin = Instant::now();
        while asked.is_ok() && begin.elapsed() < Duration::from_secs(5) {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
