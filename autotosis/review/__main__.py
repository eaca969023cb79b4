"""Serve the review page on this machine, and open it in the browser.

Label clips, judge what the model has found, change the cut list, place face cameras, and run the pipeline again. What
you decide is written into the tables of the streamer's folder at once. Run from the project's folder:
python -m autotosis.review
"""

import argparse
import asyncio
import logging
import secrets
import socket
import threading
import webbrowser

import uvicorn

from autotosis.project import command_line
from autotosis.review import server

ADDRESS = "127.0.0.1"
# How long requests may still take after Ctrl-C (seconds).
PATIENCE = 1


def main() -> None:
    """Serve until Ctrl-C."""
    parser = command_line.parser(__doc__)
    parser.add_argument("--port", type=_port, default=0, help="port on 127.0.0.1; 0, the default, takes any free one")
    parser.add_argument("--no-browser", action="store_true", help="print the address, and open no browser")
    options = parser.parse_args()
    server.settings()
    listening = socket.create_server((ADDRESS, options.port))
    port, token = listening.getsockname()[1], secrets.token_urlsafe()
    # Browsers do not send what comes after the #, so the token is in no log and no Referer.
    address = f"http://{ADDRESS}:{port}/#{token}"
    print(f"The review page is at {address}", flush=True)
    print("It stays there until you press Ctrl-C.", flush=True)
    if not options.no_browser:
        threading.Thread(target=webbrowser.open, args=[address], daemon=True).start()
    config = uvicorn.Config(
        server.application(port, token), log_level="warning", timeout_graceful_shutdown=PATIENCE, ws="none"
    )
    # After Ctrl-C, hide errors about the requests that it has cancelled.
    logging.getLogger("uvicorn.error").addFilter(
        lambda record: (
            "Cancel" not in record.getMessage()
            and not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))
        )
    )
    uvicorn.Server(config).run(sockets=[listening])


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to 65535")
    return int(text)


if __name__ == "__main__":
    with command_line.errors_as_sentences():
        main()
