import pytest
import torch

import tk
from tk import Catalogue, NotFoundError, PluginError, UsageError
from tk.models import build, find_variant, variants

LION = """
    api = 1
    [models.lion]
    target = 'tk_zoo.lion:Lion'
    task = 'roar'
    paper = 'arXiv:1'
    variants = ['lion-s', 'lion-l']
"""
CODE = """
    class Lion:
        variants = {"lion-s": {"mane": 1, "teeth": 20}}

        def __init__(self, *, mane, teeth=30):
            self.mane, self.teeth = mane, teeth
"""


def test_the_variants_of_manifests_are_listed_without_running_plugins(make_plugin):
    small = variants(Catalogue([make_plugin("zoo", LION)]))[1]
    assert (small.full_name, small.architecture) == ("zoo/lion-s", "zoo/lion")
    assert (small.task, small.paper) == ("roar", "arXiv:1")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("shapes/*", 4),
        ("vit-tiny*", 2),
        ("shapes/v?t", 4),
        ("shapes/vit", 4),
        ("vit-small", 1),
        ("resnet*", 0),
    ],
)
def test_wildcards_choose_by_plugin_architecture_and_variant(shapes, pattern, found):
    assert len(tk.list_models(pattern)) == found


def test_a_task_chooses_with_wildcards_too(shapes):
    assert len(tk.list_models("shapes/*", task="image-*")) == 4
    assert tk.list_models("shapes/*", task="forecasting") == []


def test_a_variant_is_built_with_some_options_replaced(shapes):
    model = tk.create("vit-tiny-28", num_classes=3)
    assert model(torch.zeros(2, 1, 28, 28)).shape == (2, 3)
    assert type(tk.create("shapes/vit-tiny-28")) is type(model)


def test_an_architecture_is_built_from_its_own_options(shapes):
    model = tk.create("shapes/vit", dim=8, depth=1, heads=2, image=32)
    assert model.options["image"] == 32
    with pytest.raises(UsageError, match=r"model 'vit' needs dim=…, depth=…, heads=…"):
        tk.create("shapes/vit")


def test_an_unknown_variant_and_a_wrong_option_get_the_nearest_name(shapes):
    with pytest.raises(NotFoundError, match=r"did you mean 'vit-tiny'\? \(tk models\)"):
        tk.create("vit-tinny")
    with pytest.raises(NotFoundError, match=r"'vit-tiny': option 'dept' .* mean 'depth'"):
        tk.create("vit-tiny", dept=3)


def test_a_name_that_two_plugins_offer_needs_its_plugin(make_plugin):
    second = make_plugin("safari", LION.replace("tk_zoo", "tk_safari"), lion=CODE, init="")
    found = Catalogue([make_plugin("zoo", LION), second])
    with pytest.raises(UsageError, match="say 'safari/lion-s' or 'zoo/lion-s'"):
        find_variant(found, "lion-s")
    assert build(find_variant(found, "safari/lion-s"), {"teeth": 2}).teeth == 2


def test_a_manifest_that_lists_what_its_class_does_not_know_is_a_broken_plugin(make_plugin):
    found = Catalogue([make_plugin("zoo", LION, lion=CODE, init="")])
    with pytest.raises(PluginError, match=r"lists model 'lion-l', which tk_zoo\.lion:Lion"):
        build(find_variant(found, "lion-l"), {})
