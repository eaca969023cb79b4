"""Read the picture and the sound of every clip: data/frames/<clip>.safetensors, one shard each.

Where facecams.csv has no row for a clip, its face camera is found: data/clip_facecams.csv; data/dataset/preview.jpg
shows it. Only clips that are new or have changed are read. The shards of clips that no longer exist are removed.
Run from the project's folder: python -m stages.extract_frames
"""

from pathlib import Path

from autotosis.annotations import config_files, configuration, facecams
from autotosis.annotations.facecams import Box, Found
from autotosis.camera import clips as clip_facecams
from autotosis.project import command_line, inputs, params
from autotosis.project.errors import UserError
from autotosis.project.params import Params
from autotosis.project.tables import Patterns
from autotosis.signals import extraction, shards
from autotosis.signals.extraction import Job
from autotosis.video import clips


def main() -> None:
    settings = params.load()
    config_files.check_recorded("extract_frames", settings)
    before = inputs.snapshot(settings.folder / "facecams.csv", settings.folder / "clips")
    rows = facecams.read_boxes(settings.folder / "facecams.csv")
    paths = clips.find(settings.folder / "clips")
    for row in rows.unmatched([*(f"clips/{path.name}" for path in paths), *configuration.vods(settings)]):
        print(f"{row.path} row {row.number}: {row['video']} matches no video; check the spelling")
    found, problems = clip_facecams.update(paths, rows)
    jobs = [job(clip, f"clips/{clip.name}", rows, found, settings) for clip in paths]
    extraction.update(shards.FOLDER, jobs, settings.extract, "extract frames", "clips", "clips")
    inputs.check_unchanged(before)
    if problems:
        # They could be read this time, but not when their face camera was searched for.
        raise UserError("; ".join(problems))


def job(clip: Path, video: str, rows: Patterns[Box], found: Found, settings: Params) -> Job:
    """Describe the shard of a clip, named in tables as `video`. Without a face camera, the whole picture is taken."""
    _, scene = found.get(video, ("", None))
    box = rows.of(video) or (scene.box if scene else Box())
    return Job(shards.path(clip.name), clip, facecams.always(box), settings.tracks_of(video).judged)


if __name__ == "__main__":
    command_line.run(main, __doc__)
