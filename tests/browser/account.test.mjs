// What a person does to the account in the console: devices from a file with a bad line, a bundle ID that gains and loses a
// capability, a certificate revoked by its name.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { openBrowser, signIn, visit } from './browser.mjs';
import { startDemo } from './demo.mjs';

let demo;
let browser;
before(async () => {
  [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

const LIST = ['Device ID\tDevice Name\tDevice Platform', '00008120-000A1B2C3D4E5F61\tStory phone\tios', 'F2LX4R8ZJCLM\tA serial number\tios'].join('\n');

const inside = async (page) => new URL(page.url()).pathname.split('/').slice(0, 3).join('/');
const over = (page) => page.getByText('Done at Apple').waitFor();

for (const javaScriptEnabled of [true, false]) {
  test(`devices come from a file whose bad line is named, scripts ${javaScriptEnabled ? 'on' : 'off'}`, () =>
    visit(browser, demo.url, { javaScriptEnabled }, async (page) => {
      await signIn(page, demo);
      await page.goto(`${await inside(page)}/devices`);
      await page.getByRole('link', { name: 'Add devices' }).click();
      await page.locator('#file').setInputFiles({ name: 'devices.txt', mimeType: 'text/plain', buffer: Buffer.from(LIST.replace(/61/, javaScriptEnabled ? '61' : '62')) });
      await page.getByRole('button', { name: 'Show what would be done' }).click();
      await page.getByRole('heading', { name: 'Register 1 device?' }).waitFor();
      assert.ok(await page.getByText('Line 3').isVisible());
      assert.equal(await page.getByText('F2LX4R8ZJCLM').count(), 0, 'what is no UDID is not repeated');
      await page.getByRole('button', { name: 'Register 1 device' }).click();
      await over(page);
    }));
}

test('a device is disabled after its profiles were named, and enabled again', () =>
  visit(browser, demo.url, {}, async (page) => {
    await signIn(page, demo);
    await page.goto(`${await inside(page)}/devices?state=ENABLED`);
    await page.locator('#items a.name').first().click();
    const device = page.url();
    await page.goto(device.replace('?', '/status?'));
    assert.ok(await page.getByText('It keeps its place').isVisible());
    await page.getByRole('button', { name: 'Disable device' }).click();
    await over(page);
    await page.goto(device.replace('?', '/status?'));
    await page.getByRole('button', { name: 'Enable device' }).click();
    await over(page);
  }));

test('a bundle ID is registered, and its capabilities change only after the difference was seen', () =>
  visit(browser, demo.url, {}, async (page) => {
    await signIn(page, demo);
    await page.goto(`${await inside(page)}/bundle-ids`);
    await page.getByRole('link', { name: 'Register' }).click();
    await page.getByRole('textbox', { name: 'Identifier' }).fill('com.halden.story');
    await page.locator('input[value=MAPS]').check();
    await page.getByRole('button', { name: 'Register bundle ID' }).click();
    await over(page);
    await page.goto(`${await inside(page)}/bundle-ids?q=com.halden.story`);
    await page.getByRole('link', { name: 'com.halden.story' }).click();
    const one = page.url();
    await page.getByRole('link', { name: 'Edit capabilities' }).click();
    await page.locator('input[value=MAPS][type=checkbox]').uncheck();
    await page.locator('input[value=ICLOUD][type=checkbox]').check();
    await page.locator('#setting-ICLOUD').selectOption('XCODE_6');
    await page.getByRole('button', { name: 'Show the difference' }).click();
    assert.ok(await page.getByText('Loses Maps').isVisible());
    assert.ok(await page.getByText('Gains iCloud').isVisible());
    const beside = await page.context().newPage();
    await beside.goto(one);
    assert.ok(await beside.getByText('Maps', { exact: true }).isVisible(), 'nothing was changed yet');
    await beside.close();
    await page.getByRole('button', { name: 'Change capabilities' }).click();
    await over(page);
    await page.goto(one);
    assert.ok(await page.getByText('Xcode 6').isVisible());
    assert.equal(await page.getByText('Maps', { exact: true }).count(), 0);
  }));

test('a certificate is revoked by whoever types its name', () =>
  visit(browser, demo.url, {}, async (page) => {
    await signIn(page, demo);
    await page.goto(`${await inside(page)}/certificates/create?type=MAC_APP_DISTRIBUTION`);
    await page.getByRole('button', { name: 'Create certificate' }).click();
    await page.getByText('The certificate is here with its private key').waitFor();
    await page.goto(`${await inside(page)}/certificates?held=only&kind=MAC_APP_DISTRIBUTION`);
    await page.locator('#items a.name').first().click();
    await page.getByRole('link', { name: 'Revoke certificate' }).click();
    const name = await page.locator('label[for=name] code').innerText();
    await page.locator('#name').fill(name);
    await page.getByRole('button', { name: 'Revoke at Apple' }).click();
    await over(page);
  }));
