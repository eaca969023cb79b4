"""The review page in a browser: a small project, its server, and Chromium."""

import json
import re
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.helpers import ENVIRONMENT, HEADER, LABELS, REAL_ENVIRONMENT, Project, until, write_timeline

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# No background traffic, and no graphics card.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
# A browser without a graphics card takes long to draw large pages, so most tests have a small one.
SMALL = {"width": 1000, "height": 640}
DESK, PHONE = {"width": 1920, "height": 1000}, {"width": 390, "height": 844}
VOD = "vods/demo.mp4"
EDITS = "data/tiny/edits/demo.csv"
# The timeout on a busy machine (milliseconds).
SLOWEST = 30_000
# The views, and what each says once it is filled.
VIEWS = {
    "Segments": "0 of 10 judged",
    "Clips": "11 of 12 clips labelled",
    "Cut list": "4 of 4 segments",
    "Face cameras": "x0 0.025",
    "Holdout": "demo is not a holdout",
    "Rebuild": "Nothing has been built yet",
}
# What the timeline of the VOD says, and what its reel shows: start and end, seconds.
EVENTS = [(2.0, 4.0), (7.0, 9.0), (12.0, 14.0), (18.0, 20.0)]
CUT = "segment,vod,start,end,score,keep,event_start,event_end\n" + "".join(
    f"{number},demo,{start - 1},{end + 0.5},0.9,yes,{start},{end}\n" for number, (start, end) in enumerate(EVENTS, 1)
)
ASKED = [(5.25, 6.0), (10.0, 11.0), (12.0, 14.0), (15.5, 16.25), (16.5, 17.0), (21.0, 22.0), (22.5, 23.5)]
QUESTIONS = "start,end,probability,reason\n" + "".join(f"{start},{end},0.4,uncertain\n" for start, end in ASKED)


@dataclass
class Server:
    """A server of the review page, its process and its address."""

    process: subprocess.Popen
    address: str

    @property
    def token(self) -> str:
        return self.address.split("#")[1]

    def request(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
        """Send a request without a browser; return the status and the body. A header of None is not sent."""
        sent = {"X-Token": self.token} | {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.address.split("/#")[0] + path, content, {k: v for k, v in sent.items() if v is not None}, method=method
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def get(self, path: str) -> dict:
        """Get JSON."""
        status, content = self.request("GET", path)
        assert status == 200, content
        return json.loads(content)


@contextmanager
def served(project: Project, *arguments: str, **options) -> Iterator[Server]:
    """Serve the page of a project. With REAL_ENVIRONMENT as `env`, its process is the server, and ends at once."""
    command = ["python", "-m", "autotosis.review", "--no-browser", *arguments]
    options.setdefault("env", REAL_ENVIRONMENT if "preexec_fn" in options else ENVIRONMENT)
    with subprocess.Popen(command, cwd=project.folder, stdout=subprocess.PIPE, text=True, **options) as process:
        try:
            address = re.search(r"http\S+", process.stdout.readline())
            assert address, "it has printed no address"
            yield Server(process, address[0])
            assert process.poll() in (None, -signal.SIGKILL), "the server has ended by itself"
        finally:
            process.terminate()


def prepare(project: Project) -> None:
    """Give a project that was not built a VOD with a timeline, a cut list and questions, none of it in the holdout."""
    write_timeline(project, EVENTS, 24, "demo", 4)
    project.write("data/cuts/demo.csv", CUT)
    project.write("data/review/demo.csv", QUESTIONS)
    project.write("data/tiny/holdout.csv", HEADER)
    # As somebody has written it by hand.
    project.append(LABELS, "# to ask Anna about:\nclips/c11.mp4,,,0\n" if "c11" not in project.read(LABELS) else "")


def press(page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def saved(project: Project, table: str, content: str) -> None:
    """Wait until a table has this content."""
    path = project.folder / table
    try:
        until(lambda: path.exists() and path.read_text() == content)
    except AssertionError:
        saved_content = path.read_text() if path.exists() else None
        raise AssertionError(f"{table} is {saved_content!r}, not {content!r}") from None


def ready(page) -> None:
    """Wait until the video is there."""
    until(lambda: page.evaluate("document.querySelector('video')?.readyState >= 2"))


def strip_at(page, label: str, share: float) -> tuple[float, float]:
    """A place on a strip, as a share of its width."""
    box = page.get_by_label(label).bounding_box()
    return box["x"] + share * box["width"], box["y"] + box["height"] / 2
