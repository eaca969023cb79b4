"""Labels of stretches of videos from Label Studio, exported as JSON."""

import math
import re
from pathlib import Path, PurePosixPath
from typing import Annotated
from urllib.parse import parse_qs, unquote

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from autotosis.importers.reading import address, first_problem, read_json
from autotosis.importers.stretches import Stretch
from autotosis.project.errors import UserError

NAME = "label-studio"


_Position = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Range(BaseModel):
    start: _Position
    end: _Position


class _Value(BaseModel):
    ranges: list[_Range] = []
    timelinelabels: list[str] = []
    labels: list[str] = []
    # Places in a text are characters, or paths in a page.
    start: _Position | str | None = None
    end: _Position | str | None = None
    text: object = None


class _Result(BaseModel):
    type: str
    value: _Value = _Value()


class _Annotation(BaseModel):
    result: list[_Result]
    was_cancelled: bool = False


class _Task(BaseModel):
    data: dict[str, object]
    annotations: list[_Annotation]


def read(path: Path, fps: float | None) -> list[Stretch]:
    """Read the regions of <TimelineLabels>, and those of <Labels> on the sound of a video.

    The former are in frames, counted from 1, the last one included; the latter are in seconds. A region with several
    labels becomes a stretch for each.

    Parameters
    ----------
    path : Path
        The export in the format "JSON".
    fps : float or None
        The frameRate of the <Video> tag in the labelling interface, by which Label Studio counts frames (Hz). It is in
        no export, so if there are frames, None is an error, as is anything but a positive number.

    https://labelstud.io/tags/timelinelabels, https://labelstud.io/templates/video_timeline_segmentation
    """
    try:
        tasks = TypeAdapter(list[_Task]).validate_python(read_json(path))
    except ValidationError as error:
        raise UserError(f"{path}: not a JSON export of Label Studio: {first_problem(error)}") from None
    stretches = []
    for number, task in enumerate(tasks, 1):
        place = f"{path} task {number}"
        results = [
            result for annotation in task.annotations if not annotation.was_cancelled for result in annotation.result
        ]
        for result in results:
            value = result.value
            if result.type == "timelinelabels":
                if fps is None or not 0 < fps < math.inf:
                    raise UserError(
                        f"{path}: labels are in frames; give the frameRate of your <Video> tag with --fps, such as 24"
                    )
                spans = [(max(0, span.start - 1) / fps, span.end / fps) for span in value.ranges]
                names = value.timelinelabels
            elif (
                result.type == "labels"
                and value.text is None
                and isinstance(value.start, float)
                and isinstance(value.end, float)
            ):
                spans, names = [(value.start, value.end)], value.labels
            else:
                continue
            video = _video(task.data, place)
            stretches += [Stretch(video, start, end, name, place) for start, end in spans for name in names or [""]]
    return stretches


def _video(data: dict[str, object], place: str) -> str | None:
    """Return the file name of a task's video; of an uploaded one, without the prefix that Label Studio adds.

    None if the labelling interface calls it otherwise than `video`.
    """
    video = data.get("video")
    if not isinstance(video, str):
        return None
    parts = address(video, place)
    # Local files are named in the query: /data/local-files/?d=folder/a.mp4
    local = parse_qs(parts.query).get("d")
    name = PurePosixPath(local[0] if local else unquote(parts.path)).name
    uploaded = parts.path.startswith("/data/upload/")
    return re.sub(r"^[0-9a-f]{8}-", "", name) if uploaded else name
