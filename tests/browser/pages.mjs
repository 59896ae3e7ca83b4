// The pages of the console, found by following its own links, so that a new page is looked at without being listed here.

/** Addresses below the organization and the person that a signed-in page reaches, each kind of page once. */
export async function everyPage(page) {
  const start = page.url();
  const queue = [new URL(start).pathname];
  const seen = new Map();
  while (queue.length > 0 && seen.size < 60) {
    const address = queue.shift();
    const kind = kindOf(address);
    if (seen.has(kind)) continue;
    seen.set(kind, address);
    await page.goto(address);
    const links = await page.locator('a[href]:not([download])').evaluateAll((all) => all.map((link) => link.href));
    for (const link of links) {
      const url = new URL(link);
      const inside = url.origin === new URL(start).origin && /^\/(o|orgs|me)(\/|$)/.test(url.pathname);
      if (inside && !isFile(url.pathname)) queue.push(url.pathname + url.search);
    }
  }
  await page.goto(start);
  return [...seen.values()];
}

/** Addresses that answer with a file to keep, which a browser does not go to. */
function isFile(path) {
  return /\/(profiles\/[^/]+\/download|activity\/export)$/.test(path);
}

/** Two certificates are one kind of page; ids have an underscore or are Apple's ten characters. */
function kindOf(address) {
  const { pathname } = new URL(address, 'http://localhost');
  return pathname.replace(/\/[a-z]+_[0-9a-z]+/g, '/:id').replace(/\/[A-Z0-9]{8,}(?=\/|$)/g, '/:id');
}
