"""The stretches in which a VOD is scanned do not show in the timeline."""

import numpy as np
import pytest

from autotosis.annotations.facecams import Box, always
from autotosis.project.params import Extract
from autotosis.scan import passes
from autotosis.signals.cepstrum import CEPSTRUM
from autotosis.video import recording
from tests import videos


def test_no_seam_shows_between_stretches(tmp_path):
    faces = [videos.streamer(mouth / 10) for mouth in range(11)]

    def picture(time: float) -> np.ndarray:
        return np.roll(faces[round(5 + 5 * np.sin(3 * time))], round(time), axis=1)

    def hum(times: np.ndarray) -> np.ndarray:
        return videos.buzz((200 + 40 * times) * times)

    path = tmp_path / "a.mp4"
    videos.write(path, [n / 10 for n in range(200)], picture, hum, 20)
    extract = Extract(fps=10, size=128, decoder="software")
    scan = passes.Scan(recording.probe(path), always(Box()), extract, "cpu", "float32", None, "")
    whole, parts = range(200), [range(73), range(73, 74), range(74, 200)]
    seen = passes.look(scan, [whole])[0]
    assert np.isfinite(seen).all(axis=1).mean() > 0.4
    assert_same(np.concatenate([passes.look(scan, [part])[0] for part in parts]), seen)
    assert_same(passes.look(scan, [range(21, 40), range(90, 97)])[0], seen[[*range(21, 40), *range(90, 97)]])
    sound = np.concatenate([passes.listen(scan, [part])[0] for part in parts])
    together, _ = passes.listen(scan, [whole])
    # A coefficient of the cepstrum is four times as large as the mean over 16 bands that it stands for.
    assert sound[:, : CEPSTRUM.width] / 4 == pytest.approx(together[:, : CEPSTRUM.width] / 4, abs=0.05)
    assert sound[:, CEPSTRUM.width :] == pytest.approx(together[:, CEPSTRUM.width :], abs=0.1)


def assert_same(some: np.ndarray, others: np.ndarray) -> None:
    assert np.array_equal(some, others, equal_nan=True)


def test_stretches_hold_each_wanted_moment_once():
    wanted = np.zeros(10_000, bool)
    wanted[5:9] = wanted[100:9_999] = True
    parts = passes.stretches(wanted, 10)
    assert [place for runs in parts for run in runs for place in run] == np.flatnonzero(wanted).tolist()
    assert max(runs[-1].stop - runs[0].start for runs in parts) <= passes.STRETCH * 10
    assert passes.stretches(np.zeros(50, bool), 10) == []
    day = passes.stretches(np.ones(24 * 36_000, bool), 10)
    assert len(day) == passes.MAX_STRETCHES, "each of them opens the file"
