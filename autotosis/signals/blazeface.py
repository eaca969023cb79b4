"""The grid of BlazeFace, Google's face detector, which reports faces relative to the cells of a grid [1].

References
----------
.. [1] https://arxiv.org/abs/1907.05047
"""

from functools import cache

import numpy as np


@cache
def anchors(grids: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Return the centre of the cell of each face that a BlazeFace may report.

    Parameters
    ----------
    grids : tuple of (int, int)
        The number of cells along each side of a grid, and how many faces each of its cells may report.

    Returns
    -------
    ndarray of float64, shape (faces, 2)
        The positions, fractions of the picture.
    """
    centres_of_grids = []
    for cells, faces in grids:
        centres = (np.arange(cells) + 0.5) / cells
        grid = np.stack(np.meshgrid(centres, centres), axis=-1).reshape(-1, 2)
        centres_of_grids.append(grid.repeat(faces, axis=0))
    return np.concatenate(centres_of_grids)
