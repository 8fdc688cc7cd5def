"""Where the time of one `tk link` goes: processor seconds of each stage.

    python benchmarks/linkage/stages.py FOLDER

links `FOLDER/left.csv` with `right.csv` in this process, under Python's profiler (a few hundred
calls are long enough to matter, so it costs little), and prints one JSON object.
"""

import cProfile
import json
import pstats
import sys
import tempfile
import time
from pathlib import Path

from tk_link.command import Talk, run_link
from tk_link.config import OutputConfig
from tk_link.settings import Settings

STAGES = {
    "reading": ["table.py:read_table"],
    "columns": ["plan.py:prepare"],
    "texts": ["views.py:build_views"],
    "n-gram vectors": ["candidates.py:plan_search", "-likely.py:find_likely", "-passes.py:collide"],
    "likely pairs": ["likely.py:find_likely"],
    "passes": ["passes.py:collide"],
    "nearest rows": ["pipeline.py:_candidates"],
    "comparing": ["features.py:compare"],
    "scoring": ["pipeline.py:_score"],
    "deciding": ["decisions.py:decide"],
    "joining rows": ["shape.py:shape"],
    "writing": ["writing.py:write_table"],
}
"""Functions whose time, with all that they call, is a stage's; `-` takes another's away again."""


def main() -> None:
    folder = Path(sys.argv[1])
    profiler = cProfile.Profile(timer=time.process_time)
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(
            left=str(folder / "left.csv"),
            right=str(folder / "right.csv"),
            output=OutputConfig(output=str(Path(scratch, "out.csv")), pairs=True),
        )
        profiler.runcall(run_link, settings, Talk(quiet=True))
    stages, spent = by_stage(pstats.Stats(profiler)), time.process_time()
    stages["starting and the rest"] = spent - sum(stages.values())
    print(json.dumps({"stages": stages, "cpu": spent}))


def by_stage(stats: pstats.Stats) -> dict[str, float]:
    """Return processor seconds of each stage."""
    seconds: dict[str, float] = {}
    # Reports print; the numbers themselves are only in this attribute, which typeshed leaves out.
    for (path, _, function), (_, _, _, cumulative, _) in stats.stats.items():  # type: ignore[attr-defined]
        if "tk_link" in path:
            seconds[f"{Path(path).name}:{function}"] = cumulative
    out = {}
    for stage, functions in STAGES.items():
        signs = [(-1.0, name[1:]) if name[0] == "-" else (1.0, name) for name in functions]
        out[stage] = sum(sign * seconds.get(name, 0.0) for sign, name in signs)
    return out


if __name__ == "__main__":
    main()
