"""An error in params.yaml is one sentence that names the key."""

import shutil
from datetime import date

import pytest
from pydantic import ValidationError

from autotosis.project import params, tables
from autotosis.project.errors import UserError, error_sentence
from autotosis.project.videos_params import FoundVods
from tests.helpers import ROOT, Project, assert_user_error

PARAMS = {
    "unknown": ({"train": {"epoch": 3}}, "train.epoch is not a parameter; did you mean epochs?"),
    "misspelt": (
        {"render": {"layuot": "square", "layout": None}},
        "render.layuot is not a parameter; did you mean layout?",
    ),
    "removed": ({"train": {"target_precision": 0.5}}, "train.target_precision is not a parameter; remove it"),
    "unknown section": ({"trian": {"epochs": 3}}, "trian is not a parameter; did you mean train?"),
    "wrong type": ({"extract": {"size": "big"}}, "extract.size is 'big': it must be a whole number"),
    "a word for a number": ({"extract": {"fps": "10"}}, "extract.fps is '10'"),
    "out of range": ({"train": {"prevalence": 1.5}}, "train.prevalence is 1.5"),
    "too small": ({"dataset": {"clips": 1}}, "dataset.clips is 1"),
    "no such choice": ({"train": {"precision": "half"}}, "train.precision is 'half'"),
    "another choice": ({"predict": {"device": "gpu"}}, "predict.device is 'gpu'"),
    "no mapping": ({"vods": 7}, "vods is 7: it must be a mapping"),
    "no file": ({"vods": {"a": ""}}, "name a file or folder inside the streamer's folder"),
    "a long way for an edge": ({"select": {"snap": 60}}, "select.snap is 60"),
    "a name twice": ({"vods": {"a": "vods/demo.mp4", "A": "vods/demo.mp4"}}, "the names a and A must differ"),
    "a name that is taken": ({"vods": {"timelines": "vods/demo.mp4"}}, "the name timelines is reserved"),
    "the name of the reel of all VODs": ({"vods": {"best": "vods/demo.mp4"}}, "the name best is reserved"),
    "the name of the metrics": ({"vods": {"metrics": "vods/demo.mp4"}}, "the name metrics is reserved"),
    "a number as a name": ({"vods": {2024: "vods/demo.mp4"}}, "the name 2024 must be in quotes"),
    "a date as a name": ({"vods": {date(2024, 3, 4): "vods/demo.mp4"}}, "the name 2024-03-04 must be in quotes"),
    "the name of all metrics": ({"vods": {"All": "vods/demo.mp4"}}, "the name All is reserved"),
    "an address of no VOD": ({"urls": {"monday": "https://example.org"}}, "there is no VOD named monday"),
    "no web address": ({"urls": {"demo": "twitch.tv/videos/1"}}, "urls.demo is 'twitch.tv/videos/1'"),
    "tracks of no VOD": ({"tracks": {"monday": {"judge": 2}}}, "there is no VOD named monday in vods"),
    "a track before the first": ({"tracks": {"demo": {"judge": 0}}}, "tracks.demo.judge is 0"),
    "a track heard twice": ({"tracks": {"demo": {"hear": [2, 2]}}}, "tracks.demo.hear is [2, 2]: a track can be"),
    "a misspelt use": ({"tracks": {"demo": {"jugde": 1}}}, "tracks.demo.jugde is not a parameter; did you mean judge?"),
    "a track without its use": ({"tracks": {"demo": 2}}, "tracks.demo is 2: it must be a mapping"),
    "a negative seed": ({"train": {"seed": -1}}, "train.seed is -1"),
    "an odd height": ({"render": {"height": 361}}, "render.height is 361"),
    "a title nowhere": ({"render": {"title": "Best", "overlay": "soft"}}, "render.overlay must be burn"),
    "a copy in a layout": (
        {"render": {"overlay": "none", "encoder": "copy", "layout": "square"}},
        "render.layout must",
    ),
    "a copy in a size": (
        {"render": {"overlay": "none", "encoder": "copy", "height": 720}},
        "render.height must be null",
    ),
    "a copy at a rate": ({"render": {"overlay": "none", "encoder": "copy", "fps": 30}}, "render.fps must be null"),
    "music elsewhere": ({"audio": {"music": "vods/demo.mp4"}}, "audio.music is 'vods/demo.mp4': it must lie in music/"),
    "an empty name of music": ({"audio": {"music": ""}}, "audio.music is '': it must lie in music/"),
    "a crossfade of what is copied": (
        {"render": {"overlay": "none", "encoder": "copy", "transition": "crossfade"}},
        "render.transition must be cut",
    ),
    "a word for true": ({"select": {"invert": "yes"}}, "select.invert is 'yes': it must be true or false"),
    "a number for a word": ({"label": 5}, "label is 5: it must be text"),
    "nothing for a word": ({"label": None}, "label is null: it must be text"),
    "a decimal comma": ({"select": {"pre_roll": "1,5"}}, "select.pre_roll is '1,5': it must be a number"),
    "a pattern for a VOD": ({"vods": {"a": "vods/*.mkv"}}, "vods.a is 'vods/*.mkv': a pattern belongs in `recordings`"),
    "infinite": ({"train": {"learning_rate": float("inf")}}, "train.learning_rate is inf"),
    "a name that is none": ({"vods": {"demo": "vods/de\0mo.mp4"}}, "name a file or folder inside"),
    "a VOD elsewhere": ({"vods": {"a": "old/a.mp4"}}, "vods.a is 'old/a.mp4': it must be in vods/"),
    "recordings elsewhere": ({"recordings": "*.mkv"}, "recordings is '*.mkv': it must be in vods/"),
    "two stars in a name": ({"recordings": "vods/**.mkv"}, "recordings is 'vods/**.mkv': ** must stand alone"),
    "an address with half a bracket": ({"urls": {"demo": "http://[::1"}}, "urls.demo is 'http://[::1': not a web"),
    "a path for a name": ({"vods": {"../up": "vods/demo.mp4"}}, "the name '../up' must consist of letters"),
}


@pytest.fixture
def parameters(tmp_path, monkeypatch) -> Project:
    """A project of nothing but its parameters, which is the working directory."""
    for name in ("params.yaml", "vods.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


@pytest.mark.parametrize("name", PARAMS)
def test_a_bad_parameter_is_named(parameters, name):
    sections, words = PARAMS[name]
    parameters.set_params(**sections)
    with pytest.raises(UserError) as raised:
        params.load()
    assert str(raised.value).startswith("params.yaml: ") and words in str(raised.value)


def test_a_recording_that_was_found_may_be_named_as_any_vod(parameters):
    parameters.write("vods.yaml", "vods:\n  monday: vods/demo.mp4\n")
    parameters.set_params(vods={}, urls={"monday": "https://example.org"}, tracks={"monday": {"judge": 2}})
    assert params.load().tracks_of("vods/demo.mp4").judge == 2


def test_parameters_without_effect_are_known(parameters):
    assert params.load().render.unused() == {"transition_length"}
    parameters.set_params(render={"encoder": "h264_nvenc", "transition": "crossfade"})
    assert params.load().render.unused() == {"preset"}


def test_names_may_have_any_character_that_can_be_written():
    name = "vods/Screen 8.00.00\u202fPM\u00a0\U0001f469\u200d\U0001f4bb.mov"
    assert FoundVods(vods={"a": name}).vods == {"a": name}
    assert tables.is_plain(name)
    assert error_sentence(UserError(name)) == name
    for letter in "\0\n\x7f\x85\u2028\udcff":
        assert not tables.is_plain(f"vods/{letter}.mov")
        with pytest.raises(ValidationError):
            FoundVods(vods={"a": f"vods/{letter}.mov"})
        assert error_sentence(UserError(f"vods/{letter}.mov")) == "vods/?.mov"


def test_names_that_resemble_temporary_ones_are_shown_as_they_are():
    for name in ("clips/raid.old-2.mp4", "clips/raid (1).partial-2.mp4"):
        assert error_sentence(UserError(f"{name}: empty")) == f"{name}: empty"
    for name in (".partial-vods.yaml", ".old-vods.yaml"):
        assert error_sentence(UserError(f"{name}: empty")) == "vods.yaml: empty"
        assert error_sentence(UserError(f"there is no data/{name}")) == "there is no data/vods.yaml"


def test_a_stage_says_it_in_one_sentence(project):
    project.set_params(train={"epoch": 3})
    assert_user_error(project.stage("extract_frames"), "params.yaml: train.epoch is not a parameter")


def test_a_missing_parameter_is_named(parameters):
    parameters.write("params.yaml", parameters.read("params.yaml").replace("margin: 0.2", ""))
    with pytest.raises(UserError, match="^params.yaml: dataset.margin is missing"):
        params.load()


def test_params_that_are_not_yaml(parameters):
    parameters.write("params.yaml", "data: [\n")
    with pytest.raises(UserError, match="^params.yaml.*not valid YAML"):
        params.load()


@pytest.mark.parametrize("name", ["params.yaml", "vods.yaml"])
def test_a_merge_conflict_is_named(parameters, name):
    parameters.append(name, "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> theirs\n")
    with pytest.raises(UserError, match=rf"^{name}: has a merge conflict; keep the right lines, and remove the lines"):
        params.load()


def test_numbers_with_an_exponent_are_numbers(parameters):
    content = parameters.read("params.yaml")
    parameters.write("params.yaml", content.replace("learning_rate: 0.001", "learning_rate: 1e-3"))
    assert parameters.read("params.yaml") != content
    assert params.load().train.learning_rate == 0.001
