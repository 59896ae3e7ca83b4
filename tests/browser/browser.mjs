// A real Chromium, and the rule that a page may not misbehave silently: a script error, a line in the console, a breach of
// the content security policy, an answer of 5xx that is not Apple's or a request to any foreign origin fails the test that caused it.

import { createRequire } from 'node:module';
import path from 'node:path';

const modules = process.env.RUSSET_NODE_MODULES;
if (!modules) throw new Error('RUSSET_NODE_MODULES is not set; run these tests with `cargo xtask browser`');
const { chromium } = createRequire(path.join(modules, 'x.js'))('playwright-core');

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Launches the browser that `RUSSET_CHROMIUM` names. */
export function openBrowser() {
  return chromium.launch({ executablePath: process.env.RUSSET_CHROMIUM, args: ARGUMENTS });
}

/**
 * Opens a page in a fresh context, runs `story(page)`, and then fails if the page misbehaved meanwhile.
 * `options` are Playwright's for a context, such as `javaScriptEnabled`, `viewport`, `colorScheme`.
 */
export async function visit(browser, origin, options, story) {
  const context = await browser.newContext({ baseURL: origin, locale: 'en-US', acceptDownloads: true, ...options });
  context.setDefaultTimeout(10_000);
  const complaints = watch(context, new URL(origin).origin);
  const page = await context.newPage();
  try {
    const result = await story(page);
    if (complaints.length > 0) throw new Error(`the page misbehaved:\n  ${complaints.join('\n  ')}`);
    return result;
  } catch (error) {
    // Where the story stood says more than the line that timed out.
    error.message += `\n  at ${page.url()}\n  ${complaints.join('\n  ')}\n${await visibleText(page)}`;
    throw error;
  } finally {
    await context.close();
  }
}

function watch(context, origin) {
  const complaints = [];
  const complain = (what) => complaints.push(what);
  context.on('weberror', (error) => complain(`script error: ${error.error()}`));
  context.on('console', (message) => {
    // A refused form is answered with 4xx, or 502 where Apple refused, and Chromium reports a failed load. That is the story,
    // not a fault.
    const refusedLoad = /Failed to load resource: the server responded with a status of (4\d\d|502)/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !refusedLoad) complain(`console: ${message.text()}`);
  });
  context.on('request', (request) => {
    const url = new URL(request.url());
    const inside = url.origin === origin || ['data:', 'blob:', 'about:'].includes(url.protocol);
    if (!inside) complain(`a request leaves the server: ${request.url()}`);
  });
  context.on('response', (response) => {
    if (response.status() >= 500 && response.status() !== 502) complain(`${response.status()} from ${response.url()}`);
  });
  return complaints;
}

async function visibleText(page) {
  try {
    return (await page.locator('body').innerText({ timeout: 1000 })).slice(0, 2000);
  } catch {
    return '(no page)';
  }
}

/** Signs in as the demo's owner and waits for the overview. */
export async function signIn(page, { email, password }) {
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.waitForURL(/\/o\//);
}

/** How far the page can be scrolled sideways, in pixels; 0 is right. */
export function sidewaysScroll(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
