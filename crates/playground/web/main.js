// The page around the WebAssembly of fairc: what it says is shown, and nothing is decided here.

import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { EditorState, StateEffect, StateField } from '@codemirror/state';
import { Decoration, EditorView, drawSelection, keymap, lineNumbers } from '@codemirror/view';
import { check, explain_code, format, initSync, project, version } from './built/fairc.js';
import packed from './built/fairc_bg.wasm.gz';
import examples from './built/examples.json';

const at = (id) => document.getElementById(id);

/** An element with texts and elements in it. */
function element(name, attributes = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}

/** Prose with code in backticks. */
function prose(text) {
  return text.split('`').map((part, index) => (index % 2 ? element('code', {}, part) : part));
}

// -- the editor ---------------------------------------------------------------------------------------------------------

const paint = StateEffect.define();
const painted = StateField.define({
  create: () => Decoration.none,
  update(marks, change) {
    const fresh = change.effects.find((effect) => effect.is(paint));
    return fresh ? fresh.value : marks.map(change.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});

const theme = EditorView.theme({
  '&': { color: 'var(--ink)', backgroundColor: 'var(--card)', minHeight: '14rem', maxHeight: '60vh' },
  '.cm-content': { fontFamily: 'ui-monospace, monospace', fontSize: '.875rem', caretColor: 'var(--ink)' },
  '.cm-gutters': { color: 'var(--soft)', backgroundColor: 'var(--card)', border: 'none' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { background: 'var(--selection) !important' },
  '.cm-tooltip': { color: 'var(--ink)', backgroundColor: 'var(--page)', border: '1px solid var(--line)', maxWidth: '90vw' },
  '.cm-diagnosticAction': { color: 'var(--page)', backgroundColor: 'var(--mark)' },
  '.cm-lintRange-error': { backgroundImage: 'none', borderBottom: '2px solid var(--bad)' },
  '.cm-lintRange-warning': { backgroundImage: 'none', borderBottom: '2px dashed var(--warn)' },
});

const view = new EditorView({
  parent: at('editor'),
  state: EditorState.create({
    extensions: [
      lineNumbers(),
      history(),
      drawSelection(),
      lintGutter(),
      painted,
      theme,
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': 'Spec', spellcheck: 'false' }),
      keymap.of([...defaultKeymap, ...historyKeymap, ...lintKeymap]),
      EditorView.updateListener.of((update) => update.docChanged && later()),
    ],
  }),
});

const spec = () => view.state.doc.toString();

function replace(text) {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
}

let waiting = 0;
function later() {
  clearTimeout(waiting);
  waiting = setTimeout(show, 100);
}

// -- the spec -----------------------------------------------------------------------------------------------------------

const make = (changes) => view.dispatch({ changes, userEvent: 'input.fix' });

function show() {
  clearTimeout(waiting);
  const found = JSON.parse(check(spec()));
  const marks = found.tokens.map(([from, to, what]) => Decoration.mark({ class: `fair-${what}` }).range(from, to));
  view.dispatch({ effects: paint.of(Decoration.set(marks)) });
  const diagnostics = found.diagnostics.map((one, index) => {
    const mark = found.marks[index];
    const help = one.help ? `\n${one.help}` : '';
    const actions = mark.title ? [{ name: mark.title, apply: () => make(mark.changes) }] : [];
    return { from: mark.from, to: mark.to, severity: one.severity, source: one.code, message: one.message + help, actions };
  });
  view.dispatch(setDiagnostics(view.state, diagnostics));
  const same = examples.find((example) => example.spec === spec());
  at('examples').value = same ? same.name : OWN;
  at('summary').textContent = found.summary;
  at('summary').className = found.ok ? (found.diagnostics.length ? 'warn' : 'good') : 'bad';
  at('problems').replaceChildren(...found.diagnostics.map((one, index) => problem(one, found.marks[index])));
  at('rows-part').hidden = found.rows.length === 0;
  const rows = found.rows.map((row) => element('tr', {}, element('td', {}, row.name), element('td', {}, element('code', {}, row.text))));
  at('rows').replaceChildren(table(['Constraint', 'Row'], rows));
  params(found.params);
}

function problem(one, mark) {
  const place = one.labels.length ? `line ${one.labels[0].line}: ` : '';
  const code = element('button', { type: 'button', title: 'Explain' }, one.code);
  const item = element('li', {}, code, ' ', element('span', { class: one.severity === 'error' ? 'bad' : 'warn' }, one.severity), ' ', place, ...prose(one.message));
  if (one.help) item.append(element('div', { class: 'help' }, ...prose(one.help)));
  if (mark && mark.title) {
    const fix = element('button', { type: 'button', class: 'fix' }, ...prose(mark.title));
    fix.addEventListener('click', () => make(mark.changes));
    item.append(fix);
  }
  code.addEventListener('click', () => {
    const page = item.querySelector('pre');
    if (page) page.remove();
    else item.append(element('pre', { tabindex: '0', role: 'region', 'aria-label': one.code }, explain_code(one.code) || ''));
  });
  return item;
}

function table(heads, rows, numbers = 0) {
  const head = heads.map((text, index) => element('th', { scope: 'col', class: index >= heads.length - numbers ? 'number' : '' }, text));
  return element('div', { class: 'wide', tabindex: '0', role: 'region', 'aria-label': heads.join(', ') }, element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...rows)));
}

const set = new Map();

function params(known) {
  const names = known.map((param) => param.name).join('\n');
  if (at('params').dataset.names === names) return;
  at('params').dataset.names = names;
  const inputs = known.map((param) => {
    const input = element('input', { type: 'number', step: 'any', placeholder: String(param.value), value: set.get(param.name) ?? '' });
    input.addEventListener('input', () => set.set(param.name, input.value));
    return element('label', {}, `${param.name} `, input);
  });
  at('params').replaceChildren(...inputs);
}

// -- the data -----------------------------------------------------------------------------------------------------------

/** What was opened, or nothing where the text counts. */
let opened = null;

at('file').addEventListener('change', async () => {
  const file = at('file').files[0];
  if (!file) return;
  opened = { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
  at('table').value = '';
  at('opened').textContent = `${file.name}, ${opened.bytes.length} bytes`;
});

at('table').addEventListener('input', () => {
  opened = null;
  at('opened').textContent = '';
  at('file').value = '';
});

const number = (value) => (value === null || value === undefined ? '' : String(Number(value.toPrecision(6))));

function limits(row) {
  const sides = [row.lower === null ? '' : `≥ ${number(row.lower)}`, row.upper === null ? '' : `≤ ${number(row.upper)}`];
  return sides.filter(Boolean).join(', ');
}

at('project').addEventListener('click', () => {
  const { name, bytes } = opened ?? { name: 'table.csv', bytes: new TextEncoder().encode(at('table').value) };
  const settings = {};
  for (const label of at('params').querySelectorAll('label')) {
    const input = label.querySelector('input');
    if (input.value !== '') settings[label.firstChild.textContent.trim()] = Number(input.value);
  }
  const start = performance.now();
  const answer = project(spec(), name, bytes, JSON.stringify(settings));
  const took = performance.now() - start;
  const found = JSON.parse(answer.json);
  const predictions = answer.predictions;
  answer.free();
  at('took').textContent = `${Math.round(took)} ms`;
  at('result').replaceChildren(...result(found));
  offer(predictions);
});

function result(found) {
  const parts = found.diagnostics.map((one) => problem(one, null));
  const list = parts.length ? [element('ol', {}, ...parts)] : [];
  if (found.error) {
    list.push(element('p', { class: 'bad' }, ...prose(found.error.message)));
    if (found.error.help) list.push(element('p', { class: 'help' }, ...prose(found.error.help)));
  }
  if (!found.report || found.groups.length === 0) return list;
  const cell = (text) => element('td', { class: 'number' }, text);
  const rows = found.report.rows.map((row) => element('tr', {}, element('td', {}, row.name), cell(number(row.before)), cell(row.skipped ?? number(row.after)), cell(limits(row))));
  const means = found.groups.flatMap((division) => division.groups).map((group) => element('tr', {}, element('td', {}, group.name), cell(String(group.samples)), cell(number(group.before.mean)), cell(number(group.after.mean))));
  const pictures = found.pictures.map((svg, index) => {
    const figure = element('figure', {}, element('figcaption', {}, found.groups[index].name));
    // Its texts are escaped where it is drawn.
    figure.insertAdjacentHTML('beforeend', svg);
    return figure;
  });
  const words = element('pre', { tabindex: '0', role: 'region', 'aria-label': 'Report' }, found.text);
  return [
    ...list,
    element('h3', {}, 'Rows'),
    table(['Row', 'Before', 'After', 'Limit'], rows, 3),
    element('h3', {}, 'Groups'),
    element('p', { class: 'soft' }, 'Outline and broken line: before. Filled, and full line: after. Lines are means.'),
    element('div', { class: 'pictures' }, ...pictures),
    table(['Group', 'Samples', 'Mean before', 'Mean after'], means, 3),
    element('details', {}, element('summary', {}, 'Report'), words),
  ];
}

let offered = null;
function offer(predictions) {
  if (offered) URL.revokeObjectURL(offered);
  offered = null;
  at('download').hidden = predictions.length === 0;
  if (predictions.length === 0) return;
  const lines = ['prediction_fair', ...Array.from(predictions, String)];
  offered = URL.createObjectURL(new Blob([`${lines.join('\n')}\n`], { type: 'text/csv' }));
  at('download').href = offered;
}

// -- examples and links -------------------------------------------------------------------------------------------------

const KEY = '#spec=';
/** What is chosen where the spec is none of the examples. */
const OWN = '';

function encoded(text) {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte));
  return btoa(bytes.join('')).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function linked() {
  if (!location.hash.startsWith(KEY)) return null;
  try {
    const bytes = atob(location.hash.slice(KEY.length).replaceAll('-', '+').replaceAll('_', '/'));
    return new TextDecoder().decode(Uint8Array.from(bytes, (letter) => letter.charCodeAt(0)));
  } catch {
    return null;
  }
}

at('link').addEventListener('click', async () => {
  location.replace(KEY + encoded(spec()));
  try {
    await navigator.clipboard.writeText(location.href);
    at('copied').textContent = 'Copied: the address holds the spec.';
  } catch {
    at('copied').textContent = 'The address of this page now holds the spec.';
  }
});

at('format').addEventListener('click', () => replace(format(spec())));

function take(example) {
  replace(example.spec);
  at('table').value = example.table;
  opened = null;
  at('opened').textContent = '';
  at('result').replaceChildren();
  at('took').textContent = '';
  at('download').hidden = true;
  show();
}

at('examples').append(
  ...examples.map((example) => element('option', { value: example.name }, example.name)),
  element('option', { value: OWN, disabled: '' }, 'your own'),
);
at('examples').addEventListener('change', () => take(examples.find((example) => example.name === at('examples').value)));
window.addEventListener('hashchange', () => {
  const text = linked();
  if (text !== null && text !== spec()) replace(text);
});

// -- start --------------------------------------------------------------------------------------------------------------

/** Nothing answers before the WebAssembly is unpacked, so until then the page takes no input. */
async function start() {
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  initSync({ module: await new Response(unpacked).arrayBuffer() });
  at('version').textContent = version();
  take(examples[0]);
  const given = linked();
  if (given !== null) replace(given);
  show();
  document.querySelector('main').inert = false;
  document.body.dataset.ready = 'yes';
}

start();
