"""Assert that a plugin's manifest is complete and that everything it offers is there."""

from tk import Kind, Manifest, Source
from tk.manifest import read_manifest


def assert_manifest(package: str, *, plugin: str = "") -> Manifest:
    """Check the ``plugin.toml`` of `package` and return it.

    Args:
        package: The import package that holds it.
        plugin: The plugin's name; by default the package's, without ``tk_``.
    """
    name = plugin or package.removeprefix("tk_").replace("_", "-")
    manifest = read_manifest(Source(name, package))
    assert not manifest.problems, "; ".join(map(str, manifest.problems))
    assert manifest.summary, "the plugin has no summary"
    for entry in manifest.entries:
        where = f"[{entry.kind.section}.{entry.name}]"
        assert entry.summary, f"{where} has no help or summary"
        if entry.kind is Kind.COMMAND:
            example = entry.meta.get("example", "")
            assert str(example).startswith("tk "), f"{where} has no example that begins with 'tk '"
        target = entry.load()
        assert callable(target), f"{where}: {entry.target} cannot be called"
        if entry.kind is Kind.MODEL:
            listed, known = entry.meta.get("variants", []), getattr(target, "variants", {})
            assert list(listed) == list(known), f"{where} lists {listed}, the class {list(known)}"
    return manifest
