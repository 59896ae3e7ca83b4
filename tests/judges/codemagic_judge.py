"""codemagic-cli-tools against a simulator of App Store Connect: lists, creates, fetches, deletes, and is refused.

usage: codemagic_judge.py SIMULATOR_URL KEYS_DIR
"""

import base64
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

# The tool's own entry point, with the address of its client set first.
LAUNCHER = """
import sys
from codemagic.apple.app_store_connect import AppStoreConnectApiClient
from codemagic.tools import AppStoreConnect
AppStoreConnectApiClient.API_URL = sys.argv.pop(1) + "/v1"
sys.argv[0] = "app-store-connect"
sys.exit(AppStoreConnect.invoke_cli())
"""

URL, KEYS = sys.argv[1], pathlib.Path(sys.argv[2])
TALLY = {"passed": 0, "failed": 0}


@contextlib.contextmanager
def check(name):
    """Counts what happens inside as one check; a failure does not stop the next one."""
    try:
        yield
    except Exception:
        TALLY["failed"] += 1
        print(f"not ok  {name}")
        traceback.print_exc(file=sys.stdout)
    else:
        TALLY["passed"] += 1
        print(f"ok      {name}")


def key(kind, role=None):
    """The seeded key of this kind and role."""
    for listed in json.loads((KEYS / "keys.json").read_text()):
        if listed["kind"] == kind and (role is None or role in listed["roles"]):
            return listed
    raise LookupError(f"no {kind} key with {role} in keys.json")


class Tool:
    """The command line, signed in with one key."""

    def __init__(self, listed, home, issuer=None):
        self.credentials = [
            "--issuer-id", issuer or listed["issuer_id"],
            "--key-id", listed["key_id"],
            "--private-key", f"@file:{KEYS / listed['file']}",
            "--disable-jwt-cache", "--api-unauthorized-retries", "1", "--api-server-error-retries", "1",
        ]
        self.home = home

    def run(self, *words):
        folders = ["--certificates-dir", self.home / "certificates", "--profiles-dir", self.home / "profiles"]
        return subprocess.run(
            [sys.executable, "-c", LAUNCHER, URL, *words, *self.credentials, *folders, "--json", "--no-color"],
            capture_output=True, text=True, timeout=120, env={**os.environ, "HOME": str(self.home)},
        )

    def __call__(self, *words):
        """Runs a command that must succeed, and gives the JSON that it prints; some print words instead."""
        done = self.run(*words)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, words))} ended with {done.returncode}:\n{done.stderr}{done.stdout}")
        return json.loads(done.stdout) if done.stdout.lstrip().startswith(("[", "{")) else None

    def refused(self, *words):
        """Runs a command that must fail, and gives what it says."""
        done = self.run(*words)
        assert done.returncode != 0, f"{' '.join(map(str, words))} should have failed:\n{done.stdout}"
        return done.stderr + done.stdout


def only(resources):
    """The one resource of a list, or the resource itself."""
    if isinstance(resources, list):
        assert len(resources) == 1, resources
        return resources[0]
    return resources


def main(home):
    admin = Tool(key("team", "ADMIN"), home)
    signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key_file = home / "signing.pem"
    key_file.write_bytes(signing_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption(),
    ))
    made = {}

    with check("lists apps"):
        assert all(app["attributes"]["bundleId"] for app in admin("apps", "list"))
    with check("lists certificates, each with an X.509 body"):
        certificates = admin("certificates", "list")
        assert certificates
        for certificate in certificates:
            x509.load_der_x509_certificate(base64.b64decode(certificate["attributes"]["certificateContent"]))
    with check("lists devices and registers one"):
        before = admin("devices", "list")
        admin("devices", "register", "--name", "Judge's phone", "--platform", "IOS", "--udid", "00008110-000A1B2C3D4E5F60")
        made["device"] = next(
            device["id"] for device in admin("devices", "list")
            if device["attributes"]["udid"].upper() == "00008110-000A1B2C3D4E5F60"
        )
        assert len(admin("devices", "list")) == len(before) + 1
    with check("is told that the device exists already"):
        said = admin.refused("devices", "register", "--name", "Again", "--platform", "IOS", "--udid", "00008110-000A1B2C3D4E5F60")
        assert "already exists on this team" in said, said
    with check("creates a bundle ID and fetches it"):
        bundle_id = only(admin("bundle-ids", "create", "com.example.judge", "--name", "Judge", "--platform", "IOS"))
        made["bundle_id"] = bundle_id["id"]
        fetched = only(admin("bundle-ids", "get", bundle_id["id"]))
        assert fetched["attributes"]["identifier"] == "com.example.judge", fetched
    with check("lists bundle IDs by identifier"):
        found = admin("bundle-ids", "list", "--bundle-id-identifier", "com.example.judge", "--strict-match-identifier")
        assert only(found)["id"] == made["bundle_id"], found
    with check("enables and lists capabilities"):
        admin("bundle-ids", "enable-capabilities", made["bundle_id"], "--capability", "Push Notifications")
        kinds = [capability["attributes"]["capabilityType"] for capability in admin("bundle-ids", "capabilities", made["bundle_id"])]
        assert "PUSH_NOTIFICATIONS" in kinds, kinds
    with check("creates a certificate for its own key and saves it as .p12"):
        bundle = home / "judge.p12"
        certificate = only(admin(
            "certificates", "create", "--type", "IOS_DISTRIBUTION", "--certificate-key", f"@file:{key_file}",
            "--save", "--p12-path", bundle, "--p12-password", "judge",
        ))
        made["certificate"] = certificate["id"]
        private_key, leaf, _ = pkcs12.load_key_and_certificates(bundle.read_bytes(), b"judge")
        assert private_key.public_key() == signing_key.public_key()
        assert leaf.public_key() == signing_key.public_key()
    with check("fetches the certificate and finds it by its key"):
        fetched = only(admin("certificates", "get", made["certificate"]))
        serial = x509.load_der_x509_certificate(base64.b64decode(fetched["attributes"]["certificateContent"])).serial_number
        assert serial == int(fetched["attributes"]["serialNumber"], 16)
        by_key = admin("certificates", "list", "--type", "IOS_DISTRIBUTION", "--certificate-key", f"@file:{key_file}")
        assert only(by_key)["id"] == made["certificate"], by_key
    with check("creates an ad hoc profile and saves it"):
        profile = only(admin(
            "profiles", "create", made["bundle_id"], "--certificate-ids", made["certificate"], "--device-ids", made["device"],
            "--type", "IOS_APP_ADHOC", "--name", "Judge's profile", "--save",
        ))
        made["profile"] = profile["id"]
        assert profile["attributes"]["profileState"] == "ACTIVE", profile
        saved = list((home / "profiles").iterdir())
        assert [file.suffix for file in saved] == [".mobileprovision"], saved
        opened = subprocess.run(
            ["openssl", "cms", "-verify", "-noverify", "-inform", "DER", "-in", saved[0]], capture_output=True, check=True,
        ).stdout
        assert b"<string>00008110-000A1B2C3D4E5F60</string>" in opened and b"aps-environment" in opened
    with check("fetches the profile and lists those of the bundle ID"):
        assert only(admin("profiles", "get", made["profile"]))["attributes"]["name"] == "Judge's profile"
        assert only(admin("bundle-ids", "profiles", "--bundle-ids", made["bundle_id"]))["id"] == made["profile"]
    with check("is refused a development profile without devices"):
        assert "devices" in admin.refused(
            "profiles", "create", made["bundle_id"], "--certificate-ids", made["certificate"], "--type", "IOS_APP_ADHOC", "--name", "None",
        )
    with check("fetches signing files for a bundle ID and creates what is missing"):
        admin(
            "fetch-signing-files", "com.example.judge", "--type", "IOS_APP_STORE", "--strict-match-identifier", "--create",
            "--certificate-key", f"@file:{key_file}",
        )
        kinds = {profile["attributes"]["profileType"] for profile in admin("bundle-ids", "profiles", "--bundle-ids", made["bundle_id"])}
        assert kinds == {"IOS_APP_ADHOC", "IOS_APP_STORE"}, kinds
    with check("revokes the certificate, which makes its profile invalid, and deletes the profile"):
        admin("certificates", "delete", made["certificate"])
        assert only(admin("profiles", "get", made["profile"]))["attributes"]["profileState"] == "INVALID"
        admin("profiles", "delete", made["profile"])
        assert "There is no resource of type" in admin.refused("profiles", "get", made["profile"])
    with check("a wrong issuer is told as a 401"):
        stranger = Tool(key("team", "ADMIN"), home, issuer="00000000-0000-0000-0000-000000000000")
        assert "Authentication credentials are missing or invalid" in stranger.refused("certificates", "list")
    with check("a key without the role is told as a 403"):
        manager = Tool(key("team", "APP_MANAGER"), home)
        said = manager.refused("certificates", "list")
        assert "This request is forbidden for security reasons" in said or "does not allow this request" in said, said


with tempfile.TemporaryDirectory() as directory:
    main(pathlib.Path(directory))
print(f"{TALLY['passed']} passed, {TALLY['failed']} failed")
sys.exit(1 if TALLY["failed"] else 0)
