// The console as a place: who gets in, how it looks on a phone, how it works by keyboard, how much it weighs.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { openBrowser, sidewaysScroll, signIn, visit } from './browser.mjs';
import { startDemo } from './demo.mjs';
import { everyPage } from './pages.mjs';

describe('the console', () => {
  let demo;
  let browser;
  before(async () => {
    [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });

  test('a wrong password and an unknown address get the same answer', () =>
    visit(browser, demo.url, {}, async (page) => {
      const answers = [];
      for (const [email, password] of [
        [demo.email, 'not the password'],
        ['nobody@example.com', demo.password],
      ]) {
        await page.goto('/sign-in');
        await page.getByLabel('E-mail').fill(email);
        await page.getByLabel('Password', { exact: true }).fill(password);
        await page.getByRole('button', { name: 'Sign in', exact: true }).click();
        answers.push(await page.locator('#password-error').innerText());
      }
      assert.equal(answers[0], answers[1]);
    }));

  test('signing out ends the session, and the way back in leads to the page one wanted', () =>
    visit(browser, demo.url, {}, async (page) => {
      await signIn(page, demo);
      await page.getByRole('button', { name: /your account$/ }).click();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.waitForURL(/\/sign-in/);
      await page.goBack();
      await page.reload();
      await page.waitForURL(/\/sign-in/);
    }));

  for (const [width, name] of [
    [1280, 'on a wide screen'],
    [390, 'on a phone'],
    [320, 'on a very small phone'],
  ]) {
    test(`no page scrolls sideways ${name}`, () =>
      visit(browser, demo.url, { viewport: { width, height: 844 } }, async (page) => {
        await signIn(page, demo);
        const wide = [];
        for (const address of await everyPage(page)) {
          await page.goto(address);
          const pixels = await sidewaysScroll(page);
          if (pixels > 0) wide.push(`${address} by ${pixels} px`);
        }
        assert.deepEqual(wide, []);
      }));
  }

  test('every page has one heading, a language, a title, and names for its fields, buttons and pictures', () =>
    visit(browser, demo.url, {}, async (page) => {
      await signIn(page, demo);
      const complaints = [];
      for (const address of await everyPage(page)) {
        await page.goto(address);
        complaints.push(...(await page.evaluate(nameless)).map((what) => `${address}: ${what}`));
      }
      assert.deepEqual(complaints, []);
    }));

  test('the keyboard alone reaches the content, a list and a form', () =>
    visit(browser, demo.url, {}, async (page) => {
      await signIn(page, demo);
      // Single keys do something once the script has run.
      await page.waitForLoadState('load');
      await page.keyboard.press('Tab');
      assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), 'Skip to content');
      await page.keyboard.press('Enter');
      assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
      await page.keyboard.press('g');
      await page.keyboard.press('k');
      await page.waitForURL(/\/keys$/);
      await page.keyboard.press('/');
      await page.keyboard.type('gk');
      assert.match(page.url(), /\/keys$/, 'single keys do not fire inside a field');
      await page.keyboard.press('Escape');
      await page.goto(`${page.url()}/new`);
      for (let steps = 0; steps < 60; steps += 1) {
        await page.keyboard.press('Tab');
        if ((await page.evaluate(() => document.activeElement.id)) === 'key_id') return;
      }
      assert.fail('sixty times Tab did not reach the field Key ID');
    }));

  test('what moves less, stays: reduced motion leaves no animation running', () =>
    visit(browser, demo.url, { reducedMotion: 'reduce' }, async (page) => {
      await signIn(page, demo);
      const running = await page.evaluate(
        () => document.getAnimations().filter((animation) => animation.effect?.getComputedTiming().iterations === Infinity).length,
      );
      assert.equal(running, 0);
    }));

  test('a first visit transfers at most 60 KB', () =>
    visit(browser, demo.url, {}, async (page) => {
      let bytes = 0;
      const devtools = await page.context().newCDPSession(page);
      await devtools.send('Network.enable');
      devtools.on('Network.loadingFinished', (event) => {
        bytes += event.encodedDataLength;
      });
      await page.goto('/sign-in', { waitUntil: 'networkidle' });
      const gate = bytes;
      await signIn(page, demo);
      await page.waitForLoadState('networkidle');
      assert.ok(gate > 0 && gate <= 60 * 1024, `sign-in page: ${gate} bytes`);
      assert.ok(bytes <= 80 * 1024, `sign-in page and overview: ${bytes} bytes`);
    }));

  test('answers carry a strict policy, and pages are not kept by anyone', async () => {
    const answer = await fetch(new URL('/sign-in', demo.url));
    const policy = answer.headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'none'|default-src 'self'/);
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval|https?:|\*/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.match(answer.headers.get('cache-control') ?? '', /no-store/);
  });
});

/** Runs in the page: what a screen reader would stumble over. */
function nameless() {
  const found = [];
  const headings = document.querySelectorAll('h1').length;
  if (headings !== 1) found.push(`${headings} first-level headings`);
  if (!document.documentElement.lang) found.push('no language');
  if (!document.title) found.push('no title');
  const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
  for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) found.push(`id ${id} twice`);
  for (const element of document.querySelectorAll('[aria-describedby], [aria-labelledby]')) {
    for (const name of ['aria-describedby', 'aria-labelledby']) {
      for (const id of (element.getAttribute(name) ?? '').split(' ').filter(Boolean)) {
        if (!document.getElementById(id)) found.push(`${name} names ${id}, which is not there`);
      }
    }
  }
  for (const element of document.querySelectorAll('button, a[href], input:not([type=hidden]), select, textarea')) {
    if (element.closest('[hidden]')) continue;
    const label = element.labels?.[0]?.textContent ?? '';
    const name = element.getAttribute('aria-label') ?? element.getAttribute('aria-labelledby') ?? (label || element.textContent);
    if (!name.trim()) found.push(`nameless ${element.outerHTML.slice(0, 100)}`);
  }
  for (const table of document.querySelectorAll('table')) if (!table.caption) found.push('a table without caption');
  return found;
}
