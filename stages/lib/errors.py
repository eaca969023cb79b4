"""How a stage fails: one sentence for the user, exit code 1, no traceback."""

import argparse
import sys
from collections.abc import Callable


class UserError(Exception):
    """Something that the user can mend; its text is one sentence that names the place and the cause."""


def run(main: Callable[..., None], doc: str | None, **arguments: str) -> None:
    """Run a stage from the command line.

    Parameters
    ----------
    main : function
        The stage; it gets one string for each of `arguments`.
    doc : str
        The stage's docstring, shown by `--help`.
    arguments : str
        Name and help text of each positional argument.
    """
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, text in arguments.items():
        parser.add_argument(name, help=text)
    try:
        main(**vars(parser.parse_args()))
    except (UserError, OSError) as error:
        sys.exit(f"error: {error_sentence(error)}")
    except KeyboardInterrupt:
        sys.exit(130)


def error_sentence(error: UserError | OSError) -> str:
    """What to tell the user of an error: its own sentence, or what the operating system says of which file."""
    if isinstance(error, UserError) or error.strerror is None:
        return str(error)
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror[0].lower()}{error.strerror[1:]}"
