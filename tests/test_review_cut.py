"""A cut that is changed on the review page is in edits/, and its preview shows it. (10 s)"""

import pytest

from tests.helpers import until
from tests.review_page import CUT, EDITS, press, ready, saved, served, strip_at

STOPPED = "document.querySelector('video').paused && document.querySelector('video').currentTime > 20.3"


def test_the_cut_is_changed_by_mouse_and_previewed(prepared, open_page):
    with served(prepared) as server:
        page = open_page(server, "Cut list")
        page.get_by_text("0:14.0 of 0:24, 4 of 4 segments").wait_for()
        ready(page)
        # The strip shows the first segment, 1 to 4.5 s, with 4 s beside it: 0 to 8.5 s.
        page.mouse.move(*strip_at(page, "Probability and loudness", 4.5 / 8.5))
        page.mouse.down()
        page.mouse.move(*strip_at(page, "Probability and loudness", 5.5 / 8.5), steps=4)
        page.get_by_text("0:15.0 of 0:24").wait_for()
        assert not (prepared.folder / EDITS).exists()
        page.mouse.up()
        until(lambda: (prepared.folder / EDITS).exists())
        end = float(prepared.table(EDITS)[0]["end"])
        assert end == pytest.approx(5.5, abs=0.02)
        mine = CUT.replace("1.0,4.5", f"1.0,{end:g}")
        saved(prepared, EDITS, mine)
        page.get_by_label("Keep the segment at 0:06.0").uncheck()
        mine = mine.replace("6.0,9.5,0.9,yes", "6.0,9.5,0.9,no")
        saved(prepared, EDITS, mine)
        page.get_by_text("3 of 4 segments").wait_for()
        # The preview shows what is kept and nothing else, faster than it was.
        page.get_by_label("Speed").select_option("1.5")
        page.evaluate("""() => {
            window.seen = [];
            const video = document.querySelector("video");
            const look = () => { if (!video.paused) seen.push(video.currentTime); requestAnimationFrame(look); };
            look();
        }""")
        page.mouse.click(*strip_at(page, "The whole video", 0.0))
        press(page, "p")
        # It stops where the last segment ends.
        until(lambda: page.evaluate(STOPPED))
        seen = page.evaluate("seen")
        kept = [(1.0, end), (11.0, 14.5), (17.0, 20.5)]
        assert all(any(a - 0.3 <= each <= b + 0.6 for a, b in kept) for each in seen), seen
        assert all(any(a <= each <= b for each in seen) for a, b in kept)
        press(page, "z")
        saved(prepared, EDITS, CUT.replace("1.0,4.5", f"1.0,{end:g}"))
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Back to the model's cut").click()
        until(lambda: not (prepared.folder / EDITS).exists())
        page.get_by_text("0:14.0 of 0:24, 4 of 4 segments").wait_for()


def test_a_click_on_another_segment_goes_to_its_own_time(prepared, open_page):
    with served(prepared) as server:
        page = open_page(server, "Cut list")
        page.get_by_text("4 of 4 segments").wait_for()
        ready(page)
        # The strip shows 0 to 8.5 s, and then what is around the second segment.
        page.mouse.click(*strip_at(page, "Probability and loudness", 8 / 8.5))
        page.get_by_label("Segments").locator("[aria-current=true]").get_by_text("0:06.0").wait_for()
        until(lambda: page.evaluate("!document.querySelector('video').seeking"))
        assert page.evaluate("document.querySelector('video').currentTime") == pytest.approx(8, abs=0.1)


def test_a_key_that_is_down_while_an_answer_arrives_counts(prepared, open_page):
    with served(prepared) as server:
        page = open_page(server, "Cut list")
        page.get_by_text("The model chose this cut").wait_for()
        requests = []
        page.route("**/cut", lambda route: requests.append(route))
        page.get_by_label("Keep the segment at 0:06.0").focus()
        press(page, " ")
        until(lambda: page.evaluate("true") and requests)
        page.keyboard.down(" ")
        with page.expect_response("**/cut"):
            requests[0].continue_()
        until(lambda: page.evaluate("document.getElementById('saved').textContent !== ''"))
        page.keyboard.up(" ")
        until(lambda: page.evaluate("true") and len(requests) == 2)
        requests[1].continue_()
        saved(prepared, EDITS, CUT)


def test_undoing_the_first_change_gives_the_cut_back_to_the_model(prepared, open_page):
    with served(prepared) as server:
        page = open_page(server, "Cut list")
        page.get_by_text("The model chose this cut").wait_for()
        ready(page)
        press(page, "k", "ArrowDown", "k")
        dropped = CUT.replace("1.0,4.5,0.9,yes", "1.0,4.5,0.9,no")
        saved(prepared, EDITS, dropped.replace("9.5,0.9,yes", "9.5,0.9,no"))
        press(page, "z")
        saved(prepared, EDITS, dropped)
        press(page, "z")
        until(lambda: not (prepared.folder / EDITS).exists())
        page.get_by_text("The model chose this cut").wait_for()
        page.get_by_text("4 of 4 segments").wait_for()
        # Without a cut list of the model, there is none at all again.
        (prepared.folder / "data/cuts/demo.csv").unlink()
        press(page, "3")
        page.get_by_text("No cut list yet").wait_for()
        ready(page)
        press(page, "a")
        until(lambda: (prepared.folder / EDITS).exists())
        press(page, "z")
        until(lambda: not (prepared.folder / EDITS).exists())
        page.get_by_text("No cut list yet").wait_for()


def test_an_edge_is_moved_up_to_another_segment(prepared, open_page):
    near = CUT.replace("1.0,4.5", "1.0,5.9344")
    prepared.write("data/cuts/demo.csv", near)
    with served(prepared) as server:
        page = open_page(server, "Cut list")
        page.get_by_text("4 of 4 segments").wait_for()
        ready(page)
        press(page, "ArrowDown", "q")
        saved(prepared, EDITS, near.replace("6.0,9.5", "5.9344,9.5"))
