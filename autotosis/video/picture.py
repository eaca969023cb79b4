"""Frames as viewers see them: upright, deinterlaced, in the colours of BT.709, cropped and scaled.

The signals, the stills and the reel all use this conversion.
"""

import itertools
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import av
import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext
from av.sidedata.sidedata import SideDataContainer
from av.video.frame import VideoFrame

from autotosis.annotations.facecams import Box
from autotosis.video import hdr

# The matrices that FFmpeg's scaler knows by name, by their codes in ITU-T H.273.
MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
# Videos without information about colours are assumed to use BT.709 from this many lines on, as players do, and BT.601
# below.
HIGH_DEFINITION = 720
FULL_RANGE = 2
# Red, green and blue in grey (ITU-R BT.601).
GREY = np.array([0.299, 0.587, 0.114], np.float32)


class FrameConverter:
    """The conversion of frames. Their size and colours may change within a recording.

    Parameters
    ----------
    box : Box
        The part of the upright picture to crop to.
    width, height : int
        The size to scale to, pixels.
    pixel_format : str
        FFmpeg's name of the pixel format: rgb24, or yuv420p in limited range (16 to 235).
    scaler : str
        FFmpeg's flags for scaling.
    """

    def __init__(self, box: Box, width: int, height: int, pixel_format: str = "rgb24", scaler: str = "area"):
        self.box, self.width, self.height, self.pixel_format, self.scaler = box, width, height, pixel_format, scaler
        self.kind: tuple[object, ...] | None = None
        self.graph: Graph | None = None

    def __call__(self, frame: VideoFrame) -> np.ndarray:
        """Convert a frame: uint8 of shape (height, width, 3) for rgb24, (3 * height / 2, width) for yuv420p."""
        kind = (frame.width, frame.height, frame.format.name, frame.rotation, is_mirrored(frame), *_colours(frame))
        if self.graph is None or kind != self.kind:
            self.kind, self.graph = kind, self._graph(frame)
        self.graph.push(frame)
        return self.graph.vpull().to_ndarray(format=self.pixel_format)

    def convert(self, frames: Iterable[VideoFrame]) -> Iterator[np.ndarray]:
        """Convert frames. As long as the frame is the same, the same array is yielded."""
        last, pixels = None, np.empty(0, np.uint8)
        for frame in frames:
            if frame is not last:
                last, pixels = frame, self(frame)
            yield pixels

    def _graph(self, frame: VideoFrame) -> Graph:
        """Build the filters for frames like this one."""
        graph = Graph()
        nodes = [
            graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
        ]
        width, height = frame.width, frame.height
        # The box is a part of the upright picture, as players show it.
        if is_mirrored(frame):
            nodes.append(graph.add("vflip"))
        for _ in range(round(frame.rotation / 90) % 4):
            nodes.append(graph.add("transpose", "cclock"))
            width, height = height, width
        left, right = round(self.box.x0 * width), round(self.box.x1 * width)
        top, bottom = round(self.box.y0 * height), round(self.box.y1 * height)
        crop = (max(right - left, 2), max(bottom - top, 2), left, top)
        if crop != (width, height, 0, 0):
            nodes.append(graph.add("crop", "{}:{}:{}:{}:exact=1".format(*crop)))
        nodes += self._scaling(graph, frame)
        nodes += [graph.add("format", self.pixel_format), graph.add("buffersink")]
        graph.link_nodes(*nodes).configure()
        return graph

    def _scaling(self, graph: Graph, frame: VideoFrame) -> list[FilterContext]:
        """Build the filters that scale a frame and convert its colours to BT.709."""
        matrix, colour_range, primaries, transfer = _colours(frame)
        size = f"{self.width}:{self.height}:flags={self.scaler}"
        to = "" if self.pixel_format == "rgb24" else ":out_color_matrix=bt709:out_range=tv"
        source = "" if matrix is None else f":in_color_matrix={matrix}:in_range={colour_range}"
        if not hdr.needed(primaries, transfer):
            return [graph.add("scale", size + source + to)]
        return [
            graph.add("scale", size + source),
            graph.add("format", "gbrp10"),
            graph.add("lut3d", file=str(hdr.table(primaries, transfer))),
            graph.add("scale", to.removeprefix(":") or size),
        ]


def is_mirrored(frame: VideoFrame) -> bool:
    """Return whether a frame is shown mirrored, as of the front camera of a phone: turned over, and then rotated."""
    # `frame.side_data` would make a reference cycle, and Python frees such frames only once there are hundreds of them.
    # PyAV's own types know neither of this argument nor of a matrix.
    container: Any = SideDataContainer
    data = container(frame)
    if "DISPLAYMATRIX" not in data:
        return False
    # Rows of three numbers. The determinant of a rotation, from the first two of each, is positive.
    a, b, _, c, d = np.frombuffer(data["DISPLAYMATRIX"], np.int32)[:5].tolist()
    return bool(a * d < b * c)


def _colours(frame: VideoFrame) -> tuple[str | None, str, int, int]:
    """Return the colours of a frame: matrix (None for RGB and grey), range, and the codes of primaries and transfer."""
    name, full = frame.format.name, int(frame.color_range) == FULL_RANGE
    if frame.format.is_rgb or name.startswith("gray"):
        return None, "pc", int(frame.color_primaries), int(frame.color_trc)
    assumed = "bt709" if min(frame.width, frame.height) >= HIGH_DEFINITION else "bt601"
    matrix = MATRICES.get(int(frame.colorspace), assumed)
    colour_range = "pc" if full or name.startswith("yuvj") else "tv"
    return matrix, colour_range, int(frame.color_primaries), int(frame.color_trc)


def deinterlaced(frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
    """Deinterlace those frames that are interlaced. The times of frames stay the same."""
    for kind, group in itertools.groupby(frames, _interlaced_kind):
        if kind is None:
            yield from group
        else:
            yield from _deinterlaced(group)


def _interlaced_kind(frame: VideoFrame) -> tuple[int, int, str] | None:
    """Return what must be the same for frames to be deinterlaced by one filter; None if a frame is not interlaced."""
    return (frame.width, frame.height, frame.format.name) if frame.interlaced_frame else None


def _deinterlaced(frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
    """Deinterlace frames of one kind, at least one."""
    first = next(frames)
    graph = Graph()
    source = graph.add_buffer(width=first.width, height=first.height, format=first.format, time_base=first.time_base)
    graph.link_nodes(source, graph.add("bwdif", "mode=send_frame"), graph.add("buffersink")).configure()
    # None makes the filter return the frames that it still holds.
    for frame in itertools.chain([first], frames, [None]):
        graph.push(frame)
        with suppress(av.error.BlockingIOError, av.error.EOFError):
            while True:
                yield graph.vpull()
