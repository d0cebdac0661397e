"""The language server, driven by a client of another house (pygls).

    python tests/editors/session.py target/release/fairc

Every spec of the fixtures and examples is opened: what the server says of it must be what `fairc check` says, its layout that of `fairc fmt`,
and all fixes at once what `fairc check --fix` makes. Then a session in a folder of its own: imports, uses, renames, completions, and an end in order.
"""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

ROOT = Path(__file__).resolve().parents[2]


class Editor(LanguageClient):
    """A client that waits for what it is told."""

    def __init__(self):
        super().__init__("fairc-tests", "1")
        self.waiting = {}

        @self.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def _(params):
            if params.uri in self.waiting:
                self.waiting.pop(params.uri).set_result(list(params.diagnostics))

    async def start(self, fairc, folder=None, encodings=None):
        await self.start_io(fairc, "lsp")
        general = lsp.GeneralClientCapabilities(position_encodings=encodings)
        folders = [lsp.WorkspaceFolder(uri=folder.as_uri(), name="work")] if folder else None
        capabilities = lsp.ClientCapabilities(general=general if encodings else None)
        answer = await self.initialize_async(lsp.InitializeParams(capabilities=capabilities, workspace_folders=folders))
        self.initialized(lsp.InitializedParams())
        return answer

    async def open(self, path, text):
        """Opens a text, and returns its diagnostics."""
        told = self.waiting[path.as_uri()] = asyncio.get_running_loop().create_future()
        document = lsp.TextDocumentItem(uri=path.as_uri(), language_id="fair", version=1, text=text)
        self.text_document_did_open(lsp.DidOpenTextDocumentParams(text_document=document))
        return await asyncio.wait_for(told, 60)

    def close(self, path):
        self.text_document_did_close(lsp.DidCloseTextDocumentParams(text_document=named(path)))

    async def end(self):
        await self.shutdown_async(None)
        self.exit(None)
        await asyncio.wait_for(self._server.wait(), 60)
        assert self._server.returncode == 0, self._server.returncode
        await self.stop()


def named(path):
    return lsp.TextDocumentIdentifier(uri=path.as_uri())


def position(text, place):
    """The position of a place `before‸after` of a text, in UTF-16."""
    before, after = place.split("‸")
    at = text.index(before + after) + len(before)
    line = text[:at].rsplit("\n", 1)[-1]
    return lsp.Position(line=text[:at].count("\n"), character=len(line.encode("utf-16-le")) // 2)


def offset(text, place):
    """The index of a position in UTF-16."""
    starts = [0]
    for at, c in enumerate(text):
        if c == "\n" or c == "\r" and text[at + 1 : at + 2] != "\n":
            starts.append(at + 1)
    if place.line >= len(starts):
        return len(text)
    at, units = starts[place.line], 0
    while units < place.character and at < len(text) and text[at] not in "\r\n":
        units += 2 if ord(text[at]) > 0xFFFF else 1
        at += 1
    return at


def edited(text, edits):
    edits = sorted(edits, key=lambda edit: (offset(text, edit.range.start), offset(text, edit.range.end)))
    for edit in reversed(edits):
        text = text[: offset(text, edit.range.start)] + edit.new_text + text[offset(text, edit.range.end) :]
    return text


def run(fairc, *words):
    return subprocess.run([fairc, *words], capture_output=True, text=True)


def specs():
    folders = ["tests/fixtures", "examples", "crates/language/src/library"]
    for path in sorted(path for folder in folders for path in (ROOT / folder).rglob("*.fair")):
        try:
            yield path, path.read_bytes().decode()
        except UnicodeDecodeError:
            pass


def checked(fairc, path):
    """Code, severity and place of all that `fairc check` says of the file itself."""
    answer = json.loads(run(fairc, "check", "--format", "json", str(path)).stdout)
    found = []
    for one in answer["diagnostics"]:
        first = one["labels"][0] if one["labels"] else None
        if first is None or first["file"] == str(path):
            found.append((one["code"], one["severity"], (first["start"], first["end"]) if first else (0, 0)))
    return sorted(found)


def told(text, diagnostics):
    """The same of what the server says."""
    found = []
    for one in diagnostics:
        if one.message.startswith("in `"):
            continue
        severity = {lsp.DiagnosticSeverity.Error: "error", lsp.DiagnosticSeverity.Warning: "warning"}[one.severity]
        places = [len(text[: offset(text, place)].encode()) for place in (one.range.start, one.range.end)]
        found.append((one.code, severity, tuple(places)))
    return sorted(found)


async def says_what_the_command_says(fairc):
    editor = Editor()
    await editor.start(fairc)
    count = with_fixes = 0
    for path, text in specs():
        found = await editor.open(path, text)
        if path.parent.name != "library":
            assert told(text, found) == checked(fairc, path), (path, told(text, found), checked(fairc, path))
        with_fixes += await lays_out_and_mends(editor, fairc, path, text)
        await answers_everywhere(editor, path, text)
        editor.close(path)
        count += 1
    await editor.end()
    assert count > 100 and with_fixes > 5, (count, with_fixes)
    print(f"{count} specs: diagnostics and layouts as on the command line; {with_fixes} mended alike")


async def lays_out_and_mends(editor, fairc, path, text):
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        copy.write_bytes(text.encode())
        options = lsp.FormattingOptions(tab_size=4, insert_spaces=True)
        try:
            edits = await editor.text_document_formatting_async(
                lsp.DocumentFormattingParams(text_document=named(path), options=options)
            )
        except Exception:
            assert run(fairc, "fmt", str(copy)).returncode != 0, path
        else:
            run(fairc, "fmt", str(copy))
            assert edited(text, edits) == copy.read_bytes().decode(), path
        if "import" in text or path.parent.name == "library":
            return 0
        copy.write_bytes(text.encode())
        whole = lsp.Range(start=lsp.Position(line=0, character=0), end=lsp.Position(line=10**6, character=0))
        context = lsp.CodeActionContext(diagnostics=[], only=[lsp.CodeActionKind.SourceFixAll])
        params = lsp.CodeActionParams(text_document=named(path), range=whole, context=context)
        actions = await editor.text_document_code_action_async(params)
        run(fairc, "check", "--fix", str(copy))
        mended = edited(text, actions[0].edit.changes[path.as_uri()]) if actions else text
        assert mended == copy.read_bytes().decode(), path
        return int(mended != text)


async def answers_everywhere(editor, path, text):
    """No request fails, wherever the cursor is."""
    whole = lsp.Range(start=lsp.Position(line=0, character=0), end=lsp.Position(line=10**6, character=0))
    await editor.text_document_document_symbol_async(lsp.DocumentSymbolParams(text_document=named(path)))
    await editor.text_document_folding_range_async(lsp.FoldingRangeParams(text_document=named(path)))
    await editor.text_document_semantic_tokens_full_async(lsp.SemanticTokensParams(text_document=named(path)))
    await editor.text_document_inlay_hint_async(lsp.InlayHintParams(text_document=named(path), range=whole))
    for line, content in enumerate(text.splitlines()[:40]):
        at = {"text_document": named(path), "position": lsp.Position(line=line, character=len(content) // 2)}
        await editor.text_document_hover_async(lsp.HoverParams(**at))
        await editor.text_document_completion_async(lsp.CompletionParams(**at))
        await editor.text_document_definition_async(lsp.DefinitionParams(**at))


COMMON = "# é𝒳\ncolumn sex: {female, male}\npredict score: real in [0, 1]\nparam eps = 5% in [0, 1]\n"
SPEC = 'import "common.fair"\n\nconstraint c:\n    E[score | sex == female] <= 50% + eps\nuse demographic_parity(sex, eps)\n'


async def a_session(fairc, folder):
    common, spec, other = (folder / name for name in ("common.fair", "spec.fair", "other.fair"))
    common.write_text(COMMON)
    spec.write_text(SPEC)
    other.write_text('import "common.fair"\nconstraint o: E[score] <= 90%\n')
    editor = Editor()
    answer = await editor.start(fairc, folder)
    assert answer.server_info.name == "fairc" and answer.capabilities.position_encoding == "utf-16"
    assert await editor.open(spec, SPEC) == []
    at = {"text_document": named(spec), "position": position(SPEC, "E[sco‸re")}

    found = await editor.text_document_definition_async(lsp.DefinitionParams(**at))
    assert (found.uri, found.range.start.line) == (common.as_uri(), 2)
    context = lsp.ReferenceContext(include_declaration=True)
    found = await editor.text_document_references_async(lsp.ReferenceParams(context=context, **at))
    names = sorted(Path(place.uri).name for place in found)
    assert set(names) == {"common.fair", "other.fair", "spec.fair", "demographic_parity.fair"}, names
    hover = await editor.text_document_hover_async(lsp.HoverParams(**at))
    assert "affine in the prediction" in hover.contents.value

    metric = {"text_document": named(spec), "position": position(SPEC, "use demo‸graphic")}
    found = await editor.text_document_definition_async(lsp.DefinitionParams(**metric))
    library = Path(found.uri.removeprefix("file://"))
    assert library.read_text().startswith("## ") and library.stat().st_mode & 0o222 == 0
    assert await editor.open(library, library.read_text()) == []

    # Renamed in all three files, which mean the same: the column is still read from its header.
    before = run(fairc, "compile", "--emit", "fingerprint", str(spec)).stdout
    edit = await editor.text_document_rename_async(lsp.RenameParams(new_name="rating", **at))
    for uri, edits in edit.changes.items():
        path = folder / Path(uri).name
        path.write_text(edited(path.read_text(), edits))
    assert "predict rating: real in [0, 1] from score" in common.read_text()
    assert run(fairc, "check", str(other)).returncode == 0
    assert run(fairc, "compile", "--emit", "fingerprint", str(spec)).stdout == before
    common.write_text(COMMON)

    # A change is seen by the specs that import it; a mistake stands at the import.
    waiting = editor.waiting[spec.as_uri()] = asyncio.get_running_loop().create_future()
    await editor.open(common, COMMON.replace("score: real in [0, 1]", "score: rael in [0, 1]"))
    found = await asyncio.wait_for(waiting, 60)
    assert found and found[0].range.start.line == 0 and found[0].related_information[0].location.uri == common.as_uri(), found
    await editor.end()
    assert not library.exists()


async def in_bytes(fairc, folder):
    """A client that counts bytes."""
    editor = Editor()
    answer = await editor.start(fairc, encodings=["utf-8", "utf-16"])
    assert answer.capabilities.position_encoding == "utf-8"
    path = folder / "bytes.fair"
    text = "predict `sc𝒳re`: real in [0, 1]\nconstraint c: E[`sc𝒳re` | oops] <= 1\n"
    found = await editor.open(path, text)
    line = text.splitlines()[1]
    start = len(line[: line.index("oops")].encode())
    assert found[0].range.start == lsp.Position(line=1, character=start), found
    here = lsp.Position(line=1, character=start)
    change = lsp.TextDocumentContentChangePartial(range=lsp.Range(start=here, end=lsp.Position(line=1, character=start + 4)), text="nope")
    told = editor.waiting[path.as_uri()] = asyncio.get_running_loop().create_future()
    document = lsp.VersionedTextDocumentIdentifier(uri=path.as_uri(), version=2)
    editor.text_document_did_change(lsp.DidChangeTextDocumentParams(text_document=document, content_changes=[change]))
    assert "`nope`" in (await asyncio.wait_for(told, 60))[0].message
    await editor.end()


async def main(fairc):
    await says_what_the_command_says(fairc)
    folder = Path(tempfile.mkdtemp()).resolve()
    try:
        await a_session(fairc, folder)
        await in_bytes(fairc, folder)
    finally:
        shutil.rmtree(folder)
    print("sessions: imports, uses, renames, the library, positions in UTF-16 and UTF-8, ended in order")


if __name__ == "__main__":
    asyncio.run(main(str(Path(sys.argv[1]).resolve())))
