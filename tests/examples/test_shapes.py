"""The example with a model and a task keeps the promises that docs/models.md describes."""

import pytest
from layout import ROOT

import tk
from tk.testing import assert_golden, assert_manifest, assert_model, wave

GOLDEN = [0.114354, 1.368059, -1.525458, 0.094005, 1.301734, -1.43265]
VIT = ROOT / "examples" / "plugin-shapes" / "tk_shapes" / "vit.py"


@pytest.fixture
def model(shapes):
    return tk.create("vit-tiny-28", num_classes=3)


def test_its_manifest_is_complete(shapes):
    assert_manifest("tk_shapes")


def test_its_model_keeps_the_promises_of_models(model):
    assert_model(model, {"image": wave(3, 1, 28, 28)})


def test_its_golden_values(model):
    assert_golden(model, {"image": wave(2, 1, 28, 28)}, {"output": GOLDEN})


def test_the_page_on_models_shows_the_file_as_it_is():
    page = (ROOT / "docs" / "models.md").read_text("utf-8")
    assert f"```python\n{VIT.read_text('utf-8')}```" in page
