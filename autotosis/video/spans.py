"""Where in a file another recording begins that was appended to it, as `cat` or a recorder that restarts does."""

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from autotosis.video.opening import Span

# Elements of Matroska at the top (RFC 9559, section 5.1), and how a size begins that its writer did not know.
EBML, SEGMENT = 0x1A45DFA3, 0x18538067
# The header of an FLV file, and the size of the tag before the first, of which there is none (Adobe, FLV 10.1, E.2).
FLV = re.compile(rb"FLV\x01[\x00-\x05]\x00\x00\x00\x09\x00\x00\x00\x00")
FLV_HEADER, FLV_SOUND, FLV_PICTURE, FLV_SCRIPT = 13, 8, 9, 18
# What other formats begin with: tables of services and programs (ISO/IEC 13818-1, 2.4.4), packs, and names.
BEGINNINGS = {
    "mpegts": (b"\x47\x40\x11", b"\x47\x40\x00"),
    "mpeg": (b"\0\0\1\xba",),
    "matroska,webm": (EBML.to_bytes(4),),
    "nut": (b"nut/multimedia container\0",),
}
# So far before its first packet a recording begins at most, which in a transport stream are a few packets (bytes).
NEAR = {"mpegts": 8 * 192}
FARTHEST = 1 << 24


@dataclass(frozen=True)
class Structure:
    """How a file is made up.

    Attributes
    ----------
    spans : list of Span
        The recordings in it; one, where its structure does not tell.
    is_told : bool
        Whether the file tells what is in it, so that its packets need not be counted.
    lacks : bool
        Whether it ends before it says so.
    in_fragments : bool
        Whether what is there can be read all the same, since it tells bit by bit what is in it.
    """

    spans: list[Span]
    is_told: bool
    lacks: bool = False
    in_fragments: bool = True


def structure(span: Span, form: str) -> Structure:
    """How a file of some format, as FFmpeg calls it, is made up."""
    if not span.is_whole:
        # It has been looked at.
        return Structure([span], "mov" in form or "matroska" in form)
    if "mov" in form:
        return _boxes(span)
    if "matroska" in form:
        return _elements(span)
    if form == "flv":
        with _mapped(span) as data:
            return Structure(_between(span, [match.start() for match in FLV.finditer(data) if match.start()]), False)
    return Structure([span], form in ("avi", "asf", "mxf", "ogg"))


def cut(span: Span, form: str, places: list[int]) -> list[Span]:
    """The recordings in a file whose first packets are at these bytes of it, apart from the very first recording."""
    with _mapped(span) as data:
        if form == "flv":
            return _cut_flv(span, data, places)
        starts = [_beginning(data, form, place, span.first) for place in places]
    return _between(span, sorted({start for start in starts if start > span.first}))


def _beginning(data: mmap.mmap, form: str, place: int, after: int) -> int:
    near = max(after, place - NEAR.get(form, FARTHEST))
    found = [data.rfind(beginning, near, place + 4) for beginning in BEGINNINGS.get(form, ())]
    return min((start for start in found if start >= 0), default=place)


def _between(span: Span, starts: list[int]) -> list[Span]:
    firsts, ends = [span.first, *starts], [*starts, span.end]
    headers = [span.header, *[b""] * len(starts)]
    return [Span(span.path, *each) for each in zip(firsts, ends, headers, strict=True)]


def _mapped(span: Span) -> mmap.mmap:
    with span.path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def readable(span: Span) -> Span:
    """A whole file; of an MP4 in fragments that ends in the header of one, at which FFmpeg fails, what is before."""
    if not span.path.is_file():
        # FFmpeg says why.
        return span
    with span.path.open("rb") as file:
        if file.read(8)[4:] not in (b"ftyp", b"styp", b"moov"):
            return span
    boxes, size = _box_places(span)
    *_, (name, place, end) = boxes
    lacks = place > 0 and end > size and name != b"mdat"
    return replace(span, end=place) if lacks and _in_fragments(boxes) else span


def _boxes(span: Span) -> Structure:
    """MP4 and MOV: only one in fragments goes on behind another header (ISO/IEC 14496-12, 4.2)."""
    boxes, size = _box_places(span)
    starts = [start for name, start, _ in boxes if name == b"ftyp" and start]
    fragments = _in_fragments(boxes)
    return Structure(_between(span, starts if fragments else []), True, boxes[-1][2] > size, fragments)


def _in_fragments(boxes: list[tuple[bytes, int, int]]) -> bool:
    return any(name == b"moof" for name, _, _ in boxes)


def _box_places(span: Span) -> tuple[list[tuple[bytes, int, int]], int]:
    """The name of each box of a file, where it begins and where it says that it ends; and the file's size."""
    boxes, place = [], 0
    with span.path.open("rb") as file:
        size = file.seek(0, 2)
        while place + 8 <= size:
            file.seek(place)
            head = file.read(16)
            length = int.from_bytes(head[:4])
            if length == 1:
                length = int.from_bytes(head[8:16])
            # The last one may go to the end, whatever that is.
            end = place + length if length >= 8 else size
            boxes.append((head[4:8], place, end))
            place = end
    return boxes, size


def _elements(span: Span) -> Structure:
    starts, place = [], 0
    with span.path.open("rb") as file:
        end = file.seek(0, 2)
        while place + 12 <= end:
            file.seek(place)
            kind, head = int.from_bytes(file.read(4)), file.read(8)
            length = 9 - head[0].bit_length()
            size = int.from_bytes(head[:length]) & (1 << 7 * length) - 1
            if kind == EBML and place:
                starts.append(place)
            if length > 8 or size == (1 << 7 * length) - 1 or kind not in (EBML, SEGMENT, 0xEC000000):
                return Structure(_between(span, starts), False)
            place += 4 + length + size
    return Structure(_between(span, starts), place <= end, place > end)


def _cut_flv(span: Span, data: mmap.mmap, places: list[int]) -> list[Span]:
    """Each begins with the headers of its codecs; those that it does not repeat are the first ones of the file."""
    first = len(span.header) or FLV_HEADER
    common = {data[place]: data[place:end] for place, end in _flv_headers(data, span.first + first)}
    starts: list[int] = []
    headers = []
    for place in places:
        repeated = set()
        # In front of a tag is the size of the one before it.
        while (start := place - 4 - int.from_bytes(data[place - 4 : place])) > span.first and _is_flv_header(
            data, start
        ):
            repeated.add(data[start])
            place = start
        if not starts or place > starts[-1]:
            starts.append(place)
            headers.append(data[:FLV_HEADER] + b"".join(tag for kind, tag in common.items() if kind not in repeated))
    first_span, *others = _between(span, starts)
    return [first_span, *(replace(one, header=header) for one, header in zip(others, headers, strict=True))]


def _flv_headers(data: mmap.mmap, place: int) -> Iterator[tuple[int, int]]:
    """Where the tags at the beginning of a file that are headers of codecs begin and end."""
    while _is_flv_header(data, place):
        end = place + 15 + int.from_bytes(data[place + 1 : place + 4])
        if data[place] != FLV_SCRIPT:
            yield place, end
        place = end


def _is_flv_header(data: mmap.mmap, place: int) -> bool:
    kind = data[place] if place < len(data) else 0
    return kind == FLV_SCRIPT or (kind in (FLV_SOUND, FLV_PICTURE) and data[place + 12] == 0)
