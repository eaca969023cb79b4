"""The HTTP API of the review page."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AllowInfNan, BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from autotosis.annotations import facecams
from autotosis.annotations.facecams import Box
from autotosis.project import params
from autotosis.project.errors import UserError, error_sentence
from autotosis.project.params import PARAMS_FILE, VODS_FILE, Params
from autotosis.review import derived, user_tables, videos, vod_view
from autotosis.review.guard import Guard
from autotosis.review.rebuild import Rebuild
from autotosis.review.user_tables import Conflict, LabelValues
from autotosis.review.videos import Video
from autotosis.signals import extraction

STATIC = Path(__file__).parent / "static"
# Proxies and frames are asked for again and again.
CACHED = {"cache-control": "private, max-age=300"}

Seconds = Annotated[float, Field(ge=0), AllowInfNan(False)]


class Change(BaseModel):
    """A change of a table; `version` is the table's as the page has seen it."""

    model_config = ConfigDict(extra="forbid")

    version: str


class LabelChange(Change):
    """The labels of one video, which replace those that it had."""

    video: str
    marks: list[tuple[Seconds | None, Seconds | None, Literal[0, 1]]]


class FaceBox(Change):
    """The face camera of the videos that a pattern names; None removes the pattern."""

    pattern: Annotated[str, Field(min_length=1, pattern=r"^[^#\x00-\x1f][^\x00-\x1f]*$")]
    box: tuple[float, float, float, float] | None


class CutRow(BaseModel):
    """A row of a cut list."""

    start: Seconds
    end: Seconds
    keep: bool


class Cut(Change):
    """A cut list; None removes the user's own."""

    segments: list[CutRow] | None


class Frame(BaseModel):
    """Which frame of a video to show, and how wide."""

    time: Seconds
    width: Annotated[int, Field(ge=16, le=1920)]


def application(port: int, token: str) -> Guard:
    """Build the application; `guard.Guard` explains the parameters."""
    run = Rebuild()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        run.stop()

    def rebuild(request: Request, _: bytes) -> dict[str, Any]:
        if request.method == "POST":
            run.start()
        elif request.method == "DELETE":
            run.stop()
        return run.state(settings())

    routes = [
        Route("/", lambda request: FileResponse(STATIC / "index.html")),
        Mount("/static", StaticFiles(directory=STATIC)),
        Route("/api/project", _answer(_project)),
        Route("/api/vods/{vod}", _answer(_vod)),
        Route("/api/vods/{vod}/probabilities", _probabilities),
        Route("/api/vods/{vod}/cut", _answer(_cut), methods=["PUT"]),
        Route("/api/labels", _answer(partial(_labels, "labels.csv")), methods=["GET", "PUT"]),
        Route("/api/holdout", _answer(partial(_labels, "holdout.csv")), methods=["GET", "PUT"]),
        Route("/api/facecams", _answer(_boxes), methods=["GET", "PUT"]),
        Route("/api/rebuild", _answer(rebuild), methods=["GET", "POST", "DELETE"]),
        Route("/info/{video:path}", _answer(_info)),
        Route("/video/{video:path}", _video),
        Route("/proxy/{number:int}/{video:path}", _proxy),
        Route("/loudness/{number:int}/{video:path}", _loudness),
        Route("/frame/{video:path}", _frame),
    ]
    handlers: dict[Any, Any] = {UserError: _failed, OSError: _failed, ValidationError: _malformed, Conflict: _conflict}
    return Guard(Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan), port, token)


def settings() -> Params:
    """Read params.yaml and vods.yaml, which may change while the page is open; UserError as in `params.load`."""
    places = (PARAMS_FILE, VODS_FILE)
    return _settings(tuple(place.stat().st_mtime_ns if place.exists() else 0 for place in places))


@lru_cache(1)
def _settings(_: tuple[int, ...]) -> Params:
    return params.load()


def _answer(handle: Callable[[Request, bytes], Any]) -> Callable[[Request], Awaitable[JSONResponse]]:
    """Make an endpoint that answers with JSON from a function of the request and its body, which may block."""

    async def endpoint(request: Request) -> JSONResponse:
        # The guard limits only what changes something.
        body = b"" if request.method in ("GET", "HEAD") else await request.body()
        return JSONResponse(await run_in_threadpool(handle, request, body))

    return endpoint


def _project(_: Request, __: bytes) -> dict[str, Any]:
    return vod_view.project(settings())


def _vod(request: Request, _: bytes) -> dict[str, Any]:
    return vod_view.vod(settings(), request.path_params["vod"])


def _cut(request: Request, body: bytes) -> dict[str, Any]:
    vod, change = request.path_params["vod"], Cut.model_validate_json(body)
    edits, duration = vod_view.edits(settings(), vod), vod_view.duration(settings(), vod)
    if change.segments is None:
        user_tables.remove_cut(edits, vod, change.version)
    else:
        segments = [segment.model_dump() for segment in change.segments]
        user_tables.write_cut(edits, vod, duration, change.version, segments)
    return vod_view.cut(settings(), vod)


def _labels(name: str, request: Request, body: bytes) -> dict[str, Any]:
    table = settings().folder / name
    if request.method == "PUT":
        change = LabelChange.model_validate_json(body)
        video = videos.find(settings(), change.video)
        if name == "labels.csv" and change.video in settings().vods.values():
            _check_lengths(table, video, change.marks)
        user_tables.write_labels(table, change.version, change.video, change.marks)
    return {"version": user_tables.version(table), "marks": user_tables.read_labels(table)}


def _check_lengths(table: Path, video: Video, marks: Sequence[LabelValues]) -> None:
    """Raise a UserError if a row about a VOD would be longer than `extract_excerpts` allows."""
    for first, last, _ in marks:
        start, end = first or 0.0, videos.probe(video).duration if last is None else last
        if end - start > extraction.MAX_SECONDS:
            raise UserError(
                f"{table}: {video.name} from {start:g} to {end:g} s: a row may cover at most "
                f"{extraction.MAX_SECONDS:.0f} s of a VOD; mark only the highlight or the false positive"
            )


def _boxes(request: Request, body: bytes) -> dict[str, Any]:
    folder = settings().folder
    if request.method == "PUT":
        change = FaceBox.model_validate_json(body)
        user_tables.write_box(folder, change.version, change.pattern, change.box)
    names = [*settings().vods.values(), *videos.clips(settings())]
    patterns, detected = facecams.read_boxes(folder / "facecams.csv"), facecams.found(settings().vods)
    return {
        "version": user_tables.version(folder / "facecams.csv"),
        "boxes": {name: astuple(patterns.of(name) or detected.get(name) or Box()) for name in names},
        # A row that a later one overrules says nothing, and must not come into force when a change is undone.
        "rows": {row["video"]: astuple(box) for row, box in patterns.rows if patterns.of(row["video"]) == box},
    }


def _info(request: Request, _: bytes) -> dict[str, Any]:
    video = _named(request)
    what = videos.probe(video)
    return {
        "duration": what.duration,
        "aspect": what.width / what.height,
        "type": videos.media_type(video),
        "proxy": derived.PROXY_SECONDS,
        "loudness": derived.LOUDNESS_SECONDS,
    }


def _probabilities(request: Request) -> Response:
    return Response(vod_view.probabilities(settings(), request.path_params["vod"]))


def _video(request: Request) -> Response:
    video = _named(request)
    return FileResponse(videos.probe(video).pieces[0].span.path, media_type=videos.media_type(video))


def _proxy(request: Request) -> Response:
    path = derived.proxy(_named(request), request.path_params["number"])
    return FileResponse(path, media_type="video/mp4", headers=CACHED)


def _loudness(request: Request) -> Response:
    path = derived.loudness(_named(request), request.path_params["number"])
    return FileResponse(path, media_type="application/octet-stream", headers=CACHED)


def _frame(request: Request) -> Response:
    view = Frame.model_validate(dict(request.query_params))
    return Response(derived.frame(_named(request), view.time, view.width), media_type="image/jpeg", headers=CACHED)


def _named(request: Request) -> Video:
    return videos.find(settings(), request.path_params["video"])


def _failed(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, UserError | OSError)
    return JSONResponse({"error": error_sentence(error)}, 400 if isinstance(error, UserError) else 507)


def _conflict(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": str(error)}, 409)


def _malformed(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": f"the request is malformed: {error}"}, 422)
