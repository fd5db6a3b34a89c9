"""A video as an MP4 file: JPEG pictures one after the other (Motion JPEG), with the tables that say where they are.

The upstream encodes its videos as H.264, which no library at hand can write; players take either.
"""

from __future__ import annotations

import struct

RATE = 25  # frames a second, and the unit of all durations
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)  # shown upright and as large as it is
JPEG_VIDEO = 0x6C  # the registered object type


def movie(pictures: list[bytes], width: int, height: int) -> bytes:
    """Whole files of JPEG as one video."""
    kind = _box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isom", b"iso2", b"mp41")
    media = _box(b"mdat", *pictures)
    return kind + media + _index(pictures, width, height, start=len(kind) + 8)


def _box(name: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", len(content) + 8, name) + content


def _full(name: bytes, *parts: bytes, flags: int = 0) -> bytes:
    """A box that begins with a version, always 0, and flags."""
    return _box(name, struct.pack(">I", flags), *parts)


def _index(pictures: list[bytes], width: int, height: int, start: int) -> bytes:
    duration = len(pictures)
    size = struct.pack(">II", width << 16, height << 16)
    header = struct.pack(">4I I H 10x", 0, 0, RATE, duration, 0x10000, 0x100) + MATRIX + struct.pack(">24x I", 2)
    track = struct.pack(">5I 8x 4H", 0, 0, 1, 0, duration, 0, 0, 0, 0) + MATRIX + size
    media = _box(
        b"mdia",
        _full(b"mdhd", struct.pack(">4I HH", 0, 0, RATE, duration, 0x55C4, 0)),  # of no language
        _full(b"hdlr", struct.pack(">4x 4s 12x", b"vide"), b"frames\0"),
        _box(
            b"minf",
            _full(b"vmhd", bytes(8), flags=1),
            _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1))),
            _samples(pictures, width, height, start),
        ),
    )
    return _box(b"moov", _full(b"mvhd", header), _box(b"trak", _full(b"tkhd", track, flags=3), media))


def _samples(pictures: list[bytes], width: int, height: int, start: int) -> bytes:
    """Each lasts as long, all lie in one piece, each is complete in itself."""
    count = len(pictures)
    return _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), _description(width, height)),
        _full(b"stts", struct.pack(">3I", 1, count, 1)),
        _full(b"stsc", struct.pack(">4I", 1, 1, count, 1)),
        _full(b"stsz", struct.pack(">2I", 0, count), *(struct.pack(">I", len(picture)) for picture in pictures)),
        _full(b"stco", struct.pack(">2I", 1, start)),
    )


def _description(width: int, height: int) -> bytes:
    decoder = struct.pack(">BB 3x 8x", JPEG_VIDEO, 0x11)
    stream = struct.pack(">HB", 1, 0) + _descriptor(4, decoder) + _descriptor(6, b"\2")
    look = struct.pack(">6x H 16x HH II 4x H 32x Hh", 1, width, height, 72 << 16, 72 << 16, 1, 24, -1)
    return _box(b"mp4v", look, _full(b"esds", _descriptor(3, stream)))


def _descriptor(tag: int, content: bytes) -> bytes:
    return struct.pack(">BB", tag, len(content)) + content
