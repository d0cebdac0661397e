//! Whole sessions over a connection in memory.

use std::path::{Path, PathBuf};
use std::time::Duration;

use gen_lsp_types::InitializeParams;
use lsp_server::{Connection, Message, Notification, Request, RequestId, Response};
use serde_json::{Value, json};

use super::{Memory, SPEC};
use crate::host::{Checked, Host, Open};
use crate::publish;
use crate::refusal::FAULT;
use crate::run::{Ended, run};
use crate::session::Session;

struct Client {
    connection: Connection,
    asked: i32,
}

impl Client {
    fn send(&mut self, method: &str, params: Value) -> i32 {
        self.asked += 1;
        let id = RequestId::from(self.asked);
        self.connection.sender.send(Request { id, method: method.to_owned(), params }.into()).unwrap();
        self.asked
    }

    fn tell(&self, method: &str, params: Value) {
        self.connection.sender.send(Notification { method: method.to_owned(), params }.into()).unwrap();
    }

    fn next(&self) -> Message {
        self.connection.receiver.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    fn answer(&self) -> Response {
        loop {
            if let Message::Response(response) = self.next() {
                return response;
            }
        }
    }

    fn diagnostics(&self) -> Value {
        loop {
            if let Message::Notification(notification) = self.next() {
                return notification.params;
            }
        }
    }

    fn open(&self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "fair", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
    }
}

/// Runs a session against files, and says how it ended.
fn session(files: &[(&str, &str)], capabilities: &Value, client: impl FnOnce(&mut Client)) -> Ended {
    let memory = Memory { files: files.iter().map(|(path, text)| (path.into(), (*text).to_owned())).collect() };
    connected(&memory, |mut it| {
        it.send("initialize", json!({"processId": null, "rootUri": null, "capabilities": capabilities}));
        let answer = it.answer().response_result.unwrap();
        assert_eq!(answer["serverInfo"]["name"], "fairc");
        it.tell("initialized", json!({}));
        client(&mut it);
    })
}

/// Runs a server until its client is gone, and says how it ended.
fn connected(memory: &Memory, client: impl FnOnce(Client)) -> Ended {
    let (server, connection) = Connection::memory();
    std::thread::scope(|scope| {
        let ended = scope.spawn(|| {
            let server = server;
            run(&server, memory)
        });
        client(Client { connection, asked: 0 });
        ended.join().unwrap()
    })
}

const GOOD: &str = "predict score: real in [0, 1]\nconstraint c: E[score] <= 0.5\n";

#[test]
fn a_session_ends_in_order() {
    let ended = session(&[], &json!({}), |client| {
        client.open(SPEC, GOOD);
        assert_eq!(client.diagnostics(), json!({"uri": SPEC, "version": 1, "diagnostics": []}));
        client.send("shutdown", Value::Null);
        assert_eq!(client.answer().response_result.unwrap(), Value::Null);
        client.send("textDocument/hover", json!({}));
        assert!(client.answer().response_result.is_err());
        client.tell("exit", Value::Null);
    });
    assert_eq!(ended, Ended::InOrder);
    assert_eq!(session(&[], &json!({}), |client| client.tell("exit", Value::Null)), Ended::Abruptly);
    assert_eq!(session(&[], &json!({}), |_| {}), Ended::Abruptly);
}

#[test]
fn what_is_asked_too_early_is_refused_in_words() {
    let ended = connected(&Memory::default(), |mut it| {
        it.tell("textDocument/didOpen", json!({}));
        it.send("textDocument/hover", json!({"position": {"line": 0}}));
        let error = it.answer().response_result.unwrap_err();
        assert_eq!(error.code, lsp_server::ErrorCode::ServerNotInitialized as i32);
        assert_eq!(error.message, "`textDocument/hover` came before `initialize`, which must be the first request");
        it.send("initialize", json!({"processId": null, "rootUri": null, "capabilities": {}}));
        assert!(it.answer().response_result.is_ok());
        it.tell("exit", Value::Null);
    });
    assert_eq!(ended, Ended::Abruptly);
}

#[test]
fn changes_are_counted_as_the_client_counts() {
    for (encodings, character) in [(json!(null), 3), (json!(["utf-8", "utf-16"]), 5), (json!(["utf-32"]), 2)] {
        let capabilities = match &encodings {
            Value::Null => json!({}),
            some => json!({"general": {"positionEncodings": some}}),
        };
        session(&[], &capabilities, |client| {
            client.open(SPEC, &format!("#𝒳\n{GOOD}"));
            assert_eq!(client.diagnostics()["diagnostics"], json!([]));
            let end = json!({"line": 0, "character": character});
            let change = |text: &str| json!({"range": {"start": end, "end": end}, "text": text});
            // One change after the other: a comment that becomes two lines.
            let document = json!({"uri": SPEC, "version": 2});
            client.tell(
                "textDocument/didChange",
                json!({"textDocument": document, "contentChanges": [change("\noops\n"), change("𝒳")]}),
            );
            let told = client.diagnostics();
            assert_eq!(
                (&told["version"], &told["diagnostics"][0]["range"]["start"]),
                (&json!(2), &json!({"line": 1, "character": 0}))
            );
        });
    }
}

#[test]
fn a_diagnostic_says_all_that_is_known() {
    session(&[], &json!({}), |client| {
        client.open(SPEC, "predict score: real in [0, 1]\npredict other: real\nconstraint c: E[scor] <= 0.5\n");
        let told = client.diagnostics();
        insta::assert_snapshot!(serde_json::to_string_pretty(&told["diagnostics"]).unwrap());
    });
}

#[test]
fn imports_come_from_buffers_first() {
    let spec = "import \"common.fair\"\nconstraint c: E[score] <= 0.5\n";
    let files = [("/specs/common.fair", "predict score: real in [0, 1]\n")];
    session(&files, &json!({}), |client| {
        client.open(SPEC, spec);
        assert_eq!(client.diagnostics()["diagnostics"], json!([]));
        // A mistake in the other file is told at the import, and there.
        client.open("file:///specs/common.fair", "predict score: real in [0, 1]\ncolumn sex: {a, a}\n");
        let told = [client.diagnostics(), client.diagnostics()];
        let of = |uri: &str| told.iter().find(|told| told["uri"] == uri).unwrap()["diagnostics"].clone();
        assert_eq!(of("file:///specs/common.fair")[0]["range"]["start"]["line"], 1);
        let (found, related) = (of(SPEC), "relatedInformation");
        assert!(found[0]["message"].as_str().unwrap().starts_with("in `/specs/common.fair`: "), "{found}");
        assert_eq!(
            found[0]["range"],
            json!({"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 20}})
        );
        assert_eq!(found[0][related][0]["location"]["uri"], "file:///specs/common.fair");
        // Closed without saving, the file counts again.
        client.tell("textDocument/didClose", json!({"textDocument": {"uri": "file:///specs/common.fair"}}));
        let told = [client.diagnostics(), client.diagnostics()];
        assert!(told.iter().all(|told| told["diagnostics"] == json!([])), "{told:?}");
    });
}

#[test]
fn cancelled_requests_are_not_answered() {
    session(&[], &json!({}), |client| {
        client.open(SPEC, GOOD);
        client.diagnostics();
        // All of it lies there before the server looks, or it has answered: both are right.
        let hover = json!({"textDocument": {"uri": SPEC}, "position": {"line": 0, "character": 9}});
        let id = client.send("textDocument/hover", hover);
        client.tell("$/cancelRequest", json!({"id": id}));
        match client.answer().response_result {
            Ok(value) => assert!(value["contents"].is_object()),
            Err(error) => assert_eq!(error.code, -32800),
        }
        client.send("textDocument/nonsense", json!({}));
        assert_eq!(client.answer().response_result.unwrap_err().code, -32601);
        client.send("textDocument/hover", json!({"position": 3}));
        assert_eq!(client.answer().response_result.unwrap_err().code, -32602);
        client.send(
            "textDocument/hover",
            json!({"textDocument": {"uri": "file:///none"}, "position": {"line": 0, "character": 0}}),
        );
        assert_eq!(client.answer().response_result.unwrap(), Value::Null);
    });
}

/// Every check meets a fault.
struct Faulty;

impl Host for Faulty {
    fn check(&self, _: &Path, _: &str, _: &Open) -> Checked {
        panic!("a fault")
    }

    fn specs(&self, _: &Path) -> Vec<PathBuf> {
        Vec::new()
    }

    fn read(&self, _: &Path) -> Option<String> {
        None
    }

    fn library(&self, _: &str, _: &str) -> Option<PathBuf> {
        None
    }
}

#[test]
fn a_spec_whose_check_fails_is_not_called_well() {
    let mut session = Session::new(&InitializeParams::default(), &Faulty);
    let document = json!({"uri": SPEC, "languageId": "fair", "version": 1, "text": GOOD});
    let method = "textDocument/didOpen".to_owned();
    session.take(Notification { method, params: json!({"textDocument": document}) });
    let told = publish::untold(&mut session).unwrap().params;
    assert_eq!(told["diagnostics"].as_array().map(Vec::len), Some(1));
    let found = &told["diagnostics"][0];
    assert_eq!((&found["message"], &found["severity"]), (&json!(FAULT), &json!(1)));
    assert_eq!(found["range"]["end"], json!({"line": 0, "character": 0}));
    // It is told once.
    assert!(publish::untold(&mut session).is_none());
}

#[test]
fn parameters_that_cannot_be_read_are_refused() {
    let ended = connected(&Memory::default(), |mut it| {
        it.send("initialize", json!({"capabilities": 3}));
        assert_eq!(it.answer().response_result.unwrap_err().code, -32602);
    });
    assert_eq!(ended, Ended::Abruptly);
}
