"""Mouth and expression are measured on any face, in whatever shape it is filmed."""

import numpy as np
import pytest
from PIL import Image

from autotosis.signals import face, face_mesh
from tests import videos


def squeezed(picture: np.ndarray, size: int = 128) -> np.ndarray:
    """Scale a picture to a square, as the face camera's picture is read."""
    return np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BOX))


def openness(picture: np.ndarray, aspect: float) -> float:
    return float(face.measure(squeezed(picture), aspect)[0])


@pytest.mark.parametrize("session", ["a", "b", "c"])
@pytest.mark.parametrize("shape", [(160, 120), (214, 120), (120, 120)])
def test_an_open_mouth_is_told_from_a_shut_one_whatever_the_shape_of_the_box(session, shape):
    aspect = shape[0] / shape[1]
    shut, wide = (openness(videos.streamer(mouth, session, *shape), aspect) for mouth in (0.1, 1))
    assert 0 <= shut < 0.008
    assert 0.012 < wide < 0.04


def test_the_same_face_is_found_wherever_it_is_and_however_it_leans():
    picture = Image.fromarray(videos.streamer(1, width=320, height=240))
    straight = openness(np.asarray(picture), 4 / 3)
    for moved in (picture.rotate(20), picture.rotate(-20), picture.transform((320, 240), 0, (1, 0, 40, 0, 1, 10))):
        assert openness(np.asarray(moved), 4 / 3) == pytest.approx(straight, rel=0.35)
    upper, lower, chin = (face_mesh.landmarks(*mesh_input(picture))[[13, 14, 152], 1]).tolist()
    assert upper < lower < chin < 1


def mesh_input(picture: Image.Image) -> tuple[np.ndarray, float, face_mesh.Square]:
    frame = squeezed(np.asarray(picture))
    return frame, 4 / 3, face_mesh.detect(frame, 4 / 3)


@pytest.mark.parametrize("session", ["a", "b", "c"])
def test_the_expression_of_a_face_is_told(session):
    calm, angry, happy = (
        face.measure(squeezed(videos.streamer(0.2, session, **pose)), 4 / 3)[1:]
        for pose in ({}, {"anger": 1.0}, {"joy": 1.0})
    )
    # The columns are angry, afraid, happy and sad.
    assert angry[0] > 3 * max(calm[0], happy[0])
    assert happy[2] > 3 * max(calm[2], angry[2])


def test_a_small_face_has_a_mouth_and_no_expression():
    mouth, *expression = face.measure(squeezed(videos.streamer(0.2, "a"), 32), 4 / 3)
    assert mouth > 0
    assert np.isnan(expression).all()


def test_where_no_face_is_there_is_nothing_to_measure():
    assert face_mesh.detect(videos.grey(120, 128, 128), 1.0) is None
    assert np.isnan(face.measure(videos.grey(120, 128, 128), 1.0)).all()
    nothing = np.full((50, face.WIDTH), np.nan, np.float32)
    assert np.isnan(face.relative(nothing, 10)).all()


def test_between_the_moments_that_are_measured_the_mouth_goes_on():
    frames = [squeezed(videos.streamer(mouth)) for mouth in (0, 0, 1, 1, 1, 1)]
    for first in (0, 1):
        values = np.stack(list(face.read(iter(frames), first, 10.0, 4 / 3)))
        assert np.flatnonzero(~np.isnan(values[:, 0])).tolist() == list(range(first, 6, 2))
        seen = face.relative(values, 10)
        assert np.isfinite(seen).all()
        assert seen[-1, 0] > seen[0, 0] + 0.005
    # Only nearby moments are filled in, because a face may disappear.
    values = np.full((20, face.WIDTH), np.nan, np.float32)
    values[[4, 16]] = 0.01
    assert np.flatnonzero(~np.isnan(face.relative(values, 10)[:, 0])).tolist() == [3, 4, 5, 15, 16, 17]


def test_a_still_picture_has_one_face_until_it_changes():
    shut, wide = (squeezed(videos.streamer(mouth)) for mouth in (0, 1))
    frames = [shut, shut.copy(), wide, wide, shut]
    values = np.stack(list(face.read(iter(frames), 0, 5.0, 4 / 3)))
    assert np.array_equal(values, np.stack([face.measure(frame, 4 / 3) for frame in frames]))


def test_other_figures_have_another_version():
    measures = [face.measure(squeezed(videos.streamer(mouth)), 4 / 3) for mouth in (0, 0.5, 1)]
    advice = "a face is measured in another way: raise features.VERSION, so that shards and models are made anew"
    assert np.array(measures)[:, 0] == pytest.approx(MOUTH, rel=0.05, abs=0.0005), advice
    assert np.array(measures)[:, 1:] == pytest.approx(np.array(EXPRESSION), rel=0.05, abs=0.01), advice


MOUTH = [0.0034, 0.0058, 0.0211]
EXPRESSION = [[0.034, 0.098, 0.045, 0.005], [0.01, 0.019, 0.016, 0.003], [0.016, 0.021, 0.012, 0.001]]
