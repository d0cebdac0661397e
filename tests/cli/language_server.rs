//! `fairc lsp` over its standard streams. What it answers is tested in `crates/server`, and by other clients in `tests/editors`.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

use serde_json::{Value, json};

use super::support::{FIXTURES, command, root, run};

struct Client {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Client {
    fn start() -> Client {
        Client::start_in(&std::env::temp_dir())
    }

    /// With this folder for temporary files.
    fn start_in(temporary: &Path) -> Client {
        let mut command = command(&["lsp"]);
        command.env("TMPDIR", temporary).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut client = Client { child, out };
        client.send(&json!({"id": 0, "method": "initialize", "params": {"processId": null, "rootUri": null, "capabilities": {}}}));
        assert_eq!(client.read()["result"]["serverInfo"]["name"], "fairc");
        client.send(&json!({"method": "initialized", "params": {}}));
        client
    }

    fn send(&mut self, message: &Value) {
        let mut message = message.clone();
        message["jsonrpc"] = json!("2.0");
        let text = message.to_string();
        write!(self.child.stdin.as_mut().unwrap(), "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.out.read_line(&mut line).unwrap();
            match line.trim().split_once(": ") {
                Some((_, number)) => length = number.parse().unwrap(),
                None => break,
            }
        }
        let mut text = vec![0; length];
        self.out.read_exact(&mut text).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// Opens a file, and returns the codes and lines of what is wrong with it.
    fn open(&mut self, path: &Path) -> Vec<(String, u64)> {
        let uri = format!("file://{}", path.display());
        let text = std::fs::read_to_string(path).unwrap();
        let document = json!({"uri": uri, "languageId": "fair", "version": 1, "text": text});
        self.send(&json!({"method": "textDocument/didOpen", "params": {"textDocument": document}}));
        let told = self.read();
        assert_eq!(told["params"]["uri"], uri);
        let found = told["params"]["diagnostics"].as_array().unwrap().iter();
        found
            .map(|one| (one["code"].as_str().unwrap().to_owned(), one["range"]["start"]["line"].as_u64().unwrap() + 1))
            .collect()
    }
}

#[cfg(unix)]
#[test]
fn it_says_what_check_says() {
    let mut client = Client::start();
    // One with imports, and ones with warnings that need linear programming.
    for name in ["importing.fair", "warnings.fair", "../analyze/redundant.fair", "../analyze/parity_and_floor.fair"] {
        let path = root().join(FIXTURES).join(name).canonicalize().unwrap();
        let done = run(&["check", "--format", "json", path.to_str().unwrap()]);
        let answer: Value = serde_json::from_str(&done.stdout).unwrap();
        let place =
            |one: &Value| (one["code"].as_str().unwrap().to_owned(), one["labels"][0]["line"].as_u64().unwrap());
        let wanted: Vec<(String, u64)> = answer["diagnostics"].as_array().unwrap().iter().map(place).collect();
        assert_eq!(client.open(&path), wanted, "{name}");
    }
    client.send(&json!({"id": 1, "method": "shutdown"}));
    assert_eq!(client.read()["result"], Value::Null);
    client.send(&json!({"method": "exit"}));
    assert_eq!(client.child.wait().unwrap().code(), Some(0));
}

#[test]
fn it_ends_with_its_client() {
    let mut client = Client::start();
    drop(client.child.stdin.take());
    assert_eq!(client.child.wait().unwrap().code(), Some(1));
    // Before the first word, too; and nothing is printed in another form.
    assert_eq!(run(&["lsp"]).code, 1);
    let refused = run(&["lsp", "--format", "json"]);
    assert_eq!((refused.code, refused.stdout.contains("\"ok\":false")), (2, true), "{}", refused.stdout);
}

/// The files of the library that it shows go with it, however it ends.
#[cfg(unix)]
#[test]
fn it_leaves_no_folder() {
    for signal in [None, Some("-TERM"), Some("-INT")] {
        let temporary = tempfile::tempdir().unwrap();
        let mut client = Client::start_in(temporary.path());
        let path = temporary.path().join("a.fair");
        std::fs::write(&path, "column sex: {f, m}\npredict p: real in [0, 1]\nuse demographic_parity(sex, 1)\n")
            .unwrap();
        client.open(&path);
        let uri = format!("file://{}", path.display());
        let params = json!({"textDocument": {"uri": uri}, "position": {"line": 2, "character": 6}});
        client.send(&json!({"id": 1, "method": "textDocument/definition", "params": params}));
        let answer = client.read().to_string();
        let left = || std::fs::read_dir(temporary.path()).unwrap().count();
        assert!(answer.contains("fairc-lsp-") && left() == 2, "{answer}");
        match signal {
            Some(signal) => {
                let pid = client.child.id().to_string();
                assert!(std::process::Command::new("kill").args([signal, &pid]).status().unwrap().success());
            }
            None => drop(client.child.stdin.take()),
        }
        client.child.wait().unwrap();
        assert_eq!(left(), 1, "{signal:?}");
    }
}
