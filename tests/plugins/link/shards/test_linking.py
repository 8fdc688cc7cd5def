"""`tk link --work-dir` against `tk link` in one piece."""

import json
import random
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from killing import kill_after
from registers import registers
from shardwork import Dying, Serial

from tk.errors import InputError, OutputError, QualityError, UsageError
from tk.executors.local import LocalExecutor
from tk_cli.main import main
from tk_link import link
from tk_link.config import LinkConfig, OutputConfig
from tk_link.shards.config import ShardConfig
from tk_link.shards.linking import run
from tk_link.shards.plan import LINK

ACCEPTED = pl.col("match_status").is_in(["match", "review"])


@pytest.fixture(scope="module")
def people():
    """Two registers of 400 and 380 people, 300 in both; the columns have other names."""
    made = registers(300, 100, 80, seed=3)
    left = made.left.with_columns(id=pl.format("L{}", pl.int_range(pl.len())))
    right = made.right.with_columns(id=pl.format("R{}", pl.int_range(pl.len())))
    right = right.rename({"first_name": "given name", "surname": "family name", "town": "city"})
    return left, right, {(f"L{a}", f"R{b}") for a, b in made.truth}


@pytest.fixture(scope="module")
def files(people, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    names = str(folder / "left.parquet"), str(folder / "right.parquet")
    for frame, name in zip(people[:2], names, strict=True):
        frame.write_parquet(name)
    return names


def sharded(files, folder, *, config=None, shape=None, executor=None, work=None, rows=150):
    shape = replace(shape or OutputConfig(), output=str(folder / "out"))
    shards = ShardConfig(str(work or folder / "work"), shard_rows=rows)
    return run(*files, config or LinkConfig(), shape, shards, executor=executor or Serial())


def rows_of(folder):
    return pl.read_parquet(folder / "out" / "*.parquet")


def pairs_of(joined):
    return set(joined.filter(ACCEPTED).select("id", "id_r").iter_rows())


@pytest.fixture(scope="module")
def done(files, tmp_path_factory):
    folder = tmp_path_factory.mktemp("done")
    return folder, sharded(files, folder)


def test_shards_find_what_one_piece_does(done, people):
    folder, result = done
    left, right, truth = people
    here, whole = pairs_of(rows_of(folder)), pairs_of(link(left, right))
    assert result.shards == (3, 3)
    assert len(here - truth) <= len(whole - truth) + 3
    assert len(here & truth) >= len(whole & truth) - 9  # small tables are searched by all texts
    assert result.linked_left_rows == len(here)
    assert sum(result.counts.values()) == len(left)


@pytest.mark.usefixtures("passes_propose")
def test_every_stage_has_a_cost(files, tmp_path):
    stars = ("large-star", "small-star")
    names = (
        name.split("-")[0] if name.startswith("output") else name
        for name in sharded(files, tmp_path).cpu_seconds
    )
    assert {"stars" if name.startswith(stars) else name for name in names} == {*LINK.stages}


def test_rows_and_columns_are_those_of_one_piece(done, people):
    left, right, _ = people
    found, whole = rows_of(done[0]), link(left, right)
    assert found.columns == whole.columns
    assert found.schema == whole.schema
    assert found.select(left.columns).equals(left)
    linked = found.filter(ACCEPTED)
    cells = right[linked["right_row"].to_list()]
    assert linked["id_r"].equals(cells["id"], check_names=False)
    assert linked["city"].equals(cells["city"], check_names=False)
    assert found["left_row"].to_list() == list(range(len(left)))


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in sorted((folder / "out").glob("*.parquet"))}


def test_a_killed_local_process_costs_its_shard_alone(done, files, tmp_path):
    local = LocalExecutor(workers=2)
    executor = Dying(local, tmp_path / "attempts", "compared", 1)
    sharded(files, tmp_path, executor=executor)
    local.close()
    again = {name: count for name, count in executor.attempts.items() if count > 1}
    assert [name.split("-")[1] for name in again] == ["compared:1"]
    assert [*again.values()] == [2]
    assert bytes_of(tmp_path) == bytes_of(done[0])


@pytest.mark.slow  # Ray takes ten seconds to start
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_killed_process_of_ray_costs_its_shard_alone(done, files, tmp_path, monkeypatch):
    ray = pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    monkeypatch.setenv("PYTHONPATH", str(Path(Dying.__init__.__code__.co_filename).parent))
    from tk.executors.ray import RayExecutor  # noqa: PLC0415

    executor = Dying(RayExecutor(workers=2), tmp_path / "attempts", "compared", 1)
    sharded(files, tmp_path, executor=executor)
    ray.shutdown()
    again = {name: count for name, count in executor.attempts.items() if count > 1}
    assert [name.split("-")[1] for name in again] == ["compared:1"]
    assert bytes_of(tmp_path) == bytes_of(done[0])


def test_pairs_of_one_side_are_no_candidates(people, tmp_path):
    left, right, _ = people
    pl.concat([left, left.head(90)]).write_parquet(tmp_path / "left.parquet")  # copies of rows
    right.write_parquet(tmp_path / "right.parquet")
    names = str(tmp_path / "left.parquet"), str(tmp_path / "right.parquet")
    sharded(names, tmp_path)
    work = next((tmp_path / "work").iterdir())
    pairs = pl.read_parquet(work / "*-asks" / "*.pairs.parquet")
    assert (pairs["left"] < 490).all()
    assert (pairs["right"] >= 490).all()


def test_hard_rules_hold_in_every_link(files, people, tmp_path):
    config = LinkConfig(require=("town",), forbid_conflict=("surname",))
    sharded(files, tmp_path, config=config)
    linked = rows_of(tmp_path).filter(ACCEPTED)
    assert len(linked) > 150
    assert (linked["town"].str.to_lowercase() == linked["city"].str.to_lowercase()).all()


def test_a_precision_asked_for_sets_the_cut_of_all_shards(done, files, tmp_path):
    result = sharded(files, tmp_path, config=LinkConfig(precision=0.999))
    linked = rows_of(tmp_path).filter(ACCEPTED)
    assert result.cut > done[1].cut
    assert 0 < len(linked) < done[1].linked_left_rows
    assert linked["match_probability"].min() >= result.cut - 1e-6
    with pytest.raises(QualityError, match="cannot be reached"):
        sharded(files, tmp_path, config=LinkConfig(precision=0.9999999))


def test_join_right_holds_every_right_row_once(done, files, people, tmp_path):
    shape = OutputConfig(join="right")
    sharded(files, tmp_path, shape=shape, work=done[0] / "work")
    rows = rows_of(tmp_path)
    assert rows["right_row"].sort().to_list() == [*range(len(people[1]))]
    assert pairs_of(rows) == pairs_of(rows_of(done[0]))


def test_other_shapes_of_the_result_hold_the_same_links(done, files, people, tmp_path):
    right = people[1]
    links = pairs_of(rows_of(done[0]))
    outer = OutputConfig(join="outer")
    again = sharded(files, tmp_path, shape=outer, work=done[0] / "work")
    assert again.begun == 6  # the output alone
    rows = rows_of(tmp_path)
    assert pairs_of(rows) == links
    assert rows.tail(len(right) - len(links))["id"].null_count() == len(right) - len(links)
    assert {*rows["right_row"].drop_nulls()} == {*range(len(right))}
    (tmp_path / "pairs").mkdir()
    shape = OutputConfig(pairs=True)
    sharded(files, tmp_path / "pairs", shape=shape, work=done[0] / "work")
    pairs = rows_of(tmp_path / "pairs")
    assert {*pairs.select("left_id", "right_id").rows()} == links


def test_what_is_done_is_not_done_again_and_what_is_lost_is(files, tmp_path):
    first = sharded(files, tmp_path)
    before = rows_of(tmp_path)
    assert sharded(files, tmp_path).begun == 0
    work = next((tmp_path / "work").iterdir())
    next(work.glob("*-compared/00001.json")).unlink()
    torn = next(work.glob("*-decided/00002.links.parquet"))
    torn.write_bytes(torn.read_bytes()[:-10])
    again = sharded(files, tmp_path)
    assert (again.begun, again.reused) == (2, first.begun - 2)
    assert rows_of(tmp_path).equals(before)


def test_a_run_that_is_killed_goes_on_where_it_was(done, files, tmp_path):
    words = [*files, "--work-dir", "work", "--shard-rows", "150", "--workers", "1", "-o", "out"]
    kept = kill_after(["link", *words], tmp_path, 14)
    result = sharded(files, tmp_path)
    assert result.reused >= kept >= 14
    assert rows_of(tmp_path).equals(rows_of(done[0]))


def test_folders_and_other_files_are_tables_too(people, files, tmp_path):
    left, _, truth = people
    for n, part in enumerate(left.iter_slices(200)):
        (tmp_path / "left").mkdir(exist_ok=True)
        part.write_parquet(tmp_path / "left" / f"{n}.parquet")
    pl.read_parquet(files[1]).write_csv(tmp_path / "right.csv")
    names = str(tmp_path / "left"), str(tmp_path / "right.csv")
    result = sharded(names, tmp_path, config=LinkConfig(min_prob=0.8, explain="text"))
    assert result.shards == (4, 1)
    rows = rows_of(tmp_path)
    assert len(pairs_of(rows) & truth) > 0.8 * len(truth)
    assert rows.filter(ACCEPTED)["match_why"].str.contains("prior").all()


def test_the_command_tells_what_was_done_and_what_it_takes(files, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["link", *files, "--work-dir", "work", "--workers", "1", "-o", "out"]
    assert main([*words, "--plan"]) == 0
    assert "780 in 2 shards" in capsys.readouterr().err
    assert not Path("work").exists()
    assert main([*words, "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["rows"] == [400, 380]
    assert "of 400 left rows linked" in told.err


@pytest.mark.parametrize(
    ("config", "shape", "said"),
    [
        ({"retrieve": "dense"}, {}, "retrieve 'dense'"),
        ({"block": (("town",),)}, {}, "block is not offered .* --require"),
        ({"all_pairs": True}, {}, "all is not offered .* --min-prob"),
        ({}, {"report": "page.html"}, "report is not offered .* --sample"),
        ({"precision": 0.9, "review_band": (0.3, 0.8)}, {}, "leave one out"),
        ({"on": (("town", "city"), ("town", "street"))}, {}, "'town' twice"),
    ],
)
def test_what_has_no_meaning_over_shards_is_refused(config, shape, said, files, tmp_path):
    with pytest.raises(UsageError, match=said):
        sharded(files, tmp_path, config=LinkConfig(**config), shape=OutputConfig(**shape))


def test_bad_inputs_are_named(files, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["link", *files, "--work-dir", "work"]
    assert main(words) == 2
    assert "name it with -o" in capsys.readouterr().err
    assert main([*words, "-o", "out", "--state", "s.state"]) == 2
    assert main(["link", files[0], "--work-dir", "work", "-o", "out"]) == 2
    assert main(["link", *files, "--shard-rows", "1000", "-o", "out"]) == 2
    assert main(["dedupe", *files, "--work-dir", "work", "-o", "out", "--state", "s"]) == 2
    with pytest.raises(InputError, match="no file matches"):
        sharded((files[0], "none-*.parquet"), tmp_path)
    with pytest.raises(InputError, match="'nmae'"):
        sharded(files, tmp_path, config=LinkConfig(on=(("nmae", "city"),)))
    (tmp_path / "out").mkdir(exist_ok=True)
    (tmp_path / "out" / "thesis.txt").touch()
    with pytest.raises(OutputError, match=r"thesis\.txt, which is no part"):
        sharded(files, tmp_path)


def test_drawn_link_sets_have_as_many_links_as_stated(files, people, tmp_path):
    result = sharded(files, tmp_path, config=LinkConfig(draws=20))
    drawn = rows_of(tmp_path)
    assert drawn.columns == ["draw", "left_id", "right_id", "match_probability"]
    sizes = drawn.group_by("draw").len()["len"]
    assert len(sizes) == 20
    assert abs(sizes.mean() - result.counts["match"]) < 10
    assert drawn.select("draw", "left_id").is_unique().all()
    assert drawn.select("draw", "right_id").is_unique().all()


@pytest.mark.usefixtures("passes_propose")
def test_rows_that_share_no_whole_value_meet_by_rare_words(tmp_path):
    draw = random.Random(1)
    words = ["".join(draw.choices("abcdefgh", k=6)) for _ in range(400)]
    titles = [" ".join(draw.sample(words, 7)) for _ in range(300)]
    turned = [" ".join(draw.sample(title.split(), 6)) for title in titles[:250]]
    for name, column in (("left", titles), ("right", turned)):
        frame = pl.DataFrame({"title": column}).with_row_index("id")
        frame = frame.with_columns(id=pl.format(f"{name[0]}{{}}", "id"))
        frame.write_parquet(tmp_path / f"{name}.parquet")
    names = str(tmp_path / "left.parquet"), str(tmp_path / "right.parquet")
    result = sharded(names, tmp_path, rows=120)
    assert result.passes[-1] == "a rare word"
    found = pairs_of(rows_of(tmp_path))
    assert len(found) > 200
    assert sum(a[1:] == b[1:] for a, b in found) >= 0.95 * len(found)
