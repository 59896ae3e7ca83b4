// Somebody is invited, joins, gets another role and is taken out: what each page says is what then holds.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { openBrowser, signIn, visit } from './browser.mjs';
import { startDemo } from './demo.mjs';

const LENA = { email: 'lena@field.example', name: 'Lena Aas', password: 'four wet boots on a stair' };

describe('members', () => {
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
  const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();
  const box = (page, name) => page.getByRole('checkbox', { name, exact: true });
  const row = (page) => page.getByRole('row', { name: new RegExp(LENA.name) });

  test('an invitation that is refused keeps what was entered, and the cursor is where it is wrong', () =>
    story(
      async (page) => {
        await openMembers(page);
        await page.goto(`${page.url()}/invite`);
        await box(page, 'Signing Viewer').check();
        // The browser would refuse it before the server does.
        await page.locator('form[action$="/invite"]').evaluate((form) => { form.noValidate = true; });
        await page.getByLabel('E-mail', { exact: true }).fill('lena at field');
        await page.getByRole('button', { name: 'Invite', exact: true }).click();
        await page.locator('#email-error').waitFor();
        assert.equal(await page.getByLabel('E-mail', { exact: true }).inputValue(), 'lena at field');
        assert.ok(await box(page, 'Signing Viewer').isChecked());
        assert.equal(await page.evaluate(() => document.activeElement.id), 'email');
      },
      {},
    ));

  test('roles that were changed are shown and hold, and a removal ends them at once', () =>
    story(async (elin) => {
      const members = await openMembers(elin);
      const link = await invite(elin, members);
      await story(async (lena) => {
        await join(lena, link);
        const home = new URL(lena.url()).pathname;
        assert.equal((await lena.goto(`${home}/tokens`)).status(), 403, 'a Signing Viewer sees no tokens');

        await elin.goto(members);
        assert.match(await row(elin).innerText(), /Signing Viewer/);
        await row(elin).getByRole('link', { name: LENA.name }).click();
        await heading(elin, LENA.name);
        await box(elin, 'Organization Viewer').check();
        await box(elin, 'Signing Viewer').uncheck();
        await elin.getByRole('button', { name: 'Save roles' }).click();
        await elin.getByText('Organization Viewer · Member').first().waitFor();
        await elin.goto(members);
        const roles = await row(elin).innerText();
        assert.match(roles, /Organization Viewer/);
        assert.doesNotMatch(roles, /Signing Viewer/);
        assert.equal((await lena.goto(`${home}/tokens`)).status(), 200, 'the session has the new role');
        const refused = lena.getByText('New token', { exact: true });
        assert.equal(await refused.getAttribute('aria-disabled'), 'true', 'shown, and refused with its reason');

        await remove(elin);
        assert.equal(await row(elin).count(), 0);
        assert.equal((await lena.goto(home)).status(), 404, 'the session has nothing left here');
      });
    }));

  test('who is looked for is found by parts of a name, and who is not is told', () =>
    story(
      async (page) => {
        const members = await openMembers(page);
        await page.goto(`${members}?q=vesterg`);
        await page.getByRole('link', { name: 'Elin Vestergaard' }).waitFor();
        await page.goto(`${members}?q=nobody-like-this`);
        await page.getByText('Nobody matches “nobody-like-this”').waitFor();
      },
      { javaScriptEnabled: false },
    ));

  /** Goes to the members; answers their address. */
  async function openMembers(page) {
    await signIn(page, demo);
    const address = `${new URL(page.url()).pathname}/members`;
    await page.goto(address);
    await heading(page, 'Members');
    return address;
  }

  async function invite(page, members) {
    await page.goto(`${members}/invite`);
    await page.getByLabel('E-mail', { exact: true }).fill(LENA.email);
    await box(page, 'Signing Viewer').check();
    await page.getByRole('button', { name: 'Invite', exact: true }).click();
    await heading(page, /is invited$/);
    const link = (await page.locator('.secret code').innerText()).trim();
    await page.goto(members);
    assert.match(await page.getByRole('row', { name: new RegExp(LENA.email) }).innerText(), /Pending/);
    return link;
  }

  async function join(page, link) {
    await page.goto(new URL(link).pathname);
    await page.getByLabel('Your name', { exact: true }).fill(LENA.name);
    await page.getByLabel('Choose a password', { exact: true }).fill(LENA.password);
    await page.getByRole('button', { name: 'Make account and join' }).click();
    await page.waitForURL(/\/o\//);
  }

  async function remove(page) {
    await row(page).getByRole('link', { name: LENA.name }).click();
    await page.getByRole('link', { name: 'Remove member' }).click();
    const act = page.getByRole('dialog').getByRole('button', { name: 'Remove member' });
    // Until the name is typed; the script says so as soon as it runs.
    await page.getByRole('dialog').locator('button[aria-disabled=true]').waitFor();
    await page.getByLabel(/^Type/).fill(LENA.name);
    await act.click();
    await page.waitForURL(/\/members$/);
  }
});
