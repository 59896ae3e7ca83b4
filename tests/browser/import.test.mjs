// What a team has is moved in: looked at first, then taken in. With script the files are chosen once, without it twice.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { openBrowser, sidewaysScroll, signIn, visit } from './browser.mjs';
import { startDemo } from './demo.mjs';

const run = promisify(execFile);
const PASSWORD = 'pa ss"w&rd~1';

for (const javaScriptEnabled of [true, false]) {
  describe(`importing ${javaScriptEnabled ? 'with' : 'without'} script`, () => {
    let demo;
    let browser;
    let folder;
    before(async () => {
      [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
      folder = path.join(demo.folder, 'team');
      await mkdir(path.join(folder, '.git'), { recursive: true });
      const openssl = (...words) => run('openssl', words, { cwd: folder, env: { ...process.env, P12_PASSWORD: PASSWORD } });
      const leaf = ['-days', '9', '-subj', '/CN=Moved in', '-addext', 'basicConstraints=critical,CA:FALSE'];
      await openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'leaf.key', '-out', 'leaf.crt', ...leaf);
      await openssl('pkcs12', '-export', '-inkey', 'leaf.key', '-in', 'leaf.crt', '-out', 'dist.p12', '-passout', 'env:P12_PASSWORD');
      await rename(path.join(folder, 'leaf.key'), path.join(folder, '.git', 'leaf.key'));
      await rename(path.join(folder, 'leaf.crt'), path.join(folder, '.git', 'leaf.crt'));
    });
    after(async () => {
      await browser?.close();
      await demo?.stop();
    });

    test('a folder is looked at, then taken in', () =>
      visit(browser, demo.url, { javaScriptEnabled, viewport: { width: 390, height: 844 } }, async (page) => {
        await signIn(page, demo);
        await page.goto(`${new URL(page.url()).pathname}/certificates/new`);
        await page.getByRole('link', { name: 'Import', exact: true }).click();
        const choose = async () => {
          await page.getByLabel(/^Or a folder/).setInputFiles(folder);
          await page.getByLabel(/^Password/).fill(PASSWORD);
        };
        await choose();
        await page.getByRole('button', { name: 'Read the files' }).click();
        await page.getByRole('heading', { name: '1 thing would be taken in' }).waitFor();
        const table = page.getByRole('table', { name: 'Certificates among the files' });
        assert.match(await table.innerText(), /Moved in[\s\S]*team\/dist\.p12[\s\S]*Would be taken in/);
        assert.equal(await sidewaysScroll(page), 0);
        if (javaScriptEnabled) {
          await page.getByText('Press Import to take it in.').waitFor();
          await page.getByRole('button', { name: 'Import', exact: true }).click();
        } else {
          await choose();
          await page.getByRole('checkbox', { name: /Only look/ }).uncheck();
          await page.getByRole('button', { name: 'Read the files' }).click();
        }
        await page.getByRole('heading', { name: '1 thing taken in' }).waitFor();
        await page.getByRole('link', { name: 'Moved in' }).click();
        await page.getByRole('heading', { level: 1, name: 'Moved in' }).waitFor();
        await page.getByText('The private key, sealed').waitFor();
      }));
  });
}
