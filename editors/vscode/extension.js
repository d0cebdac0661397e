// Starts `fairc lsp` for `.fair` files.

const { commands, window, workspace } = require('vscode');
const { LanguageClient, TransportKind } = require('vscode-languageclient/node');

let client;

async function start() {
  const command = workspace.getConfiguration('fairc').get('path', 'fairc');
  const server = { command, args: ['lsp'], transport: TransportKind.stdio };
  const options = {
    documentSelector: [{ language: 'fair', scheme: 'file' }, { language: 'fair', scheme: 'untitled' }],
    synchronize: { fileEvents: workspace.createFileSystemWatcher('**/*.fair') },
  };
  client = new LanguageClient('fairc', 'fairc', server, options);
  try {
    await client.start();
  } catch (error) {
    window.showErrorMessage(`\`${command} lsp\` did not start: ${error.message}. The setting \`fairc.path\` says where fairc is.`);
  }
}

async function activate(context) {
  context.subscriptions.push(
    commands.registerCommand('fairc.restart', async () => {
      await deactivate();
      await start();
    }),
  );
  await start();
}

async function deactivate() {
  const stopping = client;
  client = undefined;
  await stopping?.stop();
}

module.exports = { activate, deactivate };
