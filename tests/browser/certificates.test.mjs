// The main job: look into the Apple account, create a Distribution certificate, take it away, and have strangers open it.
// Told twice, with and without script.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { download, listWithKeytool, openP12, openProfile, openWithPython } from './artefacts.mjs';
import { openBrowser, signIn, visit } from './browser.mjs';
import { startDemo } from './demo.mjs';

/** What a shell, a form and a URL might each stumble over. */
const PASSWORD = 'pa ss"w&rd~1';

for (const javaScriptEnabled of [true, false]) {
  describe(`the main job ${javaScriptEnabled ? 'with' : 'without'} script`, () => {
    let demo;
    let browser;
    before(async () => {
      [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
    });
    after(async () => {
      await browser?.close();
      await demo?.stop();
    });
    const story = (run) => visit(browser, demo.url, { javaScriptEnabled }, run);
    const place = (page, name) => page.getByRole('navigation').getByRole('link', { name }).first().click();

    test('certificates, profiles, bundle IDs and devices are listed with what matters about them', () =>
      story(async (page) => {
        await signIn(page, demo);
        await place(page, /^Certificates/);
        await page.getByRole('heading', { level: 1, name: 'Certificates' }).waitFor();
        const certificates = await page.getByRole('table', { name: 'Certificates' }).innerText();
        assert.match(certificates, /Distribution/);
        assert.match(certificates, /20\d\d/, 'expiry as a date');
        assert.match(certificates, /in \d+ (days|months)|ago/, 'and as a distance');

        await place(page, /^Profiles/);
        await page.getByRole('heading', { level: 1, name: 'Provisioning profiles' }).waitFor();
        const profiles = await page.getByRole('table', { name: 'Provisioning profiles' }).innerText();
        assert.match(profiles, /Invalid/);
        assert.match(profiles, /Expired/i);

        await place(page, /^Bundle IDs/);
        await page.getByRole('table').first().waitFor();
        await place(page, /^Devices/);
        await page.getByRole('table').first().waitFor();
      }));

    test('a profile is downloaded as Apple signed it', () =>
      story(async (page) => {
        await signIn(page, demo);
        await place(page, /^Profiles/);
        const file = await download(page, demo.folder, () => page.getByRole('link', { name: /^Download / }).first().click());
        assert.match(file.name, /\.(mobileprovision|provisionprofile)$/);
        const plist = await openProfile(file.path);
        for (const key of ['TeamIdentifier', 'DeveloperCertificates', 'Entitlements', 'ExpirationDate', 'UUID']) {
          assert.ok(plist.includes(`<key>${key}</key>`), `${key} is in the profile`);
        }
      }));

    test('a Distribution certificate is created once, downloaded in both forms, and opens', () =>
      story(async (page) => {
        await signIn(page, demo);
        await place(page, /^Certificates/);
        await page.getByRole('link', { name: 'Add new' }).first().click();
        await page.getByRole('link', { name: 'Create certificate' }).click();
        await page.getByLabel('Type', { exact: true }).selectOption('DISTRIBUTION');
        await page.getByRole('button', { name: /^Create / }).click();
        await page.waitForURL(/\/operations\//);
        // Without script the page asks again by itself every ten seconds.
        await page.getByRole('link', { name: 'Download', exact: true }).waitFor({ timeout: 45_000 });
        await page.getByRole('link', { name: 'Download', exact: true }).click();

        for (const [form, algorithms] of [
          [/compatible/, /pbeWithSHA1And3-KeyTripleDES-CBC/],
          [/modern/, /AES-256-CBC/],
        ]) {
          await page.getByRole('radio', { name: form }).check();
          await page.getByRole('radio', { name: /One I choose/ }).check();
          await page.getByLabel('Password of the .p12').fill(PASSWORD);
          const file = await download(page, demo.folder, () => page.getByRole('button', { name: 'Download' }).click());
          assert.match(file.name, /\.p12$/);
          const opened = await openP12(file.path, PASSWORD, { legacy: String(form) === '/compatible/' });
          assert.match(opened.algorithms, algorithms);
          assert.ok(opened.hasPrivateKey);
          assert.ok(opened.certificates.length >= 2, `leaf and intermediate: ${opened.subjects}`);
          assert.match(opened.subjects.join('\n'), /Apple Distribution/);
          const listed = await listWithKeytool(file.path, PASSWORD);
          assert.ok(listed.isPrivateKeyEntry && listed.chain >= 2, `keytool lists ${JSON.stringify(listed)}`);
          assert.match(await openWithPython(file.path, PASSWORD), /^2048 .*Apple Distribution/);
        }
      }));

    test('a key that cannot create certificates is refused before Apple is asked, with the keys that can', () =>
      story(async (page) => {
        await signIn(page, demo);
        await place(page, /^Certificates/);
        await page.getByRole('link', { name: 'Add new' }).first().click();
        await page.getByRole('link', { name: 'Create certificate' }).click();
        const refused = page.locator('.picker li').filter({ has: page.getByRole('radio', { disabled: true }) });
        const offered = page.getByRole('radio', { disabled: false });
        assert.ok((await offered.count()) > 0, 'usable keys are offered');
        if ((await refused.count()) > 0) {
          assert.ok((await refused.first().innerText()).length > 20, 'the reason stands beside the refused one');
        }
      }));
  });
}
