from tk_link.outcome import borderline, linked_rows, status_counts


def test_counts_are_of_accepted_pairs_and_of_rows_without_one(linkage, left):
    assert status_counts(linkage, left) == {"match": 1, "review": 1, "tie": 0, "lost": 1, "none": 2}
    assert linked_rows(linkage) == 2


def test_a_row_with_partners_is_not_counted_for_what_it_lost(decide, left):
    linkage = decide((0, 0, 0.9, "match"), (0, 1, 0.8, "match"), (0, 2, 0.6, "lost"))
    assert status_counts(linkage, left) == {"match": 2, "review": 0, "tie": 0, "lost": 0, "none": 4}
    assert linked_rows(linkage) == 1


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
