// The examples of the page, from those of the repository: specs that stand alone, with their table where there is one.
//
//     node examples.mjs ROOT > built/examples.json

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = process.argv[2];
const text = (path) => readFileSync(join(root, 'examples', path), 'utf8');
const tables = { german_credit: 'german_credit/german_credit.csv', specs: null };

const examples = Object.entries(tables).flatMap(([folder, table]) => {
  const names = readdirSync(join(root, 'examples', folder)).filter((name) => name.endsWith('.fair')).sort();
  const specs = names.map((name) => ({ name: `${folder}/${name}`, spec: text(join(folder, name)), table: table ? text(table) : '' }));
  return specs.filter((example) => !/^import\b/m.test(example.spec));
});
// The one that the README begins with comes first.
examples.sort((a, b) => Number(b.name.endsWith('/parity.fair')) - Number(a.name.endsWith('/parity.fair')));
process.stdout.write(JSON.stringify(examples));
