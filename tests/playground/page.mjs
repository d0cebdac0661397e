// The page of the playground in Chromium: a mistake is typed, seen and mended; a table is projected; the page is accessible, wide and
// narrow, light and dark, and asks for nothing from a network.
//
//     node page.mjs /usr/bin/chromium [FOLDER FOR SCREENSHOTS]

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const require = createRequire(join(root, 'crates/playground/web/main.js'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const address = pathToFileURL(join(root, 'docs/playground/index.html')).href;
const [, , executablePath, screenshots] = process.argv;

const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const browser = await chromium.launch({ executablePath, args });

async function open(options, hash = '') {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('pageerror', (error) => { throw error; });
  const start = Date.now();
  await page.goto(address + hash);
  await page.waitForSelector('body[data-ready]');
  page.started = Date.now() - start;
  page.asked = asked;
  return page;
}

async function accessible(page, what) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
  assert.deepEqual(found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`), [], what);
  const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(inner <= outer, `${what}: ${inner} wide on ${outer}`);
}

// What a server sends of the page is its files, each packed by itself.
const folder = join(root, 'docs/playground');
const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
const packed = files.reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).length, 0);
assert.ok(packed < 2.5e6, `${packed} bytes, packed with gzip`);
console.log(`playground: ${packed} bytes, packed with gzip`);

const SPEC = 'column sex: {f, m}\npredict score: real in [0, 1]\nparam eps = 0\nconstraint c: |E[score | sex == f] - E[scor | sex == m]| <= eps\n';
const TABLE = 'sex,score\nf,0.25\nf,0.35\nm,0.75\nm,0.65\n';

try {
  for (const [what, options] of [
    ['wide', { viewport: { width: 1400, height: 1000 } }],
    ['phone', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' }],
  ]) {
    const page = await open(options);
    const text = (selector) => page.textContent(selector);
    assert.match(await text('#summary'), /^ok: 1 constraint, 1 row, fingerprint /);

    // A mistake is underlined, and its fix mends it. The spec is no longer the example that was chosen.
    assert.notEqual(await page.inputValue('#examples'), '');
    await page.click('.cm-content');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(SPEC);
    await page.waitForSelector('.cm-lintRange-error');
    assert.equal(await text('.cm-lintRange-error'), 'scor');
    assert.match(await text('#summary'), /^1 error in spec\.fair$/);
    assert.equal(await page.inputValue('#examples'), '');
    assert.match(await text('#problems li'), /^E0201 error line 4: unknown name scor/);
    await accessible(page, `${what}, with an error`);
    await page.click('#problems .fix');
    await page.waitForFunction(() => document.getElementById('summary').textContent.startsWith('ok: '));
    assert.equal(await page.locator('.cm-lintRange-error').count(), 0);

    // A table is projected: the means of both groups meet halfway.
    await page.fill('#table', TABLE);
    await page.click('#project');
    const cells = (row) => page.locator(`#result table >> nth=1 >> tbody tr >> nth=${row} >> td`).allTextContents();
    assert.deepEqual(await cells(0), ['f', '2', '0.3', '0.5']);
    assert.deepEqual(await cells(1), ['m', '2', '0.7', '0.5']);
    assert.match(await page.getAttribute('.picture', 'aria-label'), /f: mean 0.3000 before, 0.5000 after/);
    await page.fill('#params input', '0.2');
    await page.click('#project');
    assert.deepEqual(await cells(0), ['f', '2', '0.3', '0.4']);
    await accessible(page, `${what}, with a result`);
    if (screenshots) await page.screenshot({ path: join(screenshots, `playground-${what}.png`), fullPage: true });

    // What is wrong with a table is told.
    await page.fill('#table', 'sex,score\nx,0.25\n');
    await page.click('#project');
    assert.match(await text('#result'), /E0702/);
    await accessible(page, `${what}, with a fault of the table`);

    // The link carries the spec.
    await page.click('#link');
    const hash = new URL(page.url()).hash;
    const again = await open(options, hash);
    assert.equal((await again.evaluate(() => document.querySelector('.cm-content').innerText)).replace(/\n+$/, ''), SPEC.replace('scor |', 'score |').trim());
    assert.ok(again.asked.every((url) => url.startsWith('file:') || url.startsWith('data:')), again.asked.join(' '));
    assert.ok(again.started < 3000, `ready after ${again.started} ms`);
    console.log(`playground, ${what}: ready in ${again.started} ms`);
  }
} finally {
  await browser.close();
}
