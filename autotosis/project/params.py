"""Reading params.yaml into typed objects. An error in it is one sentence that names the key."""

import difflib
import re
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from autotosis.project import names, params_file, tables
from autotosis.project.errors import UserError
from autotosis.project.section import Count, Hertz, OpenUnitInterval, Seconds, Section, Seed, UnitInterval
from autotosis.project.videos_params import Fetch, FoundVods, Tracks, Vods, Watch, inside_the_folder, pattern_of_files

PARAMS_FILE = Path("params.yaml")
# The VODs that were found by the pattern `recordings`. DVC reads it together with params.yaml.
VODS_FILE = Path("vods.yaml")

Precision = Literal["auto", "float32", "bfloat16"]
Device = Literal["auto", "cpu", "cuda", "mps"]


class Extract(Section):
    fps: Hertz
    size: Annotated[int, Field(ge=16, le=1024)]
    decoder: Literal["software", "auto", "cuda", "vaapi", "videotoolbox"]

    def signal_params(self) -> dict[str, float | int]:
        """Return the parameters that affect signals: all but the decoder, since all decoders give the same picture."""
        return self.model_dump(exclude={"decoder"})


class Dataset(Section):
    margin: Seconds
    clips: Annotated[int, Field(ge=2)] | None


# train.architecture: a face network is tried, and kept only if it helps.
AUTO = "auto"
# The parameters of `train` that only affect a face network.
FACE_NETWORK = {
    "weights",
    "epochs",
    "epoch_frames",
    "batch",
    "learning_rate",
    "weight_decay",
    "device",
    "precision",
    "threads",
}


class Train(Section):
    folds: Annotated[int, Field(ge=2, le=100)]
    l2: Annotated[float, Field(gt=0)]
    review_weight: Annotated[float, Field(ge=0)]
    prevalence: OpenUnitInterval
    architecture: str | None
    auto_clips: Count
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

    def used(self, clips: int) -> dict[str, object]:
        """Return the parameters that affect the model: those of the face network only if there may be one.

        A graphics card is not asked for, so that the answer is the same on every machine.

        Parameters
        ----------
        clips : int
            The number of labelled clips.
        """
        network = self.architecture and (self.architecture != AUTO or clips >= self.auto_clips)
        return self.model_dump(exclude=set() if network else FACE_NETWORK)


class Predict(Section):
    scan: Literal["two-pass", "dense"]
    device: Device
    precision: Precision


class Style(Section):
    position: Literal["top-left", "top-right", "bottom-left", "bottom-right"]
    size: Annotated[float, Field(ge=0.25, le=4)]
    font: Annotated[str, AfterValidator(inside_the_folder)] | None


class Select(Section):
    invert: bool
    marks: Literal["propose", "keep", "ignore"]
    smooth: Seconds
    threshold: OpenUnitInterval | None
    max_times_prevalence: Annotated[float, Field(gt=0)] | None
    release: UnitInterval
    min_gap: Seconds
    min_length: Seconds
    max_length: Annotated[float, Field(gt=0)] | None
    max_duration: Annotated[float, Field(gt=0)] | None
    pre_roll: Seconds
    post_roll: Seconds
    snap: Annotated[float, Field(ge=0, le=10)]


class Render(Section):
    overlay: Literal["burn", "soft", "none"]
    style: Style
    title: Annotated[str, Field(min_length=1)] | None
    layout: Literal["source", "vertical", "square"]
    height: Annotated[int, Field(ge=16, le=4320, multiple_of=2)] | None
    fps: Annotated[float, Field(ge=1, le=120)] | None
    encoder: Literal["auto", "libx264", "h264_nvenc", "h264_vaapi", "h264_videotoolbox", "h264_qsv", "copy"]
    quality: Annotated[int, Field(ge=1, le=51)]
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"]
    transition: Literal["cut", "crossfade"]
    transition_length: Annotated[float, Field(gt=0, le=60)]

    @field_validator("title")
    @classmethod
    def _title_needs_burn(cls, title: str | None, others: ValidationInfo) -> str | None:
        if title is not None and others.data.get("overlay") != "burn":
            raise ValueError("a title is burned into the picture, so render.overlay must be burn")
        return title

    @field_validator("encoder")
    @classmethod
    def _copy_keeps_picture(cls, encoder: str, others: ValidationInfo) -> str:
        if encoder == "copy" and others.data.get("overlay") == "burn":
            raise ValueError("a stream copy keeps the picture, so render.overlay must be soft or none")
        for key, unchanged in (("layout", "source"), ("height", None), ("fps", None)):
            if encoder == "copy" and others.data.get(key) != unchanged:
                raise ValueError(f"a stream copy keeps the picture, so render.{key} must be {unchanged or 'null'}")
        return encoder

    @field_validator("transition")
    @classmethod
    def _copy_needs_cuts(cls, transition: str, others: ValidationInfo) -> str:
        if transition == "crossfade" and others.data.get("encoder") == "copy":
            raise ValueError("a stream copy keeps the picture, so render.transition must be cut")
        return transition

    def unused(self) -> set[str]:
        """Return the keys that affect no reel with these values."""
        # The reel of all VODs is encoded by libx264 even with `copy`.
        keys = {"preset": self.encoder in ("auto", "libx264", "copy"), "transition_length": self.transition != "cut"}
        return {key for key, has_effect in keys.items() if not has_effect}


def _in_music(file: str) -> str:
    parts = PurePosixPath(file).parts
    if parts[:1] != ("music",) or len(parts) < 2 or ".." in parts:
        raise ValueError("it must lie in music/ of the streamer's folder, such as music/song.mp3")
    return file


class Audio(Section):
    loudness: Annotated[float, Field(ge=-40, le=-5)] | None
    music: Annotated[str, AfterValidator(_in_music)] | None
    music_volume: Annotated[float, Field(ge=-60, le=20)]

    def unused(self) -> set[str]:
        """Return the keys that affect no reel with these values."""
        return {"music_volume"} if self.music is None else set()


class Compilation(Section):
    max_duration: Annotated[float, Field(gt=0)]


def web_address(url: str) -> str:
    """Return a web address; ValueError if the text is not one."""
    with suppress(ValueError):
        parts = urlsplit(url)
        # As whoever connects to it does.
        host = (parts.hostname or "").encode("idna")
        one_word = len(url.split()) == 1 and not names.UNFIT.search(url)
        if host and parts.scheme in ("http", "https") and one_word and parts.port != 0:
            return url
    raise ValueError("not a web address such as https://www.twitch.tv/videos/1234567890")


def without_password(url: str) -> str:
    """Return a web address without the user name and the password that it may contain."""
    return re.sub(r"^([^/]*//)[^/?#]*@", r"\1", url)


class Params(Section):
    data: Annotated[str, Field(min_length=1)]
    vods: Vods
    recordings: Annotated[str, AfterValidator(pattern_of_files)] | None
    label: Annotated[str, Field(min_length=1)]
    urls: dict[str, Annotated[str, AfterValidator(web_address)]]
    tracks: dict[str, Tracks]
    extract: Extract
    dataset: Dataset
    train: Train
    predict: Predict
    select: Select
    render: Render
    audio: Audio
    compilation: Compilation
    fetch: Fetch
    watch: Watch

    @property
    def folder(self) -> Path:
        """The streamer's folder."""
        return Path(self.data)

    def vod(self, name: str) -> Path:
        """Return the file or folder of the VOD with this name; UserError if `vods` has no such name."""
        if name not in self.vods:
            known = ", ".join(self.vods) or "none"
            raise UserError(f"{PARAMS_FILE}: vods: there is no VOD named {name} (known: {known})")
        return self.folder / self.vods[name]

    def tracks_of(self, video: str) -> Tracks:
        """Return the sound tracks of a video, named as in `clips/a.mp4`.

        The last entry that matches it counts; without one, the default. An entry may name a VOD, or be a pattern as in
        tables.
        """
        matching = (own for key, own in reversed(self.tracks.items()) if tables.matches(self.vods.get(key, key), video))
        return next(matching, Tracks())


def check_folder(folder: Path) -> None:
    """Raise a UserError if there is no such streamer's folder."""
    if not folder.is_dir():
        others = [table.parent.name for table in folder.parent.glob("*/labels.csv")]
        close = difflib.get_close_matches(folder.name, others, n=1)
        meant = f"did you mean {folder.parent / close[0]}? For a new one, " if close else ""
        raise UserError(f"{PARAMS_FILE}: data: there is no folder {folder}; {meant}copy data/template to it")


def load() -> Params:
    """Read and check params.yaml, and add the VODs of vods.yaml; UserError as in `params_file.load`."""
    settings, vods_file = params_file.load(Params, PARAMS_FILE), params_file.load(FoundVods, VODS_FILE)
    named = {name.lower() for name in settings.vods}
    for name in vods_file.vods:
        if name.lower() in named:
            raise UserError(f"{PARAMS_FILE}: vods: {VODS_FILE} has {name} as well; remove it from one of the two files")
    vods = settings.vods | vods_file.vods
    all_names = vods.keys() | vods_file.kept.keys()
    for name in sorted(settings.urls.keys() - all_names):
        raise UserError(f"{PARAMS_FILE}: urls: there is no VOD named {name} in vods")
    for key in sorted(settings.tracks.keys() - all_names):
        if not set(key) & set("/*"):
            raise UserError(
                f"{PARAMS_FILE}: tracks: there is no VOD named {key} in vods; a pattern has a / or *, as clips/* does"
            )
    # A recording that is kept may still be learned from, unless its file is gone.
    kept = {name: file for name, file in vods_file.kept.items() if name not in vods}
    gone = {name for name, file in kept.items() if not (settings.folder / file).exists()}
    tracks = {kept.get(key, key): own for key, own in settings.tracks.items() if key not in gone}
    return settings.model_copy(update={"vods": vods, "tracks": tracks})
