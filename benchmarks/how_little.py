"""How few clips are enough? Average precision against the number of clips that were learned from.

Plots the experiments of a sweep over dataset.clips. They only train the model, so each takes a few seconds:

    for clips in 4 8 16 24 36; do dvc exp run -S dataset.clips=$clips train; done
    python -m benchmarks.how_little how_little.png
    git checkout . && dvc checkout   # discards everything that is not committed
"""

import dvc.api
from matplotlib.figure import Figure

from autotosis.project import command_line

CLIPS = "dataset.clips"
AP = "models/metrics.json:ap"
COLUMNS = (CLIPS, AP, "ap_sd", "auc")


def main(target: str) -> None:
    experiments = [tuple(row[column] for column in COLUMNS) for row in dvc.api.exp_show()]
    # What an experiment lacks is None, text or empty.
    rows = sorted({row for row in experiments if all(isinstance(value, int | float) for value in row)})
    if not rows:
        raise SystemExit("error: there are no experiments; run the sweep first, see --help")
    print("| clips | average precision | its deviation over folds | ROC-AUC |")
    print("| --- | --- | --- | --- |")
    for clips, *figures in rows:
        print(f"| {clips:.0f} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |")
    clips, precision, deviation, _ = zip(*rows, strict=True)
    figure = Figure(figsize=(6, 3.4), layout="constrained")
    axis = figure.subplots()
    axis.errorbar(clips, precision, deviation, marker="o", capsize=3, color="black", linewidth=1)
    axis.set_xlabel("clips learned from")
    axis.set_ylabel("average precision")
    axis.set_xlim(left=0)
    axis.grid(alpha=0.3)
    figure.savefig(target, dpi=90, metadata={"Software": None})


if __name__ == "__main__":
    parser = command_line.parser(__doc__)
    parser.add_argument("target", help="picture to write, PNG")
    main(parser.parse_args().target)
