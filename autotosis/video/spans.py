"""Finding recordings that were appended to one file, as by `cat`, and the segments of a stream in several files."""

import itertools
import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from autotosis.project import files
from autotosis.project.errors import UserError
from autotosis.video import boxes, parts, transport_stream
from autotosis.video.opening import Span

# Top-level elements of Matroska (RFC 9559, section 5.1).
EBML, SEGMENT = 0x1A45DFA3, 0x18538067
# The header of an FLV file, followed by the size of the tag before the first one, which is 0 (Adobe, FLV 10.1, E.2);
# the length of both, bytes; and the types of tags.
FLV = re.compile(rb"FLV\x01[\x00-\x05]\x00\x00\x00\x09\x00\x00\x00\x00")
FLV_HEADER, FLV_SOUND, FLV_PICTURE, FLV_SCRIPT = 13, 8, 9, 18
# The key of a file's first element in formats whose elements have a key and a size: the header object of ASF
# (Microsoft, Advanced Systems Format, 3.1) and the header partition of MXF (SMPTE ST 377-1, 7.1); the length of a key,
# bytes.
KEYS = {
    "asf": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
    "mxf": bytes.fromhex("060e2b34020501010d0102010102"),
}
KEY = 16
# The key of the random index pack at the end of a complete MXF (SMPTE ST 377-1, 12).
RANDOM_INDEX = bytes.fromhex("060e2b34020501010d01020101110100")
# The first page of a track in Ogg (RFC 3533, section 6). The first pages of all tracks are next to each other.
OGG = re.compile(rb"OggS\x00[\x02\x06]")
# The first bytes of other formats: tables of services and programs (ISO/IEC 13818-1, 2.4.4), packs, and names.
SIGNATURES = {
    "mpegts": (b"\x47\x40\x11", b"\x47\x40\x00"),
    "mpeg": (b"\0\0\1\xba",),
    "matroska,webm": (EBML.to_bytes(4),),
    "nut": (b"nut/multimedia container\0",),
}
# A recording begins at most this much before its first packet (bytes). In a transport stream, that is a few packets.
LEADS = {"mpegts": 8 * 192}
MAX_LEAD = 1 << 24


@dataclass(frozen=True)
class Structure:
    """The structure of a file.

    Attributes
    ----------
    spans : list of Span
        The recordings in the file; the whole file if its structure does not show them.
    tells_duration : bool
        Whether the file states its duration reliably, so that not all of its packets need to be counted.
    lacks_index : bool
        Whether the file was cut off and is refused, because its only index is missing or lists more than is there.
    is_complete : bool
        Whether its only index and all that this lists are there, so that nothing is missing at its end.
    """

    spans: list[Span]
    tells_duration: bool
    lacks_index: bool = False
    is_complete: bool = False


def of_video(path: Path) -> list[Span]:
    """List the files of a video in order, the segments of a stream in MP4 with their initialization segment in front.

    Raises
    ------
    UserError
        If there is no video in a folder, or if segments have no initialization segment, or several.
    """
    files = parts.video_files(path)
    boxes_of = {file: boxes.read(file) for file in files if file.is_file()}
    segments = {file for file in boxes_of if boxes.is_segment(boxes_of[file])}
    if not segments:
        return [_readable(file) for file in files]
    headers = [file for file in boxes_of if boxes.is_initialization(boxes_of[file])]
    if not headers:
        raise UserError(
            f"{min(segments)}: a segment of a stream, without the initialization segment that describes its tracks; "
            "put it, often called init.mp4, into the same folder, or join the segments with FFmpeg and their playlist"
        )
    if len(headers) > 1:
        names = ", ".join(header.name for header in headers)
        raise UserError(
            f"{path}: has several initialization segments ({names}), which do not show whose tracks they describe; put "
            "each stream into a folder of its own, or join its segments with FFmpeg and their playlist"
        )
    header = headers[0].read_bytes()
    return [Span(file, header=header) if file in segments else _readable(file) for file in files if file != headers[0]]


def structure(span: Span, format_name: str) -> Structure:
    """Determine the structure of a file, whose format is given by FFmpeg's name."""
    if not span.is_whole:
        # This stretch is one of the results for the whole file.
        return Structure([span], "mov" in format_name or "matroska" in format_name)
    if "mov" in format_name:
        return _boxes(span)
    if "matroska" in format_name:
        return _elements(span)
    starts: list[int] = []
    with _mapped(span) as data:
        if format_name in KEYS:
            starts = list(_headers(span, format_name))
        elif format_name == "flv":
            starts = [match.start() for match in FLV.finditer(data)]
        elif format_name == "ogg":
            starts = list(_first_pages(data))
        elif format_name == "mpegts":
            starts = [_start(data, format_name, offset, 0) for offset in transport_stream.changes(data)]
    tells_duration = format_name in ("avi", "ogg", *KEYS) and not (format_name == "mxf" and lacks_end(span))
    # Two programs of a transport stream may change behind the same table of services.
    return Structure(_between(span, sorted({start for start in starts if start})), tells_duration)


def cut(span: Span, format_name: str, offsets: list[int]) -> list[Span]:
    """Divide a file at the first packets of the recordings in it.

    Parameters
    ----------
    span : Span
        The file, or a stretch of it.
    format_name : str
        FFmpeg's name of its format.
    offsets : list of int
        The position in the file of the first packet of each recording, except for the very first one (bytes).
    """
    with _mapped(span) as data:
        if format_name == "flv":
            return _cut_flv(span, data, offsets)
        starts = [_start(data, format_name, offset, span.first) for offset in offsets]
    return _between(span, sorted({start for start in starts if start > span.first}))


def _start(data: mmap.mmap, format_name: str, offset: int, after: int) -> int:
    """Find where a recording begins, from the position of its first packet."""
    near = max(after, offset - LEADS.get(format_name, MAX_LEAD))
    starts = [data.rfind(beginning, near, offset + 4) for beginning in SIGNATURES.get(format_name, ())]
    return min((start for start in starts if start >= 0), default=offset)


def _between(span: Span, starts: list[int]) -> list[Span]:
    """Divide a span at byte positions."""
    firsts, ends = [span.first, *starts], [*starts, span.end]
    headers = [span.header, *[b""] * len(starts)]
    return [Span(span.path, *values) for values in zip(firsts, ends, headers, strict=True)]


def _mapped(span: Span) -> mmap.mmap:
    """Map the file of a span into memory."""
    with span.path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _readable(file: Path) -> Span:
    """Return a whole file, or what FFmpeg can read of it.

    FFmpeg fails at a fragmented MP4 that ends within the header of a fragment; then the span ends before this header.
    """
    # If there is no such file, FFmpeg reports the cause.
    top_level = boxes.read(file) if file.is_file() else []
    if boxes.are_fragments(top_level):
        last = top_level[-1]
        if last.start > 0 and last.is_cut and last.name != b"mdat":
            return Span(file, end=last.start)
    return Span(file)


def _boxes(span: Span) -> Structure:
    """Determine the structure of MP4 and MOV.

    Only fragmented files can continue after another header (ISO/IEC 14496-12, 4.2).
    """
    top_level = boxes.read(span.path)
    starts = [box.start for box in top_level if box.name == b"ftyp" and box.start]
    if boxes.are_fragments(top_level):
        return Structure(_between(span, starts), True)
    if not top_level:
        return Structure([span], True)
    last = top_level[-1]
    return Structure([span], True, last.is_cut, not (last.is_cut or last.is_open))


def second_recording(path: Path) -> int | None:
    """Return the byte at which a second recording, which players ignore, begins in an MP4; None if there is none."""
    top_level = boxes.read(path)
    starts = [box.start for box in top_level if box.name == b"ftyp" and box.start]
    return starts[0] if starts and not boxes.are_fragments(top_level) else None


def lacks_end(span: Span) -> bool:
    """Return whether an MXF has no random index pack at its end, by which FFmpeg finds what it needs for searching."""
    with _mapped(span) as data:
        end = len(data) if span.end is None else span.end
        # The size of the pack is at its end.
        start = max(span.first, end - int.from_bytes(data[end - 4 : end]))
        return data[start : start + KEY] != RANDOM_INDEX


def _elements(span: Span) -> Structure:
    """Determine the structure of Matroska."""
    starts, offset = [], 0
    with files.named_in_errors(span.path), span.path.open("rb") as file:
        end = file.seek(0, 2)
        while offset + 12 <= end:
            file.seek(offset)
            kind, head = int.from_bytes(file.read(4)), file.read(8)
            length = 9 - head[0].bit_length()
            size = int.from_bytes(head[:length]) & (1 << 7 * length) - 1
            if kind == EBML and offset:
                starts.append(offset)
            if length > 8 or size == (1 << 7 * length) - 1 or kind not in (EBML, SEGMENT):
                return Structure(_between(span, starts), False)
            offset += 4 + length + size
    return Structure(_between(span, starts), offset <= end)


def _headers(span: Span, format_name: str) -> Iterator[int]:
    """Yield the start of each header in ASF or MXF (bytes)."""
    offset = 0
    with files.named_in_errors(span.path), span.path.open("rb") as file:
        end = file.seek(0, 2)
        while offset + KEY + 9 <= end:
            file.seek(offset)
            head = file.read(KEY + 9)
            if head.startswith(KEYS[format_name]):
                yield offset
            if format_name == "asf":
                size = int.from_bytes(head[KEY : KEY + 8], "little")
            else:
                # Either the size, or 128 more than the number of bytes that the size has.
                count = max(0, head[KEY] - 128)
                size = KEY + 1 + (count + int.from_bytes(head[KEY + 1 : KEY + 1 + count]) if count else head[KEY])
            if size < KEY:
                return
            offset += size


def _first_pages(data: mmap.mmap) -> Iterator[int]:
    """Yield where the first pages of all tracks begin in Ogg (bytes)."""
    end = -1
    for match in OGG.finditer(data):
        start = match.start()
        if start + 27 > len(data):
            # The file ends within the header of this page.
            return
        if start != end:
            yield start
        lengths = data[start + 27 : start + 27 + data[start + 26]]
        end = start + 27 + len(lengths) + sum(lengths)


def _cut_flv(span: Span, data: mmap.mmap, offsets: list[int]) -> list[Span]:
    """Divide an FLV file.

    Each part begins with its own codec headers, and with the last earlier one of each kind that it lacks.
    """
    head, first = (span.header, 0) if span.header else (data, span.first)
    earlier = {head[offset]: head[offset:end] for offset, end in _flv_headers(head, first + FLV_HEADER)}
    starts: list[int] = []
    headers = []
    for offset in offsets:
        own = set()
        tags = _tags_before(data, offset, span.first)
        for start, _ in itertools.takewhile(lambda tag: _is_flv_header(data, tag[0]), tags):
            own.add(data[start])
            offset = start
        if not starts or offset > starts[-1]:
            since: dict[int, bytes] = {}
            for start, end in _tags_before(data, offset, starts[-1] if starts else span.first):
                if data[start] in earlier and _is_flv_header(data, start):
                    since.setdefault(data[start], data[start:end])
            earlier |= since
            starts.append(offset)
            headers.append(data[:FLV_HEADER] + b"".join(tag for kind, tag in earlier.items() if kind not in own))
    first_span, *others = _between(span, starts)
    return [first_span, *(replace(part, header=header) for part, header in zip(others, headers, strict=True))]


def _tags_before(data: mmap.mmap, offset: int, first: int) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each tag between two byte positions, the last one first."""
    # The size of the preceding tag is in front of each tag.
    while (start := offset - 4 - int.from_bytes(data[offset - 4 : offset])) >= first:
        yield start, offset
        offset = start


def _flv_headers(data: mmap.mmap | bytes, offset: int) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each codec header at the beginning of a file (bytes)."""
    while _is_flv_header(data, offset):
        end = offset + 15 + int.from_bytes(data[offset + 1 : offset + 4])
        if data[offset] != FLV_SCRIPT:
            yield offset, end
        offset = end


def _is_flv_header(data: mmap.mmap | bytes, offset: int) -> bool:
    """Return whether there is a codec header, or a script tag, at a byte position."""
    if offset + 12 >= len(data):
        return False
    kind, first, second = data[offset], data[offset + 11], data[offset + 12]
    # In enhanced FLV, the type of a packet is in the first byte of its content, and otherwise in the second.
    if (kind == FLV_PICTURE and first & 0x80) or (kind == FLV_SOUND and first >> 4 == 9):
        return first & 15 == 0
    # Of the others, only H.264, HEVC as some write it, and AAC have headers.
    has_headers = (kind == FLV_PICTURE and first & 15 in (7, 12)) or (kind == FLV_SOUND and first >> 4 == 10)
    return kind == FLV_SCRIPT or (has_headers and second == 0)
