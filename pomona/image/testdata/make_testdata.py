"""Writes a small image of every kind that Pomona decodes, and what Pillow sees in it.

    .venv/bin/python pomona/image/testdata/make_testdata.py

Each line of expected.tsv is a file, the width and height after EXIF orientation, and the SHA-256 of its RGB bytes, by
Pillow; where samples have 16 bits, of their high bytes. decode_test.cc reads it.
"""

import hashlib
import io
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

FOLDER = pathlib.Path(__file__).resolve().parent
WIDTH, HEIGHT = 37, 23

rng = np.random.default_rng(360)
expected = {}


def picture(width=WIDTH, height=HEIGHT, amount=25):
    """Slopes of colour with some noise: smooth enough to compress, rough enough to tell decoders apart."""
    x = np.linspace(0, 255, width)[None, :]
    y = np.linspace(0, 255, height)[:, None]
    channels = np.stack([x + 0 * y, 0 * x + y, 255 - (x + y) / 2], axis=2)
    noisy = channels + rng.normal(0, amount, channels.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def expect(name, pixels=None):
    if pixels is None:
        with Image.open(FOLDER / name) as image:
            pixels = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    height, width, _ = pixels.shape
    expected[name] = (width, height, hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest())


def save(name, image, **settings):
    image.save(FOLDER / name, **settings)
    expect(name)


def write(name, data, pixels=None):
    (FOLDER / name).write_bytes(data)
    expect(name, pixels)


def with_alpha(image):
    alpha = picture(*image.size).convert("L")
    image = image.copy()
    image.putalpha(alpha)
    return image


def exif(orientation):
    block = Image.Exif()
    block[0x0112] = orientation
    return block


def jpeg():
    rgb = picture()
    for subsampling, label in enumerate(("444", "422", "420")):
        save(f"jpeg_{label}.jpg", rgb, subsampling=subsampling)
    save("jpeg_progressive.jpg", rgb, progressive=True)
    save("jpeg_optimized.jpg", rgb, optimize=True, quality=95)
    save("jpeg_restart.jpg", rgb, restart_marker_blocks=1)
    save("jpeg_grey.jpg", rgb.convert("L"))
    save("jpeg_grey_progressive.jpg", rgb.convert("L"), progressive=True)
    save("jpeg_rgb.jpg", rgb, keep_rgb=True, subsampling=0)
    save("jpeg_cmyk.jpg", rgb.convert("CMYK"))
    save("jpeg_cmyk_progressive.jpg", rgb.convert("CMYK"), progressive=True)
    save("jpeg_one_pixel.jpg", picture(1, 1))
    # The transform in Adobe's segment says how the four channels are meant: 0 CMYK, 2 YCCK.
    cmyk = (FOLDER / "jpeg_cmyk.jpg").read_bytes()
    transform = cmyk.index(b"Adobe") + 11
    write("jpeg_ycck.jpg", cmyk[:transform] + b"\x02" + cmyk[transform + 1 :])
    write("jpeg_trailing_bytes.jpg", (FOLDER / "jpeg_420.jpg").read_bytes() + b"what a phone appends" * 9)
    for orientation in range(1, 9):
        save(f"jpeg_orientation_{orientation}.jpg", picture(21, 13), exif=exif(orientation))
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="8"/></x:xmpmeta>'
    save("jpeg_xmp.jpg", picture(21, 13), xmp=packet)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_file(width, height, depth, colour_type, raw, interlaced=0, before=()):
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlaced)
    chunks = [chunk(b"IHDR", header), *before, chunk(b"IDAT", zlib.compress(raw, 9)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def scanlines(samples):
    return b"".join(b"\0" + row.tobytes() for row in np.ascontiguousarray(samples))


def adam7(samples):
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    parts = [samples[y::dy, x::dx] for x, y, dx, dy in passes]
    return b"".join(scanlines(part) for part in parts if part.size)


def png():
    rgb = picture()
    grey = rgb.convert("L")
    save("png_1bit.png", rgb.convert("1"))
    save("png_grey.png", grey)
    save("png_grey_alpha.png", with_alpha(rgb).convert("LA"))
    save("png_rgb.png", rgb)
    save("png_rgba.png", with_alpha(rgb))
    save("png_grey_transparent.png", grey, transparency=80)
    save("png_rgb_transparent.png", rgb, transparency=rgb.getpixel((3, 3)))
    for bits in 1, 2, 4, 8:
        save(f"png_palette_{bits}.png", rgb.quantize(2**bits), bits=bits)
    save("png_palette_transparent.png", rgb.quantize(64), transparency=5)
    save("png_exif.png", picture(21, 13), exif=exif(6))
    for bits in 2, 4:  # Pillow writes no grey of 2 or 4 bits
        levels = np.asarray(grey) >> (8 - bits)
        per_byte = 8 // bits
        padded = np.pad(levels, ((0, 0), (0, -WIDTH % per_byte)))
        packed = np.zeros((HEIGHT, padded.shape[1] // per_byte), np.uint8)
        for i in range(per_byte):
            packed |= padded[:, i::per_byte] << (8 - bits * (i + 1))
        write(f"png_grey_{bits}.png", png_file(WIDTH, HEIGHT, bits, 0, scanlines(packed)))
    write("png_interlaced.png", png_file(WIDTH, HEIGHT, 8, 2, adam7(np.asarray(rgb)), interlaced=1))
    for name, colour_type, channels in ("grey", 0, 1), ("rgb", 2, 3), ("grey_alpha", 4, 2), ("rgba", 6, 4):
        samples = rng.integers(0, 65536, (7, 9, channels), dtype=np.uint16)
        colours = (samples[:, :, : 3 if channels > 2 else 1] >> 8).astype(np.uint8)
        pixels = np.repeat(colours, 3, axis=2) if channels <= 2 else colours
        raw = scanlines(samples.astype(">u2"))
        write(f"png_{name}_16.png", png_file(9, 7, 16, colour_type, raw), pixels)
    palette = chunk(b"PLTE", bytes([10, 20, 30, 40, 50, 60]))
    indices = np.array([[0, 1, 2, 200]], np.uint8)
    write("png_short_palette.png", png_file(4, 1, 8, 3, scanlines(indices), before=(palette,)))


def webp():
    rgb = picture()
    save("webp_lossy.webp", rgb)
    save("webp_lossless.webp", rgb, lossless=True)
    save("webp_alpha.webp", with_alpha(rgb))
    save("webp_alpha_lossless.webp", with_alpha(rgb), lossless=True, exact=True)
    save("webp_exif.webp", picture(21, 13), exif=exif(5))
    save("webp_animated.webp", rgb, save_all=True, append_images=[picture(), picture()], lossless=True)


def encoded(image, kind, **settings):
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def tiff_file(width, height, tags, parts):
    """A little-endian TIFF: `tags` are (number, *short values); the strips or tiles follow the directory."""
    entries = {256: (3, (width,)), 257: (3, (height,))} | {number: (3, values) for number, *values in tags}
    offsets, sizes = (324, 325) if 322 in entries else (273, 279)
    entries[offsets] = entries[sizes] = (4, tuple(len(part) for part in parts))
    size = {3: 2, 4: 4}
    extra = 8 + 2 + 12 * len(entries) + 4
    offset = extra + sum(size[kind] * len(values) for kind, values in entries.values() if size[kind] * len(values) > 4)
    entries[offsets] = (4, tuple(offset + sum(map(len, parts[:i])) for i in range(len(parts))))
    directory, values_after = b"", b""
    for number in sorted(entries):
        kind, values = entries[number]
        packed = struct.pack(f"<{len(values)}{'H' if kind == 3 else 'I'}", *values)
        if len(packed) > 4:
            place = struct.pack("<I", extra + len(values_after))
            values_after += packed
        else:
            place = packed.ljust(4, b"\0")
        directory += struct.pack("<HHI", number, kind, len(values)) + place
    head = b"II*\0" + struct.pack("<IH", 8, len(entries)) + directory + b"\0" * 4
    return head + values_after + b"".join(parts)


def strip_of(image, **settings):
    """The one strip of the TIFF that Pillow makes of an image."""
    data = encoded(image, "TIFF", **settings)
    with Image.open(io.BytesIO(data)) as written:
        (offset,), (size,) = written.tag_v2[273], written.tag_v2[279]
    return data[offset : offset + size]


# Tags of a TIFF that Pillow does not write: 8-bit RGB, tiles of 16 x 16 pixels.
COLOUR = [(258, 8, 8, 8), (262, 2), (277, 3)]
TILES = [(322, 16), (323, 16)]


def tiles_of(image, side):
    """The tiles from left to right and top to bottom, black beyond the image."""
    width, height = image.size
    return [image.crop((x, y, x + side, y + side)) for y in range(0, height, side) for x in range(0, width, side)]


def tiff():
    rgb = picture()
    grey = rgb.convert("L")
    save("tiff_1bit.tif", rgb.convert("1"))
    save("tiff_1bit_group4.tif", rgb.convert("1"), compression="group4")
    save("tiff_white_is_zero.tif", grey, tiffinfo={262: 0})
    save("tiff_grey.tif", grey)
    save("tiff_palette.tif", rgb.quantize(16))
    save("tiff_rgb.tif", rgb)
    save("tiff_rgba.tif", with_alpha(rgb), compression="tiff_adobe_deflate")
    # The same samples under a tag (ExtraSamples) that says the colours are multiplied by alpha.
    save("tiff_rgba_raw.tif", with_alpha(rgb))
    data = (FOLDER / "tiff_rgba_raw.tif").read_bytes()
    entry = data.index(struct.pack("<HHI", 338, 3, 1)) + 8
    write("tiff_premultiplied.tif", data[:entry] + b"\x01" + data[entry + 1 :])
    save("tiff_cmyk.tif", rgb.convert("CMYK"), compression="tiff_lzw")
    save("tiff_lzw.tif", rgb, compression="tiff_lzw")
    save("tiff_deflate_predictor.tif", rgb, compression="tiff_adobe_deflate", tiffinfo={317: 2})
    save("tiff_packbits.tif", rgb, compression="packbits")
    save("tiff_jpeg.tif", rgb, compression="jpeg")
    tiles = [zlib.compress(tile.tobytes()) for tile in tiles_of(rgb, 16)]
    write("tiff_tiles.tif", tiff_file(WIDTH, HEIGHT, [*COLOUR, (259, 8), *TILES], tiles), np.asarray(rgb))
    save("tiff_big.tif", rgb, big_tiff=True)
    save("tiff_strips.tif", rgb, compression="tiff_lzw", tiffinfo={278: 4})
    save("tiff_exif.tif", picture(21, 13), exif=exif(7))
    save("tiff_pages.tif", rgb, save_all=True, append_images=[picture()])
    samples = rng.integers(0, 65536, (7, 9), dtype=np.uint16)
    Image.fromarray(samples).save(FOLDER / "tiff_grey_16.tif")
    expect("tiff_grey_16.tif", np.repeat((samples >> 8).astype(np.uint8)[:, :, None], 3, axis=2))


def bmp_file(width, height, bits, pixels, palette=b"", compression=0, masks=b""):
    offset = 14 + 40 + len(masks) + len(palette)
    colours = len(palette) // 4
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(pixels), 0, 0, colours, 0)
    return struct.pack("<2sIHHI", b"BM", offset + len(pixels), 0, 0, offset) + info + masks + palette + pixels


def rows(samples):
    """Rows from the bottom up, each filled to a multiple of four bytes."""
    raw = [row.tobytes() for row in samples[::-1]]
    return b"".join(row + b"\0" * (-len(row) % 4) for row in raw)


def bmp():
    rgb = picture()
    save("bmp_1bit.bmp", rgb.convert("1"))
    save("bmp_grey.bmp", rgb.convert("L"))
    save("bmp_palette.bmp", rgb.quantize(200))
    save("bmp_rgb.bmp", rgb)
    save("bmp_rgba.bmp", with_alpha(rgb))
    values = rng.integers(0, 65536, (5, 7), dtype=np.uint16)
    write("bmp_555.bmp", bmp_file(7, 5, 16, rows(values)))
    masks = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
    write("bmp_565.bmp", bmp_file(7, 5, 16, rows(values), compression=3, masks=masks))
    quads = rng.integers(0, 2**32, (5, 7), dtype=np.uint32)
    masks = struct.pack("<III", 0xFF000000, 0xFF0000, 0xFF00)
    write("bmp_bit_fields.bmp", bmp_file(7, 5, 32, rows(quads), compression=3, masks=masks))
    triples = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    write("bmp_top_down.bmp", bmp_file(7, -5, 24, rows(triples[::-1])))
    palette = rng.integers(0, 256, (16, 4), dtype=np.uint8).tobytes()
    nibbles = rng.integers(0, 256, (5, 4), dtype=np.uint8)
    write("bmp_4bit.bmp", bmp_file(7, 5, 4, rows(nibbles), palette))
    write("bmp_short_palette.bmp", bmp_file(7, 5, 4, rows(nibbles), palette[:12]))
    core = struct.pack("<2sIHHI", b"BM", 0, 0, 0, 26) + struct.pack("<IHHHH", 12, 7, 5, 1, 24)
    write("bmp_os2.bmp", core + rows(triples))
    # Runs, values as they are, an early end of line, a move.
    rle8 = bytes([3, 5, 4, 9, 0, 0, 0, 3, 1, 2, 3, 0, 4, 7, 0, 0, 2, 6, 0, 0, 7, 8, 0, 0, 0, 2, 2, 0, 5, 4, 0, 1])
    write("bmp_rle8.bmp", bmp_file(7, 5, 8, rle8, palette, compression=1))
    rle4 = bytes([7, 0x5A, 0, 0, 0, 5, 0x12, 0x34, 0x50, 0, 2, 0x66, 0, 0, 7, 0x78, 0, 0, 7, 0x9A, 0, 0, 7, 0xBC, 0, 1])
    write("bmp_rle4.bmp", bmp_file(7, 5, 4, rle4, palette, compression=2))


def gif():
    rgb = picture()
    save("gif_palette.gif", rgb.quantize(64), interlace=0)
    save("gif_interlaced.gif", rgb.quantize(64), interlace=1)
    save("gif_grey.gif", rgb.convert("L"))
    save("gif_transparent.gif", rgb.quantize(32), transparency=3)
    save("gif_animated.gif", rgb, save_all=True, append_images=[picture(), picture()])
    # The frame moved away from the corner of a larger screen, and one that reaches beyond its screen.
    data = bytearray((FOLDER / "gif_palette.gif").read_bytes())
    frame = data.index(b",", 13 + 3 * 64)
    data[frame + 1], data[frame + 3] = 5, 4
    write("gif_beyond_screen.gif", bytes(data))
    data[6], data[8] = WIDTH + 11, HEIGHT + 9
    write("gif_part_of_screen.gif", bytes(data))


def tiff_codecs():
    """Every way to compress, and JPEG with all that goes with it."""
    rgb = picture()
    grey, pixels = rgb.convert("L"), np.asarray(rgb)
    save("tiff_1bit_group3.tif", rgb.convert("1"), compression="group3")
    save("tiff_1bit_ccitt.tif", rgb.convert("1"), compression="tiff_ccitt")
    save("tiff_deflate.tif", rgb, compression="tiff_adobe_deflate")
    save("tiff_lzma.tif", rgb, compression="lzma")
    save("tiff_zstd.tif", rgb, compression="zstd")
    save("tiff_jpeg_grey.tif", grey, compression="jpeg")
    save("tiff_jpeg_cmyk.tif", rgb.convert("CMYK"), compression="jpeg")
    save("tiff_jpeg_strips.tif", rgb, compression="jpeg", tiffinfo={278: 16})
    # Pillow writes no more: of these the strips are its, or are raw samples, and the header is made here.
    tiles = [encoded(tile, "JPEG", keep_rgb=True, subsampling=0) for tile in tiles_of(rgb, 16)]
    write("tiff_jpeg_tiles.tif", tiff_file(WIDTH, HEIGHT, [*COLOUR, (259, 7), *TILES], tiles))
    tiles = [strip_of(tile, compression="group4") for tile in tiles_of(rgb.convert("1"), 16)]
    write("tiff_group4_tiles.tif", tiff_file(WIDTH, HEIGHT, [(258, 1), (262, 1), (259, 4), *TILES], tiles))
    colour = [*COLOUR, (278, HEIGHT)]
    ycbcr = [(258, 8, 8, 8), (262, 6), (277, 3), (278, HEIGHT), (530, 2, 2)]
    jpeg_bytes = encoded(rgb, "JPEG", subsampling=2, quality=97)
    write("tiff_jpeg_ycbcr.tif", tiff_file(WIDTH, HEIGHT, [*ycbcr, (259, 7)], [jpeg_bytes]))
    lossless = encoded(rgb, "WEBP", lossless=True, exact=True)
    write("tiff_webp.tif", tiff_file(WIDTH, HEIGHT, [*colour, (259, 50001)], [lossless]), pixels)
    # Stored blocks of more rows than there are: libdeflate stops before what does not fit.
    stored = zlib.compress(pixels.tobytes(), 0)
    fewer = [*COLOUR, (278, HEIGHT - 3), (259, 8)]
    write("tiff_deflate_surplus.tif", tiff_file(WIDTH, HEIGHT - 3, fewer, [stored]), pixels[:-3])
    planes = [zlib.compress(plane.tobytes()) for plane in rgb.split()]
    write("tiff_planes.tif", tiff_file(WIDTH, HEIGHT, [*colour, (259, 8), (284, 2)], planes), pixels)
    planes = [encoded(plane, "JPEG", quality=90) for plane in rgb.split()]
    decoded = [np.asarray(Image.open(io.BytesIO(plane))) for plane in planes]
    write("tiff_jpeg_planes.tif", tiff_file(WIDTH, HEIGHT, [*colour, (259, 7), (284, 2)], planes), np.dstack(decoded))
    planes = [encoded(plane, "JPEG", quality=90) for plane in rgb.convert("YCbCr").split()]
    tags = [*ycbcr[:-1], (530, 1, 1), (259, 7), (284, 2)]
    write("tiff_jpeg_ycbcr_planes.tif", tiff_file(WIDTH, HEIGHT, tags, planes))
    # The last strip as high as the first.
    strips = [encoded(rgb.crop((0, y, WIDTH, y + 16)), "JPEG", keep_rgb=True, subsampling=0) for y in (0, 16)]
    decoded = np.vstack([np.asarray(Image.open(io.BytesIO(strip))) for strip in strips])[:HEIGHT]
    surplus = tiff_file(WIDTH, HEIGHT, [*COLOUR, (278, 16), (259, 7)], strips)
    write("tiff_jpeg_surplus.tif", surplus, decoded)
    # The older JPEG in TIFF: a whole JPEG file, and YCbCr with halved chroma.
    start = len(tiff_file(WIDTH, HEIGHT, [*ycbcr, (259, 6), (513, 0), (514, 0)], [b""]))
    whole = [(259, 6), (513, start), (514, len(jpeg_bytes))]
    write("tiff_jpeg_old.tif", tiff_file(WIDTH, HEIGHT, [*ycbcr, *whole], [jpeg_bytes]))
    blocks = rng.integers(0, 256, ((HEIGHT + 1) // 2, (WIDTH + 1) // 2, 6), dtype=np.uint8)
    write("tiff_ycbcr.tif", tiff_file(WIDTH, HEIGHT, [*ycbcr, (259, 8)], [zlib.compress(blocks.tobytes())]))


def main():
    for kind in jpeg, png, webp, tiff, bmp, gif, tiff_codecs:
        kind()
    lines = [f"{name}\t{width}\t{height}\t{digest}\n" for name, (width, height, digest) in expected.items()]
    (FOLDER / "expected.tsv").write_text("".join(lines))
    total = sum((FOLDER / name).stat().st_size for name in expected)
    print(f"{len(expected)} images, {total:,} bytes")


if __name__ == "__main__":
    main()
