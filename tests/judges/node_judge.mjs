// node-app-store-connect-api against a simulator of App Store Connect: walks pages, follows inclusions, reads errors.
//
// usage: node_judge.mjs SIMULATOR_URL KEYS_DIR   (RUSSET_NODE_MODULES names the folder with the package)

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [simulator, keysDir] = process.argv.slice(2);
const require = createRequire(path.join(process.env.RUSSET_NODE_MODULES, 'judge.cjs'));
const { api } = await import(pathToFileURL(require.resolve('node-app-store-connect-api')));

const outside = simulator.replace(/^http:/, 'https:');
/** The TLS end of a gateway: the package takes a link for absolute only if it begins with https. */
function gateway(url, options) {
  return fetch(url.replace(outside, simulator), { ...options, headers: { ...options.headers, 'X-Forwarded-Proto': 'https' } });
}

const keys = JSON.parse(await readFile(path.join(keysDir, 'keys.json'), 'utf8'));
async function client(kind, role, changes = {}) {
  const key = keys.find((listed) => listed.kind === kind && listed.roles.includes(role));
  assert(key, `no ${kind} key with ${role} in keys.json`);
  return api({
    issuerId: key.issuer_id,
    apiKey: key.key_id,
    privateKey: await readFile(path.join(keysDir, key.file), 'utf8'),
    urlBase: outside,
    fetch: gateway,
    automaticRetries: 0,
    ...changes,
  });
}

const tally = { passed: 0, failed: 0 };
/** One check; a failure does not stop the next one. */
async function check(name, judge) {
  try {
    await judge();
    tally.passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    tally.failed += 1;
    console.log(`not ok  ${name}\n${error.stack}`);
  }
}

/** The first error of a refusal that the package must report. */
async function refusal(promise) {
  const error = await promise.then(
    (data) => assert.fail(`it should have been refused: ${JSON.stringify(data)}`),
    (error) => error,
  );
  assert(error.data?.errors?.length, `no error document: ${error.message}`);
  return error.data.errors[0];
}

const admin = await client('team', 'ADMIN');

for (const type of ['apps', 'bundleIds', 'certificates', 'devices', 'profiles']) {
  await check(`walks all pages of ${type}, one at a time`, async () => {
    const { meta, links } = await admin.read(`${type}?limit=1`);
    assert(meta.paging.total > 1, `the seeded team should have several ${type}`);
    assert.equal(meta.paging.limit, 1);
    assert(links.self && links.next);
    const { data } = await admin.readAll(`${type}?limit=1`);
    assert.equal(data.length, meta.paging.total);
    assert.equal(new Set(data.map(({ id }) => id)).size, data.length, 'no resource twice');
    assert(data.every((resource) => resource.type === type));
  });
}

await check('sorts, and the pages keep the order', async () => {
  const { data } = await admin.readAll('bundleIds?sort=-identifier&limit=2');
  const identifiers = data.map(({ attributes }) => attributes.identifier);
  assert.deepEqual(identifiers, [...identifiers].sort().reverse());
});

await check('includes related resources and can look each of them up', async () => {
  const { data, included } = await admin.readAll('profiles', { params: { include: 'bundleId,certificates,devices', limit: 3 } });
  for (const { relationships } of data) {
    assert(included.bundleIds[relationships.bundleId.data.id]);
    for (const { id } of relationships.certificates.data) assert(included.certificates[id]);
  }
  assert(data.some(({ relationships }) => relationships.certificates.data.length > 0));
});

await check('names only the fields that it asked for', async () => {
  const { data } = await admin.readAll('profiles?fields[profiles]=name,uuid');
  for (const { attributes } of data) assert.deepEqual(Object.keys(attributes).sort(), ['name', 'uuid']);
});

await check('creates, changes, reads and removes a bundle ID', async () => {
  const attributes = { identifier: 'com.example.node-judge', name: 'Node judge', platform: 'IOS' };
  const created = await admin.create({ type: 'bundleIds', attributes });
  assert.equal(created.attributes.identifier, attributes.identifier);
  const changed = await admin.update(created, { attributes: { name: 'Renamed' } });
  assert.equal(changed.attributes.name, 'Renamed');
  const { data } = await admin.read(`bundleIds/${created.id}`);
  assert.equal(data.attributes.name, 'Renamed');
  await admin.remove(created);
  assert.equal((await refusal(admin.read(`bundleIds/${created.id}`))).code, 'NOT_FOUND');
});

await check('reads the error of an unknown id, a taken UDID, a missing attribute and an unknown parameter', async () => {
  const unknown = await refusal(admin.read('apps/999999999999'));
  assert.equal(unknown.status, '404');
  assert.equal(unknown.detail, "There is no resource of type 'apps' with id '999999999999'");
  const [device] = (await admin.read('devices?limit=1')).data;
  const { udid, platform } = device.attributes;
  const taken = await refusal(admin.create({ type: 'devices', attributes: { name: 'Again', udid, platform } }));
  assert.equal(taken.status, '409');
  assert.match(taken.detail, /already exists on this team/);
  const missing = await refusal(admin.create({ type: 'devices', attributes: { name: 'No number', platform: 'IOS' } }));
  assert.equal(missing.code, 'ENTITY_ERROR.ATTRIBUTE.REQUIRED');
  assert.equal(missing.source.pointer, '/data/attributes/udid');
  const parameter = await refusal(admin.read('devices?color=red'));
  assert.equal(parameter.code, 'PARAMETER_ERROR.ILLEGAL');
  assert.equal(parameter.source.parameter, 'color');
});

await check('reads the error of a bad cursor and of an operation that is not offered', async () => {
  const cursor = await refusal(admin.read('devices?cursor=nonsense'));
  assert.equal(cursor.code, 'PARAMETER_ERROR.INVALID');
  const never = await refusal(admin.create({ type: 'apps', attributes: { name: 'New' } }));
  assert.equal(never.status, '403');
  assert.match(never.detail, /The resource 'apps' does not allow 'CREATE'/);
});

await check('a wrong issuer is one 401 without an id, a low role one 403', async () => {
  const stranger = await client('team', 'ADMIN', { issuerId: '00000000-0000-0000-0000-000000000000' });
  const unauthorized = await refusal(stranger.read('apps'));
  assert.equal(unauthorized.code, 'NOT_AUTHORIZED');
  assert(!('id' in unauthorized));
  const manager = await client('team', 'APP_MANAGER');
  const forbidden = await refusal(manager.read('certificates'));
  assert.equal(forbidden.code, 'FORBIDDEN_ERROR');
  assert((await manager.readAll('apps')).data.length > 0, 'the same key reads apps');
});

console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exitCode = tally.failed ? 1 : 0;
