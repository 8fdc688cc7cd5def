import importlib

import pytest

PUBLIC = {
    "tk": [
        *("API", "Catalogue", "Check", "Entry", "InputError", "Kind", "LimitError", "Manifest"),
        *("MissingExtraError", "NotFoundError", "OutputError", "PluginError", "Problem"),
        *("QualityError", "Source", "TkError", "UsageError"),
        *("FitConfig", "Fitted", "evaluate", "fit"),
        *("Variant", "create", "discover", "examine", "hookimpl", "list_models"),
        *("load_checkpoint", "nearest", "not_found"),
    ],
    "tk.testing": [
        *("Case", "assert_encoder", "assert_golden", "assert_manifest", "assert_model"),
        *("assert_parity", "fill", "parity_cases", "published", "read_case", "recorded", "wave"),
    ],
}


@pytest.mark.parametrize("package", PUBLIC)
def test_the_public_names_are_exactly_these(package):
    module = importlib.import_module(package)
    assert sorted(module.__all__) == sorted(PUBLIC[package])
    assert all(hasattr(module, name) for name in module.__all__)
