"""Pixels of the C++ decoders and of resize against Pillow, live and bit for bit."""

import hashlib
import io
import os
import random
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

REPOSITORY = Path(__file__).resolve().parent.parent
FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


class Probe:
    """The helper program `pomona_image_probe`: one request a line, one answer a line."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *fields):
        self.process.stdin.write("\t".join(str(field) for field in fields) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


@pytest.fixture(scope="module")
def probe():
    build = Path(os.environ.get("POMONA_BUILD", REPOSITORY / "build" / "release"))
    programs = sorted(build.glob("**/pomona_image_probe"))
    if not programs:
        pytest.skip(f"no pomona_image_probe below {build}: build the target of that name, or set POMONA_BUILD")
    probe = Probe(programs[0])
    yield probe
    probe.close()


def answer_of(pixels):
    """What the probe answers for these pixels."""
    height, width, _ = pixels.shape
    return f"ok {width} {height} {hashlib.sha256(pixels.tobytes()).hexdigest()}"


def pillow_pixels(path, orient=True):
    with Image.open(path) as image:
        if orient:
            image = ImageOps.exif_transpose(image)
        return np.asarray(image.convert("RGB"))


def photos_below(folder, limit=None):
    photos = sorted(folder.glob("**/*.jpg"))
    if limit is not None and len(photos) > limit:
        photos = random.Random(5).sample(photos, limit)
    return photos


def data_folder():
    return Path(os.environ.get("POMONA_TEST_DATA", REPOSITORY.parent / "shared" / "data"))


def differing(probe, photos):
    return [str(photo) for photo in photos if probe.ask("decode", photo) != answer_of(pillow_pixels(photo))]


def test_sample_photos_decode_as_pillow_does(probe):
    photos = photos_below(REPOSITORY / "examples" / "fruits")
    assert len(photos) > 100
    assert differing(probe, photos) == []


@pytest.mark.parametrize("folder, limit", [("seed24", None), ("grocery-photos", None), ("fruits360-30", 400)])
def test_test_data_decode_as_pillow_does(probe, folder, limit):
    photos = photos_below(data_folder() / folder, limit)
    if not photos:
        pytest.skip(f"no photos in {data_folder() / folder}: set POMONA_TEST_DATA to the folder of the test data")
    assert differing(probe, photos) == []


def natural_image(width, height, seed):
    """Noise over a gradient: reaches 0 and 255, so that overshoot is clipped."""
    generator = np.random.default_rng(seed)
    x = np.linspace(0, 255, width)[None, :, None]
    y = np.linspace(255, 0, height)[:, None, None]
    noise = generator.normal(0, 80, (height, width, 3))
    return Image.fromarray(np.clip((x + y) / 2 + noise, 0, 255).astype(np.uint8))


JPEG_SETTINGS = [
    {},
    {"progressive": True},
    {"subsampling": 0},
    {"subsampling": 1},
    {"subsampling": 2},
    {"quality": 5},
    {"quality": 100},
    {"optimize": True},
    {"restart_marker_blocks": 2},
    {"restart_marker_rows": 1, "progressive": True},
]
JPEG_KINDS = [(mode, settings) for mode in ("RGB", "L", "CMYK") for settings in JPEG_SETTINGS]
JPEG_KINDS.append(("RGB", {"keep_rgb": True, "subsampling": 0}))
JPEG_SIZES = [(1, 1), (3, 7), (8, 8), (17, 9), (64, 33), (100, 100), (131, 255)]


@pytest.mark.parametrize("mode, settings", JPEG_KINDS, ids=str)
def test_jpeg_kinds(probe, tmp_path, mode, settings):
    for size in JPEG_SIZES:
        path = tmp_path / f"{size[0]}x{size[1]}.jpg"
        natural_image(*size, seed=size[0]).convert(mode).save(path, **settings)
        assert probe.ask("decode", path) == answer_of(pillow_pixels(path)), size


LOSSLESS = [
    (".png", "1", {}),
    (".png", "L", {}),
    (".png", "LA", {}),
    (".png", "P", {}),
    (".png", "P", {"bits": 1}),
    (".png", "P", {"bits": 2}),
    (".png", "P", {"bits": 4}),
    (".png", "P", {"transparency": 3}),
    (".png", "L", {"transparency": 3}),
    (".png", "RGB", {"transparency": (1, 2, 3)}),
    (".png", "RGB", {"optimize": True}),
    (".png", "RGBA", {}),
    (".webp", "RGB", {}),
    (".webp", "RGB", {"quality": 20, "method": 6}),
    (".webp", "RGBA", {}),
    (".webp", "RGB", {"lossless": True}),
    (".webp", "RGBA", {"lossless": True, "exact": True}),
    (".bmp", "1", {}),
    (".bmp", "L", {}),
    (".bmp", "P", {}),
    (".bmp", "RGB", {}),
    (".bmp", "RGBA", {}),
    (".gif", "1", {}),
    (".gif", "L", {}),
    (".gif", "P", {}),
    (".gif", "P", {"interlace": 0}),
    (".gif", "P", {"transparency": 5}),
    (".tiff", "1", {}),
    (".tiff", "1", {"compression": "group3"}),
    (".tiff", "1", {"compression": "group4"}),
    (".tiff", "L", {}),
    (".tiff", "LA", {}),
    (".tiff", "P", {}),
    (".tiff", "P", {"compression": "tiff_lzw"}),
    (".tiff", "RGB", {}),
    (".tiff", "RGBA", {}),
    (".tiff", "CMYK", {}),
    (".tiff", "CMYK", {"compression": "tiff_adobe_deflate"}),
    (".tiff", "RGB", {"compression": "tiff_lzw"}),
    (".tiff", "RGB", {"compression": "tiff_adobe_deflate", "tiffinfo": {317: 2}}),
    (".tiff", "RGB", {"compression": "packbits"}),
    (".tiff", "RGB", {"compression": "jpeg"}),
    (".tiff", "L", {"compression": "jpeg"}),
    (".tiff", "RGB", {"compression": "tiff_lzw", "tiffinfo": {322: 16, 323: 16}}),
    (".tiff", "RGB", {"compression": "tiff_lzw", "tiffinfo": {278: 3}}),
    (".tiff", "RGB", {"big_tiff": True}),
]


@pytest.mark.parametrize("suffix, mode, settings", LOSSLESS, ids=str)
def test_other_formats(probe, tmp_path, suffix, mode, settings):
    for size in [(1, 1), (3, 7), (16, 16), (33, 21), (100, 75)]:
        path = tmp_path / f"{size[0]}x{size[1]}{suffix}"
        image = natural_image(*size, seed=size[1])
        if mode == "P":
            image = image.quantize(2 ** settings.get("bits", 8))
        elif mode.endswith("A"):
            image.putalpha(natural_image(*size, seed=1).convert("L"))
            image = image.convert(mode)
        else:
            image = image.convert(mode)
        image.save(path, **settings)
        assert probe.ask("decode", path) == answer_of(pillow_pixels(path)), size


def test_sixteen_bits_keep_the_high_byte(probe, tmp_path):
    samples = np.random.default_rng(1).integers(0, 65536, (20, 30), dtype=np.uint16)
    expected = answer_of(np.repeat((samples >> 8).astype(np.uint8)[:, :, None], 3, axis=2))
    for suffix in ".png", ".tiff":
        path = tmp_path / f"grey16{suffix}"
        Image.fromarray(samples).save(path)
        assert probe.ask("decode", path) == expected, suffix


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tiff"])
@pytest.mark.parametrize("orientation", range(0, 10))
def test_exif_orientation(probe, tmp_path, suffix, orientation):
    path = tmp_path / f"turned{suffix}"
    exif = Image.Exif()
    exif[0x0112] = orientation
    natural_image(21, 13, seed=7).save(path, exif=exif)
    assert probe.ask("decode", path) == answer_of(pillow_pixels(path))
    if suffix != ".tiff":  # Pillow always turns a TIFF
        assert probe.ask("stored", path) == answer_of(pillow_pixels(path, orient=False))


def test_orientation_in_xmp(probe, tmp_path):
    path = tmp_path / "xmp.jpg"
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    natural_image(21, 13, seed=8).save(path, xmp=packet)
    assert pillow_pixels(path).shape == (21, 13, 3)
    assert probe.ask("decode", path) == answer_of(pillow_pixels(path))


def test_first_frame_of_animations(probe, tmp_path):
    frames = [natural_image(40, 30, seed=seed) for seed in range(3)]
    for suffix in ".gif", ".webp", ".png", ".tiff":
        path = tmp_path / f"animation{suffix}"
        frames[0].save(path, save_all=True, append_images=frames[1:])
        assert probe.ask("decode", path) == answer_of(pillow_pixels(path)), suffix


def random_size(generator):
    """Mostly small sides, now and then a large one."""
    return int(generator.choice([generator.randint(1, 12), generator.randint(1, 300), generator.randint(200, 900)]))


def test_resize_of_random_sizes(probe, tmp_path):
    generator = random.Random(20)
    wrong = []
    for case in range(400):
        size = random_size(generator), random_size(generator)
        wanted = random_size(generator), random_size(generator)
        if case % 10 == 0:
            wanted = size[0], wanted[1]
        if case % 10 == 1:
            wanted = wanted[0], size[1]
        image = natural_image(*size, seed=case)
        path = tmp_path / "image.bmp"
        image.save(path)
        for name in FILTERS if case % 4 == 0 else [list(FILTERS)[case % 4]]:
            expected = answer_of(np.asarray(image.resize(wanted, FILTERS[name])))
            if probe.ask("resize", path, *wanted, name) != expected:
                wrong.append((size, wanted, name))
    assert wrong == []


@pytest.mark.parametrize("name", FILTERS)
def test_resize_of_photos(probe, name):
    photos = photos_below(REPOSITORY / "examples" / "fruits", 20) + photos_below(data_folder() / "grocery-photos", 20)
    wrong = []
    for photo in photos:
        pixels = Image.fromarray(pillow_pixels(photo))
        for size in (224, 224), (16, 16), (100, 100), (150, 97), (333, 500):
            expected = answer_of(np.asarray(pixels.resize(size, FILTERS[name])))
            if probe.ask("resize", photo, *size, name) != expected:
                wrong.append((str(photo), size))
    assert wrong == []


def test_resize_of_a_large_image(probe, tmp_path):
    image = natural_image(4032, 3024, seed=3)
    path = tmp_path / "large.bmp"
    image.save(path)
    for name, pillow_filter in FILTERS.items():
        expected = answer_of(np.asarray(image.resize((224, 224), pillow_filter)))
        assert probe.ask("resize", path, 224, 224, name) == expected, name


def test_a_prefix_of_a_file_is_never_half_an_image(probe, tmp_path):
    path = tmp_path / "prefix"
    image = natural_image(40, 30, seed=9)
    for kind in "JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF":
        buffer = io.BytesIO()
        image.save(buffer, kind)
        whole = buffer.getvalue()
        path.write_bytes(whole)
        expected = probe.ask("decode", path)
        assert expected.startswith("ok "), kind
        for size in sorted({*range(1, len(whole), max(1, len(whole) // 60)), len(whole) - 1, len(whole) - 2}):
            path.write_bytes(whole[:size])
            answer = probe.ask("decode", path)
            assert answer == expected or answer.split()[0] in ("truncated", "corrupt", "unknown-format"), (kind, size)
