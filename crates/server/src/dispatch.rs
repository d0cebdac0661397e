//! Requests to their answers.

use gen_lsp_types as lsp;
use lsp_server::{ErrorCode, Request, Response};
use serde_json::Value;

use crate::answer;
use crate::refusal::{Answer, FAULT, Refusal, guarded};
use crate::session::Session;

impl Session<'_> {
    pub fn answer(&mut self, request: Request) -> Response {
        let id = request.id.clone();
        let answer =
            guarded(|| self.routed(request)).unwrap_or_else(|| Err((ErrorCode::InternalError as i32, FAULT.into())));
        match answer {
            Ok(value) => Response { id, response_result: Ok(value) },
            Err((code, message)) => Response::new_err(id, code, message),
        }
    }

    fn routed(&mut self, request: Request) -> Result<Value, (i32, String)> {
        let params = request.params;
        match request.method.as_str() {
            "textDocument/codeAction" => self.of::<lsp::CodeActionRequest>(params, answer::actions::all),
            "textDocument/completion" => self.of::<lsp::CompletionRequest>(params, answer::completion::list),
            "textDocument/definition" => self.of::<lsp::DefinitionRequest>(params, answer::navigation::definition),
            "textDocument/documentHighlight" => {
                self.of::<lsp::DocumentHighlightRequest>(params, answer::navigation::highlights)
            }
            "textDocument/documentSymbol" => self.of::<lsp::DocumentSymbolRequest>(params, answer::symbols::tree),
            "textDocument/foldingRange" => self.of::<lsp::FoldingRangeRequest>(params, answer::folding::ranges),
            "textDocument/formatting" => self.of::<lsp::DocumentFormattingRequest>(params, answer::formatting::whole),
            "textDocument/hover" => self.of::<lsp::HoverRequest>(params, answer::hover::at),
            "textDocument/inlayHint" => self.of::<lsp::InlayHintRequest>(params, answer::hints::rows),
            "textDocument/prepareRename" => self.of::<lsp::PrepareRenameRequest>(params, answer::rename::prepare),
            "textDocument/references" => self.of::<lsp::ReferencesRequest>(params, answer::navigation::references),
            "textDocument/rename" => self.of::<lsp::RenameRequest>(params, answer::rename::rename),
            "textDocument/semanticTokens/full" => self.of::<lsp::SemanticTokensRequest>(params, answer::tokens::full),
            "textDocument/signatureHelp" => self.of::<lsp::SignatureHelpRequest>(params, answer::signature::help),
            "initialize" => Err((ErrorCode::InvalidRequest as i32, "the session has begun already".into())),
            other => Err((ErrorCode::MethodNotFound as i32, format!("`{other}` is not known here"))),
        }
    }

    fn of<R: lsp::Request>(
        &mut self,
        params: Value,
        answer: impl FnOnce(&mut Self, R::Params) -> Answer<R::Result>,
    ) -> Result<Value, (i32, String)> {
        let params = serde_json::from_value(params);
        let params = params.map_err(|error| (ErrorCode::InvalidParams as i32, error.to_string()))?;
        let result = answer(self, params);
        let result = result.map_err(|Refusal(reason)| (ErrorCode::RequestFailed as i32, reason))?;
        serde_json::to_value(result).map_err(|error| (ErrorCode::InternalError as i32, error.to_string()))
    }
}
