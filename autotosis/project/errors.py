"""Errors that are shown to the user as one sentence, without a traceback."""

import re

from autotosis.project import names


class UserError(Exception):
    """An error that the user can fix. Its text is one sentence that names the file, the place and the cause."""


def error_sentence(error: UserError | OSError) -> str:
    """Describe an error to the user: by its own sentence, or by the file and the operating system's message."""
    if isinstance(error, UserError) or error.strerror is None:
        sentence = str(error)
    else:
        place = f"{error.filename}: " if error.filename else ""
        sentence = f"{place}{error.strerror[0].lower()}{error.strerror[1:]}"
    # Show the final path instead of the temporary one that `files.replacing` writes to.
    sentence = re.sub(r"(^|/)\.(partial|old)-", r"\1", sentence)
    # Names and tables may contain any character.
    return names.printable(sentence)
