//! The loop: messages in, answers and diagnostics out.
//!
//! One thread does the work. Whatever waits is taken in before anything is answered, so that a change that a later one
//! overtakes is not checked, and a request that was cancelled meanwhile is not answered.

use std::collections::VecDeque;

use gen_lsp_types::InitializeParams;
use lsp_server::{Connection, ErrorCode, Message, RequestId, Response};

use crate::capabilities;
use crate::host::Host;
use crate::publish;
use crate::session::Session;

/// How a client took its leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// `shutdown`, then `exit`.
    InOrder,
    /// `exit` alone, or the connection was lost.
    Abruptly,
}

/// Serves one client until it leaves.
pub fn run(connection: &Connection, host: &dyn Host) -> Ended {
    let (id, params) = loop {
        let Some((id, params)) = initialize(connection) else { return Ended::Abruptly };
        match serde_json::from_value::<InitializeParams>(params) {
            Ok(params) => break (id, params),
            Err(error) => {
                let refused = Response::new_err(id, ErrorCode::InvalidParams as i32, error.to_string());
                let _gone = connection.sender.send(refused.into());
            }
        }
    };
    let session = Session::new(&params, host);
    let result = capabilities::result(session.encoding);
    let answer = serde_json::to_value(result).unwrap_or_default();
    let mut server = Server { connection, session, waiting: VecDeque::new(), shut: false };
    server.send(Response { id, response_result: Ok(answer) }.into());
    server.serve()
}

/// The id and the parameters of `initialize`; none if the client leaves. What it asks before is refused, and nothing that it
/// tells is heard.
fn initialize(connection: &Connection) -> Option<(RequestId, serde_json::Value)> {
    loop {
        match connection.receiver.recv().ok()? {
            Message::Request(request) if request.method == "initialize" => return Some((request.id, request.params)),
            Message::Request(request) => {
                let reason = format!("`{}` came before `initialize`, which must be the first request", request.method);
                let code = ErrorCode::ServerNotInitialized as i32;
                let _gone = connection.sender.send(Response::new_err(request.id, code, reason).into());
            }
            Message::Notification(notification) if notification.method == "exit" => return None,
            Message::Notification(_) | Message::Response(_) => {}
        }
    }
}

struct Server<'c> {
    connection: &'c Connection,
    session: Session<'c>,
    waiting: VecDeque<Message>,
    /// The client asked to shut down.
    shut: bool,
}

impl Server<'_> {
    fn serve(&mut self) -> Ended {
        loop {
            while let Ok(message) = self.connection.receiver.try_recv() {
                self.waiting.push_back(message);
            }
            let next = match self.waiting.pop_front() {
                Some(message) => message,
                None if self.tell_one() => continue,
                None => match self.connection.receiver.recv() {
                    Ok(message) => message,
                    Err(_) => return Ended::Abruptly,
                },
            };
            match next {
                Message::Request(request) if request.method == "shutdown" => {
                    self.shut = true;
                    self.send(Response { id: request.id, response_result: Ok(serde_json::Value::Null) }.into());
                }
                Message::Request(request) if self.shut => {
                    let code = ErrorCode::InvalidRequest as i32;
                    self.send(Response::new_err(request.id, code, "the server is shutting down".into()).into());
                }
                Message::Request(request) if self.cancelled(&request.id) => {
                    let code = ErrorCode::RequestCanceled as i32;
                    self.send(Response::new_err(request.id, code, "cancelled".into()).into());
                }
                Message::Request(request) => {
                    let response = self.session.answer(request);
                    self.send(response.into());
                }
                Message::Notification(notification) if notification.method == "exit" => {
                    return if self.shut { Ended::InOrder } else { Ended::Abruptly };
                }
                Message::Notification(notification) => {
                    if let Some(closed) = self.session.take(notification) {
                        self.send(publish::closed(closed).into());
                    }
                }
                // We ask nothing of the client.
                Message::Response(_) => {}
            }
        }
    }

    /// Whether the client has taken the request back.
    fn cancelled(&self, id: &RequestId) -> bool {
        let asked = |message: &Message| match message {
            Message::Notification(notification) if notification.method == "$/cancelRequest" => {
                let id: Option<RequestId> =
                    notification.params.get("id").and_then(|id| serde_json::from_value(id.clone()).ok());
                id
            }
            Message::Notification(_) | Message::Request(_) | Message::Response(_) => None,
        };
        self.waiting.iter().filter_map(asked).any(|other| other == *id)
    }

    /// Tells the client what came of one document of which it does not know; whether there was one.
    fn tell_one(&mut self) -> bool {
        match publish::untold(&mut self.session) {
            Some(message) => {
                self.send(message.into());
                true
            }
            None => false,
        }
    }

    /// A client that is gone is noticed where the next message is awaited.
    fn send(&self, message: Message) {
        let _gone = self.connection.sender.send(message);
    }
}
