"""Makes input folders for the end-to-end tests."""

import os
import shutil
from io import BytesIO

from PIL import Image


def rounds(photos, folder, count):
    """Fills a folder with `count` copies of the photos, as hard links to the first. Returns the folder."""
    first = folder / "round 000"
    shutil.copytree(photos, first)
    for number in range(1, count):
        shutil.copytree(first, folder / f"round {number:03d}", copy_function=os.link)
    return folder


def encoded(image, form, **options):
    """A Pillow image as the bytes of a file."""
    data = BytesIO()
    image.save(data, form, **options)
    return data.getvalue()


def small_jpeg(colour=(200, 30, 30), size=(24, 16)):
    return encoded(Image.new("RGB", size, colour), "JPEG")
