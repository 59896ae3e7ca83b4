// One key for two teams: its owner lends it to every team, one joins by a link and works with it, is told of each act that
// is not theirs, and has nothing left when the owner takes it back.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { openBrowser, signIn, visit } from './browser.mjs';
import { startDemo } from './demo.mjs';

const JONAS = { email: 'jonas@transit.example', password: 'slow trams in heavy snow' };

describe('a shared API key', () => {
  let demo;
  let browser;
  before(async () => {
    [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });
  const story = (run) => visit(browser, demo.url, {}, run);
  const place = (page, name) => page.getByRole('navigation').getByRole('link', { name }).first().click();
  const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();

  let root;

  test('is lent, used, guarded and taken back', () =>
    story(async (elin) => {
      await signIn(elin, demo);
      root = await newRoot(elin);
      await linkKey(elin);
      const key = await shareWithAll(elin);
      // Made after the share, and in it all the same.
      const link = await inviteToNewTeam(elin);
      await story(async (jonas) => {
        await join(jonas, link);
        const team = organizationOf(jonas);
        const lent = `${team}/keys/${key}`;
        await seeItLent(jonas, lent);
        await createCertificate(jonas, team);
        await beRefused(jonas, lent);

        // The form stands open on his screen while she stops.
        await openCertificateForm(jonas, team);
        await elin.goto(`${root}/keys/${key}/share`);
        await setAll(elin, false);
        assert.equal(await elin.getByText('Shared', { exact: true }).count(), 0);
        await failToUse(jonas, team, lent);
      });
    }));

  const organizationOf = (page) => new URL(page.url()).pathname.match(/^\/o\/[^/]+/)[0];

  /** A root organization of its own beside the demo's, with nobody below it; answers its address. */
  async function newRoot(page) {
    await page.goto('/orgs/new');
    await page.getByLabel('Name', { exact: true }).fill('Nordvik');
    await page.getByRole('button', { name: 'Create organization' }).click();
    await page.waitForURL(/\/o\//);
    return organizationOf(page);
  }

  async function linkKey(page) {
    const key = demo.keyFile((key) => key.kind === 'team' && key.roles.includes('ADMIN'));
    await page.goto(`${root}/keys/new`);
    await page.locator('input[type=file]').setInputFiles(key.path);
    await page.getByLabel('Issuer ID', { exact: true }).fill(key.issuer_id);
    await page.getByLabel('Name', { exact: true }).fill('Store');
    await page.getByRole('checkbox', { name: 'Admin', exact: true }).check();
    await page.getByRole('button', { name: 'Add and check key' }).click();
    await heading(page, /^Store/);
  }

  /** Shares “Store” with every sub-organization, while there is none; answers the key's id. */
  async function shareWithAll(page) {
    await place(page, /^API keys/);
    await page.getByRole('button', { name: 'Actions for Store' }).click();
    await page.getByRole('link', { name: 'Share', exact: true }).click();
    await page.getByText('There is none yet. With the switch on, the first one can use the key at once.').waitFor();
    await setAll(page, true);
    await heading(page, /^Store/);
    await page.getByText('Shared', { exact: true }).waitFor();
    return new URL(page.url()).pathname.split('/').pop();
  }

  async function setAll(page, on) {
    await page.getByRole('switch', { name: /Share with all sub-organizations/ }).setChecked(on);
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await page.waitForURL((url) => /\/keys\/[^/]+$/.test(url.pathname));
  }

  /** Makes a sub-organization and a link into it for Jonas. */
  async function inviteToNewTeam(page) {
    await page.goto(`${root}/sub-organizations/new`);
    await page.getByLabel('Name', { exact: true }).fill('Transit');
    await page.getByRole('button', { name: 'Create sub-organization' }).click();
    await page.waitForURL((url) => !url.pathname.endsWith('/new'));
    await page.goto(`${root}/sub-organizations`);
    const team = await page.getByRole('link', { name: 'Transit', exact: true }).first().getAttribute('href');
    await page.goto(`${team}/members/invite`);
    await page.getByLabel('E-mail', { exact: true }).fill(JONAS.email);
    // With every right that there is in his own team.
    await page.getByRole('checkbox', { name: /^Owner/ }).check();
    await page.getByRole('button', { name: 'Invite', exact: true }).click();
    await heading(page, /is invited$/);
    return (await page.locator('.secret code').innerText()).trim();
  }

  /** Whoever has the link makes an account with it, and is in. */
  async function join(page, link) {
    await page.goto(new URL(link).pathname);
    await heading(page, 'Join Transit');
    await page.getByLabel('Your name', { exact: true }).fill('Jonas');
    await page.getByLabel('Choose a password', { exact: true }).fill(JONAS.password);
    await page.getByRole('button', { name: 'Make account and join' }).click();
    await page.waitForURL(/\/o\//);
  }

  async function seeItLent(page, lent) {
    await place(page, /^API keys/);
    const row = page.getByRole('row', { name: /Store/ });
    assert.match(await row.innerText(), /Root/);
    await row.getByRole('link', { name: 'Store' }).click();
    await page.waitForURL((url) => url.pathname === lent);
    await page.getByText('This key belongs to Nordvik').waitFor();
    for (const act of ['Rename', 'Rotate', 'Share', 'Remove']) {
      assert.equal(await page.getByRole('button', { name: act, exact: true }).getAttribute('aria-disabled'), 'true', act);
    }
  }

  async function openCertificateForm(page, team) {
    await page.goto(`${team}/certificates/create`);
    await page.getByLabel('Type', { exact: true }).selectOption('DISTRIBUTION');
    assert.ok(await page.getByRole('radio', { name: /Store/ }).isChecked());
  }

  async function createCertificate(page, team) {
    await openCertificateForm(page, team);
    await page.getByRole('button', { name: /^Create / }).click();
    await page.waitForURL(/\/operations\//);
    await page.getByRole('link', { name: 'Download', exact: true }).waitFor({ timeout: 45_000 });
  }

  /** By address, and by a form that no page of theirs has: each is refused in words, and nothing came of it. */
  async function beRefused(page, lent) {
    const acts = [
      ['rename', { name: 'Ours' }, 'The name is the same in every organization that uses the key.'],
      ['roles', { role: 'developer' }, 'Which roles Apple gave the key is entered once, for everyone.'],
      ['rotate', null, 'Replacing the key is done once, for everyone.'],
      ['share', { name: 'Ours', all: 'on' }, 'A shared item cannot be passed on.'],
      ['remove', { name: 'Store' }, 'The key is not yours to remove; who owns it can stop sharing it with you.'],
      ['override', { feature: 'certificates', on: 'true' }, 'What the key may try despite its role is decided once, for everyone.'],
    ];
    for (const [act, fields, why] of acts) {
      if (act !== 'override') assert.equal((await page.goto(`${lent}/${act}`)).status(), 403, act);
      if (fields) {
        await page.goto(lent);
        assert.equal((await forge(page, `${lent}/${act}`, fields)).status(), 403, act);
      }
      const told = await page.locator('main').innerText();
      assert.ok(told.includes('“Store” belongs to Nordvik, and only there this can be done, by a'), `${act}: ${told}`);
      assert.ok(told.includes(why), `${act}: ${told}`);
    }
    await page.goto(lent);
    await heading(page, /^Store/);
  }

  async function failToUse(page, team, lent) {
    await page.getByRole('button', { name: /^Create / }).click();
    await page.getByText('There is nothing here under this address, or you may not see it.').waitFor();
    assert.equal((await page.goto(lent)).status(), 404);
    await page.goto(`${team}/keys`);
    await page.getByText('Nothing is shared with you yet').waitFor();
    // The team’s own record has what was done and what was refused.
    await page.goto(`${team}/activity`);
    const record = await page.locator('main').innerText();
    assert.match(record, /key that is lent to it/);
  }

  /** Sends a form that the page does not have, with its token against forgery. */
  async function forge(page, action, fields) {
    const [answer] = await Promise.all([
      page.waitForResponse((response) => new URL(response.url()).pathname === action && response.request().method() === 'POST'),
      page.evaluate(
        ({ action, fields }) => {
          const form = document.querySelector('main form[method=post]').cloneNode(true);
          form.action = action;
          for (const [name, value] of Object.entries(fields)) {
            const input = document.createElement('input');
            Object.assign(input, { type: 'hidden', name, value });
            form.append(input);
          }
          document.body.append(form);
          form.submit();
        },
        { action, fields },
      ),
    ]);
    await page.waitForLoadState();
    return answer;
  }
});
