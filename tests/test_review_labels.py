"""Clips, segments and holdouts that are labelled on the review page are in the tables, row by row. (20 s)"""

import re

import pytest

from tests.helpers import HEADER, HOLDOUT, LABELS, until
from tests.review_page import ASKED, EVENTS, VOD, press, ready, saved, served, strip_at

# In one step, since the clip goes on playing between two.
PRESS_WHILE_PLAYING = """([key, from, to]) => {
    const video = document.querySelector("video"), time = video.currentTime;
    if (video.paused || time < from || time > to) return null;
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    return time;
}"""


def press_while_playing(page, key: str, start: float, end: float) -> float:
    """Wait until the video plays between these times (seconds), and press a key; return when that was."""
    times = []
    until(lambda: times.append(page.evaluate(PRESS_WHILE_PLAYING, [key, start, end])) or times[-1] is not None)
    return times[-1]


def test_clips_are_labelled_by_keyboard_alone(prepared, open_page):
    prepared.append(LABELS, "# ask Anna\n")
    before = prepared.read(LABELS)
    with served(prepared) as server:
        page = open_page(server, "Clips")
        page.get_by_text("11 of 12 clips labelled").wait_for()
        ready(page)
        press(page, "ArrowRight", "i", "ArrowRight", "o")
        first = before.replace("clips/c03.mp4", "clips/c02.mp4,1.0,2.0,1\nclips/c03.mp4", 1)
        saved(prepared, LABELS, first)
        press(page, "q", "q", "r")
        saved(prepared, LABELS, first.replace("1.0,2.0,1", "0.8,2.1,1"))
        press(page, "x")
        saved(prepared, LABELS, before)
        press(page, "z")
        saved(prepared, LABELS, first.replace("1.0,2.0,1", "0.8,2.1,1"))
        press(page, "n")
        saved(prepared, LABELS, first.replace("1.0,2.0,1", ",,0"))
        page.get_by_text("All clips are labelled").wait_for()
        # While it plays, a mark is where the key was meant to be pressed.
        page.get_by_label("Reaction time").fill("0.5")
        page.get_by_label("Reaction time").blur()
        press(page, "ArrowDown")
        pressed = press_while_playing(page, "i", 0.7, 2)
        text = page.get_by_text("press O at the end").inner_text()
        assert 0.4 < pressed - float(text.split("0:0")[1][:3]) < 0.7


def test_a_highlight_up_to_the_end_of_a_clip_that_has_begun_again(prepared, open_page):
    before = prepared.read(LABELS)
    with served(prepared) as server:
        page = open_page(server, "Clips")
        page.get_by_text("11 of 12 clips labelled").wait_for()
        ready(page)
        page.get_by_label("Reaction time").fill("0")
        page.get_by_label("Reaction time").blur()
        press(page, " ")
        pressed = press_while_playing(page, "i", 1, 3)
        page.evaluate("document.querySelector('video').currentTime = document.querySelector('video').duration - 0.3")
        press_while_playing(page, "o", 0, 0.8)
        until(lambda: prepared.read(LABELS) != before)
        (row,) = [row for row in prepared.table(LABELS) if row["video"] == "clips/c02.mp4"]
        assert float(row["start"]) == pytest.approx(pressed, abs=0.06)
        assert float(row["end"]) == pytest.approx(page.evaluate("document.querySelector('video').duration"), abs=0.02)


def test_a_highlight_does_not_end_before_it_starts(prepared, open_page):
    before = prepared.read(LABELS)
    with served(prepared) as server:
        page = open_page(server, "Clips")
        page.get_by_text("11 of 12 clips labelled").wait_for()
        ready(page)
        press(page, "ArrowRight", "ArrowRight", "i", "ArrowLeft", "o")
        page.get_by_text("The end must be after the start.").wait_for()
        page.get_by_text("from 0:02.0: press O at the end").wait_for()
        press(page, "ArrowRight", "ArrowRight", "o")
        saved(prepared, LABELS, before.replace("clips/c03.mp4", "clips/c02.mp4,2.0,3.0,1\nclips/c03.mp4", 1))


def test_rows_with_an_open_end_or_about_a_whole_clip_are_kept(prepared, open_page):
    prepared.write(LABELS, HEADER + "clips/c01.mp4,1.7,,1\nclips/c02.mp4,,,1\n")
    with served(prepared) as server:
        page = open_page(server, "Clips")
        page.get_by_text("2 of 12 clips labelled").wait_for()
        ready(page)
        press(page, "ArrowUp", "ArrowUp")
        page.get_by_label("Marks").get_by_text("0:01.7").wait_for()
        ready(page)
        press(page, ",", *4 * ["ArrowLeft"], "i", *3 * ["."], "o")
        saved(prepared, LABELS, HEADER + "clips/c01.mp4,0.0,0.3,1\nclips/c01.mp4,1.7,,1\nclips/c02.mp4,,,1\n")
        press(page, "ArrowDown")
        page.get_by_label("Marks").get_by_text("0:00.0").wait_for()


def test_ten_moments_are_judged_by_keyboard(prepared, open_page):
    before = prepared.read(LABELS)
    with served(prepared) as server:
        page = open_page(server)
        page.get_by_text("0 of 10 judged").wait_for()
        press(page, "n", "y", "y", "n", "n", "n", "n", "y", "y", "n")
        verdicts = [0, 1, 1, 0, 0, 0, 0]
        judged = dict(zip(ASKED, verdicts, strict=True)) | {EVENTS[0]: 1, EVENTS[1]: 1, EVENTS[3]: 0}
        rows = {edges: f"{VOD},{edges[0]},{edges[1]},{label}\n" for edges, label in judged.items()}
        saved(prepared, LABELS, before + "".join(rows[edges] for edges in sorted(rows)))
        page.get_by_text("10 of 10 judged").wait_for()
        # Mend an edge, take a judgement back, add what was missed, and undo that.
        press(page, "e")
        rows[EVENTS[3]] = f"{VOD},18.0,19.9,0\n"
        saved(prepared, LABELS, before + "".join(rows[edges] for edges in sorted(rows)))
        press(page, "ArrowUp", "u")
        del rows[EVENTS[1]]
        saved(prepared, LABELS, before + "".join(rows[edges] for edges in sorted(rows)))
        press(page, ",", *3 * ["Shift+ArrowLeft"], "ArrowRight", "a")
        missed = before + f"{VOD},0.0,1.5,1\n"
        saved(prepared, LABELS, missed + "".join(rows[edges] for edges in sorted(rows)))
        press(page, "z")
        saved(prepared, LABELS, before + "".join(rows[edges] for edges in sorted(rows)))


def test_a_missed_moment_that_is_in_the_list_is_chosen_there(prepared, open_page):
    before = prepared.read(LABELS)
    with served(prepared) as server:
        page = open_page(server)
        page.get_by_text("0 of 10 judged").wait_for()
        ready(page)
        # To 0, and then to 11 s, where the second question is.
        press(page, ",", "Shift+ArrowLeft", "Shift+ArrowRight", "ArrowRight", "a")
        page.get_by_text("This moment is in the list already; press Y or N.").wait_for()
        assert "0:10.0" in page.locator("li[aria-current=true]").inner_text()
        press(page, "y")
        saved(prepared, LABELS, before + f"{VOD},10.0,11.0,1\n")


def test_what_was_judged_before_a_build_and_is_not_asked_again_was_judged_by_the_user(prepared, open_page):
    prepared.append(LABELS, f"{VOD},9.6,9.9,0\n")
    with served(prepared) as server:
        page = open_page(server)
        page.get_by_text("1 of 11 judged").wait_for()
        page.get_by_role("listitem").filter(has_text="0:09.6").get_by_text("yours").wait_for()


def test_a_note_goes_when_another_view_is_opened_and_an_error_stays(prepared, open_page):
    with served(prepared) as server:
        page = open_page(server, "Clips", expected="409")
        page.get_by_text("11 of 12 clips labelled").wait_for()
        press(page, "o")
        page.get_by_role("alert").get_by_text("Press I at the start of a highlight first.").wait_for()
        press(page, "1")
        page.get_by_text("0 of 10 judged").wait_for()
        assert not page.get_by_role("alert").is_visible()
        prepared.append(LABELS, "# ask Anna\n")
        press(page, "y")
        page.get_by_role("alert").get_by_text("nothing was overwritten").wait_for()
        press(page, "2")
        page.get_by_text("11 of 12 clips labelled").wait_for()
        assert page.get_by_role("alert").is_visible()


def test_calm_segments_have_a_low_probability(prepared, open_page):
    prepared.set_params(select={"invert": True})
    with served(prepared) as server:
        page = open_page(server)
        page.get_by_role("listitem").filter(has_text="shown").first.get_by_text("10 %").wait_for()


def test_a_vod_of_the_holdout_is_not_judged(prepared, open_page):
    prepared.write(HOLDOUT, HEADER + f"{VOD},2,4,1\n")
    with served(prepared) as server:
        page = open_page(server)
        page.get_by_text("demo is in the holdout").wait_for()
        page.get_by_text("0 of 10 judged").wait_for()
        before = prepared.read(LABELS)
        press(page, "y", "e", "a")
        assert page.get_by_role("button", name="Yes, a highlight").is_disabled()
        # Whatever it writes is written before another view is filled.
        press(page, "2")
        page.get_by_text("11 of 12 clips labelled").wait_for()
        assert prepared.read(LABELS) == before


def test_a_vod_becomes_a_holdout_and_leaves_it(prepared, open_page):
    labels = prepared.read(LABELS)
    prepared.append(LABELS, f"{VOD},2.0,4.0,1\n{VOD},7.0,9.0,0\n")
    judged = prepared.read(LABELS)
    with served(prepared) as server:
        page = open_page(server, "Holdout")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_text("demo is not a holdout. The model learns from its judgements (2 so far)").wait_for()
        page.get_by_role("button", name="Make it a holdout").click()
        saved(prepared, LABELS, labels)
        saved(prepared, HOLDOUT, HEADER + f"{VOD},2.0,4.0,1\n")
        # Both tables are as before.
        press(page, "z")
        saved(prepared, LABELS, judged)
        saved(prepared, HOLDOUT, HEADER)
        page.get_by_role("button", name="Make it a holdout").click()
        saved(prepared, LABELS, labels)
        ready(page)
        press(page, "Shift+ArrowRight", "i", "ArrowRight", "ArrowRight", "o")
        saved(prepared, HOLDOUT, HEADER + f"{VOD},2.0,4.0,1\n{VOD},10.0,12.0,1\n")
        page.get_by_text(re.compile(r"Highlights marked in its [\d:]+: 2\.")).wait_for()
        page.get_by_role("button", name="Let it teach again").click()
        saved(prepared, HOLDOUT, HEADER)
        page.get_by_role("button", name="Undo").click()
        saved(prepared, HOLDOUT, HEADER + f"{VOD},2.0,4.0,1\n{VOD},10.0,12.0,1\n")


def test_a_holdout_whose_last_mark_is_removed_stays_one(prepared, open_page):
    prepared.write(HOLDOUT, HEADER + f"{VOD},2.0,4.0,1\n")
    with served(prepared) as server:
        page = open_page(server, "Holdout")
        page.get_by_text(re.compile(r"Highlights marked in its [\d:]+: 1\.")).wait_for()
        press(page, "x")
        saved(prepared, HOLDOUT, HEADER + f"{VOD},,,0\n")
        page.get_by_text(re.compile(r"Highlights marked in its [\d:]+: 0\.")).wait_for()
        press(page, "z")
        saved(prepared, HOLDOUT, HEADER + f"{VOD},2.0,4.0,1\n")
        page.get_by_role("button", name="Let it teach again").click()
        saved(prepared, HOLDOUT, HEADER)
        press(page, "z")
        saved(prepared, HOLDOUT, HEADER + f"{VOD},2.0,4.0,1\n")


def test_a_holdout_that_cannot_be_written_costs_no_judgement(prepared, open_page):
    prepared.append(LABELS, f"{VOD},2.0,4.0,1\n")
    labels = prepared.read(LABELS)
    with served(prepared) as server:
        page = open_page(server, "Holdout", expected="409")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_text("demo is not a holdout. The model learns from its judgements (1 so far)").wait_for()
        prepared.append(HOLDOUT, "# ask Anna\n")
        page.get_by_role("button", name="Make it a holdout").click()
        page.get_by_role("alert").get_by_text("nothing was overwritten").wait_for()
        # Whatever it writes is written before the view is filled again.
        press(page, "5")
        page.get_by_text("demo is not a holdout. The model learns from its judgements (1 so far)").wait_for()
        assert prepared.read(LABELS) == labels and prepared.read(HOLDOUT) == HEADER + "# ask Anna\n"


def test_only_an_edge_that_was_pulled_is_written(prepared, open_page):
    before = prepared.read(LABELS)
    with served(prepared) as server:
        page = open_page(server)
        page.get_by_text("0 of 10 judged").wait_for()
        ready(page)
        # The strip shows the first moment, 5.25 to 6 s, with 4 s beside it: 1.25 to 10 s.
        start, later = (strip_at(page, "Probability and loudness", (time - 1.25) / 8.75) for time in (5.25, 5.75))
        page.mouse.click(*start)
        until(lambda: page.evaluate("Math.abs(document.querySelector('video').currentTime - 5.25) < 0.1"))
        # As if the system had taken the pointer away.
        page.mouse.down()
        page.mouse.move(*later, steps=3)
        page.get_by_label("Probability and loudness").dispatch_event("pointercancel")
        page.mouse.up()
        # Whatever it writes is written before another view is filled.
        press(page, "2")
        page.get_by_text("11 of 12 clips labelled").wait_for()
        assert prepared.read(LABELS) == before


def test_an_edge_is_moved_up_to_another_mark(prepared, open_page):
    prepared.write(HOLDOUT, HEADER + f"{VOD},1.0,2.344,1\n{VOD},2.45,4.0,1\n")
    with served(prepared) as server:
        page = open_page(server, "Holdout")
        page.get_by_text(re.compile(r"Highlights marked in its [\d:]+: 2\.")).wait_for()
        press(page, "q", "q")
        saved(prepared, HOLDOUT, HEADER + f"{VOD},1.0,2.344,1\n{VOD},2.344,4.0,1\n")
