// API tokens of an organization: the value is shown once and opens what it may, a rotation replaces it, and a revoked one
// opens nothing.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { openBrowser, signIn, visit } from './browser.mjs';
import { startDemo } from './demo.mjs';

describe('API tokens of an organization', () => {
  let demo;
  let browser;
  before(async () => {
    [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });
  const story = (run, options = {}) => visit(browser, demo.url, options, run);
  const role = (page, name) => page.getByRole('checkbox', { name, exact: true });

  test('a form that is refused keeps what was entered', () =>
    story(
      async (page) => {
        await openTokens(page);
        await page.goto(`${page.url()}/new`);
        await page.getByLabel('Name', { exact: true }).fill('Night train');
        await role(page, 'Signing Manager').check();
        await page.getByLabel(/^Address ranges/).fill('203.0.113.0/24\nthe cellar');
        await page.getByRole('button', { name: 'Make token' }).click();
        await page.locator('#address_ranges-error').waitFor();
        assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Night train');
        assert.ok(await role(page, 'Signing Manager').isChecked());
        assert.match(await page.getByLabel(/^Address ranges/).inputValue(), /the cellar/);
      },
      { javaScriptEnabled: false },
    ));

  test('one is made, used, rotated and revoked, and at each step only the present value opens anything', () =>
    story(async (page) => {
      const home = await openTokens(page);
      await page.goto(`${home}/tokens/new`);
      await page.getByLabel('Name', { exact: true }).fill('Night train');
      await role(page, 'Credentials Viewer').check();
      await page.getByRole('button', { name: 'Make token' }).click();
      const first = await value(page);
      assert.equal(await answer(home, first), 200);
      assert.equal(await answer(home, first, 'members'), 403, 'within its roles');
      await page.getByLabel('I have stored it').check();
      await page.getByRole('button', { name: 'Done' }).click();
      await page.getByRole('heading', { level: 1, name: 'Night train' }).waitFor();
      assert.ok(!(await page.content()).includes(first), 'not shown again');
      const address = new URL(page.url()).pathname;

      await page.goto(`${address}/rotate`);
      await page.getByRole('button', { name: 'Rotate token' }).click();
      const second = await value(page);
      assert.deepEqual([await answer(home, first), await answer(home, second)], [401, 200]);

      await page.goto(`${home}/tokens`);
      const row = page.getByRole('row', { name: /Night train/ });
      assert.match(await row.innerText(), /In use/);
      await page.goto(address);
      await page.getByRole('link', { name: 'Revoke token' }).click();
      await page.getByLabel(/^Type/).fill('Night train');
      await page.getByRole('dialog').getByRole('button', { name: 'Revoke token' }).click();
      await page.waitForURL(/\/tokens$/);
      assert.equal(await row.count(), 0, 'it is gone from the list');
      assert.equal(await answer(home, second), 401, 'and opens nothing');
      assert.equal((await page.goto(address)).status(), 404);
      await page.goto(`${home}/activity?action=service-token.revoke`);
      assert.match(await page.getByRole('table').innerText(), /Night train/);
    }));

  /** Goes to the tokens; answers the address of the organization. */
  async function openTokens(page) {
    await signIn(page, demo);
    const home = new URL(page.url()).pathname;
    await page.goto(`${home}/tokens`);
    await page.getByRole('heading', { level: 1, name: 'API tokens' }).waitFor();
    return home;
  }

  async function value(page) {
    const code = page.locator('.secret .value code');
    await code.waitFor();
    return (await code.innerText()).trim();
  }

  /** What the API answers a value. */
  async function answer(home, token, list = 'keys') {
    const address = new URL(`/api/v1/orgs/${home.split('/').pop()}/${list}`, demo.url);
    return (await fetch(address, { headers: { authorization: `Bearer ${token}` } })).status;
  }
});
