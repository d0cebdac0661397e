// The WebAssembly of the playground against the command line: diagnostics, fingerprints, reports, and predictions to the bit.
//
//     node native.mjs target/release/fairc

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const built = join(root, 'crates/playground/web/built');
const wasm = await import(pathToFileURL(join(built, 'fairc.js')));
wasm.initSync({ module: readFileSync(join(built, 'fairc_bg.wasm')) });

const fairc = resolve(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), 'fairc-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

/** What the command prints, whatever its exit code says. */
function native(args, input) {
  const options = { cwd: folder, input, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'ignore'] };
  try {
    return execFileSync(fairc, args, options);
  } catch (error) {
    assert.ok(error.stdout, `${args}: ${error}`);
    return error.stdout;
  }
}

const read = (path) => readFileSync(join(root, path), 'utf8');
const write = (name, text) => writeFileSync(join(folder, name), text);

function specs(under) {
  const found = readdirSync(join(root, under), { recursive: true }).filter((name) => name.endsWith('.fair'));
  return found.sort().map((name) => join(under, name));
}

assert.equal(`${wasm.version()}\n`, native(['--version']));

let checked = 0;
for (const path of [...specs('examples'), ...specs('tests/fixtures')]) {
  const bytes = readFileSync(join(root, path));
  const text = bytes.toString('utf8');
  // Imports lead nowhere in a page, and a page has no text that is not UTF-8.
  if (/^\s*import\b/m.test(text) || !Buffer.from(text).equals(bytes) || bytes.length > 1 << 20) continue;
  write('spec.fair', text);
  const ours = JSON.parse(wasm.check(text));
  const theirs = JSON.parse(native(['check', '--format', 'json', 'spec.fair']));
  assert.deepEqual(ours.diagnostics, theirs.diagnostics, path);
  assert.deepEqual([ours.ok, ours.fingerprint, ours.rows.length], [theirs.ok, theirs.specs[0].fingerprint, theirs.specs[0].rows ?? 0], path);
  for (const [index, mark] of ours.marks.entries()) {
    const label = ours.diagnostics[index].labels[0];
    if (label && label.file === 'spec.fair') assert.equal(text.slice(mark.from, mark.to), label.text, path);
  }
  checked += 1;
}

/** Both answers to a spec and a table. */
function project(path, spec, table, settings = {}) {
  write('spec.fair', spec);
  write('table.csv', table);
  const set = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const out = ['-o', 'out.csv', '--name', 'fair', '--replace'];
  const theirs = JSON.parse(native(['project', 'spec.fair', '--data', 'table.csv', '--format', 'json', ...out, ...set]));
  const lines = readFileSync(join(folder, 'out.csv'), 'utf8').trim().split('\n');
  const column = lines[0].split(',').indexOf('fair');
  const expected = Float64Array.from(lines.slice(1), (line) => Number(line.split(',')[column]));
  const answer = wasm.project(spec, 'table.csv', new TextEncoder().encode(table), JSON.stringify(settings));
  const ours = JSON.parse(answer.json);
  for (const [name, value] of Object.entries(ours.report)) assert.deepEqual(value, theirs[name], `${path}: ${name}`);
  assert.deepEqual(new BigUint64Array(answer.predictions.buffer), new BigUint64Array(expected.buffer), path);
  return expected.length;
}

let projected = 0;
for (const path of specs('examples/german_credit')) {
  projected += project(path, read(path), read('examples/german_credit/german_credit.csv'));
}
const parity = read('examples/german_credit/parity.fair');
projected += project('parity.fair', parity, read('examples/german_credit/german_credit.csv'), { eps: 0.001 });

/** The same numbers at each run. */
let seed = 7;
function random() {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 4294967296;
}

const rows = Array.from({ length: 100000 }, () => `${random() < 0.4 ? 'female' : 'male'},${random()}`);
const large = `sex,score\n${rows.join('\n')}\n`;
projected += project('100000 rows', parity, large);
const start = process.cpuUsage();
wasm.project(parity, 'table.csv', new TextEncoder().encode(large), '{}').free();
const took = Math.round(process.cpuUsage(start).user / 1000);

const lines = read('tests/fixtures/golden/projection.jsonl') + read('tests/fixtures/cli/problems.jsonl');
const answers = [wasm.solve(lines), native(['solve', '-'], lines)];
const [ours, theirs] = answers.map((text) => text.trim().split('\n').map((line) => JSON.parse(line)));
assert.equal(ours.length, theirs.length);

/** The largest difference of two answers, beside 1 or the size of the number; everything else has to be the same. */
function apart(one, other, path) {
  if (typeof one === 'number' && typeof other === 'number') return Math.abs(one - other) / Math.max(1, Math.abs(other));
  if (one === null || typeof one !== 'object') {
    assert.equal(one, other, path);
    return 0;
  }
  assert.deepEqual(Object.keys(one), Object.keys(other), path);
  return Object.keys(one).reduce((most, key) => Math.max(most, apart(one[key], other[key], `${path}.${key}`)), 0);
}

// Processors of the command line multiply and add in one instruction, which factorisations of several rows feel in the last place.
const differences = ours.map((answer, index) => apart(answer, theirs[index], `problem ${index + 1}`));
const same = differences.filter((difference) => difference === 0).length;
const most = Math.max(...differences);
assert.ok(most < 1e-13, `problems differ by ${most}`);

console.log(`playground: ${checked} specs, ${projected} predictions as the command line has them, to the bit; ${same} of ${ours.length} problems too, the others within ${most.toExponential(1)}; 100000 rows in ${took} ms of one processor`);
