// One person, two organizations, two tabs: each tab works in the organization of its address, whatever happens in the other.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { openBrowser, signIn, visit } from './browser.mjs';
import { startDemo } from './demo.mjs';

describe('two tabs', () => {
  let demo;
  let browser;
  before(async () => {
    [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });
  const organizationOf = (page) => new URL(page.url()).pathname.match(/^\/o\/[^/]+/)[0];
  const file = (wanted) => demo.keyFile(wanted);

  test('of one person work in two organizations at once', () =>
    visit(browser, demo.url, {}, async (one) => {
      await signIn(one, demo);
      const above = organizationOf(one);
      const two = await one.context().newPage();
      await two.goto('/orgs');
      await two.getByRole('main').getByRole('link', { name: /Halden Transit/ }).first().click();
      await two.waitForURL(/\/o\//);
      const below = organizationOf(two);
      assert.notEqual(above, below);

      // Both forms stand open; the one that was opened first is sent last.
      await openForm(one, above, 'Halden Mobile');
      await openForm(two, below, 'Halden Transit');
      const manager = file((key) => key.kind === 'team' && key.roles.includes('APP_MANAGER'));
      const developer = file((key) => key.kind === 'team' && key.roles.includes('DEVELOPER'));
      await send(two, developer, 'Team uploads');
      await send(one, manager, 'Store uploads');
      assert.deepEqual([organizationOf(one), organizationOf(two)], [above, below]);

      const names = async (page, home) => {
        await page.goto(`${home}/keys`);
        return page.getByRole('main').innerText();
      };
      const [hers, theirs] = [await names(one, above), await names(two, below)];
      assert.ok(hers.includes('Store uploads') && !hers.includes('Team uploads'), hers);
      assert.ok(theirs.includes('Team uploads') && !theirs.includes('Store uploads'), theirs);

      // Going on in one leaves the other where it was.
      await one.getByRole('navigation').getByRole('link', { name: /^Members/ }).first().click();
      await two.reload();
      assert.deepEqual([organizationOf(one), organizationOf(two)], [above, below]);
      const people = await one.getByRole('main').innerText();
      assert.ok(people.includes('ingrid@halden.example') && !people.includes('jonas@halden.example'), people);
      await two.getByRole('navigation').getByRole('link', { name: /^Members/ }).first().click();
      await two.getByText('jonas@halden.example').first().waitFor();
      await two.getByText('Inherited', { exact: true }).first().waitFor();

      // What ends in one ends in the other.
      await one.getByRole('button', { name: /your account$/ }).click();
      await one.getByRole('button', { name: 'Sign out' }).click();
      await one.waitForURL(/\/sign-in/);
      await two.reload();
      await two.waitForURL(/\/sign-in/);
    }));

  async function openForm(page, home, organization) {
    await page.goto(`${home}/keys/new`);
    assert.ok((await page.title()).includes(organization), await page.title());
  }

  async function send(page, key, name) {
    await page.locator('input[type=file]').setInputFiles(key.path);
    await page.getByLabel('Issuer ID', { exact: true }).fill(key.issuer_id);
    await page.getByLabel('Name', { exact: true }).fill(name);
    await page.getByRole('button', { name: 'Add and check key' }).click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
  }

  test('of another person show their own team, and what is lent to it', () =>
    visit(browser, demo.url, {}, async (elin) => {
      await signIn(elin, demo);
      const above = organizationOf(elin);
      await visit(browser, demo.url, {}, async (jonas) => {
        await signIn(jonas, demo.member);
        assert.notEqual(organizationOf(jonas), above);
        // Two keys are lent to his team: one to all, one to his alone and with limits.
        await jonas.getByRole('navigation').getByRole('link', { name: /^API keys/ }).first().click();
        for (const name of ['Admin', 'CI uploads']) {
          assert.match(await jonas.getByRole('row', { name: new RegExp(name) }).innerText(), /Root/);
        }
        assert.equal((await jonas.goto(above)).status(), 404);
      });
    }));
});
