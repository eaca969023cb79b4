"""The description names the moments, and links to them if the site has such links."""

import pytest

from autotosis.reel import description
from tests.helpers import placed_segments


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.twitch.tv/videos/123?filter=all", "https://www.twitch.tv/videos/123?t=1h2m15s"),
        ("https://m.twitch.tv/videos/123", "https://www.twitch.tv/videos/123?t=1h2m15s"),
        ("https://www.twitch.tv/somebody/video/123", "https://www.twitch.tv/videos/123?t=1h2m15s"),
        ("https://www.twitch.tv/some_body/v/123", "https://www.twitch.tv/videos/123?t=1h2m15s"),
        ("https://music.youtube.com/watch?v=a_-1&si=x", "https://www.youtube.com/watch?v=a_-1&t=3735s"),
        ("https://www.youtube.com/watch?list=x&v=a_-1", "https://www.youtube.com/watch?v=a_-1&t=3735s"),
        ("https://www.youtube.com/live/a_-1?si=x", "https://www.youtube.com/watch?v=a_-1&t=3735s"),
        ("https://youtu.be/a_-1", "https://www.youtube.com/watch?v=a_-1&t=3735s"),
        ("https://youtube.com/watch?v=a%0A0:30%20Win", "https://youtube.com/watch?v=a%0A0:30%20Win"),
        ("https://www.twitch.tv/somebody", "https://www.twitch.tv/somebody"),
        ("https://nottwitch.tv/videos/123?a=b", "https://nottwitch.tv/videos/123?a=b"),
    ],
)
def test_links_go_to_the_moment_where_the_site_can(url, expected):
    assert description.link(url, 3735.4) == expected


def test_no_time_of_a_description_but_those_of_chapters_is_taken_for_one(tmp_path):
    placed = placed_segments([3735.4, 5000.0], 12.0)
    description.write(tmp_path / "d.txt", "rage", placed)
    lines = (tmp_path / "d.txt").read_text().splitlines()
    assert [line.split()[0] for line in lines if ":" in line.replace("rage:", "")] == ["0:00", "0:12"]
    assert "1h2m15s" in lines[2] and all(line.count(":") == 1 for line in lines[2:])


def test_a_description_has_no_character_that_youtube_refuses(tmp_path):
    description.write(tmp_path / "d.txt", "<3 rage >:(", placed_segments([0.0], 12.0))
    assert (tmp_path / "d.txt").read_text().startswith("‹3 rage ›:(: 1 moment of ")
