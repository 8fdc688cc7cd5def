import pytest

from tk import Entry, Kind, MissingExtraError, PluginError


def test_kinds_name_their_section_and_hook():
    assert Kind.MODEL.section == "models"
    assert Kind.MODEL.hook == "tk_models"


def test_load_imports_the_target():
    assert Entry(Kind.MODEL, "join", "os.path:join").load().__name__ == "join"


def test_load_follows_nested_attributes():
    entry = Entry(Kind.MODEL, "maketrans", "builtins:str.maketrans")
    assert entry.load() is str.maketrans


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("raise SystemExit(7)", "SystemExit"),
        ("import tk_no_such_module", "ModuleNotFoundError"),
        ("def other(): pass", "AttributeError"),
        ("def broken(:", "SyntaxError"),
    ],
)
def test_any_failure_becomes_an_error_that_names_plugin_and_target(make_plugin, code, reason):
    make_plugin("zoo", None, init="", cli=code)
    entry = Entry(Kind.COMMAND, "feed", "tk_zoo.cli:feed", plugin="zoo")
    with pytest.raises(PluginError) as caught:
        entry.load()
    for part in ("plugin 'zoo'", "'feed'", "'tk_zoo.cli:feed'", reason, "pip install"):
        assert part in str(caught.value)


def test_a_missing_library_of_an_extra_gives_the_pip_line(make_plugin):
    make_plugin("zoo", None, init="", cli="import nibabel_that_is_not_there")
    meta = {"extras": ["scans", "gpu"]}
    entry = Entry(Kind.COMMAND, "feed", "tk_zoo.cli:feed", plugin="zoo", meta=meta)
    with pytest.raises(MissingExtraError, match=r'pip install "zoo\[scans,gpu\]"'):
        entry.load()


def test_a_missing_module_of_the_plugin_itself_is_no_missing_extra(make_plugin):
    make_plugin("zoo", None, init="")
    meta = {"extras": ["scans"]}
    with pytest.raises(PluginError, match=r"No module named 'tk_zoo\.cli'"):
        Entry(Kind.COMMAND, "feed", "tk_zoo.cli:feed", plugin="zoo", meta=meta).load()
