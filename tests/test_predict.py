"""The timeline of a VOD, from the two-pass scan and the dense one. Only models that fit are used."""

import json
import re

import numpy as np
import pytest
import safetensors.numpy

from autotosis.cuts import selection
from autotosis.model import model_file
from autotosis.project.errors import UserError
from autotosis.scan import two_pass
from autotosis.signals import features
from autotosis.signals.face import FACE
from stages import predict
from tests import videos
from tests.helpers import Project, assert_user_error


def predicted(project: Project) -> tuple[np.ndarray, str]:
    """Scan the VOD, and return its probabilities and what the stage prints."""
    output = project.succeed("python", "-m", "stages.predict", "demo")
    return probabilities(project), output


def probabilities(project: Project) -> np.ndarray:
    """Read the timeline of the VOD."""
    return np.array([float(row["probability"]) for row in project.table("data/timelines/demo.csv")])


def read_model(project: Project) -> tuple[dict[str, object], dict[str, np.ndarray]]:
    """Read the model's card and tensors."""
    path = project.folder / model_file.PATH
    with safetensors.safe_open(path, "np") as file:
        card = json.loads(file.metadata()["card"])
    return card, safetensors.numpy.load_file(path)


def test_two_passes_find_what_looking_at_everything_finds(project):
    two_passes, output = predicted(project)
    assert "looked at 100%" not in output and "keyframes" not in output
    project.set_params(predict={"scan": "dense"})
    dense, output = predicted(project)
    assert "looked at 100%" in output
    found = dense > 0.3
    assert found.any()
    assert ((two_passes > 0.2) >= found).all()
    assert np.abs(two_passes - dense).max() < 0.2


def test_where_nothing_is_clearly_calm_only_what_can_be_a_highlight_is_looked_at(project, monkeypatch, capsys):
    monkeypatch.chdir(project.folder)
    monkeypatch.setattr(two_pass, "CLEARLY_CALM", -np.inf)
    predict.main("demo")
    assert "looked at 100%" in capsys.readouterr().out
    vod = project.folder / "data/tiny/vods/demo.mp4"
    videos.ffmpeg("-stream_loop", 9, "-i", vod, "-c", "copy", vod.parent / "long.mp4")
    (vod.parent / "long.mp4").replace(vod)
    predict.main("demo")
    (looked_at,) = re.findall(r"looked at (\d+)%", capsys.readouterr().out)
    assert int(looked_at) < 80


def test_keyframes_that_are_far_apart_are_told_and_move_nothing(project):
    before = probabilities(project)
    vod = project.folder / "data/tiny/vods/demo.mp4"
    videos.ffmpeg("-i", vod, "-c:a", "copy", "-crf", 5, "-x264-params", "keyint=999:scenecut=0", vod.parent / "few.mp4")
    (vod.parent / "few.mp4").replace(vod)
    after, output = predicted(project)
    assert np.abs(after - before).max() < 0.2
    assert "its keyframes are 24 s apart" in output


def test_without_sound_everything_is_looked_at(project):
    folder = project.folder / "data/tiny/vods"
    videos.ffmpeg("-i", folder / "demo.mp4", "-an", "-c", "copy", folder / "silent.mp4")
    (folder / "silent.mp4").replace(folder / "demo.mp4")
    assert "looked at 100%" in project.stage("predict", "demo").stdout


def test_where_sound_tells_nothing_everything_is_looked_at(project):
    folder = project.folder / "data/tiny"
    silence = ["-f", "lavfi", "-i", "anullsrc=r=48000", "-shortest", "-map", "0:v", "-map", "1:a", "-c:v", "copy"]
    videos.ffmpeg("-i", folder / "vods/demo.mp4", *silence, folder / "vods/silent.mp4")
    project.set_params(vods={"demo": "vods/silent.mp4"})
    assert "looked at 100%" in predicted(project)[1]
    project.set_params(vods={"demo": "vods/demo.mp4"})
    for clip in (folder / "clips").iterdir():
        videos.ffmpeg("-i", clip, "-an", "-c", "copy", folder / "silent.mp4")
        (folder / "silent.mp4").replace(clip)
    project.stages("extract_frames", "build_dataset", "train")
    assert "looked at 100%" in predicted(project)[1]


def test_where_a_vod_is_muted_its_picture_is_looked_at_and_counts(project):
    folder = project.folder / "data/tiny/vods"
    muted = ["-af", "volume=0:enable='lt(t,70)'", "-c:v", "copy"]
    videos.ffmpeg("-stream_loop", 3, "-i", folder / "demo.mp4", *muted, folder / "muted.mp4")
    project.set_params(vods={"demo": "vods/muted.mp4"})
    muted_too, output = predicted(project)
    (looked_at,) = re.findall(r"looked at (\d+)%", output)
    assert int(looked_at) >= 70 / 96 * 100
    assert muted_too[: 70 * 4].max() >= selection.THRESHOLD


def test_where_no_face_is_seen_only_the_sound_counts(project, monkeypatch, capsys):
    monkeypatch.chdir(project.folder)
    card, tensors = read_model(project)
    # In the small frames of the tests, faces are found too seldom.
    faces = tensors["labelled.contexts"][:, :, features.columns(FACE)]
    faces[:] = np.nan_to_num(faces)
    safetensors.numpy.save_file(tensors, model_file.PATH, {"card": json.dumps(card)})
    timelines = []
    # In these parts of the game, different things move.
    for box in ("0.5,0.0,1.0,0.5", "0.5,0.5,1.0,1.0"):
        project.write("data/tiny/facecams.csv", f"video,x0,y0,x1,y1\nvods/demo.mp4,{box}\n")
        predict.main("demo")
        assert "demo: hardly any face is found" in capsys.readouterr().out
        timelines.append(probabilities(project))
    assert (timelines[0] == timelines[1]).all()
    assert timelines[0].max() >= selection.THRESHOLD


def test_a_vod_that_was_cut_off_is_named(project):
    vod = project.folder / "data/tiny/vods/demo.mp4"
    videos.ffmpeg("-i", vod, "-c", "copy", "-movflags", "+faststart", str(vod) + ".mp4")
    content = vod.with_name("demo.mp4.mp4").read_bytes()
    vod.write_bytes(content[: len(content) // 2])
    assert_user_error(project.stage("predict", "demo"), "demo.mp4: cut off")


def test_a_model_made_with_other_settings(project):
    project.set_params(extract={"size": 48})
    timeline = project.read("data/timelines/demo.csv")
    assert_user_error(
        project.stage("predict", "demo"), "models/model.safetensors", "extract.size 32, not 48", "dvc repro"
    )
    assert project.read("data/timelines/demo.csv") == timeline


def test_a_model_that_is_none(project):
    project.write("models/model.safetensors", "I am no model. " * 99)
    assert_user_error(project.stage("predict", "demo"), "models/model.safetensors", "not a model")


# What is wrong with a model: a tensor or a key of its card, its new value, and what is said.
SPOILT = [
    ("labelled.measured", False, "labelled moments have no highlights in two folds"),
    ("labelled.fold", 0, "labelled moments have no highlights in two folds"),
    ("labelled.vod", 7, "none of its calm moments is used for all VODs"),
    ("labelled.weights", 0, "labelled moments have a weight that is not above 0"),
    ("labelled.labels", 2, "labelled moments have a label that is not 0 or 1"),
    ("labelled.baselines", np.inf, "labelled.baselines has a value that is not a number, or is larger than 1e+09"),
    ("face.w", 1, "it has face.w, which no such model has"),
    ("l2", 0, "its card.l2: Input should be greater than 0"),
    ("prevalence", 7, "its card.prevalence: Input should be less than 1"),
]


def test_a_model_with_impossible_values_is_refused(project, monkeypatch):
    monkeypatch.chdir(project.folder)
    (card, tensors), timeline = read_model(project), project.read("data/timelines/demo.csv")
    for name, value, words in SPOILT:
        changed = {name: np.full_like(tensors.get(name, np.zeros(1)), value)} if "." in name else {}
        spoilt = json.dumps(card if changed else card | {name: value})
        safetensors.numpy.save_file(tensors | changed, model_file.PATH, {"card": spoilt})
        with pytest.raises(UserError, match=re.escape(words)):
            predict.main("demo")
    assert project.read("data/timelines/demo.csv") == timeline


def test_a_model_of_other_types_is_refused(project, monkeypatch):
    import torch
    from safetensors.torch import save_file

    monkeypatch.chdir(project.folder)
    card, tensors = read_model(project)
    metadata = {"card": json.dumps(card)}
    brain_floats = torch.zeros(1, dtype=torch.bfloat16)
    save_file({"labelled.contexts": brain_floats}, model_file.PATH, metadata)
    with pytest.raises(UserError, match="numbers of a type that NumPy does not know"):
        predict.main("demo")
    safetensors.numpy.save_file(tensors | {"labelled.labels": np.array(1, np.int8)}, model_file.PATH, metadata)
    with pytest.raises(UserError, match="labelled.baselines is float16 of shape"):
        predict.main("demo")


def test_no_such_vod(project):
    assert_user_error(project.stage("predict", "other"), "params.yaml: vods", "other")
    (project.folder / "data/tiny/vods/demo.mp4").unlink()
    assert_user_error(project.stage("predict", "demo"), "data/tiny/vods/demo.mp4", "no such")
