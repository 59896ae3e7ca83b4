// The activity log: filters narrow it and can be taken away one by one, a key's own page tells what it did, a file has the
// same records, and the log says that it is whole.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { openBrowser, signIn, visit } from './browser.mjs';
import { startDemo } from './demo.mjs';

describe('activity', () => {
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
  const records = (page) => page.locator('table.is-log tbody tr:not(.group)');

  test('filters narrow what is shown, stand in the address, and go one by one', () =>
    story(async (page) => {
      const log = await openLog(page);
      const all = await records(page).count();
      await page.getByRole('button', { name: 'Action', exact: true }).click();
      await page.getByLabel('Action', { exact: true }).selectOption('key.add');
      await page.waitForURL(/action=key\.add/);
      const added = await records(page).allInnerTexts();
      assert.ok(added.length > 0 && added.length < all, `${added.length} of ${all}`);
      for (const record of added) assert.match(record, /dded the .*key|to add the .*key/);

      await page.getByRole('button', { name: 'Outcome', exact: true }).click();
      await page.getByLabel('Outcome', { exact: true }).selectOption('done');
      await page.waitForURL(/outcome=done/);
      const done = await records(page).count();
      assert.ok(done > 0 && done < added.length, 'the intents are gone');
      await page.getByRole('link', { name: 'Any action' }).click();
      await page.waitForURL((url) => !url.search.includes('key.add') && url.search.includes('outcome=done'));
      assert.ok((await records(page).count()) > done);

      await page.goto(`${log}?actor=nobody@example.com`);
      await page.getByText('Nothing in this time').waitFor();
      await page.getByRole('link', { name: 'Clear filters' }).first().click();
      assert.ok((await records(page).count()) >= all);
    }));

  test('a filter works without a script, and one that does not fit is told with the others kept', () =>
    story(
      async (page) => {
        const log = await openLog(page);
        await page.getByRole('button', { name: 'Who', exact: true }).click();
        await page.getByLabel('Who', { exact: true }).fill(demo.email);
        await page.locator('#by-actor').getByRole('button', { name: 'Show' }).click();
        await page.waitForURL(/actor=/);
        assert.ok((await records(page).count()) > 0);
        const answer = await page.goto(`${log}?since=soon&action=key.add`);
        assert.equal(answer.status(), 422);
        await page.getByText('“soon” is no time.').waitFor();
        await page.getByRole('button', { name: 'Action key.add' }).waitFor();
      },
      { javaScriptEnabled: false },
    ));

  test('verified, the log says that it is whole; a record says who did what to which', () =>
    story(async (page) => {
      await openLog(page);
      await page.getByRole('button', { name: /^Verify/ }).click();
      await page.getByText('The log is whole.', { exact: true }).waitFor();
      await page.getByText(/The whole log of this server was checked/).waitFor();
      await records(page).first().getByRole('link').click();
      await page.getByRole('heading', { level: 1, name: /verified the activity log|Elin/ }).waitFor();
      assert.match(await page.locator('dl.facts').innerText(), /Record\s+number/);
    }));

  test('a key tells what it did between two days, and a file has the same', () =>
    story(async (page) => {
      await openLog(page);
      await page.goto(page.url().replace(/\/activity.*/, '/keys'));
      await page.getByRole('link', { name: 'Admin', exact: true }).click();
      await page.getByRole('link', { name: 'Use of this key' }).click();
      await page.getByRole('heading', { level: 1, name: 'Use of Admin' }).waitFor();
      const shown = await records(page).allInnerTexts();
      assert.ok(shown.some((record) => record.includes('Create Apple Development')), shown.join('\n'));
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'CSV' }).click()]);
      const file = (await (await import('node:fs/promises')).readFile(await download.path(), 'utf8')).trim().split('\n');
      assert.equal(file.length - 1, shown.length);
      await page.getByLabel('From', { exact: true }).fill('2020-01-01');
      await page.getByLabel('To', { exact: true }).fill('2020-01-31');
      await page.getByRole('button', { name: 'Show' }).click();
      await page.getByText('Nobody used it from 1 Jan 2020 to 31 Jan 2020.').waitFor();
      await page.getByRole('heading', { level: 1, name: 'Use of Admin' }).waitFor();
    }));

  /** Goes to the log; answers its address. */
  async function openLog(page) {
    await signIn(page, demo);
    const address = `${new URL(page.url()).pathname}/activity`;
    await page.goto(address);
    await page.getByRole('heading', { level: 1, name: 'Activity' }).waitFor();
    return address;
  }
});
