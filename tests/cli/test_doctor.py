import json

MANIFEST = "api = 1\n[models.lion]\ntarget = '{}'\n"


def test_a_sound_environment_passes(run_tk, make_plugin):
    ended = run_tk("doctor", "--json", plugins=[make_plugin("zoo", MANIFEST.format("os:getcwd"))])
    report = json.loads(ended.out)
    assert (ended.code, report["ok"]) == (0, True)
    assert {"python", "transformer-tk", "torch"} <= {check["name"] for check in report["checks"]}


def test_a_broken_plugin_fails_with_its_name_and_reason(run_tk, make_plugin):
    zoo = make_plugin("zoo", MANIFEST.format("tk_zoo.models:Lion"))
    ended = run_tk("doctor", plugins=[zoo])
    assert ended.code == 1
    (line,) = [line for line in ended.out.splitlines() if line.startswith("failed")]
    for part in ("zoo/lion", "RuntimeError: imported", "pip install -U"):
        assert part in line
