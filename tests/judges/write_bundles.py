"""Writes .p12 bundles and private keys with Python's own writers, for Russet to read.

    write_bundles.py KEY.pem CERTIFICATE.pem CHAIN.pem FOLDER      password in the variable P12_PASSWORD

Each file's name says how it is protected. The bundles with PBMAC1 (RFC 9579), which the package cannot write, get their MAC
here, by hand and by hashlib: an implementation that shares nothing with the reader.
"""

import hashlib
import hmac
import os
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12


def builder(scheme, digest, rounds):
    return (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(rounds)
        .key_cert_algorithm(scheme)
        .hmac_hash(digest)
        .build(password)
    )


def element(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(digits)]) + digits + content


def split(data):
    """The header's length, the contents' length of the first element."""
    first = data[1]
    if first < 0x80:
        return 2, first
    octets = first & 0x7F
    return 2 + octets, int.from_bytes(data[2 : 2 + octets], "big")


def take(data):
    header, size = split(data)
    return data[: header + size], data[header + size :]


def inside(data):
    header, size = split(data)
    return data[header : header + size]


def oid(text):
    arcs = [int(arc) for arc in text.split(".")]
    encoded = bytes([arcs[0] * 40 + arcs[1]])
    for arc in arcs[2:]:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        encoded += bytes(reversed(groups))
    return element(0x06, encoded)


HMAC = {"sha1": "1.2.840.113549.2.7", "sha256": "1.2.840.113549.2.9", "sha512": "1.2.840.113549.2.11"}


def with_pbmac1(bundle, prf, mac, rounds):
    version, rest = take(inside(bundle))
    safe, _ = take(rest)
    _, explicit = take(inside(safe))
    content = inside(inside(explicit))
    salt = os.urandom(16)
    size = hashlib.new(mac).digest_size
    key = hashlib.pbkdf2_hmac(prf, password, salt, rounds, size)
    null = element(0x05)
    derivation = element(
        0x30,
        element(0x04, salt),
        element(0x02, rounds.to_bytes(rounds.bit_length() // 8 + 1, "big")),
        element(0x02, bytes([size])),
        element(0x30, oid(HMAC[prf]), null),
    )
    algorithm = element(
        0x30,
        oid("1.2.840.113549.1.5.14"),
        element(
            0x30,
            element(0x30, oid("1.2.840.113549.1.5.12"), derivation),
            element(0x30, oid(HMAC[mac]), null),
        ),
    )
    digest = element(0x04, hmac.new(key, content, mac).digest())
    mac_data = element(0x30, element(0x30, algorithm, digest), element(0x04, b"NOT USED"))
    return element(0x30, version, safe, mac_data)


def bundle(encryption, cas):
    return pkcs12.serialize_key_and_certificates(b"Exported", key, certificate, cas, encryption)


def files():
    des, aes = pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC, pkcs12.PBES.PBESv2SHA256AndAES256CBC
    for name, scheme, digest in [
        ("des-sha1", des, hashes.SHA1()),
        ("des-sha256", des, hashes.SHA256()),
        ("aes-sha1", aes, hashes.SHA1()),
        ("aes-sha256", aes, hashes.SHA256()),
        ("aes-sha512", aes, hashes.SHA512()),
    ]:
        yield f"{name}.p12", bundle(builder(scheme, digest, 3000), chain)
    yield "best.p12", bundle(serialization.BestAvailableEncryption(password), chain)
    modern = bundle(builder(aes, hashes.SHA256(), 3000), chain)
    for prf, mac in [("sha256", "sha256"), ("sha512", "sha512"), ("sha1", "sha1"), ("sha256", "sha512")]:
        yield f"pbmac1-{prf}-{mac}.p12", with_pbmac1(modern, prf, mac, 2048)
    encrypted = serialization.BestAvailableEncryption(password)
    for name, form in [("pkcs8", PrivateFormat.PKCS8), ("traditional", PrivateFormat.TraditionalOpenSSL)]:
        yield f"{name}.pem", key.private_bytes(serialization.Encoding.PEM, form, encrypted)
    yield "pkcs8.der", key.private_bytes(serialization.Encoding.DER, PrivateFormat.PKCS8, encrypted)


if __name__ == "__main__":
    password = os.environ["P12_PASSWORD"].encode()
    key_path, certificate_path, chain_path, folder = sys.argv[1:]
    key = serialization.load_pem_private_key(pathlib.Path(key_path).read_bytes(), None)
    certificate = x509.load_pem_x509_certificate(pathlib.Path(certificate_path).read_bytes())
    chain = x509.load_pem_x509_certificates(pathlib.Path(chain_path).read_bytes())
    for name, data in files():
        pathlib.Path(folder, name).write_bytes(data)
