"""The errors that are told to the user instead of a traceback."""


class UserError(Exception):
    """Something that the user can mend; its text is one sentence that names the place and the cause."""


def error_sentence(error: UserError | OSError) -> str:
    """What to tell the user of an error: its own sentence, or what the operating system says of which file."""
    if isinstance(error, UserError) or error.strerror is None:
        return str(error)
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror[0].lower()}{error.strerror[1:]}"
