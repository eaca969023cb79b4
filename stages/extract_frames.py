"""Extract the frames and the sound of every clip into a shard: data/frames/<clip>.safetensors.

Only clips whose shard is missing or was made from something else are read; shards of clips that are gone are
removed. Run from the project's folder: python -m stages.extract_frames
"""

from functools import partial
from pathlib import Path

from stages.lib import errors, features, files, media, params, shards, workers
from stages.lib.errors import UserError
from stages.lib.facecam import Box, Facecams
from stages.lib.params import Extract


def main() -> None:
    settings = params.load()
    facecams = Facecams(settings.folder)
    clips = find_clips(settings.folder / "clips")
    videos = [f"clips/{clip.name}" for clip in clips] + list(settings.vods.values())
    for row in facecams.patterns.idle(videos):
        print(f"{row.path} row {row.number}: {row['video']} fits no video")
    remove_stale({shards.path(clip.name) for clip in clips})
    jobs = [(clip, facecams.box(f"clips/{clip.name}")) for clip in clips]
    outcomes = list(workers.map(partial(extract, settings.extract), jobs, "extract frames", "clips"))
    problems = [outcome for outcome in outcomes if isinstance(outcome, str)]
    print(f"{outcomes.count(True)} of {len(clips)} clips extracted, {outcomes.count(False)} were current")
    if problems:
        raise UserError("; ".join(problems))


def find_clips(folder: Path) -> list[Path]:
    """The clips of a folder, sorted by name; UserError if there are none."""
    clips = sorted(path for path in folder.glob("*") if path.is_file() and not path.name.startswith("."))
    if not clips:
        raise UserError(f"{folder}: there are no clips; put a few dozen short videos there")
    return clips


def remove_stale(current: set[Path]) -> None:
    """Remove everything from the folder of shards but these."""
    shards.FOLDER.mkdir(parents=True, exist_ok=True)
    for path in shards.FOLDER.iterdir():
        if path not in current:
            files.remove(path)


def extract(settings: Extract, job: tuple[Path, Box]) -> bool | str:
    """Bring the shard of one clip up to date; True if it was written, or what is wrong with the clip.

    A bad clip loses its shard, if it had one: it was made from another file.
    """
    clip, box = job
    shard = shards.path(clip.name)
    key = shards.key(clip, box, settings)
    if shards.key_of(shard) == key:
        return False
    try:
        probe = media.probe(clip)
        moments = features.read(clip, probe, box, settings.fps, settings.size)
    except UserError as error:
        files.remove(shard)
        return str(error)
    shards.write(shard, moments, probe.duration, key)
    return True


if __name__ == "__main__":
    errors.run(main, __doc__)
