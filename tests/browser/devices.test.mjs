// A device is invited, answers from somewhere else with a signature that a script makes in its place, and ends inside the
// ad hoc profile under a new UUID.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';

import { openBrowser, sidewaysScroll, signIn, visit } from './browser.mjs';
import { startDemo } from './demo.mjs';

const run = promisify(execFile);
const PHONE = { width: 390, height: 800 };
const UDID = '00008120-000A1B2C3D4E5F60';

// What an iPhone posts: CMS SignedData around a property list that repeats the challenge of the profile.
const DEVICE = `
import datetime, plistlib, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
profile, udid, answer = sys.argv[1:]
wanted = plistlib.load(open(profile, "rb"))["PayloadContent"]
said = {"UDID": udid, "PRODUCT": "iPhone16,1", "VERSION": "23A341"}
assert set(wanted["DeviceAttributes"]) == set(said), wanted
said["CHALLENGE"] = wanted["Challenge"]
key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A script in the place of a device")])
now = datetime.datetime.now(datetime.timezone.utc)
certificate = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()) \\
    .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1)) \\
    .not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
signed = pkcs7.PKCS7SignatureBuilder().set_data(plistlib.dumps(said)).add_signer(certificate, key, hashes.SHA256()) \\
    .sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])
open(answer, "wb").write(signed)
print(wanted["URL"])
`;

describe('devices', () => {
  let demo;
  let browser;
  before(async () => {
    [demo, browser] = await Promise.all([startDemo(), openBrowser()]);
  });
  after(async () => {
    await browser?.close();
    await demo?.stop();
  });
  const story = (tell, options = {}) => visit(browser, demo.url, options, tell);
  const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();

  /** Invites as the console does and answers the link that it shows. */
  const invite = async (page, home, name, automatic) => {
    await page.goto(`${home}/devices/invite`);
    await page.getByLabel('For', { exact: true }).fill(name);
    if (automatic) await page.getByRole('checkbox', { name: /^Register without asking/ }).check();
    await page.getByRole('button', { name: 'Make link' }).click();
    await heading(page, `The link for “${name}”`);
    return page.locator('.secret code').innerText();
  };

  /** Opens the link on a telephone, takes the profile, and posts what a device would; answers where that leads. */
  const answer = async (link, udid) => {
    await story(
      async (phone) => {
        await phone.goto(link);
        await heading(phone, 'Register this device');
        assert.equal(await sidewaysScroll(phone), 0);
        await phone.getByText('calls the profile “Not Signed”').waitFor();
      },
      { viewport: PHONE, javaScriptEnabled: false },
    );
    const profile = await fetch(`${link}/profile`);
    assert.equal(profile.headers.get('content-type'), 'application/x-apple-aspen-config');
    await writeFile(`${demo.folder}/device.mobileconfig`, Buffer.from(await profile.arrayBuffer()));
    const paths = [`${demo.folder}/device.mobileconfig`, udid, `${demo.folder}/answer.der`];
    const { stdout } = await run(process.env.RUSSET_PYTHON, ['-c', DEVICE, ...paths]);
    assert.equal(stdout.trim(), link);
    const body = await readFile(paths[2]);
    const post = () => fetch(link, { method: 'POST', body, redirect: 'manual', headers: { 'content-type': 'application/pkcs7-signature' } });
    const taken = await post();
    assert.equal(taken.status, 301);
    assert.equal((await post()).status, 404, 'once');
    return taken.headers.get('location');
  };

  const uuidOf = async (page, home, name) => {
    await page.goto(`${home}/profiles?held=only&q=${encodeURIComponent(name)}`);
    await page.getByRole('link', { name, exact: true }).first().click();
    await heading(page, name);
    const text = await page.locator('main').innerText();
    return { uuid: /[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}/.exec(text)?.[0], text };
  };

  test('a device that is invited, answers and is approved ends inside the ad hoc profile', () =>
    story(async (page) => {
      await signIn(page, demo);
      const home = new URL(page.url()).pathname;
      await page.goto(`${home}/certificates/create`);
      await page.getByLabel('Type', { exact: true }).selectOption('DISTRIBUTION');
      await page.getByRole('button', { name: /^Create / }).click();
      await page.getByRole('link', { name: 'Download', exact: true }).waitFor({ timeout: 45_000 });
      await page.goto(`${home}/profiles/register?kind=IOS_APP_ADHOC`);
      await page.getByRole('textbox', { name: 'Name' }).fill('Field crew');
      await page.getByRole('button', { name: 'Register profile' }).click();
      await page.getByText('Done at Apple').waitFor({ timeout: 45_000 });
      const before = await uuidOf(page, home, 'Field crew');
      assert.ok(before.uuid, before.text);

      const link = await invite(page, home, 'Mia’s iPhone', false);
      const arrived = await answer(link, UDID);
      await page.goto(arrived);
      await heading(page, 'Your device has arrived');
      await page.getByText('Somebody looks at it before it is registered').waitFor();

      await page.goto(`${home}/devices`);
      await page.getByRole('link', { name: /^Not yet registered/ }).click();
      await page.getByRole('link', { name: 'Mia’s iPhone' }).click();
      await page.getByText('Challenge answered; who signed is not known').waitFor();
      await page.getByRole('button', { name: 'Register device' }).click();
      await page.getByText('Done at Apple').waitFor({ timeout: 45_000 });

      let after = before;
      for (let tries = 0; tries < 40 && after.uuid === before.uuid; tries += 1) {
        await page.waitForTimeout(1000);
        after = await uuidOf(page, home, 'Field crew');
      }
      assert.notEqual(after.uuid, before.uuid, 'rebuilt');
      assert.ok(after.text.toLowerCase().includes(UDID.toLowerCase()), after.text);
      await page.goto(`${home}/activity`);
      await page.getByText(`changed the UUID of the profile “Field crew” from ${before.uuid} to ${after.uuid}`).first().waitFor();
      await page.goto(`${home}/devices/pending`);
      await page.getByText('Nothing waits').waitFor();
    }));

  test('what is no answer is refused, and a dead link says no more than that', () =>
    story(async (page) => {
      await signIn(page, demo);
      const home = new URL(page.url()).pathname;
      const link = await invite(page, home, 'Spare tablet', true);
      const refused = await fetch(link, { method: 'POST', body: 'no answer' });
      assert.equal(refused.status, 422);
      const large = await fetch(link, { method: 'POST', body: Buffer.alloc(10_000_000, 0x30) }).catch(() => ({ status: 413 }));
      assert.equal(large.status, 413);
      await page.goto(`${home}/devices/invited`);
      await page.getByRole('button', { name: 'Actions for Spare tablet' }).click();
      await page.getByRole('button', { name: 'Revoke' }).click();
      await page.getByText('Invitation revoked').waitFor();
      const unknown = await fetch(`${demo.url}/device/${'0'.repeat(64)}`);
      const dead = await fetch(link);
      assert.deepEqual([dead.status, await dead.text()], [404, await unknown.text()]);
    }));
});
