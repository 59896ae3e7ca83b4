// One running demo for the tests: started from the built binary with a folder of its own, asked for nothing but what a
// person's script may read (`demo.json`), and stopped at the end.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const READY_WITHIN_MS = 60_000;

/** Starts `russet demo` and resolves when it has written `demo.json` and answers. */
export async function startDemo() {
  const binary = process.env.RUSSET_BIN;
  if (!binary) throw new Error('RUSSET_BIN names no binary; run these tests with `cargo xtask browser`');
  const folder = await mkdtemp(path.join(tmpdir(), 'russet-browser-'));
  const port = await freePort();
  const said = [];
  const child = spawn(binary, ['demo', '--data', folder, '--listen', `127.0.0.1:${port}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.on('data', (text) => said.push(text));
  child.stderr.on('data', (text) => said.push(text));
  const ended = new Promise((resolve) => child.once('exit', resolve));

  const demo = {
    folder,
    /** What the server printed so far. */
    log: () => Buffer.concat(said).toString(),
    /** The path of a key file of the seeded team, by a test on its entry in `demo.json`. */
    keyFile(wanted) {
      const key = demo.keys.find(wanted);
      if (!key) throw new Error(`no key like that in demo.json: ${JSON.stringify(demo.keys)}`);
      return { ...key, path: path.isAbsolute(key.file) ? key.file : path.join(folder, key.file) };
    },
    async stop() {
      child.kill('SIGTERM');
      const stubborn = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(stubborn);
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    Object.assign(demo, await untilReady(folder, child, demo.log));
  } catch (error) {
    await demo.stop();
    throw error;
  }
  return demo;
}

async function untilReady(folder, child, log) {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`russet demo ended with ${child.exitCode}:\n${log()}`);
    try {
      const demo = JSON.parse(await readFile(path.join(folder, 'demo.json'), 'utf8'));
      await fetch(demo.url, { redirect: 'manual' });
      return demo;
    } catch {
      await pause(50);
    }
  }
  throw new Error(`russet demo was not ready within ${READY_WITHIN_MS / 1000} s:\n${log()}`);
}

/** A port that was free a moment ago. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
