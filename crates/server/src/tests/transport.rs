//! Sessions over bytes: what is no message is refused with the number of the protocol, and the session goes on.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{Memory, SPEC};
use crate::run::Ended;
use crate::transport::serve;

const BEGIN: &str =
    r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"processId":null,"rootUri":null,"capabilities":{}}}"#;
const SHUTDOWN: &str = r#"{"jsonrpc":"2.0","id":99,"method":"shutdown"}"#;
const EXIT: &str = r#"{"jsonrpc":"2.0","method":"exit"}"#;

fn framed(messages: &[&str]) -> Vec<u8> {
    let mut out = String::new();
    for message in messages {
        write!(out, "Content-Length: {}\r\n\r\n{message}", message.len()).unwrap();
    }
    out.into_bytes()
}

/// What a server answers to these bytes, without its answer to `initialize`, and how it ends.
fn served(input: &[u8]) -> (Vec<Value>, Ended) {
    let mut output = Vec::new();
    let ended = serve(input, &mut output, &Memory::default());
    let text = String::from_utf8(output).unwrap();
    let answers = text.split("Content-Length: ").filter_map(|part| Some(part.split_once("\r\n\r\n")?.1));
    let answers = answers.map(|answer| serde_json::from_str::<Value>(answer).unwrap());
    (answers.filter(|answer| answer["result"]["capabilities"].is_null()).collect(), ended)
}

fn refusals(answers: &[Value]) -> Vec<String> {
    let refused = answers.iter().filter(|answer| answer["error"].is_object());
    refused.map(|it| format!("{} {}: {}", it["id"], it["error"]["code"], it["error"]["message"])).collect()
}

#[test]
fn what_is_no_message_is_refused_and_the_session_goes_on() {
    let input = framed(&[
        r#"{"jsonrpc":"2.0","id":7,"method":"textDocument/hover","params":{}}"#,
        r#"{"jsonrpc":"2.0","id":8,"method":"initialize","params":{"capabilities":1}}"#,
        BEGIN,
        "{no json",
        "[]",
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"jsonrpc":"2.0","id":3000000000,"method":"shutdown"}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"shutdown"}"#,
        r#"{"jsonrpc":"2.0","id":"a","method":"initialize","params":{}}"#,
        r#"{"jsonrpc":"2.0","id":"b","method":"no/such","params":{}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"an answer is never answered"}}"#,
        SHUTDOWN,
        EXIT,
    ]);
    let (answers, ended) = served(&input);
    // Refusals of what is no message may overtake answers.
    let mut refused = refusals(&answers);
    refused.sort();
    insta::assert_snapshot!(refused.join("\n"));
    assert_eq!(ended, Ended::InOrder);
    assert!(answers.contains(&json!({"id": 99, "jsonrpc": "2.0", "result": null})));
}

#[test]
fn a_header_that_tells_no_length_ends_the_session_with_a_reason() {
    for header in ["Content-Length: many\r\n\r\n", "Content-Type: x\r\n\r\n", "no header at all\r\n", "\r\n"] {
        let mut input = framed(&[BEGIN]);
        input.extend(header.bytes());
        let (answers, ended) = served(&input);
        assert_eq!((answers.len(), ended), (1, Ended::Abruptly), "{header:?}");
        assert_eq!((&answers[0]["id"], &answers[0]["error"]["code"]), (&Value::Null, &json!(-32700)), "{header:?}");
    }
    // Nothing but an end has no reason.
    let mut cut = framed(&[BEGIN, SHUTDOWN]);
    cut.pop();
    for input in [framed(&[]), framed(&[BEGIN]), cut] {
        assert_eq!(served(&input), (vec![], Ended::Abruptly));
    }
}

#[test]
fn headers_are_taken_as_clients_write_them() {
    let mut input = Vec::new();
    for (message, end) in [(BEGIN, "\n"), (SHUTDOWN, "\r\n"), (EXIT, "\n")] {
        input.extend(format!("content-length:{}{end}Content-Type: x{end}{end}{message}", message.len()).bytes());
    }
    assert_eq!(served(&input).1, Ended::InOrder);
}

#[test]
fn a_message_without_end_is_refused_by_its_length() {
    let mut input = framed(&[BEGIN]);
    input.extend(b"Content-Length: 99999999999999\r\n\r\n{");
    let (answers, ended) = served(&input);
    assert_eq!(
        refusals(&answers),
        ["null -32600: \"a message has at most 67108864 bytes, and this one 99999999999999\""]
    );
    assert_eq!(ended, Ended::Abruptly);
}

/// One line of a megabyte has a hundred thousand places: each is found without a walk along the line.
#[test]
fn a_spec_in_one_long_line_is_answered() {
    let text = format!("predict score: real in [0, 1] constraint c: E[score{}] <= 1", " + 0 * score".repeat(90_000));
    let document = json!({"uri": SPEC, "languageId": "fair", "version": 1, "text": text});
    let open = json!({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": document}});
    let tokens = json!({"jsonrpc": "2.0", "id": 5, "method": "textDocument/semanticTokens/full",
        "params": {"textDocument": {"uri": SPEC}}});
    let (answers, ended) = served(&framed(&[BEGIN, &open.to_string(), &tokens.to_string(), SHUTDOWN, EXIT]));
    let found = answers.iter().find(|answer| answer["id"] == 5).unwrap();
    assert!(found["result"]["data"].as_array().is_some_and(|data| data.len() > 5 * 90_000));
    assert_eq!(ended, Ended::InOrder);
}
