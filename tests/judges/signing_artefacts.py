"""Judges Russet's files with Python's own readers.

    signing_artefacts.py p12 FILE          password in the variable P12_PASSWORD
    signing_artefacts.py profile FILE      finds the property list as many build tools do, between <?xml and </plist>
    signing_artefacts.py pem FILE          key and certificates of a PEM bundle
    signing_artefacts.py content FILE      the property list of a profile, taken out of its envelope by somebody else

Prints one line per fact, `name: value`; for `content` all of them as JSON. Any refusal is an exception and a non-zero exit.
"""

import base64
import hashlib
import json
import os
import plistlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import pkcs12


def public_bytes(key):
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def prove_pair(key, certificate):
    message = b"signed with the key, verified with the certificate"
    signature = key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    certificate.public_key().verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    assert public_bytes(key.public_key()) == public_bytes(certificate.public_key())


def prove_chain(certificates):
    for child, parent in zip(certificates, certificates[1:]):
        child.verify_directly_issued_by(parent)


def judge_p12(data):
    bundle = pkcs12.load_pkcs12(data, os.environ["P12_PASSWORD"].encode())
    chain = [bundle.cert.certificate] + [extra.certificate for extra in bundle.additional_certs]
    prove_pair(bundle.key, chain[0])
    prove_chain(chain)
    name = bundle.cert.friendly_name or b""
    print("friendly name:", name.decode())
    print("subject:", chain[0].subject.rfc4514_string())
    print("certificates:", len(chain))


def judge_pem(data):
    key = serialization.load_pem_private_key(data, None)
    chain = x509.load_pem_x509_certificates(data)
    prove_pair(key, chain[0])
    prove_chain(chain)
    print("certificates:", len(chain))


def judge_profile(data):
    start, end = data.index(b"<?xml"), data.index(b"</plist>") + len(b"</plist>")
    entries = plistlib.loads(data[start:end])
    print("name:", entries["Name"])
    print("uuid:", entries["UUID"])
    print("expires:", entries["ExpirationDate"].isoformat())
    for certificate in entries["DeveloperCertificates"]:
        parsed = x509.load_der_x509_certificate(certificate)
        print("certificate:", parsed.subject.rfc4514_string())


def as_json(value):
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() + "Z"


def judge_content(data):
    entries = plistlib.loads(data)
    facts = {
        "name": entries["Name"],
        "uuid": entries["UUID"],
        "team": entries["TeamIdentifier"],
        "platforms": entries["Platform"],
        "devices": entries.get("ProvisionedDevices", []),
        "every device": entries.get("ProvisionsAllDevices", False),
        "created": entries["CreationDate"],
        "expires": entries["ExpirationDate"],
        "entitlements": entries["Entitlements"],
        "certificates": [hashlib.sha256(der).hexdigest() for der in entries["DeveloperCertificates"]],
    }
    print(json.dumps(facts, default=as_json))


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    kind, path = sys.argv[1:]
    with open(path, "rb") as file:
        {"p12": judge_p12, "pem": judge_pem, "profile": judge_profile, "content": judge_content}[kind](file.read())
