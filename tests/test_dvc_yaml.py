"""dvc.yaml names exactly the code that each stage runs."""

import ast
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PIPELINES = ["dvc.yaml", "data/sample/dvc.yaml"]


def imported(path: Path) -> set[Path]:
    """The project's modules that a module imports, itself included, directly or not."""
    found, pending = set(), [path]
    while pending:
        module = pending.pop()
        if module in found or not module.is_file():
            continue
        found.add(module)
        for node in ast.walk(ast.parse(module.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module] + [f"{node.module}.{alias.name}" for alias in node.names]
            pending += [ROOT / Path(*name.split(".")).with_suffix(".py") for name in names]
    return found


def stages() -> list:
    for pipeline in PIPELINES:
        content = yaml.safe_load((ROOT / pipeline).read_text())
        for name, stage in content["stages"].items():
            yield pytest.param(stage.get("do", stage), id=name)


@pytest.mark.parametrize("stage", list(stages()))
def test_deps_are_the_code_that_a_stage_imports(stage):
    module = stage["cmd"].split()[2]
    script = ROOT / Path(*module.split(".")).with_suffix(".py")
    named = {dep for dep in stage["deps"] if dep.endswith(".py")}
    assert named == {str(path.relative_to(ROOT)) for path in imported(script)}
