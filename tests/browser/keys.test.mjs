// Linking keys: dropping the file, what the page says of it, and what it says when it is the wrong file.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { openBrowser, signIn, visit } from './browser.mjs';
import { startDemo } from './demo.mjs';

describe('linking an API key', () => {
  let demo;
  let browser;
  before(async () => {
    [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  const unlinked = () => demo.keyFile((key) => key.kind === 'team' && key.roles.some((role) => /app.?manager/i.test(role)));
  const enterprise = () => demo.keyFile((key) => key.kind === 'enterprise');

  async function openForm(page) {
    await signIn(page, demo);
    await page.getByRole('link', { name: 'API keys' }).first().click();
    await page.getByRole('link', { name: /^Add (new|key)$/ }).first().click();
    await page.getByRole('heading', { level: 1, name: 'Add an API key' }).waitFor();
  }

  test('an App Manager key is dropped, proved and shown with what it may do', async () => {
    const key = unlinked();
    await visit(browser, demo.url, {}, async (page) => {
      await openForm(page);
      await drop(page, '[data-drop]', key.path);
      assert.equal(await page.getByLabel('Key ID', { exact: true }).inputValue(), key.key_id, 'the Key ID is read from the file name');
      await page.getByLabel('Issuer ID', { exact: true }).fill(key.issuer_id);
      await page.getByLabel('Name', { exact: true }).fill('Store uploads');
      await page.getByRole('checkbox', { name: 'App Manager' }).check();
      await page.getByRole('button', { name: 'Add and check key' }).click();

      await page.getByRole('heading', { level: 1, name: 'Store uploads' }).waitFor();
      await page.getByText('Working').first().waitFor();
      const row = (feature) => page.getByRole('row', { name: feature });
      assert.match(await row(/Upload a binary/).innerText(), /Yes/);
      assert.match(await row(/certificates/i).first().innerText(), /No/);
      const text = await page.locator('body').innerText();
      assert.ok(!text.includes('PRIVATE KEY'), 'the key file is never shown again');
    });
  });

  test('an enterprise key is added without script', async () => {
    const key = enterprise();
    await visit(browser, demo.url, { javaScriptEnabled: false }, async (page) => {
      await openForm(page);
      await page.getByLabel('Key file', { exact: true }).setInputFiles(key.path);
      await page.getByText('Enterprise API key', { exact: true }).first().click();
      await page.getByLabel('Issuer ID', { exact: true }).fill(key.issuer_id);
      await page.getByLabel('Name', { exact: true }).fill('In-house apps');
      await page.getByRole('button', { name: 'Add and check key' }).click();
      await page.getByRole('heading', { level: 1, name: 'In-house apps' }).waitFor();
      await page.getByText('Working').first().waitFor();
    });
  });

  test('a certificate instead of a key is refused in words, and nothing is saved', async () => {
    await visit(browser, demo.url, { javaScriptEnabled: false }, async (page) => {
      await openForm(page);
      const before = await countKeys(page);
      await page.goto(page.url().replace(/\/keys.*/, '/keys/new'));
      await page.getByLabel('Key file', { exact: true }).setInputFiles({
        name: 'distribution.cer',
        mimeType: 'application/octet-stream',
        buffer: Buffer.from('3082010a0282010100', 'hex'),
      });
      await page.getByLabel('Key ID', { exact: true }).fill('2X9R4HXF34');
      await page.getByLabel('Issuer ID', { exact: true }).fill('57246542-96fe-1a63-e053-0824d011072a');
      await page.getByLabel('Name', { exact: true }).fill('Wrong file');
      await page.getByRole('button', { name: 'Add and check key' }).click();
      await page.locator('[aria-invalid="true"]').first().waitFor();
      assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Wrong file', 'what was typed is kept');
      assert.equal(await countKeys(page), before);
    });
  });

  test('an issuer that does not belong to the key is told apart from a wrong file, and nothing is saved', async () => {
    const key = enterprise();
    await visit(browser, demo.url, {}, async (page) => {
      await openForm(page);
      const before = await countKeys(page);
      await page.goto(page.url().replace(/\/keys.*/, '/keys/new'));
      await page.getByLabel('Key file', { exact: true }).setInputFiles({
        name: 'AuthKey_ZZ9R4HXF34.p8',
        mimeType: 'application/octet-stream',
        buffer: await readFile(key.path),
      });
      await page.getByLabel('Issuer ID', { exact: true }).fill('57246542-96fe-1a63-e053-0824d011072a');
      await page.getByLabel('Name', { exact: true }).fill('Wrong pair');
      await page.getByRole('button', { name: 'Add and check key' }).click();
      await page.getByText(/do(es)? not belong together/).first().waitFor({ timeout: 30_000 });
      assert.equal(await countKeys(page), before);
    });
  });
});

/** Drops a file the way a person does, with a `DataTransfer`. */
async function drop(page, selector, file) {
  const content = (await readFile(file)).toString('base64');
  const transfer = await page.evaluateHandle(
    ({ content, name }) => {
      const transfer = new DataTransfer();
      const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type: 'application/octet-stream' }));
      return transfer;
    },
    { content, name: path.basename(file) },
  );
  for (const event of ['dragenter', 'dragover', 'drop']) {
    await page.dispatchEvent(selector, event, { dataTransfer: transfer });
  }
}

async function countKeys(page) {
  await page.goto(page.url().replace(/(\/o\/[^/]+).*/, '$1/keys'));
  return page.locator('tbody tr').count();
}
