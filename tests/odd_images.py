"""Odd image files: each sample of pomona/image/testdata whole, cut, damaged, and with a header that promises more."""

import random
import struct
import zlib
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "pomona" / "image" / "testdata"


def tiff_tags(data):
    """Tag -> where its value stands, of those with one short or long number; little-endian, not BigTIFF."""
    if data[:4] != b"II*\0":
        return {}
    (directory,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, directory)
    found = {}
    for at in range(directory + 2, directory + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from("<HHI", data, at)
        if kind in (3, 4) and values == 1:
            found[tag] = at + 8
    return found


def doubled(data, at, form):
    number = 2 * struct.unpack_from(form, data, at)[0]
    return data[:at] + struct.pack(form, number) + data[at + struct.calcsize(form) :]


def taller_tiff(data):
    """Twice the rows, in the image and in each strip or tile."""
    tags = tiff_tags(data)
    for tag in (257, 278, 323):
        if tag in tags:
            data = doubled(data, tags[tag], "<H")
    return data if tags else None


def taller_png(data):
    data = doubled(data, 20, ">I")
    return data[:29] + struct.pack(">I", zlib.crc32(data[12:29])) + data[33:]


def taller_gif(data):
    colours = 3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0
    at = 13 + colours
    while data[at : at + 1] == b"!":  # extensions
        at += 2
        while data[at]:
            at += data[at] + 1
        at += 1
    return doubled(data, at + 7, "<H")


def taller_bmp(data):
    return doubled(data, 20, "<H") if data[14] == 12 else doubled(data, 22, "<i")


def taller_jpeg(data):
    at = 2
    while data[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    return doubled(data, at + 5, ">H")


def taller_webp(data):
    """Of the simple formats alone: the others say the size twice."""
    if data[12:16] == b"VP8 ":
        return doubled(data, 28, "<H")
    if data[12:16] == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return data[:21] + struct.pack("<I", bits + (16 << 14)) + data[25:]
    return None


TALLER = {
    ".tif": taller_tiff,
    ".png": taller_png,
    ".gif": taller_gif,
    ".bmp": taller_bmp,
    ".jpg": taller_jpeg,
    ".webp": taller_webp,
}


def damaged(data, seed):
    """Some bytes beyond the first forty are others."""
    generator = random.Random(seed)
    damage = bytearray(data)
    for _ in range(1 + seed % 4):
        damage[generator.randrange(min(40, len(data) - 1), len(data))] = generator.randrange(256)
    return bytes(damage)


def odd_versions(name, data):
    """Yields (name, bytes) of a sample and of what can be wrong with it."""
    yield f"whole-{name}", data
    more = TALLER[Path(name).suffix](data)
    if more is not None:
        yield f"taller-{name}", more
    for quarter in 1, 2, 3:
        yield f"cut-{quarter}-{name}", data[: len(data) * quarter // 4]
    yield f"cut-4-{name}", data[:-3]
    for seed in range(6):
        yield f"damaged-{seed}-{name}", damaged(data, seed)


def write_odd_images(folder):
    """Writes them all; returns their paths in the order of their names."""
    for sample in sorted(SAMPLES.iterdir()):
        if sample.suffix in TALLER:
            for name, data in odd_versions(sample.name, sample.read_bytes()):
                (folder / name).write_bytes(data)
    return sorted(folder.iterdir())
