"""Files that the review page derives from videos are kept, up to a limit."""

import os
from pathlib import Path

from autotosis.review import cache
from autotosis.review.videos import Video


def test_beyond_the_limit_the_least_recently_used_files_are_removed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cache, "LIMIT", 250)

    def get(number: int) -> Path:
        video = Video("a", tmp_path / "a", (), (), ())
        return cache.get(video, "proxy", number, ".mp4", lambda path: path.write_bytes(bytes(100)))

    first, second = get(1), get(2)
    for age, path in ((2000, first), (1000, second)):
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    get(1)
    third = get(3)
    assert set(cache.FOLDER.iterdir()) == {first, third}


def test_a_gigabyte_is_kept():
    assert cache.LIMIT == 2**30
