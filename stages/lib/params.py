"""params.yaml as typed objects; what is wrong in it is one sentence that names the key."""

import difflib
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from stages.lib.errors import UserError

PARAMS_FILE = Path("params.yaml")

Fraction = Annotated[float, Field(gt=0, lt=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=3600)]
Hertz = Annotated[float, Field(gt=0, le=120)]
Seed = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Precision = Literal["auto", "float32", "bfloat16"]
Device = Literal["auto", "cpu", "cuda", "mps"]


class Section(BaseModel):
    """A section of params.yaml: every key must be there, no other may, and no type is converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Extract(Section):
    fps: Hertz
    size: Annotated[int, Field(ge=16, le=1024)]
    decoder: Literal["software", "auto", "cuda", "vaapi", "videotoolbox"]

    def seen(self) -> dict[str, float | int]:
        """The parameters that decide what is seen: not the decoder, since all of them give the same picture."""
        return self.model_dump(exclude={"decoder"})


class Dataset(Section):
    margin: Seconds
    clips: Annotated[int, Field(ge=2)] | None


class Train(Section):
    folds: Annotated[int, Field(ge=2, le=100)]
    penalty: Annotated[float, Field(gt=0)]
    highlights: Fraction
    target_precision: Fraction
    looked_at: Fraction
    architecture: str | None
    weights: str | None
    epochs: Count
    epoch_frames: Count
    batch: Annotated[int, Field(ge=2)]
    learning_rate: Annotated[float, Field(gt=0)]
    weight_decay: Annotated[float, Field(ge=0)]
    device: Device
    precision: Precision
    threads: Count
    seed: Seed


class Predict(Section):
    scan: Literal["two-look", "dense"]
    device: Device
    precision: Precision


class Render(Section):
    invert: bool
    smooth: Seconds
    threshold: Fraction | None
    release: Share
    merge_gap: Seconds
    min_length: Seconds
    pre_roll: Seconds
    post_roll: Seconds
    overlay: Literal["burn", "none"]
    encoder: Literal["auto", "libx264", "h264_nvenc", "h264_vaapi", "h264_videotoolbox", "h264_qsv", "copy"]
    quality: Annotated[int, Field(ge=0, le=51)]
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"]

    @field_validator("encoder")
    @classmethod
    def _nothing_over_a_copy(cls, encoder: str, others: ValidationInfo) -> str:
        if encoder == "copy" and others.data.get("overlay") == "burn":
            raise ValueError("a copied picture stays as it is, so that render.overlay must be none")
        return encoder


SomeParams = TypeVar("SomeParams", bound=Section)


class Params(Section):
    data: Annotated[str, Field(min_length=1)]
    vods: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")], str]
    label: Annotated[str, Field(min_length=1)]
    extract: Extract
    dataset: Dataset
    train: Train
    predict: Predict
    render: Render

    @field_validator("vods")
    @classmethod
    def _named_in_one_way(cls, vods: dict[str, str]) -> dict[str, str]:
        # Each name is a folder in reels/, and some file systems do not tell small letters from capitals.
        if len({name.lower() for name in vods} | {"timelines"}) <= len(vods):
            raise ValueError("two names are the same, or one is `timelines`, which evaluate writes")
        # As the tables name them.
        return {name: str(PurePosixPath(file)) for name, file in vods.items()}

    @property
    def folder(self) -> Path:
        """The streamer's folder."""
        return Path(self.data)

    def vod(self, name: str) -> Path:
        """The file or folder of the VOD of this name; UserError if `vods` names none."""
        if name not in self.vods:
            known = ", ".join(self.vods) or "none"
            raise UserError(f"{PARAMS_FILE}: vods: there is no VOD named {name} (there is: {known})")
        return self.folder / self.vods[name]


def load(path: Path = PARAMS_FILE, model: type[SomeParams] = Params) -> SomeParams:
    """Read and check a file of parameters.

    Parameters
    ----------
    path : Path
        A YAML file.
    model : type
        What it must hold.

    Raises
    ------
    UserError
        No such file, not YAML, or a key that is unknown, missing, of the wrong type or out of range.
    """
    try:
        # The reader that DVC has, so that both see the same: 1e-3 is a number, and a key stands only once.
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run from the folder that holds it") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = (error.problem or "cannot be read").splitlines()[0]
        raise UserError(f"{path} line {line}: not valid YAML: {problem}") from None
    except (YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise UserError(f"{path}: {_sentence(error, model)}") from None


def _sentence(error: ValidationError, model: type[Section]) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"] if part != "[key]") or "the file"
    match first["type"]:
        case "extra_forbidden":
            for part in first["loc"][:-1]:
                model = model.model_fields[part].annotation
            close = difflib.get_close_matches(str(first["loc"][-1]), model.model_fields, n=1)
            return f"{key} is not a parameter" + (f"; did you mean {close[0]}?" if close else "")
        case "missing":
            return f"{key} is missing"
    message = first["msg"].removeprefix("Value error, ")
    return f"{key} is {first['input']!r}: {message[0].lower()}{message[1:]}"
