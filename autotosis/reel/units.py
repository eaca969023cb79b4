"""What packets of H.264 and H.265 are made of: units, some of which are headers, and some begin a picture."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

from av.codec.context import CodecContext
from av.packet import Packet

# Types of units (ITU-T H.264, table 7-1; H.265, table 7-1): pictures that reset the decoder, and those that do so when
# they are called BLA_N_LP.
IDR = 5
HEVC_ANEW, CRA, BLA_N_LP = range(16, 22), 21, 18
# Headers: of a sequence and of pictures, and in H.265 of the video before them.
HEADERS, HEVC_HEADERS = (7, 8), (32, 33, 34)


def parameter_sets(packet: Packet[Any]) -> set[bytes]:
    """The units of sequence and picture parameters that a keyframe is decoded with: its own or, of the track's header,
    those of a kind that it has none of; without zeros behind them, which say nothing."""
    codec, data = packet.stream.codec_context, bytes(packet)
    header = codec.extradata or b""
    size, kinds, shift = _bytes_of_size(codec), HEVC_HEADERS if codec.name == "hevc" else HEADERS, codec.name == "hevc"

    def kind(unit: bytes) -> int:
        return unit[0] >> 1 & 63 if shift else unit[0] & 31

    own = [unit for unit in _units(data, size) if unit and kind(unit) in kinds]
    stored = [unit for unit in (_stored(header, codec.name) if size else _units(header, 0)) if unit]
    has = {kind(unit) for unit in own}
    common = [unit for unit in stored if kind(unit) in kinds and kind(unit) not in has]
    return {unit.rstrip(b"\0") for unit in (*own, *common)}


def begins_anew(packet: Packet[Any]) -> bool:
    """Whether decoding can begin with a packet, whatever came before."""
    return any(True for _ in _pictures_that_begin_anew(packet))


def _pictures_that_begin_anew(packet: Packet[Any]) -> Iterator[int]:
    """Where in a packet the headers are of pictures at which decoding can begin anew, whatever came before."""
    codec, data = packet.stream.codec_context, bytes(packet)
    hevc = codec.name == "hevc"
    for place, _ in _places(data, _bytes_of_size(codec)):
        if data[place] >> 1 & 63 in HEVC_ANEW if hevc else data[place] & 31 == IDR:
            yield place


def begin_anew(packet: Packet[Any]) -> None:
    """Tell the decoder not to expect what the first picture of a range follows in its video: CRA becomes BLA_N_LP."""
    if packet.stream.codec_context.name != "hevc":
        return
    data = bytearray(packet)
    for place in _pictures_that_begin_anew(packet):
        if data[place] >> 1 & 63 == CRA:
            data[place] = data[place] & 0b10000001 | BLA_N_LP << 1
    packet.update(bytes(data))


def _bytes_of_size(codec: CodecContext) -> int:
    """How long the sizes of units are in packets, as the header that comes with the track says, if of this kind."""
    header = codec.extradata or b"\0"
    return (header[21 if codec.name == "hevc" else 4] & 3) + 1 if header[0] == 1 else 0


def _stored(header: bytes, codec: str) -> Iterator[bytes]:
    """The units in the header of a track in MP4 or Matroska (ISO/IEC 14496-15, 5.3.3 and 8.3.3)."""
    arrays, place = (1, 23) if codec == "hevc" else (2, 5)
    arrays = header[22] if codec == "hevc" else arrays
    for _ in range(arrays):
        if codec == "hevc":
            count, place = int.from_bytes(header[place + 1 : place + 3]), place + 3
        else:
            count, place = header[place] & 31, place + 1
        for _ in range(count):
            size = int.from_bytes(header[place : place + 2])
            yield header[place + 2 : place + 2 + size]
            place += 2 + size


def _units(data: bytes, bytes_of_size: int) -> Iterator[bytes]:
    """The units in a packet; see `_places`."""
    return (data[start:end] for start, end in _places(data, bytes_of_size))


def _places(data: bytes, bytes_of_size: int) -> Iterator[tuple[int, int]]:
    """Where in a packet its units begin and end: each behind its size or, where sizes have no bytes, a start code.

    ITU-T H.264 and H.265, annex B; ISO/IEC 14496-15, 5.3 and 8.3.
    """
    if not bytes_of_size:
        codes = [match.span() for match in re.finditer(b"\0\0\1", data)]
        for (_, start), (end, _) in itertools.pairwise([*codes, (len(data), 0)]):
            yield start, end
        return
    place = 0
    while place + bytes_of_size < len(data):
        unit = place + bytes_of_size
        place = unit + int.from_bytes(data[place:unit])
        yield unit, min(place, len(data))
