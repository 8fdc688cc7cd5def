from tk_link.outcome import borderline, linked_rows, status_counts


def said(linkage, left):
    return {status: count for status, count in status_counts(linkage, left).items() if count}


def test_counts_are_of_accepted_pairs_and_of_rows_without_one(linkage, left):
    assert said(linkage, left) == {"match": 1, "review": 1, "lost": 1, "none": 2}
    assert linked_rows(linkage) == 2


def test_a_row_with_partners_is_not_counted_for_what_it_lost(decide, left):
    linkage = decide((0, 0, 0.9, "match"), (0, 1, 0.8, "match"), (0, 2, 0.6, "lost"))
    assert said(linkage, left) == {"match": 2, "none": 4}
    assert linked_rows(linkage) == 1


def test_a_row_that_met_only_a_variant_is_counted_as_that_and_is_not_borderline(
    decide, left, right
):
    linkage = decide((0, 0, 0.9, "match"), (1, 1, 0.4, "variant"))
    assert said(linkage, left) == {"match": 1, "variant": 1, "none": 3}
    assert borderline(linkage, left, right)["match_status"].to_list() == ["match"]


def test_nothing_linked(decide, left, right):
    assert status_counts(decide(), left)["none"] == 5
    assert linked_rows(decide()) == 0
    assert borderline(decide(), left, right).is_empty()


def test_borderline_pairs_are_those_nearest_the_cut(linkage, left, right):
    assert borderline(linkage, left, right).rows() == [
        (0.62, "review", "Bob", "Rob"),
        (0.3, "none", "Di", "Zoe"),
        (0.99, "match", "Ann", "Anne"),
    ]
    assert borderline(linkage, left, right, size=1).height == 1
