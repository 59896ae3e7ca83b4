// What a build needs, made by one form: looked at first, then ensured, seen complete, taken away and opened by strangers.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { download, openP12, openProfile } from './artefacts.mjs';
import { openBrowser, sidewaysScroll, signIn, visit } from './browser.mjs';
import { startDemo } from './demo.mjs';

const run = promisify(execFile);
const PASSWORD = 'pa ss"w&rd~1';
const APP = 'no.halden.harbor';
const PHONE = { width: 390, height: 844 };

// Unpacks with another program's idea of an archive, and tells who may read the files in it.
const UNPACK = `
import sys, zipfile
archive, folder = sys.argv[1:]
with zipfile.ZipFile(archive) as opened:
    assert opened.testzip() is None
    assert all(info.external_attr >> 16 & 0o777 == 0o600 for info in opened.infolist())
    opened.extractall(folder)
    print("\\n".join(opened.namelist()))
`;

for (const javaScriptEnabled of [true, false]) {
  describe(`signing sets ${javaScriptEnabled ? 'with' : 'without'} script`, () => {
    let demo;
    let browser;
    before(async () => {
      [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
    });
    after(async () => {
      await browser?.close();
      await demo?.stop();
    });
    const story = (tell, options) => visit(browser, demo.url, { javaScriptEnabled, ...options }, tell);
    const sets = (page) => page.getByRole('navigation').getByRole('link', { name: 'Signing sets' }).first().click();

    test('a set is ensured after a look, is complete, and its files open', () =>
      story(async (page) => {
        await signIn(page, demo);
        await sets(page);
        await page.getByRole('heading', { name: 'No signing sets' }).waitFor();
        await page.getByRole('main').getByRole('link', { name: 'Ensure a set' }).last().click();
        await page.getByRole('textbox', { name: 'Bundle IDs' }).fill(`${APP}\n${APP}.*`);
        await page.getByRole('checkbox', { name: /Register bundle IDs/ }).check();
        await page.getByRole('button', { name: 'Show what it takes' }).click();
        await page.getByText('is not a bundle identifier such as').waitFor();
        await page.getByRole('textbox', { name: 'Bundle IDs' }).fill(`${APP}\n${APP}.widget`);
        await page.getByRole('button', { name: 'Show what it takes' }).click();
        await page.getByText('Nothing has been changed yet').waitFor();
        const would = await page.getByRole('main').innerText();
        assert.match(would, new RegExp(`Register the bundle ID ${APP}.widget`));
        assert.match(would, new RegExp(`Create the profile .* for ${APP}.widget`));
        await page.getByRole('button', { name: 'Ensure signing set' }).click();
        await page.waitForURL(/\/operations\//);
        // Without script the page asks again by itself every ten seconds.
        await page.getByRole('link', { name: 'See signing set' }).waitFor({ timeout: 60_000 });
        await page.getByRole('link', { name: 'See signing set' }).click();
        await page.getByRole('heading', { level: 1, name: `${APP} iOS App Store` }).waitFor();
        const items = await page.getByRole('table', { name: 'What each bundle ID is signed with' }).innerText();
        assert.equal(items.match(/Match/g)?.length, 2, items);

        await page.getByRole('link', { name: 'Download', exact: true }).click();
        await page.getByRole('radio', { name: /compatible/ }).check();
        await page.getByRole('radio', { name: /One I choose/ }).check();
        await page.getByLabel('Password of the .p12').fill(PASSWORD);
        const archive = await download(page, demo.folder, () => page.getByRole('button', { name: 'Download' }).click());
        assert.equal(archive.name, `${APP} iOS App Store.zip`);
        const folder = path.join(demo.folder, 'unpacked');
        await mkdir(folder, { recursive: true });
        const { stdout } = await run('python3', ['-c', UNPACK, archive.path, folder]);
        const names = stdout.trim().split('\n').sort();
        assert.equal(names.length, 4, stdout);
        const file = (suffix) => path.join(folder, names.find((name) => name.endsWith(suffix)));
        assert.ok((await openP12(file('.p12'), PASSWORD, { legacy: true })).hasPrivateKey);
        const profile = await openProfile(file('.mobileprovision'));
        const options = await readFile(file('ExportOptions.plist'), 'utf8');
        const uuid = /<key>UUID<\/key>\s*<string>([^<]+)/.exec(profile)[1];
        assert.ok(options.includes(uuid) && options.includes(`${APP}.widget`), options);
      }));

    test('what uses it says so, and on a phone nothing sticks out', () =>
      story(
        async (page) => {
          await signIn(page, demo);
          const home = new URL(page.url()).pathname;
          await page.goto(`${home}/signing-sets`);
          await page.getByRole('link', { name: `${APP} iOS App Store`, exact: true }).click();
          assert.match(await page.getByRole('complementary').innerText(), /Last used\s+.* by /);
          assert.equal(await sidewaysScroll(page), 0);
          await page.getByRole('link', { name: /Apple Distribution/ }).first().click();
          await page.getByRole('heading', { name: 'Signing sets with it' }).waitFor();
          for (const place of ['', '/new', '/ensure']) {
            await page.goto(`${home}/signing-sets${place}`);
            assert.equal(await sidewaysScroll(page), 0, place);
          }
        },
        { viewport: PHONE },
      ));

    test('it is removed by its name, and what it pointed at stays', () =>
      story(async (page) => {
        await signIn(page, demo);
        await sets(page);
        await page.getByRole('link', { name: `${APP} iOS App Store`, exact: true }).click();
        await page.getByRole('link', { name: 'Remove signing set' }).click();
        await page.getByLabel(/^Type/).fill(`${APP} iOS App Store`);
        await page.getByRole('button', { name: 'Remove signing set' }).click();
        await page.getByText('Signing set removed').waitFor();
        await page.getByRole('heading', { name: 'No signing sets' }).waitFor();
        const home = new URL(page.url()).pathname.replace(/\/signing-sets$/, '');
        await page.goto(`${home}/profiles?held=only`);
        assert.match(await page.getByRole('table').innerText(), new RegExp(`${APP}.widget`));
      }));
  });
}
