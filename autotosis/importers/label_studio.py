"""Timeline labels of videos from Label Studio, exported as JSON."""

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


_Frame = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Range(BaseModel):
    start: _Frame
    end: _Frame


class _Value(BaseModel):
    ranges: list[_Range] = []
    timelinelabels: list[str] = []


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
    """Read the regions of <TimelineLabels>. They are in frames, counted from 1, the last one included.

    A region with several labels becomes a stretch for each.

    Parameters
    ----------
    path : Path
        The export in the format "JSON".
    fps : float or None
        The frameRate of the <Video> tag in the labelling interface, by which Label Studio counts frames (Hz). It is in
        no export, so None is an error, as is anything but a positive number.

    https://labelstud.io/tags/timelinelabels
    """
    try:
        tasks = TypeAdapter(list[_Task]).validate_python(read_json(path))
    except ValidationError as error:
        raise UserError(f"{path}: not a JSON export of Label Studio: {first_problem(error)}") from None
    if fps is None or not 0 < fps < math.inf:
        raise UserError(f"{path}: labels are in frames; give the frameRate of your <Video> tag with --fps, such as 24")
    stretches = []
    for number, task in enumerate(tasks, 1):
        place = f"{path} task {number}"
        results = [
            result for annotation in task.annotations if not annotation.was_cancelled for result in annotation.result
        ]
        for result in results:
            if result.type == "timelinelabels":
                video, names = _video(task.data, place), result.value.timelinelabels or [""]
                for span in result.value.ranges:
                    start, end = max(0, span.start - 1) / fps, span.end / fps
                    stretches += [Stretch(video, start, end, name, place) for name in names]
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
