"""Made pictures: drawings that are told apart by eye, and every way a picture can be broken."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

KINDS = ("cross", "disc", "square")
TINY = (
    *("--set", "model.depths=[1,1,1,1]", "--set", "model.dims=[8,16,16,16]"),
    *("--set", "model.scale=1.0", "--augment", "none", "--device", "cpu"),
)
"""Options of a model that learns drawings in a second or two."""


def drawing(kind: str, number: int, *, side: int = 32) -> Image.Image:
    """Draw one of `KINDS`, each in shades of a colour, at a place that depends on `number`."""
    random = np.random.default_rng([KINDS.index(kind), number])
    shades = random.integers(0, 90, 3)
    shades[KINDS.index(kind)] += 150
    ink = tuple(int(v) for v in shades)
    image = Image.new("RGB", (side, side), tuple(int(v) for v in random.integers(0, 90, 3)))
    x, y = (int(v) for v in random.integers(side // 3, side - side // 3, 2))
    radius = int(random.integers(side // 5, side // 3))
    box = (x - radius, y - radius, x + radius, y + radius)
    pen = ImageDraw.Draw(image)
    if kind == "disc":
        pen.ellipse(box, fill=ink)
    elif kind == "square":
        pen.rectangle(box, fill=ink)
    else:
        pen.line([(x - radius, y), (x + radius, y)], ink, 3)
        pen.line([(x, y - radius), (x, y + radius)], ink, 3)
    return image


def save_drawings(folder: Path, count: int, *, first: int = 0, kinds=KINDS, side: int = 32) -> Path:
    """Save `count` drawings of each kind into class folders."""
    for kind in kinds:
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for number in range(first, first + count):
            drawing(kind, number, side=side).save(folder / kind / f"{number}.png")
    return folder


def truncated(image: Image.Image, kind: str = "JPEG") -> bytes:
    """Return the first half of a file."""
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()[: len(out.getvalue()) // 2]


def bomb(side: int = 30_000) -> bytes:
    """Return a PNG of a hundred bytes that says it has `side` × `side` cells."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\0" * 64))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def save_broken(folder: Path) -> dict[str, str]:
    """Save a picture of each kind of damage; return what a message must say of each."""
    folder.mkdir(parents=True, exist_ok=True)
    image = drawing("disc", 0, side=64)
    damaged = bytearray(truncated(image, "PNG") + b"\xff" * 200)
    files = {
        "empty.png": (b"", "empty (0 bytes)"),
        "half.jpg": (truncated(image), "truncated"),
        "half.png": (truncated(image, "PNG"), "truncated"),
        "garbled.png": (bytes(damaged), "damaged"),
        "text.jpg": (b"this is no picture at all", "no picture"),
        "bomb.png": (bomb(), "too many pixels"),
        "large.png": (bomb(10_000), "10,000 × 10,000 pixels"),
    }
    for name, (data, _) in files.items():
        (folder / name).write_bytes(data)
    return {name: words for name, (_, words) in files.items()}
