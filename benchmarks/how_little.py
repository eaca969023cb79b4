"""How little is enough? Average precision against the number of clips, and against minutes, that were learned from.

Draws the experiments of a sweep over dataset.clips:

    dvc exp run --queue -S dataset.clips=4,8,16,24,36
    dvc queue start
    python -m benchmarks.how_little how_little.png
"""

import argparse
import csv
import io
import subprocess

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

PRECISION = "cross_validation.average_precision"
COLUMNS = ("training_clips", "training_minutes", PRECISION, f"{PRECISION}_std", "cross_validation.roc_auc")


def main(target: str) -> None:
    shown = subprocess.run(["dvc", "exp", "show", "--csv"], check=True, capture_output=True, text=True).stdout
    experiments = [row for row in csv.DictReader(io.StringIO(shown)) if row["dataset.clips"] and row[PRECISION]]
    rows = sorted({tuple(float(row[column]) for column in COLUMNS) for row in experiments})
    if not rows:
        raise SystemExit("error: there are no experiments; run the sweep first, see --help")
    print("| clips | minutes | average precision | its deviation over folds | ROC-AUC |")
    print("| --- | --- | --- | --- | --- |")
    for clips, minutes, *figures in rows:
        print(f"| {clips:.0f} | {minutes:.1f} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |")
    clips, minutes, precision, deviation, _ = zip(*rows, strict=True)
    figure = Figure(figsize=(10, 3.4), layout="constrained")
    for axis, amounts, name in zip(
        figure.subplots(1, 2, sharey=True), (clips, minutes), ("clips", "minutes"), strict=True
    ):
        axis.errorbar(amounts, precision, deviation, marker="o", capsize=3, color="black", linewidth=1)
        axis.set_xlabel(f"{name} learned from")
        axis.set_xlim(left=0)
        axis.grid(alpha=0.3)
    figure.axes[0].set_ylabel("average precision")
    FigureCanvasAgg(figure)
    figure.savefig(target, dpi=90, metadata={"Software": None})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", help="picture to write, PNG")
    main(parser.parse_args().target)
