"""Where the packages are: read from the folders, so that lists can be compared with it."""

from pathlib import Path

ROOT = Path(__file__).parents[1]

PACKAGES = {
    folder.name: folder
    for pattern in ("core/*", "cli/*", "hub/*", "plugins/*/*")
    for folder in sorted(ROOT.glob(pattern))
    if (folder / "__init__.py").is_file()
}
"""The folder of every import package, by name."""

PLUGINS = {
    name.removeprefix("tk_").replace("_", "-"): name
    for name, folder in PACKAGES.items()
    if (folder / "plugin.toml").is_file()
}
"""The import package of every plugin, by the plugin's name."""
