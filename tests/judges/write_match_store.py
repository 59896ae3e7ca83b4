"""Writes a store of fastlane match by the algorithm that its documentation and source describe, with Python's cryptography.

    write_match_store.py CERTIFICATE.cer KEY.pem PROFILE FOLDER      password in the variable P12_PASSWORD

Below FOLDER come `md5`, `sha256` (the first encryption with either digest) and `v2` (the second), the same store in each.
"""

import base64
import hashlib
import os
import pathlib
import sys

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def first(digest):
    def encrypt(data):
        salt, derived, block = os.urandom(8), b"", b""
        while len(derived) < 48:
            block = hashlib.new(digest, block + password + salt).digest()
            derived += block
        padder = padding.PKCS7(128).padder()
        padded = padder.update(data) + padder.finalize()
        encryptor = Cipher(algorithms.AES(derived[:32]), modes.CBC(derived[32:48])).encryptor()
        return b"Salted__" + salt + encryptor.update(padded) + encryptor.finalize()

    return encrypt


def second(data):
    salt = os.urandom(8)
    derived = hashlib.pbkdf2_hmac("sha256", password, salt, 10_000, 68)
    sealed = AESGCM(derived[:32]).encrypt(derived[32:44], data, derived[44:])
    return b"match_encrypted_v2__" + salt + sealed[-16:] + sealed[:-16]


if __name__ == "__main__":
    password = os.environ["P12_PASSWORD"].encode()
    *sources, folder = sys.argv[1:]
    certificate, key, profile = (pathlib.Path(source).read_bytes() for source in sources)
    store = {
        "certs/distribution/ABC123DEFG.cer": certificate,
        "certs/distribution/ABC123DEFG.p12": key,
        "profiles/appstore/AppStore_com.example.app.mobileprovision": profile,
    }
    for name, encrypt in [("md5", first("md5")), ("sha256", first("sha256")), ("v2", second)]:
        for path, data in store.items():
            target = pathlib.Path(folder, name, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            # Ruby's encode64 breaks lines after 60 characters.
            digits = base64.b64encode(encrypt(data)).decode()
            target.write_text("".join(digits[at : at + 60] + "\n" for at in range(0, len(digits), 60)))
