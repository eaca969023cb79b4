"""Cutting a box out of frames."""

from collections.abc import Iterable, Iterator

import av
import numpy as np

from autotosis.annotations.facecams import Box


class Crop:
    """Cuts a box out of frames and scales it, whatever their size, which may change within a stream."""

    def __init__(self, box: Box, width: int, height: int):
        self.box, self.width, self.height = box, width, height
        self.source = None

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        source = (frame.width, frame.height, frame.format.name, frame.rotation)
        if source != self.source:
            self.source, self.graph = source, self._graph(frame)
        self.graph.push(frame)
        return self.graph.pull().to_ndarray(format="rgb24")

    def each(self, frames: Iterable[av.VideoFrame]) -> Iterator[np.ndarray]:
        last = cropped = None
        for frame in frames:
            if frame is not last:
                last, cropped = frame, self(frame)
            yield cropped

    def _graph(self, frame: av.VideoFrame) -> av.filter.Graph:
        graph = av.filter.Graph()
        nodes = [
            graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
        ]
        width, height = frame.width, frame.height
        # The box is in the upright picture, as players show it.
        turns = round(frame.rotation / 90) % 4
        for _ in range(turns):
            nodes.append(graph.add("transpose", "cclock"))
            width, height = height, width
        left, right = round(self.box.x0 * width), round(self.box.x1 * width)
        top, bottom = round(self.box.y0 * height), round(self.box.y1 * height)
        nodes += [
            graph.add("crop", f"{max(right - left, 2)}:{max(bottom - top, 2)}:{left}:{top}"),
            graph.add("scale", f"{self.width}:{self.height}:flags=area"),
            graph.add("format", "rgb24"),
            graph.add("buffersink"),
        ]
        graph.link_nodes(*nodes).configure()
        return graph
