// What came out of the browser, judged by strangers: OpenSSL here, keytool and Python in the other tests.

import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What `openssl pkcs12 -info` says of a file: algorithms, subjects, and whether a private key is inside. */
export async function openP12(file, password, { legacy = false } = {}) {
  const arguments_ = ['pkcs12', '-info', '-in', file, '-passin', 'stdin', '-nodes', ...(legacy ? ['-legacy'] : [])];
  const child = run('openssl', arguments_);
  child.child.stdin.end(`${password}\n`);
  const { stdout, stderr } = await child;
  const subjects = [...stdout.matchAll(/^subject=(.*)$/gm)].map(([, subject]) => subject.trim());
  return {
    algorithms: stderr,
    subjects,
    hasPrivateKey: /BEGIN (RSA )?PRIVATE KEY/.test(stdout),
    certificates: stdout.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [],
  };
}

/** The property list inside a signed profile, as text. */
export async function openProfile(file) {
  const { stdout } = await run('openssl', ['smime', '-verify', '-noverify', '-inform', 'der', '-in', file], { maxBuffer: 16 << 20 });
  return stdout;
}

/** Saves what a click downloads and gives the file's path and suggested name. */
export async function download(page, folder, click) {
  const [download] = await Promise.all([page.waitForEvent('download'), click()]);
  const name = download.suggestedFilename();
  const path = `${folder}/${name}`;
  await writeFile(path, await readFile(await download.path()));
  return { path, name };
}
