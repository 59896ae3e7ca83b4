// What came out of the browser, judged by strangers: OpenSSL, Java's keytool and Python's cryptography.

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

/** What Java's keytool lists: kind of entry and length of the chain. */
export async function listWithKeytool(file, password) {
  const { stdout } = await run('keytool', ['-J-Duser.language=en', '-list', '-v', '-storetype', 'PKCS12', '-keystore', file, '-storepass', password]);
  return {
    isPrivateKeyEntry: stdout.includes('PrivateKeyEntry'),
    chain: Number(/Certificate chain length: (\d+)/.exec(stdout)?.[1] ?? 0),
  };
}

const PYTHON_READS = `
import sys
from cryptography.hazmat.primitives.serialization import pkcs12
key, certificate, more = pkcs12.load_key_and_certificates(open(sys.argv[1], "rb").read(), sys.argv[2].encode())
assert key.public_key().public_numbers() == certificate.public_key().public_numbers()
assert certificate.issuer == more[0].subject
certificate.verify_directly_issued_by(more[0])
print(key.key_size, certificate.subject.rfc4514_string())
`;

/** Opens the file with Python's cryptography, which checks that key, certificate and issuer belong together. */
export async function openWithPython(file, password) {
  const { stdout } = await run(process.env.RUSSET_PYTHON, ['-c', PYTHON_READS, file, password]);
  return stdout.trim();
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
