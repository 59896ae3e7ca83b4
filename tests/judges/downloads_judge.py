"""What the command line writes, opened by OpenSSL, Java and Python: .p12 in both forms, PEM, profiles.

usage: downloads_judge.py DEMO_JSON   (RUSSET_BIN names the binary; a demo runs and wrote DEMO_JSON)
"""

import contextlib
import json
import os
import pathlib
import string
import subprocess
import sys
import tempfile
import traceback

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

DEMO = json.loads(pathlib.Path(sys.argv[1]).read_text())
TALLY = {"passed": 0, "failed": 0}
EVERY_PRINTABLE = "a b" + "".join(chr(code) for code in range(0x21, 0x7F))

# What each form promises: the digest of its MAC, and the algorithm of both its encrypted parts.
PROMISED = {
    "p12-compatible": ("MAC: sha1,", "pbeWithSHA1And3-KeyTripleDES-CBC"),
    "p12-modern": ("MAC: sha256,", "PBES2, PBKDF2, AES-256-CBC"),
}


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


def run(*words, text=None):
    """A program that must succeed; what it said on both outputs."""
    done = subprocess.run(list(map(str, words)), input=text, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"{words[0]} {words[1]} ended with {done.returncode}:\n{done.stderr}{done.stdout}")
    return done


def russet(*words, text=None):
    """The command line, signed in with the demo's token; the JSON that it prints."""
    os.environ.update(RUSSET_URL=DEMO["url"], RUSSET_TOKEN=DEMO["token"])
    return json.loads(run(os.environ["RUSSET_BIN"], *words, "--output", "json", text=text).stdout)


def root_alone(folder):
    """The simulated root without its intermediates, so that a chain verifies only by what was shipped."""
    keys = pathlib.Path(DEMO["keys"][0]["file"]).parent
    root, *_ = x509.load_pem_x509_certificates((keys / "apple-root.pem").read_bytes())
    file = folder / "root.pem"
    file.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    return file


def judge_p12(folder, file, form, password):
    """One bundle before all three readers."""
    secret = folder / "secret"
    secret.write_text(password)
    source = f"file:{secret}" if password else "pass:"
    # OpenSSL tells the algorithms on standard error and the contents on standard output.
    told = run("openssl", "pkcs12", "-info", "-nodes", "-in", file, "-passin", source).stderr
    mac, algorithm = PROMISED[form]
    assert mac in told and f"PKCS7 Encrypted data: {algorithm}" in told and f"Shrouded Keybag: {algorithm}" in told, told
    assert "RC2" not in told and "\nKey bag" not in told, told

    key, leaf, issuers = pkcs12.load_key_and_certificates(file.read_bytes(), password.encode())
    assert key.key_size == 2048 and leaf.public_key() == key.public_key()
    assert issuers, "an intermediate is shipped"
    pem = lambda certificate: certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "leaf.pem").write_bytes(pem(leaf))
    (folder / "issuers.pem").write_bytes(b"".join(map(pem, issuers)))
    run("openssl", "verify", "-CAfile", root_alone(folder), "-untrusted", folder / "issuers.pem", folder / "leaf.pem")

    if password:  # Java reads no bundle with an empty password
        held = run("keytool", "-list", "-v", "-storetype", "PKCS12", "-keystore", file, "-storepass:file", secret).stdout
        assert held.count("PrivateKeyEntry") == 1, held
        assert f"Certificate chain length: {1 + len(issuers)}" in held, held
    return leaf


def main(folder):
    before = russet("certificates", "list")["items"]
    at_apple_before = russet("certificates", "list", "--key", "Admin")["items"]
    made = {}
    for form, password in [("p12-compatible", EVERY_PRINTABLE), ("p12-modern", EVERY_PRINTABLE[::-1])]:
        with check(f"creates a certificate and downloads it as {form}, every printable character in its password"):
            target = folder / form
            written = russet(
                "certificates", "create", "--key", "Admin", "--type", "IOS_DISTRIBUTION", "--download", target, "--form", form,
                "--password-stdin", text=password,
            )
            made[form] = written["certificate"]
            file = pathlib.Path(written["file"])
            assert file.stat().st_mode & 0o077 == 0, "others may read the file"
            leaf = judge_p12(folder, file, form, password)
            assert leaf.subject.rfc4514_string().count("iPhone Distribution: ") == 1
    with check("holds exactly the certificates that it was asked for"):
        assert len(russet("certificates", "list")["items"]) == len(before) + len(made)
        at_apple = russet("certificates", "list", "--key", "Admin")["items"]
        added = [c for c in at_apple if c["id"] not in {earlier["id"] for earlier in at_apple_before}]
        assert {c["held"] for c in added} == set(made.values()) and all(c["key_held"] for c in added), added

    held = before[0]["id"]
    for form in PROMISED:
        with check(f"downloads one it held before as {form} with a password that it makes"):
            written = russet("certificates", "download", held, "--out", folder / f"generated-{form}.p12", "--form", form)
            password = written["generated_password"]
            assert len(password) >= 12 and set(password) <= set(string.ascii_letters + string.digits), password
            judge_p12(folder, pathlib.Path(written["file"]), form, password)
        with check(f"downloads it as {form} with an empty password"):
            written = russet(
                "certificates", "download", held, "--out", folder / f"empty-{form}.p12", "--form", form, "--password", "",
            )
            judge_p12(folder, pathlib.Path(written["file"]), form, "")
    with check("downloads it as PEM: key, certificate, chain"):
        written = russet("certificates", "download", held, "--out", folder / "held.pem", "--form", "pem")
        text = pathlib.Path(written["file"]).read_bytes()
        key = serialization.load_pem_private_key(text, None)
        leaf, *issuers = x509.load_pem_x509_certificates(text)
        assert leaf.public_key() == key.public_key()
        leaf.verify_directly_issued_by(issuers[0])
    with check("writes over no file"):
        done = subprocess.run(
            [os.environ["RUSSET_BIN"], "certificates", "download", held, "--out", folder / "held.pem", "--form", "pem"],
            capture_output=True, text=True,
        )
        assert done.returncode != 0 and "held.pem" in done.stderr, done

    with check("downloads each kind of profile, and OpenSSL verifies it"):
        keys = pathlib.Path(DEMO["keys"][0]["file"]).parent
        profiles = {profile["profile_type"]: profile for profile in russet("profiles", "list", "--key", "Admin")["items"]}
        assert len(profiles) >= 4, profiles.keys()
        for profile in profiles.values():
            file = folder / f"{profile['id']}.mobileprovision"
            run(os.environ["RUSSET_BIN"], "profiles", "download", profile["id"], "--key", "Admin", "--out", file)
            content = run("openssl", "cms", "-verify", "-inform", "DER", "-in", file, "-CAfile", keys / "apple-root.pem").stdout
            assert profile["uuid"] in content and profile["bundle_identifier"] in content


with tempfile.TemporaryDirectory() as directory:
    main(pathlib.Path(directory))
print(f"{TALLY['passed']} passed, {TALLY['failed']} failed")
sys.exit(1 if TALLY["failed"] else 0)
