"""Finding where a transport stream goes on with other tracks, as after `cat` (ISO/IEC 13818-1, 2.4.4)."""

import mmap
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

# The beginning of a packet that begins with a program map, the table of a program's tracks; the length of a packet, and
# where the table begins in it (bytes).
MAP = re.compile(rb"\x47[\x40-\x5f].[\x10-\x1f]\x00\x02[\xb0-\xb3]", re.DOTALL)
PACKET, BEFORE_TABLE = 188, 5
# A bit of the sixth byte of a table. It is not set if the table is only announced.
IN_USE = 1
# The type of private data, and the descriptors by which DVB tells that they are sound: AC-3, E-AC-3, DTS, and AAC (ETSI
# EN 300 468, 6.1 and 6.4).
PRIVATE = 0x06
PRIVATE_SOUND = frozenset([0x6A, 0x7A, 0x7B, 0x7C])
# The registration by which private data is Opus (ETSI TS "Opus Interactive Audio Codec", draft 0.1.3), and a type for
# it that nothing else has.
OPUS_REGISTRATION, OPUS = b"\x05\x04Opus", 0x100
# The types of pictures and of sound (ISO/IEC 13818-1, table 2-34; SMPTE RP 227 for VC-1; ATSC A/53-3 for AC-3 and
# E-AC-3). Other tracks, such as subtitles, may come and go.
PICTURES = frozenset([0x01, 0x02, 0x10, 0x1B, 0x24, 0x33, 0xEA])
SOUND = PRIVATE_SOUND | {OPUS, 0x03, 0x04, 0x0F, 0x11, 0x81, 0x87}
# Each byte with its bits in the other order. The checksum at the end of each table (ISO/IEC 13818-1, annex A) is CRC-32
# with the bits of each byte in that order.
MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
# The CRC-32 of what ends with its own checksum, if that is stored inverted.
WHOLE = 0xFFFFFFFF


@dataclass
class _Program:
    """A program: its latest table, the types of its tracks so far by their identifiers, and its first and last map."""

    table: bytes
    tracks: dict[int, int]
    first: int
    last: int


def changes(data: mmap.mmap) -> list[int]:
    """List the byte positions of the program maps after which the tracks are others."""
    programs: dict[int, _Program] = {}
    offsets: set[int] = set()
    for match in MAP.finditer(data):
        offset = match.start()
        table = data[offset + BEFORE_TABLE : offset + PACKET]
        table = table[: 3 + (int.from_bytes(table[1:3]) & 0x3FF)]
        number = int.from_bytes(table[3:5])
        if number in programs and programs[number].table == table:
            programs[number].last = offset
        elif _is_whole(table) and table[5] & IN_USE:
            tracks = _tracks(table)
            before = programs.get(number)
            if before is not None and _are_others(before.tracks, tracks):
                # Several programs change together, and their maps follow each other.
                if before.last >= max(offsets, default=0):
                    offsets.add(offset)
            elif before is not None:
                # FFmpeg goes on with a track that comes back.
                tracks = before.tracks | tracks
            programs[number] = _Program(table, tracks, before.first if before else offset, offset)
    # A program that begins after all earlier ones have ended.
    for program in programs.values():
        earlier = [other for other in programs.values() if other.first < program.first]
        if earlier and all(other.last < program.first for other in earlier):
            offsets.add(program.first)
    return sorted(offsets)


def _is_whole(table: bytes) -> bool:
    """Return whether a table agrees with the checksum at its end."""
    return zlib.crc32(table.translate(MIRRORED)) == WHOLE and len(table) > 16


def _tracks(table: bytes) -> dict[int, int]:
    """Return the types of the tracks in a table, by their packet identifiers; of private sound, its descriptor."""
    offset, tracks = 12 + (int.from_bytes(table[10:12]) & 0xFFF), {}
    while offset + 5 <= len(table) - 4:
        kind, identifier, length = struct.unpack_from(">BHH", table, offset)
        end = offset + 5 + (length & 0xFFF)
        if kind == PRIVATE:
            content = table[offset + 5 : end]
            known = (tag for tag in _descriptors(content) if tag in PRIVATE_SOUND)
            kind = OPUS if OPUS_REGISTRATION in content else next(known, PRIVATE)
        tracks[identifier & 0x1FFF] = kind
        offset = end
    return tracks


def _descriptors(content: bytes) -> Iterator[int]:
    """Yield the tags of the descriptors of a track."""
    while len(content) > 1:
        yield content[0]
        content = content[2 + content[1] :]


def _are_others(before: dict[int, int], tracks: dict[int, int]) -> bool:
    """Return whether a picture or sound is gone and another one is there, or an identifier has another type."""
    for types in (PICTURES, SOUND):
        there = {identifier for identifier, kind in tracks.items() if kind in types}
        if there and any(kind in types for identifier, kind in before.items() if identifier not in there):
            return True
    return any(before[identifier] != tracks[identifier] for identifier in before.keys() & tracks.keys())
