"""Reading files that other programs wrote. Errors name the file and the place in it."""

import json
import math
import reprlib
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pydantic import ValidationError

from autotosis.project import files
from autotosis.project.errors import UserError

# No file of labels is larger (bytes).
MAX_FILE_BYTES = 50_000_000


def read_text(path: Path) -> str:
    """Read a text; UserError as in `files.read_text`."""
    return files.read_text(path, MAX_FILE_BYTES)


def read_json(path: Path) -> Any:
    """Read JSON; UserError if the file is not JSON."""
    try:
        return json.loads(read_text(path))
    # Python raises ValueError for a number with thousands of digits, too.
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not JSON: {error}") from None


def number(text: object, place: str) -> float:
    """Convert a number or a text to float; UserError that names the place if it is not a finite number."""
    try:
        value = float(text) if isinstance(text, str | int | float) else math.nan
    except (ValueError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        raise UserError(f"{place}: {reprlib.repr(text)} is not a number such as 62.5")
    return value


def address(text: str, place: str) -> SplitResult:
    """Split a web address or a path into its parts; UserError that names the place if it is neither."""
    try:
        return urlsplit(text)
    except ValueError:
        raise UserError(f"{place}: {reprlib.repr(text)} is neither a web address nor a path; correct it") from None


def first_problem(error: ValidationError) -> str:
    """Say in a few words what a document lacks that its format requires."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the document'}: {first['msg'][0].lower()}{first['msg'][1:]}"
