"""Finding where a transport stream goes on with other tracks, as after `cat` (ISO/IEC 13818-1, 2.4.4)."""

import mmap
import re
import zlib
from dataclasses import dataclass

# The beginning of a packet that begins with a program map, the table of a program's tracks; the length of a packet, and
# where the table begins in it (bytes).
MAP = re.compile(rb"\x47[\x40-\x5f].[\x10-\x1f]\x00\x02[\xb0-\xb3]", re.DOTALL)
PACKET, BEFORE_TABLE = 188, 5
# The types of tracks that are pictures (ISO/IEC 13818-1, table 2-34; SMPTE RP 227 for VC-1).
PICTURES = frozenset([0x01, 0x02, 0x10, 0x1B, 0x24, 0x33, 0xEA])
# Each byte with its bits in the other order. The checksum at the end of each table (ISO/IEC 13818-1, annex A) is CRC-32
# with the bits of each byte in that order.
MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
# The CRC-32 of what ends with its own checksum, if that is stored inverted.
WHOLE = 0xFFFFFFFF


@dataclass
class _Program:
    """A program: its latest table, the types of its tracks by their packet identifiers, and its first and last map."""

    table: bytes
    tracks: dict[int, int]
    first: int
    last: int


def changes(data: mmap.mmap) -> list[int]:
    """List the byte positions of the program maps after which the tracks are others."""
    programs: dict[int, _Program] = {}
    offsets = set()
    for match in MAP.finditer(data):
        offset = match.start()
        table = data[offset + BEFORE_TABLE : offset + PACKET]
        table = table[: 3 + (int.from_bytes(table[1:3]) & 0x3FF)]
        number = int.from_bytes(table[3:5])
        if number in programs and programs[number].table == table:
            programs[number].last = offset
        elif _is_whole(table):
            tracks = _tracks(table)
            before = programs.get(number)
            if before is not None and _are_others(before.tracks, tracks):
                offsets.add(offset)
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
    """Return the types of the tracks in a table, by their packet identifiers."""
    offset, tracks = 12 + (int.from_bytes(table[10:12]) & 0xFFF), {}
    while offset + 5 <= len(table) - 4:
        tracks[int.from_bytes(table[offset + 1 : offset + 3]) & 0x1FFF] = table[offset]
        offset += 5 + (int.from_bytes(table[offset + 3 : offset + 5]) & 0xFFF)
    return tracks


def _are_others(before: dict[int, int], tracks: dict[int, int]) -> bool:
    """Return whether no picture has the identifier that it had before, or an identifier has another type."""
    pictures = {identifier for identifier, kind in before.items() if kind in PICTURES}
    moved = bool(pictures) and not any(tracks.get(identifier) in PICTURES for identifier in pictures)
    return moved or any(before[identifier] != tracks[identifier] for identifier in before.keys() & tracks.keys())
