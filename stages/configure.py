"""Write down what each stage of each VOD depends on besides videos and models: data/config/<stage>/<vod>.json.

DVC compares these files to decide what to run again. A new row in a table, a link, a song or a parameter therefore
affects only the VODs and stages that use it. Results of VODs that params.yaml no longer names are removed.
Run from the project's folder: python -m stages.configure
"""

import json
from collections.abc import Mapping
from pathlib import Path

from autotosis.annotations import config_files, configuration, facecams
from autotosis.cuts import cut_list, review_list
from autotosis.project import command_line, files, inputs, missing_vods, names, params
from autotosis.project.params import Params
from autotosis.reel import reel
from autotosis.scan import timeline
from autotosis.watch import recordings

# `extract_excerpts`, `evaluate` and `compile` read folders that must exist even without VODs. DVC keeps no empty ones.
ABOUT, CONTENT = "about.txt", "A file for each VOD of params.yaml.\n"


def main() -> None:
    before = inputs.snapshot(params.PARAMS_FILE, params.VODS_FILE)
    settings = params.load()
    params.check_folder(settings.folder)
    tables = inputs.snapshot(*(settings.folder / name for name in ("labels.csv", "facecams.csv", "edits", "music")))
    # DVC does not say later which VODs have no file.
    for sentence in missing_vods.advice(settings):
        print(sentence)
    for table in configuration.unused_edits(settings):
        print(names.printable(f"{table}: ignored, because params.yaml names no VOD {table.stem}"))
    for link in configuration.linked_folders(settings):
        top = settings.folder / "vods"
        print(
            names.printable(
                f"{link}: chats, markers and replays that are added there go unnoticed; make {top} the link"
            )
        )
    if settings.recordings and not recordings.matching(settings):
        print(f"params.yaml: recordings: no video matches {settings.recordings} yet")
    for recording in recordings.unlisted(settings):
        path = names.printable(str(recording))
        print(f"{path}: not cut yet, although it matches `recordings`; run `python -m autotosis.watch --once`")
    for pattern in configuration.unmatched_tracks(settings):
        print(f"params.yaml: tracks.{pattern} matches no video; check the spelling")
    described = config_files.describe_all(settings)
    with files.replacing(config_files.FOLDER) as folder:
        for stage in configuration.STAGES:
            (folder / stage).mkdir(parents=True)
            (folder / stage / ABOUT).write_text(CONTENT)
        for file, description in described.items():
            write(folder / file, description)
        for results in (timeline.FOLDER, cut_list.FOLDER, facecams.FOLDER):
            files.write_bytes(results / ABOUT, CONTENT.encode())
        for name in recordings.read_list().kept:
            recordings.protect(name)
        # A VOD may have been named again meanwhile.
        inputs.check_unchanged(before)
        remove_results_of_other_vods(settings)
        inputs.check_unchanged(before | tables)
        config_files.check_described(described, settings)


def write(path: Path, content: Mapping[str, object]) -> None:
    """Write JSON that is the same, byte for byte, whenever its content is."""
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")


def remove_results_of_other_vods(settings: Params) -> None:
    """Remove the face cameras, timelines, cut lists, review lists and reels of VODs that params.yaml no longer names.

    Stages that read the whole folder would otherwise use them. Reels that vods.yaml keeps stay, and so do those that
    cannot be made again, and copies that the user has made under other names.
    """
    folders = (timeline.FOLDER, cut_list.FOLDER, review_list.FOLDER, facecams.FOLDER)
    results = [path for folder in folders for path in folder.glob("[!.]*") if path.suffix in (".csv", ".jpg")]
    reels, kept = [table.parent for table in reel.FOLDER.glob(f"[!.]*/{reel.TABLE}")], recordings.read_list().kept
    results += [path for path in reels if path.name not in kept and reel.has_own_name(path)]
    for path in results:
        if path.stem in {*settings.vods, reel.COMPILATION}:
            continue
        if path in reels and reel.recording_is_gone(path):
            recordings.protect(path.name)
            print(
                f"{path}: kept, although params.yaml no longer names this VOD, because its recording is gone; remove "
                "the folder if you do not want it"
            )
        else:
            print(f"{path}: removed, because params.yaml no longer names this VOD")
            files.remove(path)


if __name__ == "__main__":
    command_line.run(main, __doc__)
