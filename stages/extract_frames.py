"""Extract the frames and the sound of every clip into a shard: data/frames/<clip>.safetensors.

Only clips whose shard is missing or was made from something else are read; shards of clips that are gone are
removed. Run from the project's folder: python -m stages.extract_frames
"""

from pathlib import Path

from autotosis.annotations.facecams import Facecams
from autotosis.project import command_line, params
from autotosis.project.errors import UserError
from autotosis.signals import extraction, shards
from autotosis.signals.extraction import Job


def main() -> None:
    settings = params.load()
    facecams = Facecams(settings.folder)
    clips = find_clips(settings.folder / "clips")
    # The parts of a VOD go by its name, not by theirs.
    folders = [settings.folder / vod for vod in settings.vods.values()]
    vods = [path for path in (settings.folder / "vods").rglob("*") if path.parent not in folders]
    videos = [path.relative_to(settings.folder).as_posix() for path in (*clips, *vods)] + list(settings.vods.values())
    for row in facecams.patterns.idle(videos):
        print(f"{row.path} row {row.number}: {row['video']} fits no video")
    jobs = [Job(shards.path(clip.name), clip, facecams.box(f"clips/{clip.name}")) for clip in clips]
    extraction.bring_up_to_date(shards.FOLDER, jobs, settings.extract, "extract frames", "clips")


def find_clips(folder: Path) -> list[Path]:
    """The clips of a folder, sorted by name; UserError if there are none."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; make it and put a few dozen short videos there")
    clips = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and not path.is_dir())
    for clip in clips:
        if not clip.is_file():
            raise UserError(f"{clip}: no regular file; a clip is a video file, or a link to one")
    if not clips:
        raise UserError(f"{folder}: there are no clips; put a few dozen short videos there")
    return clips


if __name__ == "__main__":
    command_line.run(main, __doc__)
