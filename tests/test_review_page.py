"""What is done on the review page, by keyboard and by mouse, is in the tables, row by row. (45 s on two cores.)"""

import json
import re
import time

import pytest

from tests import videos
from tests.helpers import FACECAMS, HEADER, HOLDOUT, LABELS, Project, copy_of, limit_file_size, write_timeline
from tests.review_page import ARGUMENTS, ASKED, CHROMIUM, CUT, DESK, EVENTS, PHONE, SMALL, VOD, prepare, served, until

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")
EDITS = "data/tiny/edits/demo.csv"
# The timeout on a busy machine (milliseconds).
SLOWEST = 30_000
# The views, and what each says once it is filled.
VIEWS = {
    "Segments": "0 of 10 judged",
    "Clips": "11 of 12 clips labelled",
    "Cut list": "4 of 4 segments",
    "Face cameras": "x0 0.025",
    "Holdout": "demo teaches the model",
    "Rebuild": "Nothing has been built yet",
}


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def project(tmp_path, unbuilt) -> Project:
    project = copy_of(unbuilt, tmp_path / "project")
    prepare(project)
    return project


@pytest.fixture
def open_page(browser):
    """Open pages that complain about nothing, except where a test says so."""
    contexts, errors = [], []

    def open_page(server, view: str = "Segments", size=SMALL, expected: str = "(?!)"):
        context = browser.new_context(viewport=size)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(SLOWEST)
        page.on("pageerror", lambda error: errors.append(str(error)))
        # When a test ends its server, the page may still ask it for something.
        known = re.compile(f"{expected}|ERR_CONNECTION_REFUSED")
        page.on(
            "console",
            lambda said: errors.append(said.text) if said.type == "error" and not known.search(said.text) else 0,
        )
        page.goto(server.address)
        page.keyboard.press(str(list(VIEWS).index(view) + 1))
        until(lambda: page.title().startswith(view))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def press(page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def saved(project: Project, table: str, content: str) -> None:
    """Wait until a table has this content."""
    path = project.folder / table
    try:
        until(lambda: path.exists() and path.read_text() == content)
    except AssertionError:
        assert path.exists() and path.read_text() == content


def ready(page) -> None:
    """Wait until the video is there."""
    until(lambda: page.evaluate("document.querySelector('video')?.readyState >= 2"))


def wait_for_frame(page, seconds: float) -> None:
    """Wait until a frame of about this time is shown."""
    shown = f"!video.seeking && video.readyState >= 2 && Math.abs(video.currentTime - {seconds}) < 60"
    until(lambda: page.evaluate(f"(() => {{ const video = document.querySelector('video'); return {shown} }})()"))


def strip_at(page, label: str, share: float) -> tuple[float, float]:
    """A place on a strip, as a share of its width."""
    box = page.get_by_label(label).bounding_box()
    return box["x"] + share * box["width"], box["y"] + box["height"] / 2


def test_clips_are_labelled_by_keyboard_alone(project, open_page):
    project.append(LABELS, "# ask Anna\n")
    before = project.read(LABELS)
    with served(project) as server:
        page = open_page(server, "Clips")
        page.get_by_text("11 of 12 clips labelled").wait_for()
        ready(page)
        press(page, "ArrowRight", "i", "ArrowRight", "o")
        first = before.replace("clips/c03.mp4", "clips/c02.mp4,1.0,2.0,1\nclips/c03.mp4", 1)
        saved(project, LABELS, first)
        press(page, "q", "q", "r")
        saved(project, LABELS, first.replace("1.0,2.0,1", "0.8,2.1,1"))
        press(page, "x")
        saved(project, LABELS, before)
        press(page, "z")
        saved(project, LABELS, first.replace("1.0,2.0,1", "0.8,2.1,1"))
        press(page, "n")
        saved(project, LABELS, first.replace("1.0,2.0,1", ",,0"))
        page.get_by_text("All clips are labelled").wait_for()
        # While it plays, a mark is where the key was meant to be pressed.
        press(page, "ArrowDown")
        until(lambda: page.evaluate("document.querySelector('video').currentTime > 0.6"))
        page.get_by_label("Reaction time").fill("0.5")
        page.get_by_label("Reaction time").blur()
        press(page, "i", " ")
        text = page.get_by_text("press O at the end").inner_text()
        late = page.evaluate("document.querySelector('video').currentTime") - float(text.split("0:0")[1][:3])
        assert 0.4 < late < 1.5


def test_rows_with_an_open_end_or_about_a_whole_clip_are_kept(project, open_page):
    project.write(LABELS, HEADER + "clips/c01.mp4,1.7,,1\nclips/c02.mp4,,,1\n")
    with served(project) as server:
        page = open_page(server, "Clips")
        page.get_by_text("2 of 12 clips labelled").wait_for()
        ready(page)
        press(page, "ArrowUp", "ArrowUp")
        page.get_by_label("Marks").get_by_text("0:01.7").wait_for()
        ready(page)
        press(page, ",", *4 * ["ArrowLeft"], "i", *3 * ["."], "o")
        saved(project, LABELS, HEADER + "clips/c01.mp4,0.0,0.3,1\nclips/c01.mp4,1.7,,1\nclips/c02.mp4,,,1\n")
        press(page, "ArrowDown")
        page.get_by_label("Marks").get_by_text("0:00.0").wait_for()


def test_ten_moments_are_judged_by_keyboard(project, open_page):
    before = project.read(LABELS)
    with served(project) as server:
        page = open_page(server)
        page.get_by_text("0 of 10 judged").wait_for()
        press(page, "n", "y", "y", "n", "n", "n", "n", "y", "y", "n")
        verdicts = [0, 1, 1, 0, 0, 0, 0]
        judged = dict(zip(ASKED, verdicts, strict=True)) | {EVENTS[0]: 1, EVENTS[1]: 1, EVENTS[3]: 0}
        rows = {edges: f"{VOD},{edges[0]},{edges[1]},{label}\n" for edges, label in judged.items()}
        saved(project, LABELS, before + "".join(rows[edges] for edges in sorted(rows)))
        page.get_by_text("10 of 10 judged").wait_for()
        # Mend an edge, take a judgement back, add what was missed, and undo that.
        press(page, "e")
        rows[EVENTS[3]] = f"{VOD},18.0,19.9,0\n"
        saved(project, LABELS, before + "".join(rows[edges] for edges in sorted(rows)))
        press(page, "ArrowUp", "u")
        del rows[EVENTS[1]]
        saved(project, LABELS, before + "".join(rows[edges] for edges in sorted(rows)))
        press(page, ",", *3 * ["Shift+ArrowLeft"], "ArrowRight", "a")
        missed = before + f"{VOD},0.0,1.5,1\n"
        saved(project, LABELS, missed + "".join(rows[edges] for edges in sorted(rows)))
        press(page, "z")
        saved(project, LABELS, before + "".join(rows[edges] for edges in sorted(rows)))


def test_calm_segments_have_a_low_probability(project, open_page):
    project.set_params(select={"invert": True})
    with served(project) as server:
        page = open_page(server)
        page.get_by_role("listitem").filter(has_text="shown").first.get_by_text("10 %").wait_for()


def test_a_vod_of_the_holdout_is_not_judged(project, open_page):
    project.write(HOLDOUT, HEADER + f"{VOD},2,4,1\n")
    with served(project) as server:
        page = open_page(server)
        page.get_by_text("demo is in the holdout").wait_for()
        page.get_by_text("0 of 10 judged").wait_for()
        before = project.read(LABELS)
        press(page, "y", "e", "a")
        assert page.get_by_role("button", name="Yes, a highlight").is_disabled()
        # Whatever it writes is written before another view is filled.
        press(page, "2")
        page.get_by_text("11 of 12 clips labelled").wait_for()
        assert project.read(LABELS) == before


def test_the_cut_is_changed_by_mouse_and_previewed(project, open_page):
    with served(project) as server:
        page = open_page(server, "Cut list")
        page.get_by_text("0:14.0 of 0:24, 4 of 4 segments").wait_for()
        ready(page)
        # The strip shows the first segment, 1 to 4.5 s, with 4 s beside it: 0 to 8.5 s.
        page.mouse.move(*strip_at(page, "Probability and loudness", 4.5 / 8.5))
        page.mouse.down()
        page.mouse.move(*strip_at(page, "Probability and loudness", 5.5 / 8.5), steps=4)
        page.get_by_text("0:15.0 of 0:24").wait_for()
        assert not (project.folder / EDITS).exists()
        page.mouse.up()
        until(lambda: (project.folder / EDITS).exists())
        end = float(project.table(EDITS)[0]["end"])
        assert end == pytest.approx(5.5, abs=0.02)
        mine = CUT.replace("1.0,4.5", f"1.0,{end:g}")
        saved(project, EDITS, mine)
        page.get_by_label("Keep the segment at 0:06.0").uncheck()
        mine = mine.replace("6.0,9.5,0.9,yes", "6.0,9.5,0.9,no")
        saved(project, EDITS, mine)
        page.get_by_text("3 of 4 segments").wait_for()
        # The preview shows what is kept and nothing else, at four times the speed.
        page.get_by_label("Speed").select_option("4")
        page.evaluate("""() => {
            window.seen = [];
            const video = document.querySelector("video");
            const look = () => { if (!video.paused) seen.push(video.currentTime); requestAnimationFrame(look); };
            look();
        }""")
        page.mouse.click(*strip_at(page, "The whole video", 0.0))
        press(page, "p")
        until(lambda: page.evaluate("document.querySelector('video').paused && seen.at(-1) > 19"))
        seen = page.evaluate("seen")
        kept = [(1.0, end), (11.0, 14.5), (17.0, 20.5)]
        assert all(any(a - 0.3 <= each <= b + 0.6 for a, b in kept) for each in seen), seen
        assert all(any(a <= each <= b for each in seen) for a, b in kept)
        press(page, "z")
        saved(project, EDITS, CUT.replace("1.0,4.5", f"1.0,{end:g}"))
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Back to the model's cut").click()
        until(lambda: not (project.folder / EDITS).exists())
        page.get_by_text("0:14.0 of 0:24, 4 of 4 segments").wait_for()


def test_a_face_camera_is_boxed(project, open_page):
    before = project.read(FACECAMS)
    with served(project) as server:
        page = open_page(server, "Face cameras")
        page.get_by_text("0:12.0 · x0 0.025").wait_for()
        page.get_by_label("Frame at 0:07.5").click()
        page.get_by_text("0:07.5 · x0 0.025").wait_for()
        box = page.locator(".picture").bounding_box()
        corner = page.locator(".handle.ne").bounding_box()
        page.mouse.move(corner["x"] + 8, corner["y"] + 8)
        page.mouse.down()
        page.mouse.move(corner["x"] + 8 + 0.1 * box["width"], corner["y"] + 8 + 0.1 * box["height"], steps=3)
        page.mouse.up()
        until(lambda: project.read(FACECAMS) != before)
        row = project.read(FACECAMS).removeprefix(before).strip().split(",")
        assert row[0] == VOD and [float(side) for side in row[1:]] == pytest.approx(
            [0.025, 0.7222, 0.375, 0.9556], abs=0.005
        )
        press(page, "w")
        saved(project, FACECAMS, before + f"{VOD},0,0,1,1\n")
        # In another place for all clips, by keyboard alone.
        press(page, "ArrowDown")
        page.get_by_text("x0 0.025").wait_for()
        page.get_by_label("Save it for").select_option("clips/*")
        page.get_by_label("Save it for").blur()
        press(page, "ArrowRight")
        rows = (before + f"{VOD},0,0,1,1\n").splitlines(keepends=True)
        # Behind the other patterns, and before what is said of single videos.
        saved(project, FACECAMS, "".join([*rows[:3], "clips/*,0.03,0.6222,0.28,0.9556\n", *rows[3:]]))
        press(page, "z")
        saved(project, FACECAMS, "".join(rows))


def test_moves_of_a_face_camera_are_taken_back_one_by_one(project, open_page):
    before = project.read(FACECAMS)
    with served(project) as server:
        page = open_page(server, "Face cameras")
        page.get_by_text("x0 0.025").wait_for()
        # All of them are made before the first one is written.
        page.evaluate("""for (let n = 0; n < 3; n++)
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }))""")
        rows = [before + f"{VOD},{x0:g},0.6222,{x0 + 0.25:g},0.9556\n" for x0 in (0.03, 0.035, 0.04)]
        for row in (rows[2], rows[1], rows[0], before):
            saved(project, FACECAMS, row)
            press(page, "z")
        page.get_by_text("Nothing to undo").wait_for()


def test_a_vod_becomes_a_holdout_and_leaves_it(project, open_page):
    labels = project.read(LABELS)
    project.append(LABELS, f"{VOD},2.0,4.0,1\n{VOD},7.0,9.0,0\n")
    with served(project) as server:
        page = open_page(server, "Holdout")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_text("demo teaches the model by 2 judgements").wait_for()
        page.get_by_role("button", name="Make it a holdout").click()
        saved(project, LABELS, labels)
        saved(project, HOLDOUT, HEADER + f"{VOD},2.0,4.0,1\n")
        ready(page)
        press(page, "Shift+ArrowRight", "i", "ArrowRight", "ArrowRight", "o")
        saved(project, HOLDOUT, HEADER + f"{VOD},2.0,4.0,1\n{VOD},10.0,12.0,1\n")
        page.get_by_text("2 highlights are marked").wait_for()
        page.get_by_role("button", name="Let it teach again").click()
        saved(project, HOLDOUT, HEADER)


def test_a_holdout_that_cannot_be_written_costs_no_judgement(project, open_page):
    project.append(LABELS, f"{VOD},2.0,4.0,1\n")
    labels = project.read(LABELS)
    with served(project) as server:
        page = open_page(server, "Holdout", expected="409")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_text("demo teaches the model by 1 judgements").wait_for()
        project.append(HOLDOUT, "# ask Anna\n")
        page.get_by_role("button", name="Make it a holdout").click()
        page.get_by_role("alert").get_by_text("nothing was overwritten").wait_for()
        # Whatever it writes is written before the view is filled again.
        press(page, "5")
        page.get_by_text("demo teaches the model by 1 judgements").wait_for()
        assert project.read(LABELS) == labels and project.read(HOLDOUT) == HEADER + "# ask Anna\n"


def test_a_box_is_saved_for_the_video_that_is_shown(project, open_page):
    before = project.read(FACECAMS)
    with served(project) as server:
        page = open_page(server, "Face cameras")
        page.get_by_text("x0 0.025").wait_for()
        answers = []
        page.route("**/info/clips/c01.mp4", lambda route: answers.append(route))
        press(page, "ArrowDown")
        # Playwright handles routes only while it is asked for something.
        until(lambda: page.evaluate("true") and answers)
        press(page, "ArrowDown")
        until(lambda: page.get_by_label("Save it for").input_value() == "clips/c02.mp4")
        with page.expect_response("**/info/clips/c01.mp4"):
            answers[0].continue_()
        press(page, "w")
        saved(project, FACECAMS, before + "clips/c02.mp4,0,0,1,1\n")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_view_fits_the_screen_and_shuts_nobody_out(project, open_page, size):
    from axe_playwright_python.sync_playwright import Axe

    with served(project) as server:
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


def test_a_recording_of_five_hours_that_no_browser_plays(project, open_page):
    import psutil

    path, hours = project.folder / "data/tiny/vods/long.mkv", 5 * 3600
    picture = ("-f", "lavfi", "-i", "testsrc2=size=64x36:rate=10")
    sound = ("-f", "lavfi", "-i", "sine=frequency=300:sample_rate=8000")
    minute = path.with_name("minute.mkv")
    videos.ffmpeg(*picture, *sound, "-t", 60, "-g", 20, "-preset", "ultrafast", "-b:a", "8k", minute)
    videos.ffmpeg("-stream_loop", hours // 60 - 1, "-i", minute, "-c", "copy", path)
    project.set_params(vods={"long": "vods/long.mkv"})
    write_timeline(project, [(14_000, 14_010)], hours, "long", fps=10)
    with served(project) as server:
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
        assert sum(one.stat().st_size for one in (project.folder / ".dvc/tmp/review").iterdir()) < 20_000_000


def test_a_video_that_cannot_be_read_closes_no_view_for_the_others(project, open_page):
    before = project.read(FACECAMS)
    for name in ("vods/broken.mp4", "clips/c02.mp4"):
        project.write(f"data/tiny/{name}", "no video")
    project.set_params(vods={"broken": "vods/broken.mp4", "demo": VOD})
    with served(project) as server:
        page = open_page(server, expected="400")
        for key, words in (("1", "0 of 10 judged"), ("3", "4 of 4 segments"), ("5", "demo teaches the model")):
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
    assert project.read(FACECAMS) == before


def test_a_change_by_hand_or_in_another_tab_is_noticed(project, open_page):
    with served(project) as server:
        page, other = (open_page(server, expected="409") for _ in range(2))
        for each in (page, other):
            each.get_by_text("0 of 10 judged").wait_for()
        before = project.read(LABELS)
        project.append(LABELS, "clips/c02.mp4,,,0\n")
        press(page, "y")
        page.get_by_role("alert").get_by_text("was changed by another program or in another tab").wait_for()
        assert project.read(LABELS) == before + "clips/c02.mp4,,,0\n"
        # It reads the table again.
        page.get_by_text("0 of 10 judged").wait_for()
        press(page, "ArrowDown", "y")
        row = f"{VOD},12.0,14.0,1\n"
        saved(project, LABELS, before + "clips/c02.mp4,,,0\n" + row)
        press(other, "n")
        other.get_by_role("alert").get_by_text("nothing was overwritten").wait_for()
        assert row in project.read(LABELS)
        other.get_by_text("1 of 10 judged").wait_for()


def test_a_click_that_fails_is_told(project, open_page):
    with served(project) as server:
        port = server.address.split(":")[2].split("/")[0]
        page = open_page(server, "Rebuild", expected="403")
        page.get_by_text("Nothing has been built yet").wait_for()
    with served(project, "--port", port):
        page.get_by_role("main").get_by_role("button", name="Rebuild").click()
        page.get_by_role("alert").get_by_text("the token is missing or old").wait_for()


def test_nothing_is_lost_on_a_full_disk_or_when_the_server_is_killed(project, open_page):
    before = project.read(LABELS)
    project.append(LABELS, "# " + 4100 * "x" + "\n")
    full = project.read(LABELS)
    with served(project, preexec_fn=limit_file_size(4096)) as server:
        page = open_page(server, expected="507|Failed to load resource")
        page.get_by_text("0 of 10 judged").wait_for()
        press(page, "y")
        page.get_by_role("alert").get_by_text("labels.csv: file too large").wait_for()
        page.get_by_text("0 of 10 judged").wait_for()
        assert project.read(LABELS) == full and not list((project.folder / "data/tiny").glob(".partial*"))
    project.write(LABELS, before)
    with served(project) as server:
        page = open_page(server, expected="Failed to load resource")
        page.get_by_text("0 of 10 judged").wait_for()
        press(page, "y")
        until(lambda: project.read(LABELS) != before)
        written = project.read(LABELS)
        page.get_by_text("1 of 10 judged").wait_for()
        server.process.kill()
        server.process.wait()
        press(page, "n")
        page.get_by_role("alert").get_by_text("The server does not answer; nothing was written").wait_for()
        assert project.read(LABELS) == written


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
