import inspect

import pytest

from tk import errors

DOCUMENTED = {
    "TkError": 1,
    "UsageError": 2,
    "NotFoundError": 2,
    "InputError": 3,
    "OutputError": 3,
    "MissingExtraError": 4,
    "QualityError": 5,
    "LimitError": 6,
    "PluginError": 1,
}


def test_every_error_has_its_documented_exit_code():
    found = {
        name: cls.exit_code
        for name, cls in inspect.getmembers(errors, inspect.isclass)
        if issubclass(cls, errors.TkError)
    }
    assert found == DOCUMENTED


@pytest.mark.parametrize(("name", "code"), DOCUMENTED.items())
def test_the_module_docstring_draws_every_error_with_its_code(name, code):
    line = next(line for line in errors.__doc__.splitlines() if f" {name} " in line)
    assert f"exit {code} " in line


def test_not_found_suggests_the_nearest_name():
    error = errors.NotFoundError("model", "resnet5", ["vgg", "resnet50"], where="tk models")
    assert str(error) == "model 'resnet5' not found; did you mean 'resnet50'? (tk models)"


def test_missing_extra_carries_the_pip_line():
    error = errors.MissingExtraError("reading DICOM files", "medical")
    assert 'pip install "transformer-tk[medical]"' in str(error)
