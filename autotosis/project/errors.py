"""The errors that are told to the user instead of a traceback."""

import re


class UserError(Exception):
    """Something that the user can mend; its text is one sentence that names the place and the cause."""


def error_sentence(error: UserError | OSError) -> str:
    """What to tell the user of an error: its own sentence, or what the operating system says of which file."""
    if isinstance(error, UserError) or error.strerror is None:
        sentence = str(error)
    else:
        place = f"{error.filename}: " if error.filename else ""
        sentence = f"{place}{error.strerror[0].lower()}{error.strerror[1:]}"
    # What `files.replacing` writes at is hidden; the user knows what it is to become.
    sentence = re.sub(r"\.(partial|old)-", "", sentence)
    # Names and tables may hold anything.
    return "".join(character if character.isprintable() else "?" for character in sentence)
