import importlib

import pytest

PUBLIC = {
    "tk": [
        *("API", "Catalogue", "Check", "Entry", "InputError", "Kind", "LimitError", "Manifest"),
        *("MissingExtraError", "NotFoundError", "OutputError", "PluginError", "Problem"),
        *("QualityError", "Source", "TkError", "UsageError"),
        *("discover", "examine", "hookimpl", "nearest", "not_found"),
    ],
    "tk.testing": [
        *("assert_encoder", "assert_manifest", "assert_model", "assert_parity", "parity_cases"),
    ],
}


@pytest.mark.parametrize("package", PUBLIC)
def test_the_public_names_are_exactly_these(package):
    module = importlib.import_module(package)
    assert sorted(module.__all__) == sorted(PUBLIC[package])
    assert all(hasattr(module, name) for name in module.__all__)
