from tk.suggest import nearest, not_found


def test_nearest_ignores_case_but_returns_the_real_name():
    assert nearest("NAME", ["City", "Name"]) == "Name"


def test_nearest_is_none_when_nothing_is_near():
    assert nearest("postcode", ["name", "city"]) is None
    assert nearest("x", []) is None


def test_few_options_are_listed_when_none_is_near():
    assert not_found("column", "zip", ["name", "city"]) == (
        "column 'zip' not found; there is 'name', 'city'"
    )


def test_many_options_are_not_listed():
    options = [f"column_{i:03d}" for i in range(100)]
    assert not_found("column", "zzz", options) == "column 'zzz' not found"
