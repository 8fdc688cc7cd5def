import json
import resource
import subprocess
import sys

import pytest
from layout import PLUGINS

HEAVY = ["torch", "transformers", "sentence_transformers", "faiss", "polars", "numpy", "scipy"]
BUDGET = 0.25
"""Seconds of CPU for `tk --help` (issue 2); 0.18 measured on the idle two-core build machine."""
LIBRARY = 0.11
"""Seconds there for what typer's help imports, without anything of ours."""


def modules_after(code: str) -> set[str]:
    report = f"import json, sys; {code}; print(json.dumps(list(sys.modules)), file=sys.stderr)"
    ended = subprocess.run(
        [sys.executable, "-c", report], capture_output=True, text=True, check=True
    )
    return set(json.loads(ended.stderr))


@pytest.mark.parametrize(
    "code",
    [
        "import tk, tk.protocols; tk.list_models()",
        "from tk_cli.main import main; assert main(['--help']) == 0",
        "from tk_cli.main import main; assert main(['plugins']) == 0",
        "from tk_cli.main import main; assert main(['--version']) == 0",
    ],
)
def test_start_up_imports_no_heavy_library_and_no_plugin(code):
    assert modules_after(code).isdisjoint([*HEAVY, *PLUGINS.values()])


def cpu_seconds(code: str) -> float:
    """Return the least of five runs: other work on the machine only ever adds time."""
    taken = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def test_help_stays_within_its_cpu_budget():
    # Where a core is shared, what only imports the libraries takes longer too.
    slowness = max(cpu_seconds("import typer.rich_utils") / LIBRARY, 1.0)
    help_ = "import sys; from tk_cli.main import main; sys.exit(main(['--help']))"
    assert cpu_seconds(help_) < BUDGET * slowness
