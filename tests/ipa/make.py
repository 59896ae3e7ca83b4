"""Writes an .ipa, a sound one or one with a defect, with nothing but Python's standard library.

    make.py --out FILE [--bundle-id ID] [--version V] [--build N] [--name NAME] [--profile FILE] [--profiles ID=FILE ...]
            [--plugin ID ...] [--watch ID] [--clip ID] [--icon FILE] [--xml] [--size BYTES] [--defect NAME]

A second hand beside the project's own builder: tests read what this wrote, so that no reader is judged by its own writer
alone. Sizes are exact. Defects: see DEFECTS below.
"""

import argparse
import io
import plistlib
import struct
import sys
import zipfile

ARM64, ARM64_32, X86_64 = 0x0100000C, 0x0200000C, 0x01000007
IOS, WATCHOS, SIMULATOR = 2, 4, 7


def mach_o(cpu=ARM64, platform=IOS, signed=True, encrypted=0):
    """A 64-bit Mach-O header: build version, encryption info, code signature."""
    commands = [
        struct.pack("<6I", 0x32, 24, platform, 16 << 16, 17 << 16, 0),
        struct.pack("<6I", 0x2C, 24, 0x4000, 0x4000, encrypted, 0),
    ]
    if signed:
        commands.append(struct.pack("<4I", 0x1D, 16, 0x20000, 0x200))
    body = b"".join(commands)
    header = struct.pack("<8I", 0xFEEDFACF, cpu, 0, 2, len(commands), len(body), 0x200085, 0)
    return (header + body).ljust(0x20200, b"\0")


def info_plist(options, bundle_id, name, platform="iPhoneOS", **more):
    entries = {
        "CFBundleIdentifier": bundle_id,
        "CFBundleExecutable": name,
        "CFBundleName": name,
        "CFBundleShortVersionString": options.version,
        "CFBundleVersion": options.build,
        "CFBundleSupportedPlatforms": [platform],
        "DTPlatformName": platform.lower(),
        "MinimumOSVersion": "16.0",
        **more,
    }
    form = plistlib.FMT_XML if options.xml else plistlib.FMT_BINARY
    return plistlib.dumps(entries, fmt=form)


def files_of(options):
    """Every file of the archive, in order: name, content."""
    profiles = dict(pair.split("=", 1) for pair in options.profiles)
    root = f"Payload/{options.name}.app"
    extension = {"NSExtension": {"NSExtensionPointIdentifier": "com.apple.share-services"}}
    bundles = [(root, options.bundle_id, options.name, ARM64, IOS, "iPhoneOS", {
        "CFBundleDisplayName": options.name,
        "CFBundleIcons": {"CFBundlePrimaryIcon": {"CFBundleIconFiles": ["AppIcon60x60"]}},
        "ITSAppUsesNonExemptEncryption": False,
        "LSRequiresIPhoneOS": True,
        "NSCameraUsageDescription": "To scan the code on a parcel.",
    })]
    for number, plugin in enumerate(options.plugin):
        bundles.append((f"{root}/PlugIns/Plugin{number}.appex", plugin, f"Plugin{number}", ARM64, IOS, "iPhoneOS", extension))
    if options.watch:
        bundles.append((f"{root}/Watch/Watch.app", options.watch, "Watch", ARM64_32, WATCHOS, "WatchOS", {}))
    if options.clip:
        bundles.append((f"{root}/AppClips/Clip.app", options.clip, "Clip", ARM64, IOS, "iPhoneOS", {}))
    for folder, bundle_id, name, cpu, platform, platform_name, more in bundles:
        yield f"{folder}/Info.plist", info_plist(options, bundle_id, name, platform_name, **more)
        profile = profiles.get(bundle_id, options.profile)
        if profile:
            with open(profile, "rb") as file:
                yield f"{folder}/embedded.mobileprovision", file.read()
        yield f"{folder}/{name}", mach_o(cpu, platform)
    if options.icon:
        with open(options.icon, "rb") as file:
            yield f"{root}/AppIcon60x60@3x.png", file.read()


def write(options, out, files, padding=None):
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        if padding is not None:
            entry = zipfile.ZipInfo(f"Payload/{options.name}.app/Assets.car")
            with archive.open(entry, "w") as file:
                block = bytes((number * 167 + number // 256) % 256 for number in range(65536))
                while padding > 0:
                    file.write(block[:padding])
                    padding -= len(block)


def two_apps(options, files):
    other = info_plist(options, options.bundle_id + "2", "Other")
    return files + [("Payload/Other.app/Info.plist", other)]


def without(ending):
    return lambda options, files: [file for file in files if not file[0].endswith(ending)]


def with_info(content):
    def change(options, files):
        name = f"Payload/{options.name}.app/Info.plist"
        return [(name, content(options)) if file[0] == name else file for file in files]

    return change


def damaged_plist(options):
    return info_plist(options, options.bundle_id, options.name)[:-40] + b"\xff" * 40


def endless_plist(options):
    """A binary list whose arrays name the next one twice, forty times over."""
    objects = [b"\xa2" + bytes([number + 1] * 2) for number in range(40)] + [b"\x09"]
    offsets = bytes(8 + sum(len(before) for before in objects[:number]) for number in range(len(objects)))
    body = b"bplist00" + b"".join(objects)
    return body + offsets + struct.pack(">6xBBQQQ", 1, 1, len(objects), 0, len(body))


def renamed(old, new):
    return lambda options, files: [(name.replace(old, new), content) for name, content in files]


def added(name, content=b"x"):
    return lambda options, files: files + [(name, content)]


def many_entries(options, files):
    return files + [(f"Payload/{options.name}.app/{number}", b"") for number in range(100_001 - len(files))]


def executable(**changes):
    return lambda options, files: [
        (name, mach_o(**changes)) if name == f"Payload/{options.name}.app/{options.name}" else (name, content)
        for name, content in files
    ]


# What changes the files before they are packed.
DEFECTS = {
    "two-apps": two_apps,
    "no-plist": without(".app/Info.plist"),
    "bad-plist": with_info(damaged_plist),
    "endless-plist": with_info(endless_plist),
    "bomb": with_info(lambda options: b"<plist>" + b" " * (4 * 1024 * 1024)),
    "large-plist": with_info(lambda options: b"<plist>" + b" " * (6 * 1024 * 1024)),
    "no-payload": renamed("Payload/", ""),
    "xcarchive": renamed("Payload/", "Demo.xcarchive/Products/Applications/"),
    "mac-app": renamed(".app/", ".app/Contents/"),
    "many-entries": many_entries,
    "parent-name": added("Payload/../../evil"),
    "absolute-name": added("/etc/evil"),
    "case-name": added("Payload/Demo.app/info.plist"),
    "duplicate": lambda options, files: files + files[:1],
    "simulator": executable(cpu=X86_64, platform=SIMULATOR),
    "unsigned": executable(signed=False),
    "encrypted-executable": executable(encrypted=1),
}


def patched(data, signature, offset, form, value, nth=0):
    """The archive with one field of the nth record of this signature changed."""
    at = -1
    for _ in range(nth + 1):
        at = data.index(signature, at + 1)
    out = bytearray(data)
    struct.pack_into(form, out, at + offset, value)
    return bytes(out)


def overlap(data):
    first = data.index(b"PK\x01\x02")
    return patched(data, b"PK\x01\x02", 42, "<I", struct.unpack_from("<I", data, first + 42)[0], nth=1)


# What changes the archive after it was packed.
BROKEN = {
    "truncated": lambda data: data[: len(data) // 2],
    "cut-tail": lambda data: data[:-1],
    "overlap": overlap,
    "encrypted": lambda data: patched(data, b"PK\x01\x02", 8, "<H", 1),
    "compression": lambda data: patched(data, b"PK\x01\x02", 10, "<H", 93),
    "local-name": lambda data: patched(data, b"PK\x03\x04", 31, "<B", 0x41),
    "checksum": lambda data: patched(patched(data, b"PK\x03\x04", 14, "<I", 1), b"PK\x01\x02", 16, "<I", 1),
    "split": lambda data: patched(data, b"PK\x05\x06", 4, "<H", 1),
    "prepended": lambda data: b"PK\x03\x04" + data,
    "html": lambda data: b"<!DOCTYPE html><title>Sign in</title>",
    "pkg": lambda data: b"xar!" + data,
    "gzip": lambda data: b"\x1f\x8b\x08" + data,
    "empty": lambda data: b"",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True)
    parser.add_argument("--bundle-id", default="com.example.app")
    parser.add_argument("--version", default="1.0")
    parser.add_argument("--build", default="1")
    parser.add_argument("--name", default="Demo")
    parser.add_argument("--profile", help="for every bundle that --profiles does not name")
    parser.add_argument("--profiles", nargs="*", default=[], metavar="ID=FILE")
    parser.add_argument("--plugin", nargs="*", default=[], metavar="ID")
    parser.add_argument("--watch", metavar="ID")
    parser.add_argument("--clip", metavar="ID")
    parser.add_argument("--icon", metavar="FILE")
    parser.add_argument("--xml", action="store_true", help="Info.plist as XML")
    parser.add_argument("--size", type=int, default=0)
    parser.add_argument("--defect", choices=sorted([*DEFECTS, *BROKEN]))
    options = parser.parse_args()

    files = list(files_of(options))
    if options.defect in DEFECTS:
        files = DEFECTS[options.defect](options, files)
    if options.defect in BROKEN:
        packed = io.BytesIO()
        write(options, packed, files)
        with open(options.out, "wb") as out:
            out.write(BROKEN[options.defect](packed.getvalue()))
        return
    padding = None
    if options.size:
        measured = io.BytesIO()
        write(options, measured, files, 0)
        padding = options.size - len(measured.getvalue())
        if padding > 0xF0000000:
            sys.exit("larger than 3.75 GB is not written here")
        if padding < 0:
            sys.exit("the files alone are larger than that")
    write(options, options.out, files, padding)


if __name__ == "__main__":
    main()
