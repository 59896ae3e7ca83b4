// Bringing certificates in: a signing request that another authority answers, a file under a password, the account.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { download } from './artefacts.mjs';
import { openBrowser, sidewaysScroll, signIn, visit } from './browser.mjs';
import { startDemo } from './demo.mjs';

const run = promisify(execFile);
const PASSWORD = 'pa ss"w&rd~1';

for (const javaScriptEnabled of [true, false]) {
  describe(`bringing certificates in ${javaScriptEnabled ? 'with' : 'without'} script`, () => {
    let demo;
    let browser;
    before(async () => {
      [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
    });
    after(async () => {
      await browser?.close();
      await demo?.stop();
    });
    const story = (tell, viewport) => visit(browser, demo.url, { javaScriptEnabled, ...(viewport ? { viewport } : {}) }, tell);
    const openssl = (...words) => run('openssl', words, { cwd: demo.folder, env: { ...process.env, P12_PASSWORD: PASSWORD } });
    const addNew = async (page) => {
      await page.getByRole('navigation').getByRole('link', { name: /^Certificates/ }).first().click();
      await page.getByRole('link', { name: 'Add new' }).first().click();
      await page.getByRole('heading', { level: 1, name: 'Add a certificate' }).waitFor();
    };

    test('a request is made, taken away, answered, completed and removed', () =>
      story(async (page) => {
        await signIn(page, demo);
        await addNew(page);
        await page.getByRole('link', { name: 'New request' }).click();
        await page.getByLabel('Name').fill('Developer ID 2027');
        await page.getByLabel('Country').fill('N1');
        await page.getByRole('button', { name: 'Make request' }).click();
        await page.getByText('The country is not a two-letter code').waitFor();
        await page.getByLabel('Country').fill('no');
        await page.getByRole('button', { name: 'Make request' }).click();
        await page.getByRole('heading', { level: 1, name: 'Developer ID 2027' }).waitFor();
        const csr = await download(page, demo.folder, () => page.getByRole('link', { name: 'Download', exact: true }).click());
        assert.equal(csr.name, 'Developer ID 2027.certSigningRequest');
        await openssl('req', '-in', csr.path, '-verify', '-noout');
        await openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '9', '-subj', '/CN=Other');
        await openssl('x509', '-req', '-in', csr.path, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', '9', '-outform', 'DER', '-out', 'made.cer');

        await page.getByRole('link', { name: 'Complete', exact: true }).click();
        await page.getByLabel('Certificate', { exact: true }).setInputFiles(`${demo.folder}/ca.pem`);
        await page.getByRole('button', { name: 'Complete request' }).click();
        await page.getByText('it has another public key').waitFor();
        await page.getByLabel('Certificate', { exact: true }).setInputFiles(`${demo.folder}/made.cer`);
        await page.getByRole('button', { name: 'Complete request' }).click();
        await page.getByText('Certificate taken in with its private key').waitFor();
        await page.getByText('The private key, sealed').waitFor();

        await page.goto(page.url().replace(/certificates\/.*/, 'csrs'));
        await page.getByText('Completed').waitFor();
        await page.getByRole('link', { name: 'Developer ID 2027' }).click();
        await page.getByRole('link', { name: 'Remove request' }).click();
        await page.getByLabel(/^Type/).fill('Developer ID 2027');
        await page.getByRole('button', { name: 'Remove request' }).click();
        await page.getByText('Request removed').waitFor();
      }));

    test('a .p12 with a wrong password says so, with the right one it is taken, renamed and removed', () =>
      story(async (page) => {
        await openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'old.key', '-out', 'old.pem', '-days', '9', '-subj', '/CN=Old build box');
        await openssl('pkcs12', '-export', '-inkey', 'old.key', '-in', 'old.pem', '-passout', 'env:P12_PASSWORD', '-out', 'old.p12');
        await signIn(page, demo);
        await addNew(page);
        await page.getByRole('link', { name: 'Upload .p12' }).click();
        const upload = async (password) => {
          await page.getByLabel('File').setInputFiles(`${demo.folder}/old.p12`);
          await page.getByLabel(/^Password/).fill(password);
          await page.getByRole('button', { name: 'Upload' }).click();
        };
        await upload('not it');
        await page.getByText('The password does not open the .p12').waitFor();
        await upload(PASSWORD);
        await page.getByRole('heading', { level: 1, name: '1 certificate taken in' }).waitFor();
        await page.getByText('none of the marks').waitFor();
        await page.getByRole('link', { name: 'Old build box' }).click();
        await page.getByRole('link', { name: 'Rename' }).click();
        await page.getByRole('textbox', { name: 'Name' }).fill('Retired');
        await page.getByRole('button', { name: 'Rename certificate' }).click();
        await page.getByRole('heading', { level: 1, name: 'Retired' }).waitFor();
        await page.getByRole('link', { name: 'Remove certificate' }).click();
        await page.getByText('Its private key is destroyed').waitFor();
        await page.getByLabel(/^Type/).fill('Retired');
        await page.getByRole('button', { name: 'Remove certificate' }).click();
        await page.getByText('Certificate removed here').waitFor();
      }));

    test('the account is fetched on a telephone', () =>
      story(
        async (page) => {
          await signIn(page, demo);
          await page.goto(`${page.url()}/certificates/fetch`);
          await page.getByRole('heading', { level: 1, name: 'Fetch from Apple' }).waitFor();
          assert.equal(await sidewaysScroll(page), 0);
          await page.getByRole('button', { name: 'Fetch chosen' }).click();
          await page.getByText('No certificate is ticked').waitFor();
          await page.getByRole('checkbox').first().check();
          await page.getByRole('button', { name: 'Fetch chosen' }).click();
          await page.getByRole('heading', { level: 1, name: '1 certificate taken in' }).waitFor();
          await page.getByText('New, no key here').waitFor();
          assert.equal(await sidewaysScroll(page), 0);
        },
        { width: 390, height: 800 },
      ));
  });
}
