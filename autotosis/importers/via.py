"""Temporal segments of videos from the VGG Image Annotator (VIA), version 3: its projects, which are JSON."""

from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import BaseModel, Field, FiniteFloat, ValidationError

from autotosis.importers.reading import first_problem, read_json
from autotosis.importers.stretches import Stretch
from autotosis.project.errors import UserError

NAME = "via"


class _File(BaseModel):
    fname: str


class _View(BaseModel):
    fid_list: Annotated[list[str | int], Field(min_length=1)]


class _Attribute(BaseModel):
    options: dict[str, str] = {}


class _Metadata(BaseModel):
    vid: str | int
    z: list[FiniteFloat]
    xy: list[float] = []
    av: dict[str, str] = {}


class _Project(BaseModel):
    attribute: dict[str, _Attribute]
    file: dict[str, _File]
    view: dict[str, _View]
    metadata: dict[str, _Metadata]


def read(path: Path) -> list[Stretch]:
    """Read the segments: metadata with two times (seconds) and no region of the picture.

    A segment's name is its attribute's value, or, where that is an option from a list, the option's text. One with
    several attributes, or with several options of a checkbox, becomes a stretch for each.
    https://gitlab.com/vgg/via/-/blob/master/via-3.x.y/CodeDoc.md
    """
    try:
        project = _Project.model_validate(read_json(path))
    except ValidationError as error:
        raise UserError(f"{path}: not a project of VIA 3: {first_problem(error)}") from None
    stretches = []
    for key, segment in project.metadata.items():
        place = f"{path} segment {key}"
        if len(segment.z) != 2 or segment.xy:
            continue
        view = project.view.get(str(segment.vid))
        file = project.file.get(str(view.fid_list[0])) if view else None
        if file is None:
            raise UserError(f"{place}: its view {segment.vid} names no file of the project")
        names = [name for key, value in segment.av.items() for name in _names(project.attribute.get(key), value)]
        video, (start, end) = PurePosixPath(file.fname).name, segment.z
        stretches += [Stretch(video, start, end, name, place) for name in names or [""]]
    return stretches


def _names(attribute: _Attribute | None, value: str) -> list[str]:
    """Return the texts of the options that were chosen for an attribute, or else its value, unless that is empty."""
    options = attribute.options if attribute else {}
    # The options of a checkbox are separated by commas.
    values = value.split(",") if options else [value]
    return [options.get(part, part) for part in values if part]
