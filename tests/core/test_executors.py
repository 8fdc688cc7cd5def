from functools import partial
from pathlib import Path

import pytest
from shardwork import die, die_once, note_and_fail_on_two, square

from tk import discover
from tk.entries import Kind
from tk.errors import InputError, LimitError, MissingExtraError, UsageError
from tk.executors.local import LocalExecutor
from tk.executors.ray import RayExecutor


@pytest.fixture(scope="module")
def local():
    executor = LocalExecutor(workers=2)
    yield executor
    executor.close()


@pytest.fixture
def on_ray(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))  # for shardwork
    ray = pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    yield RayExecutor(workers=2)
    ray.shutdown()


def test_results_come_in_the_order_of_shards(local):
    assert list(local.map(square, range(7))) == [n * n for n in range(7)]


def test_a_killed_worker_costs_only_its_shard(local, tmp_path):
    assert list(local.map(partial(die_once, tmp_path), range(5))) == list(range(5))
    attempts = {n: len(list(tmp_path.glob(f"{n}-*"))) for n in range(5)}
    assert attempts == {0: 1, 1: 2, 2: 1, 3: 1, 4: 1}


def test_a_shard_that_kills_every_worker_ends_the_run(local):
    with pytest.raises(LimitError, match=r"shard 0 of 1 lost its process 3 times \(killed by sig"):
        list(local.map(die, [0]))


def test_an_error_comes_through_as_it_was_and_shards_under_way_are_finished(tmp_path):
    executor = LocalExecutor(workers=1)
    with pytest.raises(InputError, match="shard two is torn"):
        list(executor.map(partial(note_and_fail_on_two, tmp_path), range(5)))
    executor.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1"]


def test_no_shards_need_no_process():
    assert list(LocalExecutor().map(square, [])) == []


@pytest.mark.parametrize("kind", [LocalExecutor, RayExecutor])
def test_no_worker_is_refused(kind):
    with pytest.raises(UsageError, match="workers is 0"):
        kind(0)


def test_executors_are_found_by_name():
    catalogue = discover()
    assert catalogue.find(Kind.EXECUTOR, "local").load() is LocalExecutor
    assert catalogue.find(Kind.EXECUTOR, "ray").load() is RayExecutor


def test_ray_that_is_missing_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"transformer-tk\[ray\]"):
        RayExecutor(1)


@pytest.mark.filterwarnings("ignore")  # Ray's own
@pytest.mark.slow  # Ray takes ten seconds to start
def test_ray_equals_local_and_outlives_a_killed_worker(on_ray, tmp_path):
    assert list(on_ray.map(square, range(7))) == [n * n for n in range(7)]
    assert list(on_ray.map(partial(die_once, tmp_path), range(3))) == [0, 1, 2]
    with pytest.raises(InputError, match="shard two is torn"):
        list(on_ray.map(partial(note_and_fail_on_two, tmp_path), [2]))
