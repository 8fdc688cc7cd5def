from tk import Catalogue, examine


def statuses(checks):
    return {check.name: check.status for check in checks}


def test_every_entry_is_loaded_and_reported(make_plugin):
    manifest = """
    api = 1
    extras = ["scans"]
    [models.good]
    target = "tk_zoo.models:good"
    [models.bad]
    target = "tk_zoo.models:missing"
    [models.optional]
    target = "tk_zoo.scans:optional"
    """
    zoo = make_plugin("zoo", manifest, init="", models="good = dict", scans="import no_such_lib")
    checks = examine(Catalogue([zoo]))
    assert statuses(checks) == {
        "model zoo/good": "ok",
        "model zoo/bad": "failed",
        "model zoo/optional": "warning",
    }
    assert "pip install" in checks[-1].message


def test_clashing_short_names_are_reported_with_the_full_ones(make_plugin):
    manifest = "api = 1\n[models.lion]\ntarget = 'builtins:dict'\n"
    plugins = [make_plugin("zoo", manifest), make_plugin("park", manifest)]
    clash = examine(Catalogue(plugins))[-1]
    assert (clash.name, clash.status) == ("model lion", "failed")
    assert clash.fix == "say 'park/lion' or 'zoo/lion'"


def test_problems_found_on_the_way_come_first(make_plugin):
    first, *_ = examine(Catalogue([make_plugin("old", "api = -5")]))
    assert first.name == "plugin old"
    assert first.status == "failed"
