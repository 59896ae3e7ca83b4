// Pictures of every page for a person to look at: light and dark, on a wide screen and on a phone.
// usage: node screenshots.mjs FOLDER

import { mkdir } from 'node:fs/promises';
import path from 'node:path';

import { openBrowser, signIn, visit } from './browser.mjs';
import { startDemo } from './demo.mjs';
import { everyPage } from './pages.mjs';

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('usage: node screenshots.mjs FOLDER');
await mkdir(folder, { recursive: true });

const [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
try {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 390]) {
      await visit(browser, demo.url, { colorScheme, viewport: { width, height: width === 390 ? 844 : 900 } }, async (page) => {
        const save = (name) => page.screenshot({ path: path.join(folder, `${name}-${colorScheme}-${width}.png`), fullPage: true });
        await page.goto('/sign-in');
        await save('sign-in');
        await signIn(page, demo);
        for (const address of await everyPage(page)) {
          await page.goto(address);
          await save(nameOf(address));
        }
      });
    }
  }
} finally {
  await browser.close();
  await demo.stop();
}

function nameOf(address) {
  const { pathname } = new URL(address, 'http://localhost');
  const parts = pathname.split('/').filter(Boolean);
  const words = parts.filter((part, index) => index !== 1 || parts[0] !== 'o').map((part) => (/[0-9A-Z_]/.test(part) ? 'one' : part));
  return words.slice(words[0] === 'o' && words.length > 1 ? 1 : 0).join('-');
}
