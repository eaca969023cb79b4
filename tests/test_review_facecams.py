"""Face cameras that are boxed on the review page are in facecams.csv. (10 s)"""

import pytest

from tests.helpers import FACECAMS, until
from tests.review_page import VOD, press, saved, served


def test_a_face_camera_is_boxed(prepared, open_page):
    before = prepared.read(FACECAMS)
    with served(prepared) as server:
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
        until(lambda: prepared.read(FACECAMS) != before)
        row = prepared.read(FACECAMS).removeprefix(before).strip().split(",")
        assert row[0] == VOD and [float(side) for side in row[1:]] == pytest.approx(
            [0.025, 0.7222, 0.375, 0.9556], abs=0.005
        )
        press(page, "w")
        saved(prepared, FACECAMS, before + f"{VOD},0,0,1,1\n")
        # In another place for all clips, by keyboard alone.
        press(page, "ArrowDown")
        page.get_by_text("x0 0.025").wait_for()
        page.get_by_label("Save it for").select_option("clips/*")
        page.get_by_label("Save it for").blur()
        press(page, "ArrowRight")
        rows = (before + f"{VOD},0,0,1,1\n").splitlines(keepends=True)
        # Behind the other patterns, and before what is said of single videos.
        saved(prepared, FACECAMS, "".join([*rows[:3], "clips/*,0.03,0.6222,0.28,0.9556\n", *rows[3:]]))
        press(page, "z")
        saved(prepared, FACECAMS, "".join(rows))


def test_moves_of_a_face_camera_are_taken_back_one_by_one(prepared, open_page):
    before = prepared.read(FACECAMS)
    with served(prepared) as server:
        page = open_page(server, "Face cameras")
        page.get_by_text("x0 0.025").wait_for()
        # All of them are made before the first one is written.
        page.evaluate("""for (let n = 0; n < 3; n++)
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }))""")
        rows = [before + f"{VOD},{x0:g},0.6222,{x0 + 0.25:g},0.9556\n" for x0 in (0.03, 0.035, 0.04)]
        for row in (rows[2], rows[1], rows[0], before):
            saved(prepared, FACECAMS, row)
            press(page, "z")
        page.get_by_text("Nothing to undo").wait_for()


def test_a_box_is_saved_for_the_video_that_is_shown(prepared, open_page):
    before = prepared.read(FACECAMS)
    with served(prepared) as server:
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
        saved(prepared, FACECAMS, before + "clips/c02.mp4,0,0,1,1\n")


def test_after_a_click_on_the_slider_keys_move_the_box(prepared, open_page):
    before = prepared.read(FACECAMS)
    with served(prepared) as server:
        page = open_page(server, "Face cameras")
        page.get_by_text("0:12.0 · x0 0.025").wait_for()
        page.get_by_label("Time", exact=True).click(position={"x": 2, "y": 5})
        page.get_by_text("0:00.0 · x0 0.025").wait_for()
        press(page, "ArrowRight")
        saved(prepared, FACECAMS, before + f"{VOD},0.03,0.6222,0.28,0.9556\n")


def test_a_row_that_is_overruled_stays_so_when_a_change_is_undone(prepared, open_page):
    general = "video,x0,y0,x1,y1\nclips/*,0.6,0.6,0.9,0.9\n"
    prepared.write(FACECAMS, general.replace("clips/*", "clips/c01.mp4,0.1,0.1,0.3,0.3\nclips/*"))
    with served(prepared) as server:
        page = open_page(server, "Face cameras")
        page.get_by_label("Video", exact=True).select_option("clips/c01.mp4")
        page.get_by_text("x0 0.600").wait_for()
        press(page, "w")
        saved(prepared, FACECAMS, general + "clips/c01.mp4,0,0,1,1\n")
        press(page, "z")
        saved(prepared, FACECAMS, general)
        page.get_by_text("x0 0.600").wait_for()
