"""Bad input gets one sentence that names the place and the cause, exit code 1, and costs nothing."""

import shutil
import sys

import pytest

from tests import videos
from tests.conftest import FACE, Project, limit_file_size


def assert_sentence(done, *words: str) -> None:
    """One line on standard error beside the progress, without a traceback, with these words in it."""
    assert done.returncode == 1, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1 and "Traceback" not in done.stderr, done.stderr
    for word in words:
        assert word in lines[0]


def first_clip(project: Project):
    return project.folder / "data/tiny/clips/c01.mp4"


def test_no_clips(project):
    for clip in (project.folder / "data/tiny/clips").iterdir():
        clip.unlink()
    assert_sentence(project.stage("extract_frames"), "data/tiny/clips", "no clips")


DAMAGE = {
    "empty": (lambda content: b"", "empty"),
    "no video": (lambda content: b"I am no video. " * 500, "not a video"),
    "cut off": (lambda content: content[: len(content) * 2 // 3], "cut off"),
    "without its end": (lambda content: content[len(content) // 2 :], "not a video"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_bad_clip_is_named_and_the_others_are_not_wasted(project, damage):
    spoil, word = DAMAGE[damage]
    # The index of the file first, as downloads have it: the part that arrived can be read.
    clip = first_clip(project)
    videos.ffmpeg("-i", clip, "-c", "copy", "-movflags", "+faststart", str(clip) + ".mp4")
    content = (clip.parent / "c01.mp4.mp4").read_bytes()
    (clip.parent / "c01.mp4.mp4").unlink()
    clip.write_bytes(spoil(content))
    project.set_params(extract={"fps": 5})
    assert_sentence(project.stage("extract_frames"), "data/tiny/clips/c01.mp4", word)
    assert len(project.shards()) == 11
    before = project.shards()
    clip.unlink()
    assert project.stage("extract_frames").returncode == 0
    assert project.shards() == before


def test_two_bad_clips_are_both_named(project):
    first_clip(project).write_bytes(b"")
    (first_clip(project).parent / "c02.mp4").write_bytes(b"x" * 999)
    assert_sentence(project.stage("extract_frames"), "c01.mp4", "c02.mp4")


def test_a_picture_among_the_clips_is_named(project):
    videos.ffmpeg("-i", first_clip(project), "-frames:v", 1, first_clip(project).parent / "thumbnail.png")
    assert_sentence(project.stage("extract_frames"), "data/tiny/clips/thumbnail.png", "lasts no time")


def test_a_labelled_clip_in_a_deeper_folder_is_named(project):
    (first_clip(project).parent / "deep").mkdir()
    first_clip(project).rename(first_clip(project).parent / "deep/c01.mp4")
    labels = project.read("data/tiny/labels.csv").replace("clips/c01.mp4", "clips/deep/c01.mp4")
    project.write("data/tiny/labels.csv", labels)
    assert_sentence(project.stage("build_dataset"), "labels.csv row", "clips/ itself")


def test_a_clip_without_sound_works(project):
    clip = first_clip(project)
    silent = clip.parent / "silent.mp4"
    videos.ffmpeg("-i", clip, "-an", "-c", "copy", silent)
    project.write("data/tiny/labels.csv", project.read("data/tiny/labels.csv") + "clips/silent.mp4,,,0\n")
    assert "train" in project.repro()
    assert "silent.mp4.safetensors" in project.shards()


PARAMS = {
    "unknown": ({"train": {"epoch": 3}}, "train.epoch is not a parameter; did you mean epochs?"),
    "misspelt": (
        {"render": {"layuot": "square", "layout": None}},
        "render.layuot is not a parameter; did you mean layout?",
    ),
    "unknown section": ({"trian": {"epochs": 3}}, "trian is not a parameter; did you mean train?"),
    "wrong type": ({"extract": {"size": "big"}}, "extract.size is 'big'"),
    "a word for a number": ({"extract": {"fps": "10"}}, "extract.fps is '10'"),
    "out of range": ({"train": {"target_precision": 1.5}}, "train.target_precision is 1.5"),
    "too small": ({"dataset": {"clips": 1}}, "dataset.clips is 1"),
    "no such choice": ({"train": {"precision": "half"}}, "train.precision is 'half'"),
    "another choice": ({"predict": {"device": "gpu"}}, "predict.device is 'gpu'"),
    "no mapping": ({"vods": 7}, "vods is 7"),
    "no file": ({"vods": {"a": ""}}, "a VOD needs the name of its file or folder"),
    "a long way for an edge": ({"render": {"snap": 60}}, "render.snap is 60"),
    "a name twice": ({"vods": {"a": "vods/demo.mp4", "A": "vods/demo.mp4"}}, "vods"),
    "a name that is taken": ({"vods": {"timelines": "vods/demo.mp4"}}, "vods"),
    "an address of no VOD": ({"urls": {"monday": "https://example.org"}}, "there is no VOD named monday"),
    "no web address": ({"urls": {"demo": "twitch.tv/videos/1"}}, "urls.demo is 'twitch.tv/videos/1'"),
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
    "infinite": ({"train": {"learning_rate": float("inf")}}, "train.learning_rate is inf"),
    "a path for a name": ({"vods": {"../up": "vods/demo.mp4"}}, "vods.../up"),
}


@pytest.mark.parametrize("name", PARAMS)
def test_a_bad_parameter_is_named(project, name):
    sections, words = PARAMS[name]
    project.set_params(**sections)
    assert_sentence(project.stage("extract_frames"), "params.yaml: ", words)


def test_a_font_that_is_none(project):
    style = {"position": "top-left", "size": 1}
    project.write("data/tiny/broken.ttf", "no font")
    project.set_params(render={"style": style | {"font": "broken.ttf"}})
    assert_sentence(project.stage("render", "demo"), "data/tiny/broken.ttf: not a font that can be read")
    project.set_params(render={"style": style | {"font": "gone.ttf"}})
    assert_sentence(project.stage("render", "demo"), "data/tiny/gone.ttf: no such file")
    project.set_params(render={"style": style | {"font": "../tiny/broken.ttf"}})
    assert_sentence(project.stage("render", "demo"), "render.style.font is '../tiny/broken.ttf'", "inside the")


def test_a_missing_parameter_is_named(project):
    project.write("params.yaml", project.read("params.yaml").replace("margin: 0.2", ""))
    assert_sentence(project.stage("build_dataset"), "params.yaml: dataset.margin is missing")


def test_params_that_are_not_yaml(project):
    project.write("params.yaml", "data: [\n")
    assert_sentence(project.stage("train"), "params.yaml", "not valid YAML")


HEADER = "video,start,end,label\n"
GOOD = HEADER + "clips/c01.mp4,0.5,2,1\nclips/c03.mp4,0.5,2,1\nclips/c04.mp4,,,0\n"
LABELS = {
    "no such video": (GOOD + "clips/gone.mp4,1,2,1\n", "row 5", "there is no video data/tiny/clips/gone.mp4"),
    "too few fields": (GOOD + "clips/c05.mp4,1,2\n", "row 5", "3 fields where 4 belong"),
    "no number": (GOOD + "clips/c05.mp4,one,2,1\n", "row 5", "start is 'one', not a number such as"),
    "negative": (GOOD + "clips/c05.mp4,-1,2,1\n", "row 5", "before the video begins"),
    "end before start": (GOOD + "clips/c05.mp4,2,1,1\n", "row 5", "not after its start"),
    "another label": (GOOD + "clips/c05.mp4,1,2,rage\n", "row 5", "label is 'rage'"),
    "another header": ("clip,from,to,label\n", "row 1", "the header must be video,start,end,label"),
    "overlap": (GOOD + "clips/c01.mp4,1.5,2.5,1\n", "row 5", "overlaps the label of clips/c01.mp4 in row 2"),
    "past the end": (GOOD + "clips/c05.mp4,1,99,1\n", "row 5", "ends at 99 s, but clips/c05.mp4 at"),
    "beyond the end": (GOOD + "clips/c05.mp4,90,,1\n", "row 5", "begins at 90 s, but clips/c05.mp4 ends"),
    "another spelling": (GOOD + "./clips/c05.mp4,1,2,1\n", "row 5", "write it as it is inside the folder"),
    "outside the folder": (GOOD + "../tiny/clips/c05.mp4,1,2,1\n", "row 5", "write it as it is inside the folder"),
    "a quote left open": (GOOD + 'clips/c05.mp4,"1,2,1\n', "labels.csv row"),
    "one class": (HEADER + "clips/c04.mp4,,,0\nclips/c05.mp4,,,0\n", "labels.csv", "no frame of any clip is highlight"),
    "one clip": (HEADER + "clips/c01.mp4,0.5,2,1\n", "labels.csv", "1 of the clips"),
    "not text": (b"\xff\xfe\x00video".decode("latin-1"), "labels.csv", "UTF-8"),
}


@pytest.mark.parametrize("name", LABELS)
def test_a_bad_label_is_named_by_its_row(project, name):
    content, *words = LABELS[name]
    index = project.read("data/dataset/index.csv")
    (project.folder / "data/tiny/labels.csv").write_bytes(content.encode("latin-1"))
    assert_sentence(project.stage("build_dataset"), "data/tiny/labels.csv", *words)
    assert project.read("data/dataset/index.csv") == index


def test_too_few_clips_to_measure_on_others(project):
    project.write("data/tiny/labels.csv", HEADER + "clips/c01.mp4,0.5,2,1\nclips/c04.mp4,,,0\n")
    assert project.stage("build_dataset").returncode == 0
    assert_sentence(project.stage("train"), "data/tiny/labels.csv", "too few clips")


def test_too_few_clips_to_learn_from(project):
    rows = "".join(f"clips/c{number:02}.mp4,,,{int(number > 2)}\n" for number in range(1, 13))
    project.write("data/tiny/labels.csv", HEADER + rows)
    assert project.stage("build_dataset").returncode == 0
    project.set_params(dataset={"clips": 2})
    # Ten whole highlights and two whole calms: the first two of any fair order are highlights.
    assert_sentence(project.stage("train"), "params.yaml: dataset.clips 2 is too few")


EXCERPTS = {
    "past the end": ("vods/demo.mp4,20,99,0", "row 2", "ends at 99 s, but vods/demo.mp4 at"),
    "held out": ("vods/demo.mp4,1,2,0", "row 2", "data/tiny/holdout.csv"),
    "elsewhere": ("facecams.csv,1,2,0", "row 2", "neither in clips/ nor in vods/"),
    "no VOD": ("vods/gone.mp4,1,2,0", "row 2", "there is no video data/tiny/vods/gone.mp4"),
}


@pytest.mark.parametrize("name", EXCERPTS)
def test_a_bad_row_of_a_vod_is_named(project, name):
    row, *words = EXCERPTS[name]
    if name != "held out":
        project.write("data/tiny/holdout.csv", HEADER)
    project.write("data/tiny/labels.csv", HEADER + row + "\n")
    assert_sentence(project.stage("extract_excerpts"), "data/tiny/labels.csv", *words)


@pytest.mark.parametrize("box", ["0.5,0,1.2,1", "0.5,0,0.5,1", "-0.1,0,1,1", "0,0,nan,1", "0,0,1"])
def test_a_box_outside_the_frame_is_named_by_its_row(project, box):
    project.write("data/tiny/facecams.csv", f"video,x0,y0,x1,y1\n*,0,0,1,1\nclips/*,{box}\n")
    assert_sentence(project.stage("extract_frames"), "data/tiny/facecams.csv row 3")


def test_a_model_made_with_other_settings(project):
    project.set_params(extract={"size": 48})
    timeline = project.read("data/timelines/demo.csv")
    assert_sentence(
        project.stage("predict", "demo"), "models/model.safetensors", "extract.size 32, not 48", "dvc repro"
    )
    assert project.read("data/timelines/demo.csv") == timeline


def test_a_model_that_is_none(project):
    project.write("models/model.safetensors", "I am no model. " * 99)
    assert_sentence(project.stage("predict", "demo"), "models/model.safetensors", "not a model")
    project.set_params(render={"threshold": None})
    assert_sentence(project.stage("render", "demo"), "models/model.safetensors", "not a model")


@pytest.mark.parametrize("stage", [["extract_frames"], ["predict", "demo"]])
def test_a_video_chip_that_is_not_there_is_named_and_costs_nothing(project, stage):
    before = project.shards()
    # Apple's on Linux, and the other way round.
    device = "vaapi" if sys.platform == "darwin" else "videotoolbox"
    project.set_params(extract={"decoder": device})
    assert_sentence(project.stage(*stage), "params.yaml: extract.decoder is", device, "set it to auto")
    assert project.shards() == before


def test_whatever_decodes_gives_the_same_shards(project):
    before = project.shards()
    project.set_params(extract={"decoder": "auto"})
    assert project.repro() == ["extract_frames", "extract_excerpts", "predict@demo"]
    assert project.shards() == before


def test_no_such_vod(project):
    assert_sentence(project.stage("predict", "other"), "params.yaml: vods", "other")
    (project.folder / "data/tiny/vods/demo.mp4").unlink()
    assert_sentence(project.stage("predict", "demo"), "data/tiny/vods/demo.mp4", "no such")


NETWORKS = {
    "no such architecture": ({"architecture": "resnet19"}, "train.architecture is 'resnet19'"),
    "no such weights": (FACE | {"weights": "IMAGENET9"}, "train.weights is 'IMAGENET9'"),
    "no such device": (FACE | {"device": "mps"}, "train.device is mps, but PyTorch finds no such device here"),
    "too small a picture": ({"architecture": "alexnet"}, "does not take frames of extract.size 32"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_that_cannot_be(project, name):
    train, words = NETWORKS[name]
    project.set_params(train=train)
    model = (project.folder / "models/model.safetensors").read_bytes()
    assert_sentence(project.stage("train"), "params.yaml: ", words)
    assert (project.folder / "models/model.safetensors").read_bytes() == model


def test_a_training_that_diverges_costs_nothing(project):
    before = {path: path.read_bytes() for path in (project.folder / "models").rglob("*") if path.is_file()}
    project.set_params(train=FACE | {"learning_rate": 1e30})
    assert_sentence(project.stage("train"), "params.yaml: train.learning_rate 1e+30 is too high")
    shutil.rmtree(project.folder / "models/.checkpoints", ignore_errors=True)
    assert {path: path.read_bytes() for path in (project.folder / "models").rglob("*") if path.is_file()} == before


def test_numbers_with_an_exponent_are_numbers(project):
    params = project.read("params.yaml")
    project.write("params.yaml", params.replace("learning_rate: 0.001", "learning_rate: 1e-3"))
    assert project.read("params.yaml") != params
    assert project.stage("evaluate").returncode == 0


def test_a_name_with_brackets_is_itself(project):
    clip = first_clip(project)
    clip.rename(clip.with_name("It's [x1] ünd.mp4"))
    facecams = project.read("data/tiny/facecams.csv")
    project.write("data/tiny/facecams.csv", facecams + "clips/It's [x1] ünd.mp4,0.5,0.5,1.2,1\n")
    assert_sentence(project.stage("extract_frames"), "facecams.csv row")
    project.write("data/tiny/facecams.csv", facecams + "clips/It's [x1] ünd.mp4,0,0,1,1\n")
    assert project.stage("extract_frames").returncode == 0
    whole = (project.folder / "data/frames/It's [x1] ünd.mp4.safetensors").read_bytes()
    project.write("data/tiny/facecams.csv", facecams)
    assert project.stage("extract_frames").returncode == 0
    assert (project.folder / "data/frames/It's [x1] ünd.mp4.safetensors").read_bytes() != whole


# Arguments, bytes that fit, what is named.
FULL = {
    "extract_frames": ([], 5000, "data/frames"),
    "build_dataset": ([], 1000, "data/dataset/index.csv"),
    "train": ([], 1000, "models/"),
    "predict": (["demo"], 1000, "data/timelines/demo.csv"),
    "render": (["demo"], 1000, "reels/demo"),
}


@pytest.mark.parametrize("stage", FULL)
def test_a_full_disk_is_one_sentence_and_costs_nothing(project, stage):
    arguments, size, words = FULL[stage]
    outputs = ["data/dataset/index.csv", "models/model.safetensors", "data/timelines/demo.csv", "reels/demo/reel.mp4"]
    before = {path: (project.folder / path).read_bytes() for path in outputs}
    if stage == "extract_frames":
        first_clip(project).write_bytes((first_clip(project).parent / "c03.mp4").read_bytes())
    assert_sentence(project.stage(stage, *arguments, preexec_fn=limit_file_size(size)), words)
    assert {path: (project.folder / path).read_bytes() for path in outputs} == before
    assert not list(project.folder.glob("**/.partial-*"))


def test_an_encoder_that_does_not_work_or_cannot_do_what_is_asked(project):
    reel = (project.folder / "reels/demo/reel.mp4").read_bytes()
    project.set_params(render={"encoder": "h264_videotoolbox"})
    assert_sentence(
        project.stage("render", "demo"), "params.yaml: render.encoder is h264_videotoolbox", "Unknown encoder"
    )
    project.set_params(render={"encoder": "copy"})
    assert_sentence(project.stage("render", "demo"), "params.yaml: render.encoder is 'copy'", "render.overlay")
    assert (project.folder / "reels/demo/reel.mp4").read_bytes() == reel


REFUSED = {
    "missing": ({"music": "music/gone.mp3"}, "data/tiny/music/gone.mp3", "no such file"),
    "none": ({"music": "music/text.mp3"}, "data/tiny/music/text.mp3", "no music in it"),
    "silent": ({"music": "music/silence.wav"}, "data/tiny/music/silence.wav", "no music in it"),
    "elsewhere": ({"music": "vods/demo.mp4"}, "params.yaml: render.music is 'vods/demo.mp4'", "music/song.mp3"),
    "a crossfade of what is copied": (
        {"overlay": "none", "encoder": "copy", "transition": "crossfade"},
        "params.yaml: render.transition is 'crossfade'",
        "render.transition must be cut",
    ),
}


def test_music_or_a_transition_that_cannot_be(project):
    project.write("data/tiny/music/text.mp3", "I am no music. " * 500)
    videos.ffmpeg("-f", "lavfi", "-i", "anullsrc=duration=1", project.folder / "data/tiny/music/silence.wav")
    reel = (project.folder / "reels/demo/reel.mp4").read_bytes()
    for changed, *words in REFUSED.values():
        project.set_params(render=changed)
        assert_sentence(project.stage("render", "demo"), *words)
        assert (project.folder / "reels/demo/reel.mp4").read_bytes() == reel


NOT_COPIED = {
    "another codec": ("mpeg4", {}, "its picture is in mpeg4"),
    "H.264 with an open group of pictures": (
        "libx264",
        {"preset": "veryfast", "x264-params": "open-gop=1:bframes=3:keyint=30:min-keyint=30:scenecut=0"},
        "near 35.0 s is no keyframe",
    ),
}


@pytest.mark.parametrize("name", NOT_COPIED)
def test_a_picture_that_cannot_be_copied(project, name):
    codec, options, words = NOT_COPIED[name]
    videos.numbered(project.folder / "data/tiny/vods/demo.mp4", 45, codec, **options)
    rows = [f"{second},{0.9 if 36 <= second < 40 else 0.1}\n" for second in range(45)]
    project.write("data/timelines/demo.csv", "time,probability\n" + "".join(rows))
    project.set_params(render={"encoder": "copy", "overlay": "none", "threshold": 0.5, "smooth": 0})
    assert_sentence(project.stage("render", "demo"), "vods/demo.mp4", words, "set render.encoder to libx264")
