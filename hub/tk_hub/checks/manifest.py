"""The manifest can be read, and every target is there; nothing is imported to see that."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tk import Entry, PluginError, Source
from tk.manifest import parse_manifest
from tk_hub.checks.subject import Known
from tk_hub.wheel import Wheel

PERMISSIONS = {
    "network": "opens network connections",
    "files": "reads or writes files that you do not name",
    "processes": "starts other programs",
}


def check(wheel: Wheel, known: Known) -> Iterator[str]:
    """Parse ``plugin.toml`` and find each entry's module and attribute in the zip."""
    source = Source(wheel.name.removeprefix("tk-"), wheel.package)
    try:
        manifest = parse_manifest(source, Path(wheel.package), wheel.manifest.encode())
    except PluginError as e:
        yield e.message
        return
    yield from (problem.message for problem in manifest.problems)
    if not manifest.summary:
        yield "the manifest has no summary"
    for permission in manifest.permissions:
        if permission not in PERMISSIONS:
            yield f"permission {permission!r} is none of {', '.join(PERMISSIONS)}"
    for entry in manifest.entries:
        fault = _fault(wheel, entry)
        if fault:
            yield f"[{entry.kind.section}.{entry.name}]: target {entry.target!r}: {fault}"


def _fault(wheel: Wheel, entry: Entry) -> str:
    module, _, attribute = entry.target.partition(":")
    if module.partition(".")[0] != wheel.package:
        return f"it is not in the package {wheel.package!r}"
    path = module.replace(".", "/")
    files = [name for name in (f"{path}.py", f"{path}/__init__.py") if name in wheel.files]
    if not files:
        is_compiled = any(name.startswith(f"{path}.") for name in wheel.files)
        return "" if is_compiled else "there is no such module"
    try:
        names = _names(ast.parse(wheel.read(files[0])))
    except (SyntaxError, ValueError) as e:
        return f"{files[0]} is not valid Python: {e}"
    first = attribute.partition(".")[0]
    return "" if {first, "*", "__getattr__"} & names else f"{files[0]} does not define {first!r}"


def _names(module: ast.Module) -> set[str]:
    """Name what the module binds, also inside ``if`` and ``try``."""
    found = set()
    for node in ast.walk(module):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.alias(name=name, asname=alias):
                found.add(alias or name)
    return found
