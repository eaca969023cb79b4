"""The font of everything that is written into a picture: it comes with the requirements, so all machines have it."""

from pathlib import Path

import matplotlib

BOLD = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans-Bold.ttf"
FAMILY = "DejaVu Sans"
