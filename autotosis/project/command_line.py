"""How a stage fails: one sentence for the user, exit code 1, no traceback."""

import argparse
import sys
from collections.abc import Callable

from autotosis.project.errors import UserError, error_sentence


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
