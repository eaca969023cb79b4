"""The NAL units of H.264 and H.265 packets: parameter sets, and pictures at which decoding can start."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

from av.codec.context import CodecContext
from av.packet import Packet

# Types of NAL units (ITU-T H.264, table 7-1; H.265, table 7-1). Pictures at which decoding can start: IDR in H.264 and
# a range of types in H.265. One of these, CRA, may be followed by pictures that need earlier ones; BLA_N_LP says that
# there are none.
IDR = 5
HEVC_START, CRA, BLA_N_LP = range(16, 22), 21, 18
# Parameter sets: of sequences and pictures, and in H.265 also of the whole video.
PARAMETER_SETS, HEVC_PARAMETER_SETS = {7, 8}, {32, 33, 34}


def parameter_sets(packet: Packet[Any], header: bytes) -> set[bytes]:
    """Return the parameter sets that a keyframe is decoded with.

    They are those in its packet, and for kinds that the packet lacks, those in the header of the track there. Zeros at
    their ends, which have no meaning, are removed.
    """
    codec, data = packet.stream.codec_context, bytes(packet)
    size, hevc = _length_size(codec), codec.name == "hevc"
    kinds = HEVC_PARAMETER_SETS if hevc else PARAMETER_SETS
    own = [unit for unit in _units(data, size) if _kind(unit[0], hevc) in kinds]
    lacking = kinds - {_kind(unit[0], hevc) for unit in own}
    stored = _stored_units(header, hevc) if size else _units(header, 0)
    common = [unit for unit in stored if _kind(unit[0], hevc) in lacking]
    return {unit.rstrip(b"\0") for unit in (*own, *common)}


def can_start(packet: Packet[Any]) -> bool:
    """Return whether decoding can start with a packet, whatever came before it."""
    return any(True for _ in _start_pictures(packet))


def _start_pictures(packet: Packet[Any]) -> Iterator[int]:
    """Yield the position in a packet of each picture at which decoding can start."""
    codec, data = packet.stream.codec_context, bytes(packet)
    hevc = codec.name == "hevc"
    for offset, _ in _unit_ranges(data, _length_size(codec)):
        if _kind(data[offset], hevc) in (HEVC_START if hevc else (IDR,)):
            yield offset


def break_link(packet: Packet[Any]) -> None:
    """Mark a packet that follows other packets than in its video: CRA pictures become BLA_N_LP."""
    if packet.stream.codec_context.name != "hevc":
        return
    data = bytearray(packet)
    for offset in _start_pictures(packet):
        if _kind(data[offset], hevc=True) == CRA:
            data[offset] = data[offset] & 0b10000001 | BLA_N_LP << 1
    packet.update(bytes(data))


def _kind(first: int, hevc: bool) -> int:
    """Return the type of a unit, which is in its first byte."""
    return first >> 1 & 63 if hevc else first & 31


def _length_size(codec: CodecContext) -> int:
    """Return the number of bytes in which packets store the length of each unit; 0 if they have start codes instead.

    It is in the header of the track.
    """
    header = codec.extradata or b"\0"
    return (header[21 if codec.name == "hevc" else 4] & 3) + 1 if header[0] == 1 else 0


def _stored_units(header: bytes, hevc: bool) -> Iterator[bytes]:
    """Yield the units in the header of a track in MP4 or Matroska (ISO/IEC 14496-15, 5.3.3 and 8.3.3)."""
    arrays, offset = (header[22], 23) if hevc else (2, 5)
    for _ in range(arrays):
        if hevc:
            count, offset = int.from_bytes(header[offset + 1 : offset + 3]), offset + 3
        else:
            count, offset = header[offset] & 31, offset + 1
        for _ in range(count):
            size = int.from_bytes(header[offset : offset + 2])
            if unit := header[offset + 2 : offset + 2 + size]:
                yield unit
            offset += 2 + size


def _units(data: bytes, length_size: int) -> Iterator[bytes]:
    """Yield the units in a packet."""
    return (data[start:end] for start, end in _unit_ranges(data, length_size))


def _unit_ranges(data: bytes, length_size: int) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each unit in a packet that is not empty. It follows its length or a start code.

    ITU-T H.264 and H.265, annex B; ISO/IEC 14496-15, 5.3 and 8.3.
    """
    if not length_size:
        codes = [match.span() for match in re.finditer(b"\0\0\1", data)]
        for (_, start), (end, _) in itertools.pairwise([*codes, (len(data), 0)]):
            if start < end:
                yield start, end
        return
    offset = 0
    while offset + length_size < len(data):
        unit = offset + length_size
        offset = unit + int.from_bytes(data[offset:unit])
        if unit < offset:
            yield unit, min(offset, len(data))
