"""A tiny project to torture, and the table of what came of it."""

from collections.abc import Sequence
from pathlib import Path

from tests.helpers import PARAMS, Project, copy_repository, draw_sample


def build(folder: Path) -> Project:
    """Make the tests' project in a folder that does not exist yet, and build it by `dvc repro`."""
    project = copy_repository(folder)
    project.set_params(**PARAMS)
    project.commit("Start")
    draw_sample(folder / PARAMS["data"])
    project.repro()
    return project


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table of text, as CONTRIBUTING.md has it."""
    lines = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)
