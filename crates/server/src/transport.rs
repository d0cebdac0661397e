//! A client at a pair of streams: each message behind a header with its length. What is no message is refused, and the
//! session goes on.

use std::io::{self, BufRead, Read, Write};
use std::sync::{Mutex, PoisonError};
use std::thread;

use lsp_server::{Connection, ErrorCode, Message};
use serde_json::{Value, json};

use crate::host::Host;
use crate::run::{Ended, run};

/// Bytes of the longest message that is taken in. Texts of specs end far below.
const MOST_BYTES: u64 = 64 << 20;
/// Bytes of the longest line of a header.
const MOST_HEADER: u64 = 4096;

/// Serves one client until it leaves.
pub fn serve(input: impl BufRead + Send, output: impl Write + Send, host: &dyn Host) -> Ended {
    let (server, Connection { sender, receiver }) = Connection::memory();
    let output = &Mutex::new(output);
    thread::scope(|scope| {
        scope.spawn(move || take_in(input, |message| sender.send(message).is_ok(), |refused| write(output, refused)));
        scope.spawn(move || {
            let values = receiver.iter().filter_map(|message| serde_json::to_value(message).ok());
            values.map(|value| write(output, value)).take_while(|open| *open).count()
        });
        let ended = run(&server, host);
        drop(server);
        ended
    })
}

/// Why a message is none, as the client is told.
#[derive(Debug)]
struct Refused {
    /// What was answered, where that could be read.
    id: Value,
    code: ErrorCode,
    reason: String,
}

impl Refused {
    fn answer(self) -> Value {
        let Refused { id, code, reason } = self;
        json!({"id": id, "error": {"code": code as i32, "message": reason}})
    }
}

/// What stands next in the stream.
enum Next {
    Message(Message),
    Refused(Refused),
    /// It asks for no answer.
    Ignored,
    /// The stream has ended, or where the next message begins cannot be told.
    End(Option<Refused>),
}

/// Hands on the messages of a client until it leaves, or takes no more.
fn take_in(mut input: impl BufRead, hand_on: impl Fn(Message) -> bool, refuse: impl Fn(Value) -> bool) {
    loop {
        let open = match next(&mut input) {
            Next::Message(message) => {
                let leaves = matches!(&message, Message::Notification(told) if told.method == "exit");
                hand_on(message) && !leaves
            }
            Next::Refused(refused) => refuse(refused.answer()),
            Next::Ignored => true,
            Next::End(refused) => {
                if let Some(refused) = refused {
                    refuse(refused.answer());
                }
                return;
            }
        };
        if !open {
            return;
        }
    }
}

fn next(input: &mut impl BufRead) -> Next {
    let length = match header(input) {
        Ok(Some(length)) => length,
        Ok(None) => return Next::End(None),
        Err(reason) => return Next::End(Some(Refused { id: Value::Null, code: ErrorCode::ParseError, reason })),
    };
    let mut body = input.take(length);
    if length > MOST_BYTES {
        let skipped = io::copy(&mut body, &mut io::sink());
        let reason = format!("a message has at most {MOST_BYTES} bytes, and this one {length}");
        let refused = Refused { id: Value::Null, code: ErrorCode::InvalidRequest, reason };
        return if skipped.is_ok() { Next::Refused(refused) } else { Next::End(Some(refused)) };
    }
    let mut text = Vec::new();
    match body.read_to_end(&mut text) {
        Ok(read) if read as u64 == length => message(&text),
        Ok(_) | Err(_) => Next::End(None),
    }
}

/// The length of the message behind the header; nothing at the end of the stream.
fn header(input: &mut impl BufRead) -> Result<Option<u64>, String> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        if input.by_ref().take(MOST_HEADER).read_until(b'\n', &mut line).unwrap_or(0) == 0 {
            return Ok(None);
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end();
        if line.is_empty() {
            return length.map(Some).ok_or_else(|| "a header says `Content-Length`, and this one does not".to_owned());
        }
        let (name, value) = line.split_once(':').ok_or_else(|| format!("this is no line of a header: {line:?}"))?;
        if name.eq_ignore_ascii_case("Content-Length") {
            let number = value.trim().parse();
            length = Some(number.map_err(|_| format!("`Content-Length` is a number of bytes, and not {value:?}"))?);
        }
    }
}

fn message(text: &[u8]) -> Next {
    let refused = |id: Value, code, reason: String| Next::Refused(Refused { id, code, reason });
    let value: Value = match serde_json::from_slice(text) {
        Ok(value) => value,
        Err(error) => return refused(Value::Null, ErrorCode::ParseError, format!("this is no JSON: {error}")),
    };
    let (named, method) = (value.get("id").cloned(), value.get("method").is_some());
    let is_answer = value.get("result").or_else(|| value.get("error")).is_some();
    let id = named.clone().filter(|id| id.is_string() || id.is_number()).unwrap_or_default();
    match serde_json::from_value(value) {
        // It has an id, and so is a request; but no id that a request may have.
        Ok(Message::Notification(_)) if named.is_some() => {
            refused(id, ErrorCode::InvalidRequest, "an id is a text or a whole number of 32 bits".into())
        }
        Ok(message) => Next::Message(message),
        // Answers are never answered.
        Err(_) if is_answer && !method => Next::Ignored,
        Err(_) => refused(id, ErrorCode::InvalidRequest, "this is no request, notification or response".into()),
    }
}

/// Writes a message with its header; false if nobody reads any more.
fn write(output: &Mutex<impl Write>, mut message: Value) -> bool {
    if let Some(message) = message.as_object_mut() {
        message.insert("jsonrpc".into(), "2.0".into());
    }
    let text = message.to_string();
    let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
    let written = write!(output, "Content-Length: {}\r\n\r\n{text}", text.len());
    written.and_then(|()| output.flush()).is_ok()
}
