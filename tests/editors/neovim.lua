-- A session in headless Neovim, from 0.7 on: opens a spec with a mistake, looks at its diagnostics, applies the fix, renames a column, formats.
-- What came of it goes to the file that $FAIRC_RESULT names.
local result = {}
local spec = vim.fn.argv(0)

local function wait(what, condition)
  if not vim.wait(60000, condition, 20) then
    result.failed = what
    vim.fn.writefile({ vim.fn.json_encode(result) }, os.getenv('FAIRC_RESULT'))
    vim.cmd('cquit 1')
  end
end

local function text()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\n')
end

vim.cmd('edit ' .. vim.fn.fnameescape(spec))
vim.bo.filetype = 'fair'
local client = vim.lsp.start_client({ name = 'fairc', cmd = { os.getenv('FAIRC'), 'lsp' }, root_dir = vim.fn.fnamemodify(spec, ':h') })
vim.lsp.buf_attach_client(0, client)

wait('diagnostics', function() return #vim.diagnostic.get(0) > 0 end)
result.diagnostics = {}
for _, found in ipairs(vim.diagnostic.get(0)) do
  table.insert(result.diagnostics, { found.code or (found.user_data and found.user_data.lsp.code), found.lnum, found.col, found.message })
end

-- The fix that is offered at the mistake.
local mistake = vim.diagnostic.get(0)[1]
local range = { start = { line = mistake.lnum, character = mistake.col }, ['end'] = { line = mistake.lnum, character = mistake.col } }
local asked = { textDocument = vim.lsp.util.make_text_document_params(), range = range, context = { diagnostics = {} } }
local actions = vim.lsp.buf_request_sync(0, 'textDocument/codeAction', asked, 60000)[client].result
result.action = actions[1].title
vim.lsp.util.apply_workspace_edit(actions[1].edit, vim.lsp.get_client_by_id(client).offset_encoding)
wait('no diagnostics', function() return #vim.diagnostic.get(0) == 0 end)
result.mended = text()

-- Hover and rename where the cursor is.
vim.fn.search('\\<sex\\>')
local hover = vim.lsp.buf_request_sync(0, 'textDocument/hover', vim.lsp.util.make_position_params(), 60000)[client].result
result.hover = hover.contents.value
vim.lsp.buf.rename('gender')
wait('rename', function() return text():find('gender') ~= nil end)
result.renamed = text()

if vim.lsp.buf.format then vim.lsp.buf.format({ async = false, timeout_ms = 60000 }) else vim.lsp.buf.formatting_sync(nil, 60000) end
wait('layout', function() return text():find('<= 0.5') ~= nil end)
result.formatted = text()
vim.fn.writefile({ vim.fn.json_encode(result) }, os.getenv('FAIRC_RESULT'))
vim.cmd('quitall!')
