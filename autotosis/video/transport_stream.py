"""Finding where a transport stream goes on with other tracks, as after `cat` (ISO/IEC 13818-1, 2.4.4)."""

import mmap
import re
from dataclasses import dataclass

# The beginning of a packet that begins with a program map, the table of a program's tracks; the length of a packet, and
# where the table begins in it (bytes).
MAP = re.compile(rb"\x47[\x40-\x5f].[\x10-\x1f]\x00\x02[\xb0-\xb3]", re.DOTALL)
PACKET, BEFORE_TABLE = 188, 5
# The types of tracks that are pictures (ISO/IEC 13818-1, table 2-34; SMPTE RP 227 for VC-1).
PICTURES = frozenset([0x01, 0x02, 0x10, 0x1B, 0x24, 0x33, 0xEA])
# The polynomial of the checksum at the end of each table (ISO/IEC 13818-1, annex A).
POLYNOMIAL = 0x04C11DB7


@dataclass
class _Program:
    """A program: its latest table, the packet identifiers of its pictures, and where its first and last tables are."""

    table: bytes
    pictures: frozenset[int]
    first: int
    last: int


def changes(data: mmap.mmap) -> list[int]:
    """List the byte positions of the program maps after which no picture has the identifier that it had before."""
    known: dict[int, _Program] = {}
    found = set()
    for match in MAP.finditer(data):
        place = match.start()
        table = data[place + BEFORE_TABLE : place + PACKET]
        table = table[: 3 + (int.from_bytes(table[1:3]) & 0x3FF)]
        number = int.from_bytes(table[3:5])
        if number in known and known[number].table == table:
            known[number].last = place
        elif _is_whole(table):
            pictures = _pictures(table)
            before = known.get(number)
            if before is not None and before.pictures and not before.pictures & pictures:
                found.add(place)
            known[number] = _Program(table, pictures, before.first if before else place, place)
    # A program that begins after all earlier ones have ended.
    for one in known.values():
        earlier = [other for other in known.values() if other.first < one.first]
        if earlier and all(other.last < one.first for other in earlier):
            found.add(one.first)
    return sorted(found)


def _is_whole(table: bytes) -> bool:
    """Return whether a table agrees with the checksum at its end."""
    checksum = 0xFFFFFFFF
    for byte in table:
        checksum ^= byte << 24
        for _ in range(8):
            checksum = (checksum << 1 ^ (POLYNOMIAL if checksum >> 31 else 0)) & 0xFFFFFFFF
    return checksum == 0 and len(table) > 16


def _pictures(table: bytes) -> frozenset[int]:
    """Return the packet identifiers of the pictures in a table."""
    place, pictures = 12 + (int.from_bytes(table[10:12]) & 0xFFF), set()
    while place + 5 <= len(table) - 4:
        if table[place] in PICTURES:
            pictures.add(int.from_bytes(table[place + 1 : place + 3]) & 0x1FFF)
        place += 5 + (int.from_bytes(table[place + 3 : place + 5]) & 0xFFF)
    return frozenset(pictures)
