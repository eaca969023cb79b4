"""The server of the review page: who may ask for what, and that tables keep all but what is changed. (10 s)"""

import json
import os
import socket
from pathlib import Path

import numpy as np
import pytest

from autotosis.review import user_tables
from autotosis.review import videos as review_videos
from autotosis.review.rebuild import Rebuild
from autotosis.review.videos import Video
from tests import videos
from tests.helpers import (
    ENVIRONMENT,
    FACECAMS,
    LABELS,
    REAL_ENVIRONMENT,
    ROOT,
    Project,
    assert_user_error,
    copy_of,
    load_params,
)
from tests.review_page import CUT, VOD, prepare, served

EDITS = "data/tiny/edits/demo.csv"


@pytest.fixture(scope="module")
def shared(tmp_path_factory, unbuilt) -> Project:
    project = copy_of(unbuilt, tmp_path_factory.mktemp("review") / "project")
    prepare(project)
    return project


@pytest.fixture(scope="module")
def server(shared):
    with served(shared, env=REAL_ENVIRONMENT) as server:
        yield server


def put(server, path: str, **content) -> tuple[int, dict]:
    version = server.get(path.removesuffix("/cut"))["version"]
    status, answer = server.request("PUT", path, {"version": version} | content)
    return status, json.loads(answer)


def test_only_the_page_itself_may_ask(shared, server):
    port = server.address.split(":")[2].split("/")[0]
    refused = [{"Host": "evil.example"}, {"Host": f"evil.example:{port}"}, {"Origin": "http://evil.example"}]
    refused += [{"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}]
    for headers in refused:
        assert server.request("GET", "/api/project", **headers)[0] == 403, headers
    assert server.request("GET", "/api/project", X_Token=None, Origin=f"http://127.0.0.1:{port}")[0] == 200
    before = shared.read(LABELS)
    body = {"version": server.get("/api/labels")["version"], "video": VOD, "marks": [[1, 2, 1]]}
    for token in (None, "", "wrong", server.token[:-1]):
        assert server.request("PUT", "/api/labels", body, X_Token=token)[0] == 403
        assert server.request("POST", "/api/rebuild", {}, X_Token=token)[0] == 403
    assert shared.read(LABELS) == before


def test_the_body_of_a_request_that_changes_nothing_is_not_read(server):
    port = int(server.address.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        # More than there is memory, and none of it is sent.
        head = f"GET /api/labels HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 1{'0' * 15}\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_a_recording_that_was_found_meanwhile_is_known(shared, server):
    shared.write("vods.yaml", f"vods:\n  found: {VOD}\n")
    assert "found" in json.dumps(server.get("/api/project"))
    shared.write("vods.yaml", "vods: {}\n")


def test_it_listens_on_this_machine_only(server):
    import psutil

    connections = psutil.Process(server.process.pid).net_connections()
    listening = [connection for connection in connections if connection.status == "LISTEN"]
    assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}


def test_only_videos_of_the_project_are_served(shared, server):
    (shared.folder / "data/tiny/clips/.hidden.mp4").write_bytes(b"secret")
    (shared.folder / "data/tiny/clips/secret.txt").write_bytes(b"secret")
    (shared.folder / "secret.mp4").write_bytes(b"secret")
    names = ["../../params.yaml", "..%2f..%2fparams.yaml", "%2fetc%2fpasswd", "clips/../../../secret.mp4", "labels.csv"]
    names += [
        "clips/.hidden.mp4",
        "clips/secret.txt",
        "../../secret.mp4",
        "clips",
        "vods",
        "$(touch x)",
        "clips/c01.mp4%00",
    ]
    for name in names:
        for kind in ("video", "proxy/0", "loudness/0", "frame", "info"):
            status, answer = server.request("GET", f"/{kind}/{name}?time=0&width=64".replace(" ", "%20"))
            assert status in (400, 404) and b"secret" not in answer.replace(b"secret.", b""), name
    status, answer = server.request("GET", "/video/clips/c01.mp4", Range="bytes=4-7")
    assert (status, answer) == (206, b"ftyp")


@pytest.mark.parametrize(
    ("letter", "cause"), [(b"\xe9", "is not in UTF-8"), (b"\x1b", "has a line break or another control character")]
)
def test_a_clip_whose_name_cannot_be_used_is_named(shared, server, letter, cause):
    clip = Path(os.fsdecode(bytes(shared.folder / "data/tiny/clips") + b"/caf" + letter + b".mp4"))
    clip.touch()
    status, answer = server.request("GET", "/api/project")
    clip.unlink()
    assert status == 400
    assert json.loads(answer)["error"] == f"data/tiny/clips/caf?.mp4: its name {cause}; rename the file"


@pytest.mark.parametrize("number", [9, 99999999999999999999999])
def test_a_stretch_beyond_the_end_of_a_video_is_an_error(server, number):
    status, answer = server.request("GET", f"/proxy/{number}/clips/c01.mp4")
    assert status == 400 and b"data/tiny/clips/c01.mp4: ends at" in answer


def test_the_sound_is_that_of_the_tracks_that_params_name(shared, tmp_path):
    project = copy_of(shared, tmp_path / "project")
    # The game hums all the time; somebody speaks from 2 s on.
    sources = ["color=size=64x48:rate=10", "sine=400", "sine=2000,volume='gte(t,2)':eval=frame"]
    inputs = [word for source in sources for word in ("-f", "lavfi", "-t", 4, "-i", source)]
    videos.ffmpeg(*inputs, *("-map", 0, "-map", 1, "-map", 2), project.folder / "data/tiny/vods/obs.mkv")
    project.set_params(vods={"obs": "vods/obs.mkv"})
    with served(project) as server:

        def heard_and_judged() -> tuple[list[bool], list[bool]]:
            """Whether each of the two tones is heard, and whether each half is loud."""
            copy = project.folder / "proxy.mp4"
            copy.write_bytes(server.request("GET", "/proxy/0/vods/obs.mkv")[1])
            tones = np.abs(np.fft.rfft(videos.samples(copy)[-videos.RATE :]))[[400, 2000]]
            loud = np.frombuffer(server.request("GET", "/loudness/0/vods/obs.mkv")[1], np.uint8).reshape(2, 20)
            return list(tones > 100), list(np.median(loud, axis=1) > 50)

        assert heard_and_judged() == ([True, False], [True, True])
        project.set_params(tracks={"obs": {"judge": 2, "hear": [1, 2]}})
        assert heard_and_judged() == ([True, True], [False, True])


@pytest.mark.parametrize(
    ("name", "picture", "sound", "played"),
    [
        ("a.webm", "libaom-av1", "libopus", "video/webm"),
        ("a.mp4", "libx264", "libmp3lame", "video/mp4"),
        ("a.mp4", "mpeg4", "aac", None),
    ],
)
def test_browsers_play_codecs_by_whatever_they_are_decoded(tmp_path, name, picture, sound, played):
    source = ["-f", "lavfi", "-t", 1, "-i", "color=s=64x48:r=10", "-f", "lavfi", "-t", 1, "-i", "sine"]
    codecs = ["-c:v", picture, "-c:a", sound, "-pix_fmt", "yuv420p"]
    videos.ffmpeg(*source, *codecs, tmp_path / name)
    assert review_videos.media_type(Video(name, tmp_path / name, (), (), ())) == played


def test_tables_keep_all_that_is_not_changed(shared, server):
    # Comments, blank lines, Windows' line ends, numbers as they were typed, an order of one's own.
    content = 'video,start,end,label\r\n# mine\r\nclips/c03.mp4, 1 ,2.50,1\r\n\r\n"clips/c01.mp4",,,0\r\n# end'
    (shared.folder / LABELS).write_bytes(content.encode())
    status, _ = put(server, "/api/labels", video="clips/c03.mp4", marks=[[1.0, 2.5, 1], [2.6, 3.0, 0]])
    assert status == 200
    changed = content.replace("2.50,1\r\n", "2.50,1\r\nclips/c03.mp4,2.6,3.0,0\r\n")
    assert (shared.folder / LABELS).read_bytes().decode() == changed
    put(server, "/api/labels", video="clips/c02.mp4", marks=[[None, None, 0]])
    changed = changed.replace("0\r\n# end", "0\r\nclips/c02.mp4,,,0\r\n# end")
    assert (shared.folder / LABELS).read_bytes().decode() == changed
    put(server, "/api/labels", video="clips/c02.mp4", marks=[])
    put(server, "/api/labels", video="clips/c03.mp4", marks=[[1, 2.5, 1]])
    assert (shared.folder / LABELS).read_bytes().decode() == content


def test_a_cut_list_keeps_its_columns(shared, server):
    mine = "start,end,keep,reel_start,score\n# the best one\n7,9,,0,0.25\n12.0,14,no,2,\n"
    shared.write(EDITS, mine)
    segments = [
        {"start": 6.5, "end": 9, "keep": True},
        {"start": 12, "end": 14, "keep": True},
        {"start": 1, "end": 2, "keep": True},
    ]
    assert put(server, "/api/vods/demo/cut", segments=segments)[0] == 200
    changed = (
        mine.replace("7,9", "6.5,9.0")
        .replace("12.0,14,no", "12.0,14.0,yes")
        .replace("score\n", "score\n1.0,2.0,yes,,1\n")
    )
    assert shared.read(EDITS) == changed
    assert put(server, "/api/vods/demo/cut", segments=None)[0] == 200
    assert not (shared.folder / EDITS).exists()
    first = {"start": 1.0, "end": 4.5, "keep": False}
    assert put(server, "/api/vods/demo/cut", segments=[first])[0] == 200
    assert shared.read(EDITS) == "".join(CUT.replace("4.5,0.9,yes", "4.5,0.9,no").splitlines(keepends=True)[:2])


def test_a_segment_keeps_its_score_whatever_overlaps_it(shared, server):
    dropped, kept = {"start": 11.0, "end": 14.5, "keep": False}, {"start": 17.0, "end": 20.5, "keep": True}
    mine = {"start": 9.0, "end": 12.0, "keep": True}
    put(server, "/api/vods/demo/cut", segments=None)
    for segments in ([dropped, kept], [mine, dropped, kept], [mine | {"end": 16.0}, dropped, kept], [dropped, kept]):
        assert put(server, "/api/vods/demo/cut", segments=segments)[0] == 200
        scores = {row["start"]: row["score"] for row in server.get("/api/vods/demo")["segments"]}
        assert scores == {segment["start"]: 1.0 if segment["start"] == 9 else 0.9 for segment in segments}
    rows = CUT.splitlines(keepends=True)
    assert shared.read(EDITS) == "".join([rows[0], rows[3].replace("yes", "no"), rows[4]])
    put(server, "/api/vods/demo/cut", segments=None)


def test_a_segment_whose_event_was_cut_off_is_all_event(shared, server):
    first = {"start": 1.0, "end": 1.5, "keep": True}
    assert put(server, "/api/vods/demo/cut", segments=[first])[0] == 200
    (segment,) = server.get("/api/vods/demo")["segments"]
    assert (segment["event_start"], segment["event_end"]) == (1.0, 1.5)
    put(server, "/api/vods/demo/cut", segments=None)


WRONG = {
    "a mark behind the end": ("/api/labels", {"video": VOD, "marks": [[3, 2, 1]]}, "ends at 2 s, not after its start"),
    "marks that overlap": ("/api/labels", {"video": VOD, "marks": [[1, 3, 1], [2, 4, 0]]}, "overlaps the label"),
    "a judgement that is too long": (
        "/api/labels",
        {"video": VOD, "marks": [[1, 302, 1]]},
        "from 1 to 302 s: a row may cover at most 300 s of a VOD",
    ),
    "no video": ("/api/labels", {"video": "../x.mp4", "marks": []}, "neither a clip nor a VOD"),
    "no label": ("/api/labels", {"video": VOD, "marks": [[1, 2, 2]]}, "malformed"),
    "infinity": ("/api/labels", {"video": VOD, "marks": [["inf", 2, 1]]}, "malformed"),
    "an empty box": ("/api/facecams", {"pattern": VOD, "box": [0.5, 0, 0.5, 1]}, "must be inside the frame"),
    "a box that is empty as it is written": (
        "/api/facecams",
        {"pattern": VOD, "box": [0.50001, 0, 0.50004, 1]},
        "must be inside the frame",
    ),
    "another line": ("/api/facecams", {"pattern": "a\nb", "box": [0, 0, 1, 1]}, "malformed"),
    "overlapping segments": (
        "/api/vods/demo/cut",
        {"segments": [{"start": 1, "end": 3, "keep": True}, {"start": 2, "end": 4, "keep": True}]},
        "overlaps row",
    ),
    "too long": ("/api/vods/demo/cut", {"segments": [{"start": 1, "end": 99, "keep": True}]}, "ends at 99"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_with_a_sentence_and_changes_nothing(shared, server, name):
    path, content, words = WRONG[name]
    before = shared.digests("data/tiny")
    status, answer = put(server, path, **content)
    assert status in (400, 422) and words in answer["error"] and ".partial" not in answer["error"]
    assert shared.digests("data/tiny") == before


def test_of_two_changes_of_one_version_only_the_first_is_made(shared, server):
    version = server.get("/api/facecams")["version"]
    boxes = [[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]]
    done = [
        server.request("PUT", "/api/facecams", {"version": version, "pattern": VOD, "box": box})[0] for box in boxes
    ]
    assert done == [200, 409] and shared.read(FACECAMS).splitlines()[-1] == f"{VOD},0,0,0.5,0.5"


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({"cuts": "1,2"}, {"cuts": "1,3"}, "data/cuts/demo.csv"),
        ({"cuts": "1,2"}, {"cuts": "1,2", "edits": "1,3"}, "edits/demo.csv"),
        ({"cuts": "1,2", "edits": "1,3"}, {"cuts": "1,2"}, "edits/demo.csv"),
        ({}, {"cuts": "1,2"}, "data/cuts/demo.csv"),
    ],
    ids=["the pipeline's", "a new edit", "an edit is removed", "the first"],
)
def test_the_cut_list_that_another_program_changed_is_named(tmp_path, monkeypatch, before, after, changed):
    monkeypatch.chdir(tmp_path)
    places = {"cuts": Path("data/cuts/demo.csv"), "edits": Path("edits/demo.csv")}
    for path in places.values():
        path.parent.mkdir(parents=True)

    def write(rows: dict[str, str]) -> str:
        for name, path in places.items():
            path.unlink(missing_ok=True)
            if name in rows:
                path.write_text(f"start,end\n{rows[name]}\n")
        return user_tables.cut_version(places["edits"], "demo")

    seen = write(before)
    write(after)
    with pytest.raises(user_tables.Conflict, match=f"^{changed} was changed"):
        user_tables.write_cut(places["edits"], "demo", 24, seen, [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "clips/*"),
        ("vods/* vods/a.mp4", "vods/* clips/* vods/a.mp4"),
        ("clips/a.mp4 vods/*", "clips/* clips/a.mp4 vods/*"),
        ("vods/a.mp4 * clips/a.mp4", "vods/a.mp4 * clips/* clips/a.mp4"),
        ("clips/a.mp4 * vods/a.mp4", "clips/a.mp4 * clips/* vods/a.mp4"),
        ("clips/* clips/a.mp4", "clips/* clips/a.mp4"),
        ("clips/* clips/a.mp4 * clips/b.mp4", "clips/a.mp4 * clips/* clips/b.mp4"),
    ],
)
def test_a_face_camera_of_all_clips_overrules_no_single_one(tmp_path, before, after):
    table = tmp_path / "facecams.csv"
    table.write_text("\n".join(["video,x0,y0,x1,y1", *(f"{video},0,0,1,1" for video in before.split())]) + "\n")
    user_tables.write_box(tmp_path, user_tables.version(table), "clips/*", [0, 0, 0.5, 1])
    rows = [row.split(",") for row in table.read_text().splitlines()[1:]]
    assert [row[0] for row in rows] == after.split()
    assert [row[0] for row in rows if row[3] == "0.5"] == ["clips/*"]


def test_a_clip_whose_name_looks_like_a_pattern_is_one_clip(tmp_path):
    clip = "clips/Rage [dQw4w9WgXcQ].mp4"
    table = tmp_path / "facecams.csv"
    (tmp_path / "clips").mkdir()
    (tmp_path / clip).touch()
    for pattern in (clip, "clips/*"):
        user_tables.write_box(tmp_path, user_tables.version(table), pattern, [0, 0, 0.5, 1])
    assert [row.split(",")[0] for row in table.read_text().splitlines()] == ["video", "clips/*", clip]


def test_a_stage_whose_results_are_known_did_not_run(bare, monkeypatch):
    for name in ("git", "dvc"):
        bare.succeed(name, "init", "--quiet")
    bare.write("vods.yaml", "vods: {}\n")
    bare.write("dvc.yaml", "stages:\n  copy:\n    cmd: cp a b\n    deps: [a]\n    outs: [b]\n")
    monkeypatch.setenv("PATH", ENVIRONMENT["PATH"])
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    run = Rebuild()

    def build(content: str) -> tuple[list[str], list[str]]:
        """Return which stages ran, and whose results were known, with this content of the file that one copies."""
        bare.write("a", content)
        run.start()
        assert run.process.wait() == 0
        state = run.state(load_params(bare))
        assert bare.read("b") == content
        return state["ran"], state["restored"]

    assert [build(content) for content in ("old", "new", "old", "old")] == [
        (["copy"], []),
        (["copy"], []),
        ([], ["copy"]),
        ([], []),
    ]


def test_a_malformed_parameter_is_named_before_anything_is_served(shared, tmp_path):
    project = copy_of(shared, tmp_path / "project")
    project.set_params(trian={})
    assert_user_error(
        project.run("python", "-m", "autotosis.review", "--no-browser"), "params.yaml", "did you mean train?"
    )
