// Smoke test of the npm package, from a folder in which it is installed.
//
//     node node.mjs VERSION FOLDER-OF-THIS-FILE

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { check, initSync, project, version } from '@fairc/wasm';

const file = (name) => fileURLToPath(new URL(name, import.meta.resolve('@fairc/wasm')));
initSync({ module: readFileSync(fileURLToPath(import.meta.resolve('@fairc/wasm/fairc_bg.wasm'))) });
assert.equal(version(), `fairc ${process.argv[2]}`);
assert.equal(JSON.parse(readFileSync(file('package.json'))).version, process.argv[2]);
for (const name of ['fairc.d.ts', 'README.md', 'LICENSE-MIT', 'LICENSE-APACHE']) assert.ok(existsSync(file(name)), name);

const halfway = (end) => readFileSync(join(process.argv[3], `halfway.${end}`), 'utf8');
const spec = halfway('fair');
assert.equal(JSON.parse(check(spec)).ok, true);
const wrong = JSON.parse(check(spec.replace('== m]', '== n]')));
assert.deepEqual([wrong.ok, wrong.diagnostics.map((one) => one.code)], [false, ['E0203']]);

const answer = project(spec, 'halfway.csv', new TextEncoder().encode(halfway('csv')), '{}');
const expected = halfway('csv').trim().split('\n').slice(1).map((line) => Number(line.split(',')[2]));
assert.deepEqual([...answer.predictions], expected);
answer.free();
console.log(`Node.js ${process.versions.node}: fairc ${process.argv[2]} checks and projects`);
