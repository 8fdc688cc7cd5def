import pytest
from shardwork import Serial

from tk.errors import InputError
from tk_link.dedupe.config import DedupeConfig
from tk_link.shards.config import ShardConfig
from tk_link.shards.pipeline import run
from tk_link.shards.plan import DEDUPE, estimate, make_plan


def plan_of(*files, rows=300):
    return make_plan(
        [str(file) for file in files], DedupeConfig(), ShardConfig("work", shard_rows=rows)
    )


def test_a_plan_counts_parquet_rows_without_reading_them(file):
    plan = plan_of(file)
    assert (plan.rows, plan.is_counted, plan.shards, plan.largest) == (900, True, 3, 300)


def test_a_csv_is_counted_by_its_size_and_said_to_be(people, tmp_path):
    people.write_csv(tmp_path / "people.csv")
    plan = plan_of(tmp_path / "people.csv")
    assert not plan.is_counted
    assert 300 < plan.rows < 2_700
    assert next(iter(plan.lines())).startswith("rows        about ")


def test_twice_the_rows_cost_twice_as_much():
    one, two = estimate(10**7, 40, 250_000), estimate(2 * 10**7, 80, 250_000)
    assert sum(two.cpu_seconds.values()) == pytest.approx(2 * sum(one.cpu_seconds.values()))
    assert two.memory == one.memory


@pytest.mark.usefixtures("passes_propose")
def test_every_stage_has_a_cost(file, tmp_path):
    shards = ShardConfig(str(tmp_path / "work"))
    done = run([file], DedupeConfig(), shards, folder=str(tmp_path / "out"), executor=Serial())
    stars = ("large-star", "small-star")
    stages = {"stars" if name.startswith(stars) else name for name in done.cpu_seconds}
    assert stages == {*DEDUPE.stages}


def test_a_folder_without_parquet_is_named(tmp_path):
    with pytest.raises(InputError, match=r"folder without \.parquet"):
        plan_of(tmp_path)


def test_a_folder_is_its_parquet_files(people, tmp_path):
    for n, part in enumerate(people.iter_slices(450)):
        part.write_parquet(tmp_path / f"{n}.parquet")
    plan = plan_of(tmp_path, rows=1000)
    assert (plan.rows, plan.shards) == (900, 2)
