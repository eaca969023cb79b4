"""Add labels that another program saved to labels.csv of a streamer's folder.

Run from the project's folder: python -m autotosis.importers audacity labels.txt data/you --video clips/yelling.mp4
"""

import argparse
import textwrap
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from autotosis.importers import audacity, elan, label_studio, losslesscut, stretches, via, youtube_chapters
from autotosis.project import command_line, interruption
from autotosis.project.errors import UserError

# One module per format. Each has a NAME, and a function `read` that turns a file into a list of `Stretch`. The files of
# Label Studio do not say how many frames a second has, so its `read` takes that as well.
FORMATS = (audacity, elan, label_studio, losslesscut, via, youtube_chapters)

# The longest list of names in a message (characters).
MAX_LIST_LENGTH = 200


def main() -> None:
    options = parse()
    form = next(form for form in FORMATS if options.format == form.NAME)
    labelled = form.read(options.file, options.fps) if form is label_studio else form.read(options.file)
    if not labelled:
        raise UserError(f"{options.file}: there are no labels in it; export them again")
    if options.video:
        # In Label Studio, videos without a name are told apart by their tasks.
        videos = {stretch.video or (stretch.place if form is label_studio else "") for stretch in labelled}
        if len(videos) > 1:
            raise UserError(
                f"{options.file}: labels {len(videos)} videos ({abbreviated(videos)}), and --video names one; leave "
                "out --video if they have these names, or export one at a time"
            )
        labelled = [replace(stretch, video=options.video) for stretch in labelled]
    if form is youtube_chapters and not options.highlight:
        raise UserError(f"{options.file}: chapters cover the whole video; name the highlights with --highlight")
    names, chosen = {stretch.name for stretch in labelled}, {*options.highlight, *options.calm}
    if chosen and not names & chosen:
        raise UserError(f"{options.file}: no label has a name in --highlight or --calm; there are {abbreviated(names)}")
    stretches.add_to_labels(options.folder, stretches.classify_by_name(labelled, options.highlight, options.calm))


def abbreviated(names: Iterable[str]) -> str:
    """List names in a few words."""
    return textwrap.shorten(", ".join(repr(name) for name in sorted(names)), MAX_LIST_LENGTH)


def parse() -> argparse.Namespace:
    """Parse the command line."""
    parser = command_line.parser(__doc__)
    parser.add_argument("format", choices=[form.NAME for form in FORMATS], help="the program that saved the file")
    parser.add_argument("file", type=Path, help="the exported file")
    parser.add_argument("folder", type=Path, help="the streamer's folder, such as data/you")
    parser.add_argument(
        "--video",
        help="the video that the labels are about, such as clips/a.mp4, if the file does not name it, or names another",
    )
    parser.add_argument(
        "--fps", type=float, help="frames per second, for timeline labels of label-studio: the frameRate of <Video>"
    )
    parser.add_argument(
        "--highlight",
        action="append",
        default=[],
        metavar="NAME",
        help="a label that means a highlight; may be repeated",
    )
    parser.add_argument(
        "--calm", action="append", default=[], metavar="NAME", help="a label that means calm; may be repeated"
    )
    return parser.parse_args()


if __name__ == "__main__":
    with command_line.errors_as_sentences(), interruption.cleaning_up():
        main()
