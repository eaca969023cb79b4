"""Frames as they are seen: upright, without combs, in the colours of BT.709, a part of them, scaled.

This is the one conversion for the signals, for stills and for the reel.
"""

from collections.abc import Iterable, Iterator

import av
import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame

from autotosis.annotations.facecams import Box
from autotosis.video import hdr

# Codes of ITU-T H.273: unspecified, the primaries and the matrix of BT.2020, and the matrices that FFmpeg's scaler
# knows by name.
UNSPECIFIED, BT_2020, BT_2020_MATRIX = 2, 9, 9
MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
# What does not say its colours has those of high definition from so many lines on, as players assume.
HIGH_DEFINITION = 720
FULL_RANGE = 2


class View:
    """What is seen of a frame, whatever its size and colours, which may change within a recording.

    Parameters
    ----------
    box : Box
        The part of the upright picture to take.
    width, height : int
        What to scale to, pixels.
    form : str
        FFmpeg's name of the form of its pixels: rgb24, or yuv420p with the levels of television, 16 to 235.
    scaler : str
        FFmpeg's flags for scaling.
    """

    def __init__(self, box: Box, width: int, height: int, form: str = "rgb24", scaler: str = "area"):
        self.box, self.width, self.height, self.form, self.scaler = box, width, height, form, scaler
        self.kind: tuple[object, ...] | None = None
        self.graph: Graph | None = None

    def __call__(self, frame: VideoFrame) -> np.ndarray:
        """The pixels: uint8 of shape (height, width, 3) for rgb24, (3 * height / 2, width) for yuv420p."""
        kind = (frame.width, frame.height, frame.format.name, frame.rotation, *_colours(frame))
        if self.graph is None or kind != self.kind:
            self.kind, self.graph = kind, self._graph(frame)
        self.graph.push(frame)
        shown = self.graph.pull()
        assert isinstance(shown, VideoFrame)
        return shown.to_ndarray(format=self.form)

    def each(self, frames: Iterable[VideoFrame]) -> Iterator[np.ndarray]:
        """The pixels of each frame; the same array for as long as it is the same frame."""
        last, pixels = None, np.empty(0, np.uint8)
        for frame in frames:
            if frame is not last:
                last, pixels = frame, self(frame)
            yield pixels

    def _graph(self, frame: VideoFrame) -> Graph:
        graph = Graph()
        nodes = [
            graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
        ]
        width, height = frame.width, frame.height
        # The box is in the upright picture, as players show it.
        for _ in range(round(frame.rotation / 90) % 4):
            nodes.append(graph.add("transpose", "cclock"))
            width, height = height, width
        left, right = round(self.box.x0 * width), round(self.box.x1 * width)
        top, bottom = round(self.box.y0 * height), round(self.box.y1 * height)
        place = (max(right - left, 2), max(bottom - top, 2), left, top)
        if place != (width, height, 0, 0):
            nodes.append(graph.add("crop", "{}:{}:{}:{}:exact=1".format(*place)))
        nodes += self._coloured(graph, frame)
        nodes += [graph.add("format", self.form), graph.add("buffersink")]
        graph.link_nodes(*nodes).configure()
        return graph

    def _coloured(self, graph: Graph, frame: VideoFrame) -> list[FilterContext]:
        """What scales a frame and gives it the colours of BT.709."""
        matrix, colour_range, primaries, transfer = _colours(frame)
        size = f"{self.width}:{self.height}:flags={self.scaler}"
        to = "" if self.form == "rgb24" else ":out_color_matrix=bt709:out_range=tv"
        source = "" if matrix is None else f":in_color_matrix={matrix}:in_range={colour_range}"
        if not hdr.needed(primaries, transfer):
            return [graph.add("scale", size + source + to)]
        return [
            graph.add("scale", size + source),
            graph.add("format", "gbrp10"),
            graph.add("lut3d", f"file={hdr.table(primaries, transfer)}"),
            graph.add("scale", to.removeprefix(":") or size),
        ]


def _colours(frame: VideoFrame) -> tuple[str | None, str, int, int]:
    """The name of a frame's matrix, None where it has none, its range, and the codes of its primaries and transfer."""
    name, full = frame.format.name, int(frame.color_range) == FULL_RANGE
    if frame.format.is_rgb or name.startswith("gray"):
        return None, "pc", int(frame.color_primaries), int(frame.color_trc)
    assumed = "bt709" if min(frame.width, frame.height) >= HIGH_DEFINITION else "bt601"
    matrix = MATRICES.get(int(frame.colorspace), assumed)
    colour_range = "pc" if full or name.startswith("yuvj") else "tv"
    return matrix, colour_range, int(frame.color_primaries), int(frame.color_trc)


def without_combs(frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
    """Frames, those that are interlaced made whole; at the same times."""
    graph, kind = None, None
    for frame in frames:
        if frame.interlaced_frame:
            if graph is None or kind != (frame.width, frame.height, frame.format.name):
                if graph is not None:
                    yield from _left(graph)
                graph, kind = _deinterlacer(frame), (frame.width, frame.height, frame.format.name)
            graph.push(frame)
            yield from _ready(graph)
            continue
        if graph is not None:
            yield from _left(graph)
            graph = None
        yield frame
    if graph is not None:
        yield from _left(graph)


def _deinterlacer(frame: VideoFrame) -> Graph:
    graph = Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
    graph.link_nodes(source, graph.add("bwdif", "mode=send_frame"), graph.add("buffersink")).configure()
    return graph


def _left(graph: Graph) -> Iterator[VideoFrame]:
    graph.push(None)
    yield from _ready(graph)


def _ready(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        assert isinstance(frame, VideoFrame)
        yield frame
