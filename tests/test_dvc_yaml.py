"""dvc.yaml and config_files.CODE name exactly the code that each stage runs."""

import ast
import re
from pathlib import Path

import pytest
import yaml

from autotosis.annotations.config_files import CODE
from tests.helpers import ROOT

# Changes here never change an output.
HARNESS = {"autotosis/project", "stages/__init__.py"}
SIGNALS = (
    "blazeface",
    "cepstrum",
    "expression",
    "face",
    "face_mesh",
    "features",
    "flux",
    "mel",
    "motion",
    "networks",
    "signal",
)
# Imported for a type or a number, but not run: these stages read signals from shards.
NOT_RUN = {
    "build_dataset": {"autotosis/video", *(f"autotosis/signals/{name}.py" for name in SIGNALS)},
    "train": {"autotosis/video", "autotosis/annotations"},
}


def imported(path: Path) -> set[Path]:
    """List the project's modules that a module imports, directly or indirectly, and itself, without empty ones."""
    modules, pending = set(), [path]
    while pending:
        module = pending.pop()
        if module in modules or not module.is_file() or not module.stat().st_size:
            continue
        modules.add(module)
        for node in ast.walk(ast.parse(module.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module] + [f"{node.module}.{alias.name}" for alias in node.names]
            for name in names:
                place = ROOT.joinpath(*name.split("."))
                pending += [place.with_suffix(".py"), place / "__init__.py"]
    return modules


def inside(module: Path, places: set[str]) -> bool:
    return any(module == ROOT / place or ROOT / place in module.parents for place in places)


def code_of(stage: str) -> set[str]:
    """List the code whose hashes are in data/config/<stage>."""
    return {place if place.startswith("stages/") else f"autotosis/{place}" for place in CODE[stage]}


def stages() -> list:
    for pipeline in ("dvc.yaml", "data/sample/dvc.yaml", "data/template/dvc.yaml"):
        for name, stage in yaml.safe_load((ROOT / pipeline).read_text())["stages"].items():
            yield pytest.param(name, stage.get("do", stage), id=name)


@pytest.mark.parametrize(("name", "stage"), list(stages()))
def test_a_stage_depends_on_the_code_that_it_runs(name, stage):
    module = re.search(r"python -m (\S+)", stage["cmd"])[1]
    script = ROOT / Path(*module.split(".")).with_suffix(".py")
    listed = {dep.removeprefix("../../") for dep in stage["deps"]}
    deps = {dep for dep in listed if dep.endswith(".py") or dep.split("/")[0] in ("autotosis", "stages")}
    named = deps | (code_of(name) if name in CODE else set())
    configured = {place for other in CODE for place in code_of(other) if f"data/config/{other}" in stage["deps"]}
    modules = {module for module in imported(script) if not inside(module, HARNESS)}
    not_run = NOT_RUN.get(name, set())

    missing = {module for module in modules if not inside(module, named | configured | not_run)}
    assert not missing, "code that the stage runs and does not depend on"
    idle = {place for place in named | not_run if not any(inside(module, {place}) for module in modules)}
    assert not idle, "code that the stage depends on and does not run"
    assert str(script.relative_to(ROOT)) in named or inside(script, named)


def test_dvc_hashes_long_videos_after_the_tables():
    assert yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["configure"]["deps"][-1] == "${data}/vods"
