import pytest

from tk import API, Entry, Kind, PluginError, Source
from tk.manifest import read_manifest


def test_reading_a_manifest_imports_nothing_of_the_plugin(make_plugin):
    source = make_plugin(
        "zoo",
        """
        api = 1
        summary = "Animals"
        extras = ["zoo"]
        [commands.feed]
        target = "tk_zoo.cli:feed"
        help = "Feed the animals."
        example = "tk feed lion"
        [models.lion]
        target = "tk_zoo.lion:Lion"
        task = "roaring"
        variants = ["lion-s", "lion-l"]
        """,
    )
    manifest = read_manifest(source)
    assert manifest.summary == "Animals"
    assert manifest.problems == ()
    feed, lion = manifest.entries
    assert feed == Entry(
        Kind.COMMAND,
        "feed",
        "tk_zoo.cli:feed",
        summary="Feed the animals.",
        plugin="zoo",
        meta={"extras": ["zoo"], "example": "tk feed lion"},
    )
    assert lion.kind is Kind.MODEL
    assert lion.full_name == "zoo/lion"
    assert lion.meta["variants"] == ["lion-s", "lion-l"]


@pytest.mark.parametrize("api", [API, API - 1])
def test_this_api_and_the_one_before_are_accepted(make_plugin, api):
    assert read_manifest(make_plugin("zoo", f"api = {api}")).entries == ()


@pytest.mark.parametrize(
    ("api", "who"),
    [
        (f"api = {API + 1}", "update transformer-tk"),
        (f"api = {API - 2}", "update the plugin"),
        ("api = '1'", "update the plugin"),
        ("api = true", "update the plugin"),
        ("", "update the plugin"),
    ],
)
def test_another_api_is_refused_and_says_who_must_update(make_plugin, api, who):
    with pytest.raises(PluginError, match=who):
        read_manifest(make_plugin("zoo", api))


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ("api = = 1", "not valid TOML"),
        (None, "No such file"),
        ("api = 1\nsummary = 3", "summary must be a string"),
        ("api = 1\nextras = 'link'", "extras must be a list"),
    ],
)
def test_an_unusable_manifest_is_refused_with_its_reason(make_plugin, manifest, reason):
    with pytest.raises(PluginError, match=reason):
        read_manifest(make_plugin("zoo", manifest))


def test_a_manifest_in_another_encoding_is_refused(make_plugin, tmp_path):
    source = make_plugin("zoo", "api = 1")
    (tmp_path / "tk_zoo" / "plugin.toml").write_bytes(b"summary = '\xff\xfe'")
    with pytest.raises(PluginError, match="not valid TOML"):
        read_manifest(source)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (Source("zoo", "tk_no_such_package"), "not installed"),
        (Source("zoo", "os"), "not installed"),
        (Source("zoo", "xml.dom"), "must be top-level"),
        (Source("Zoo!", "tk_zoo"), "must match"),
        (Source("zoo", ""), "cannot be found"),
    ],
)
def test_a_package_that_cannot_hold_a_manifest_is_refused(source, reason):
    with pytest.raises(PluginError, match=reason):
        read_manifest(source)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("[command.x]\ntarget = 'a:b'", "did you mean 'commands'"),
        ("[commands.Shout]\ntarget = 'a:b'", "name must match"),
        ("[commands.x]\nhelp = 'no target'", "target must be"),
        ("[commands.x]\ntarget = 'no.attribute'", "target must be"),
        ("[commands.x]\ntarget = 'a:b'\nhelp = 3", "help must be a string"),
        ("[commands]\nx = 'a:b'", "must be a table"),
    ],
)
def test_one_bad_entry_is_a_problem_and_hides_no_other(make_plugin, bad, reason):
    good = "api = 1\n[models.good]\ntarget = 'a:b'\n"
    manifest = read_manifest(make_plugin("zoo", good + bad))
    assert [entry.name for entry in manifest.entries] == ["good"]
    assert [reason in str(problem) for problem in manifest.problems] == [True]


def test_permissions_are_read_and_must_be_strings(make_plugin):
    source = make_plugin("zoo", 'api = 1\npermissions = ["network"]')
    assert read_manifest(source).permissions == ("network",)
    with pytest.raises(PluginError, match="permissions must be a list of strings"):
        read_manifest(make_plugin("lion", "api = 1\npermissions = [1]"))
