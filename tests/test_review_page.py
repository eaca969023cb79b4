"""The review page is open to everybody, and what goes wrong loses nothing and is told. (45 s on two cores)"""

import json
import re
import time

import pytest

from tests import videos
from tests.helpers import FACECAMS, LABELS, REAL_ENVIRONMENT, copy_of, limit_file_size, until, write_timeline
from tests.review_page import CUT, DESK, EDITS, PHONE, SLOWEST, VIEWS, VOD, press, ready, saved, served, strip_at


def wait_for_frame(page, seconds: float) -> None:
    """Wait until a frame of about this time is shown."""
    shown = f"!video.seeking && video.readyState >= 2 && Math.abs(video.currentTime - {seconds}) < 60"
    until(lambda: page.evaluate(f"(() => {{ const video = document.querySelector('video'); return {shown} }})()"))


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_view_fits_the_screen_and_shuts_nobody_out(prepared, open_page, size):
    from axe_playwright_python.sync_playwright import Axe

    with served(prepared) as server:
        page = open_page(server, size=size)
        for number, (view, filled) in enumerate(VIEWS.items(), 1):
            press(page, str(number))
            page.get_by_text(filled).wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], view
            faults = [
                fault["help"]
                for fault in Axe().run(page).response["violations"]
                if fault["impact"] in ("serious", "critical")
            ]
            assert faults == [], view
        press(page, "?")
        page.get_by_role("dialog").get_by_text("Everywhere").wait_for()
        press(page, "Escape")
        assert not page.get_by_role("dialog").is_visible()


def test_a_recording_of_five_hours_that_no_browser_plays(prepared, open_page):
    import psutil

    path, hours = prepared.folder / "data/tiny/vods/long.mkv", 5 * 3600
    picture = ("-f", "lavfi", "-i", "testsrc2=size=64x36:rate=10")
    sound = ("-f", "lavfi", "-i", "sine=frequency=300:sample_rate=8000")
    minute = path.with_name("minute.mkv")
    videos.ffmpeg(*picture, *sound, "-t", 60, "-g", 20, "-preset", "ultrafast", "-b:a", "8k", minute)
    videos.ffmpeg("-stream_loop", hours // 60 - 1, "-i", minute, "-c", "copy", path)
    prepared.set_params(vods={"long": "vods/long.mkv"})
    write_timeline(prepared, [(14_000, 14_010)], hours, "long", fps=10)
    with served(prepared, env=REAL_ENVIRONMENT) as server:
        page = open_page(server, "Cut list")
        press(page, "1")
        began = time.monotonic()
        page.reload()
        page.get_by_text("Nothing to judge yet").wait_for()
        until(lambda: page.evaluate("document.querySelectorAll('canvas')[1]?.width > 0"))
        assert time.monotonic() - began < SLOWEST / 1000
        memory = psutil.Process(server.process.pid).memory_info().rss
        for share in (0.8, 0.3, 0.9, 0.1, 0.6):
            began = time.monotonic()
            page.mouse.click(*strip_at(page, "The whole video", share))
            wait_for_frame(page, share * hours)
            assert time.monotonic() - began < SLOWEST / 1000
        assert psutil.Process(server.process.pid).memory_info().rss < memory + 100_000_000
        # Finished files: those that are being made come and go.
        kept = (prepared.folder / ".dvc/tmp/review").glob("[!.]*")
        assert sum(file.stat().st_size for file in kept) < 20_000_000


def test_a_video_that_cannot_be_read_closes_no_view_for_the_others(prepared, open_page):
    before = prepared.read(FACECAMS)
    for name in ("vods/broken.mp4", "clips/c02.mp4"):
        prepared.write(f"data/tiny/{name}", "no video")
    prepared.set_params(vods={"broken": "vods/broken.mp4", "demo": VOD})
    with served(prepared) as server:
        page = open_page(server, expected="400")
        for key, words in (("1", "0 of 10 judged"), ("3", "4 of 4 segments"), ("5", "demo is not a holdout")):
            press(page, key)
            page.get_by_role("alert").get_by_text("vods/broken.mp4").wait_for()
            page.get_by_label("VOD", exact=True).select_option("demo")
            page.get_by_text(words).wait_for()
            page.get_by_label("VOD", exact=True).select_option("broken")
            page.get_by_role("alert").get_by_text("vods/broken.mp4").wait_for()
        press(page, "4")
        page.get_by_role("alert").get_by_text("vods/broken.mp4").wait_for()
        assert not page.get_by_label("Frame", exact=True).is_visible()
        press(page, "w", "ArrowDown")
        page.get_by_text("x0 0.025").wait_for()
        # It is not left beside the name of another video.
        page.get_by_label("Video", exact=True).select_option("vods/broken.mp4")
        page.get_by_label("Frame", exact=True).wait_for(state="hidden")
        press(page, "2")
        page.get_by_role("alert").get_by_text("clips/c02.mp4").wait_for()
        page.get_by_text("11 of 12 clips labelled").wait_for()
        press(page, "ArrowDown")
        ready(page)
    assert prepared.read(FACECAMS) == before


def test_a_change_by_hand_or_in_another_tab_is_noticed(prepared, open_page):
    with served(prepared) as server:
        page, other = (open_page(server, expected="409") for _ in range(2))
        for tab in (page, other):
            tab.get_by_text("0 of 10 judged").wait_for()
        before = prepared.read(LABELS)
        prepared.append(LABELS, "clips/c02.mp4,,,0\n")
        press(page, "y")
        page.get_by_role("alert").get_by_text("was changed by another program or in another tab").wait_for()
        assert prepared.read(LABELS) == before + "clips/c02.mp4,,,0\n"
        # It reads the table again.
        page.get_by_text("0 of 10 judged").wait_for()
        press(page, "ArrowDown", "y")
        row = f"{VOD},12.0,14.0,1\n"
        saved(prepared, LABELS, before + "clips/c02.mp4,,,0\n" + row)
        press(other, "n")
        other.get_by_role("alert").get_by_text("nothing was overwritten").wait_for()
        assert row in prepared.read(LABELS)
        other.get_by_text("1 of 10 judged").wait_for()


def test_a_click_that_fails_is_told(prepared, open_page):
    with served(prepared, env=REAL_ENVIRONMENT) as server:
        port = server.address.split(":")[2].split("/")[0]
        page = open_page(server, "Rebuild", expected="403")
        page.get_by_text("Nothing has been built yet").wait_for()
    with served(prepared, "--port", port):
        page.get_by_role("main").get_by_role("button", name="Rebuild").click()
        page.get_by_role("alert").get_by_text("the token is missing or old").wait_for()


def test_nothing_is_lost_on_a_full_disk_or_when_the_server_is_killed(prepared, open_page):
    before = prepared.read(LABELS)
    prepared.append(LABELS, "# " + 4100 * "x" + "\n")
    full = prepared.read(LABELS)
    with served(prepared, preexec_fn=limit_file_size(4096)) as server:
        page = open_page(server, expected="507|Failed to load resource")
        page.get_by_text("0 of 10 judged").wait_for()
        press(page, "y")
        page.get_by_role("alert").get_by_text("labels.csv: file too large").wait_for()
        page.get_by_text("0 of 10 judged").wait_for()
        assert prepared.read(LABELS) == full and not list((prepared.folder / "data/tiny").glob(".partial*"))
    prepared.write(LABELS, before)
    with served(prepared, env=REAL_ENVIRONMENT) as server:
        page = open_page(server, expected="Failed to load resource")
        page.get_by_text("0 of 10 judged").wait_for()
        press(page, "y")
        until(lambda: prepared.read(LABELS) != before)
        written = prepared.read(LABELS)
        page.get_by_text("1 of 10 judged").wait_for()
        server.process.kill()
        server.process.wait()
        press(page, "n")
        page.get_by_role("alert").get_by_text("The server does not answer; nothing was written").wait_for()
        assert prepared.read(LABELS) == written


def test_the_pipeline_is_run_again_from_the_page(tmp_path, built, open_page):
    project = copy_of(built, tmp_path / "project")
    rows = project.table("data/cuts/demo.csv")
    assert rows
    with served(project) as server:
        page = open_page(server, "Cut list")
        page.get_by_text(f"{len(rows)} of {len(rows)} segments").wait_for()
        press(page, "k")
        until(lambda: (project.folder / EDITS).exists())
        press(page, "6", "b")
        page.get_by_role("status").get_by_text(re.compile("Done after .*select@demo.*render@demo")).wait_for(
            timeout=120_000
        )
        state = server.get("/api/rebuild")
        assert state["code"] == 0 and not any(stage.startswith(("train", "predict")) for stage in state["ran"])
        metrics = json.loads(project.read("reels/metrics/demo.json"))
        assert state["after"]["demo"] == metrics
        page.get_by_role("cell", name=f"{metrics['shown']:.3f}").first.wait_for()
    assert len(project.table("reels/demo/segments.csv")) == len(rows) - 1


def test_a_focused_control_keeps_its_own_keys(prepared, open_page):
    tables = prepared.read(FACECAMS), prepared.read(LABELS)
    with served(prepared) as server:
        page = open_page(server, "Face cameras")
        page.get_by_text("0:12.0 · x0 0.025").wait_for()
        page.get_by_label("Time", exact=True).focus()
        press(page, "ArrowRight")
        page.get_by_text("0:12.1 · x0 0.025").wait_for()
        press(page, "1")
        page.get_by_text("0 of 10 judged").wait_for()
        page.get_by_label("VOD", exact=True).focus()
        press(page, "y", "n")
        page.get_by_label("VOD", exact=True).blur()
        press(page, "3")
        second = page.get_by_label("Keep the segment at 0:06.0")
        second.focus()
        press(page, " ")
        saved(prepared, EDITS, CUT.replace("9.5,0.9,yes", "9.5,0.9,no"))
        press(page, " ")
        saved(prepared, EDITS, CUT)
        assert page.evaluate("document.querySelector('video').paused")
        assert second.evaluate("each => each === document.activeElement")
    assert (prepared.read(FACECAMS), prepared.read(LABELS)) == tables


def test_a_video_that_is_chosen_twice_is_fetched_once(prepared, open_page):
    clips = prepared.folder / "data/tiny/clips"
    # No browser plays it, so it comes as a proxy.
    videos.ffmpeg("-i", clips / "c01.mp4", "-c", "copy", clips / "c99.mkv")
    with served(prepared) as server:
        page = open_page(server, "Clips")
        page.get_by_text("11 of 13 clips labelled").wait_for()
        answers, fetched = [], []
        page.route("**/info/clips/c99.mkv", lambda route: answers.append(route))
        page.on("request", lambda request: fetched.append(request.url) if "/proxy/" in request.url else None)
        for _ in range(2):
            page.get_by_role("button", name="c99.mkv").click()
        until(lambda: page.evaluate("true") and len(answers) == 2)
        with page.expect_response("**/proxy/0/clips/c99.mkv"):
            answers[0].continue_()
        ready(page)
        with page.expect_response("**/info/clips/c99.mkv"):
            answers[1].continue_()
        ready(page)
        # Meanwhile, it would be asked for again.
        press(page, "5")
        page.get_by_text("demo is not a holdout").wait_for()
        assert len(fetched) == 1


def test_a_view_that_was_left_before_it_had_opened_does_nothing(prepared, open_page):
    with served(prepared) as server:
        page = open_page(server, "Clips")
        page.get_by_text("11 of 12 clips labelled").wait_for()
        answers = []
        page.route("**/api/vods/demo", lambda route: answers.append(route))
        for count, key in enumerate(("1", "5"), 1):
            press(page, key)
            until(lambda count=count: page.evaluate("true") and len(answers) == count)
        press(page, "6")
        page.get_by_text("Nothing has been built yet").wait_for()
        for answer in answers:
            with page.expect_response("**/info/vods/demo.mp4"):
                answer.continue_()
        # Of ten frames of the screen, how many anything else has asked for.
        others = """async () => {
            const native = window.requestAnimationFrame;
            let count = 0;
            window.requestAnimationFrame = (each) => (count++, native(each));
            for (let n = 0; n < 10; n++) await new Promise((resolve) => native(resolve));
            return count;
        }"""
        until(lambda: page.evaluate(others) == 0)
