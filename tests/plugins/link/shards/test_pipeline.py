import json
import resource
from pathlib import Path

import polars as pl
import pytest
from killing import kill_after
from shardwork import Serial

from tk.errors import InputError, OutputError, UsageError
from tk.executors.local import LocalExecutor
from tk_link import dedupe
from tk_link.dedupe.config import DedupeConfig
from tk_link.dedupe.golden import merge
from tk_link.frames import from_frame
from tk_link.shards.config import ShardConfig
from tk_link.shards.pipeline import run


def sharded(files, folder, *, rows=300, config=None, executor=None, work=None):
    shards = ShardConfig(str(work or folder / "work"), shard_rows=rows)
    return run(
        [files] if isinstance(files, str) else files,
        config or DedupeConfig(),
        shards,
        folder=str(folder / "out"),
        pairs_folder=str(folder / "pairs"),
        executor=executor or Serial(),
    )


def rows_of(folder):
    return pl.read_parquet(folder / "out" / "*.parquet")


def partners(frame):
    """Return the pairs of rows that one cluster holds."""
    groups = frame.with_row_index("row").group_by("cluster_id").agg("row")["row"]
    return {(a, b) for rows in groups for a in rows for b in rows if a < b}


@pytest.fixture(scope="module")
def done(file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("done")
    return folder, sharded(file, folder)


def test_shards_find_what_the_whole_table_does(done, people):
    folder, result = done
    here, whole = partners(rows_of(folder)), partners(dedupe(people))
    assert result.shards == 3
    assert len(here - whole) < 5
    assert len(whole - here) < 0.1 * len(whole)  # a small table is searched by all its texts


def test_rows_keep_their_order_and_cells(done, people):
    assert rows_of(done[0]).select(people.columns).equals(people)


def test_clusters_are_named_by_their_first_row_and_counted(done):
    folder, result = done
    rows = rows_of(folder)
    firsts = rows.group_by("cluster_id", maintain_order=True).agg(
        pl.col("id").first(), pl.len().cast(pl.Int64).alias("n"), pl.col("cluster_size").first(),
        pl.col("is_canonical").sum(),
    )  # fmt: skip
    assert firsts["id"].equals(firsts["cluster_id"], check_names=False)
    assert firsts["n"].equals(firsts["cluster_size"], check_names=False)
    assert (firsts["is_canonical"] == 1).all()
    assert result.clusters == len(firsts.filter(pl.col("n") > 1))


def test_pairs_are_those_inside_clusters(done):
    folder, result = done
    pairs = pl.read_parquet(folder / "pairs" / "*.parquet")
    cluster = dict(rows_of(folder).select("id", "cluster_id").iter_rows())
    assert len(pairs) == result.joined > 200
    assert all(cluster[a] == cluster[b] for a, b, _ in pairs.iter_rows())


def test_local_processes_give_what_one_process_gives(done, file, tmp_path):
    executor = LocalExecutor(workers=2)
    sharded(file, tmp_path, executor=executor)
    executor.close()
    assert rows_of(tmp_path).equals(rows_of(done[0]))


@pytest.mark.slow  # Ray takes ten seconds to start
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_ray_gives_what_one_process_gives(done, file, tmp_path):
    ray = pytest.importorskip("ray", reason="the extra 'ray' is not installed")
    from tk.executors.ray import RayExecutor  # noqa: PLC0415

    sharded(file, tmp_path, executor=RayExecutor(workers=2))
    ray.shutdown()
    assert rows_of(tmp_path).equals(rows_of(done[0]))


def test_what_is_done_is_not_done_again_and_what_is_lost_is(file, tmp_path):
    first = sharded(file, tmp_path)
    before = rows_of(tmp_path)
    assert sharded(file, tmp_path).begun == 0
    work = next((tmp_path / "work").iterdir())
    next(work.glob("*-compared/00001.json")).unlink()
    torn = next(work.glob("*-scored/00002.scored.parquet"))
    torn.write_bytes(torn.read_bytes()[:-10])
    again = sharded(file, tmp_path)
    assert (again.begun, again.reused) == (2, first.begun - 2)
    assert rows_of(tmp_path).equals(before)


def test_other_options_are_another_run(done, file, tmp_path):
    folder, first = done
    second = sharded(file, tmp_path, config=DedupeConfig(min_prob=0.9), work=folder / "work")
    assert second.reused == 0
    assert second.joined < first.joined


def test_a_shard_that_cannot_be_read_is_named_and_the_others_stay(people, tmp_path):
    for n, part in enumerate(people.iter_slices(300)):
        part.write_parquet(tmp_path / f"part{n}.parquet")
    torn = tmp_path / "part1.parquet"
    whole = torn.read_bytes()
    torn.write_bytes(whole[:200] + b"\0" * 3000 + whole[3200:])
    files = [str(tmp_path / f"part{n}.parquet") for n in range(3)]
    with pytest.raises(InputError, match=r"part1\.parquet cannot be read"):
        sharded(files, tmp_path)
    kept = {path.name for path in (tmp_path / "work").glob("*/00-rows/*.json")}
    assert "00000.json" in kept
    assert len(kept) < 3


def test_a_full_disk_loses_nothing_that_was_finished(file, tmp_path):
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limit[1]))
    try:
        with pytest.raises(OutputError, match="cannot be written"):
            sharded(file, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    finished = len(list((tmp_path / "work").rglob("*.json")))
    assert finished > 0
    assert not list((tmp_path / "work").rglob("*.part"))
    assert sharded(file, tmp_path).reused == finished


def test_a_run_that_is_killed_goes_on_where_it_was(done, file, tmp_path):
    words = [file, "--work-dir", "work", "--shard-rows", "300", "--workers", "1", "-o", "out"]
    kept = kill_after(["dedupe", *words], tmp_path, 12)
    result = sharded(file, tmp_path)
    assert result.reused >= kept >= 12
    assert rows_of(tmp_path).equals(rows_of(done[0]))


def test_several_files_have_a_source_and_no_pair_inside_one_if_so_asked(people, tmp_path):
    half = len(people) // 2
    people.head(half).write_csv(tmp_path / "a.csv")
    people.tail(-half).drop("town").write_csv(tmp_path / "b.csv")
    files = [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]
    sharded(files, tmp_path, config=DedupeConfig(across_only=True))
    rows = rows_of(tmp_path)
    assert rows.columns[4:6] == ["source", "id"]
    assert rows["town"].tail(len(people) - half).is_null().all()
    joined = rows.filter(pl.col("cluster_size") > 1)
    assert len(joined) > 300
    assert (
        joined.group_by("cluster_id").agg(pl.col("source").n_unique() == pl.len())["source"]
    ).all()
    assert rows["cluster_id"][0] == "a.csv:L0"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"retrieve": "dense"}, "retrieve 'dense'"),
        ({"cluster": "single-best"}, "single-best"),
        ({"across_only": True}, "there is one"),
    ],
)
def test_what_has_no_meaning_over_shards_is_refused(options, said, file, tmp_path):
    with pytest.raises(UsageError, match=said):
        sharded(file, tmp_path, config=DedupeConfig(**options))


def test_a_folder_with_other_files_is_not_written_into(file, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").touch()
    with pytest.raises(OutputError, match=r"thesis\.txt, which is no part"):
        sharded(file, tmp_path)


def test_keep_best_leaves_one_row_of_each_cluster(file, tmp_path):
    result = sharded(file, tmp_path, config=DedupeConfig(keep="best"))
    rows = rows_of(tmp_path)
    assert result.kept == len(rows) == rows["cluster_id"].n_unique()


def test_golden_rows_are_those_of_the_whole_table(done, people, tmp_path, file):
    folder, _ = done
    config = DedupeConfig(keep="golden", golden=(("*", "longest"), ("town", "mode")))
    result = sharded(file, tmp_path, config=config, work=folder / "work")
    merged, rows = rows_of(tmp_path), rows_of(folder)
    assert result.kept == len(merged) == rows["cluster_id"].n_unique()
    assert merged.columns == rows.columns
    assert merged["is_canonical"].all()
    numbered = rows.with_row_index("row")
    clusters = numbered.select(cluster=pl.col("row").min().over("cluster_id"))
    wanted = merge(from_frame(people, "people"), clusters, config.golden, whole=["id"])
    assert merged.select(people.columns).equals(wanted)


def test_drawn_clusterings_are_about_as_many_as_stated(done, file, tmp_path):
    sharded(file, tmp_path, config=DedupeConfig(draws=10))
    drawn = rows_of(tmp_path)
    assert drawn.columns == ["draw", "id", "cluster_id"]
    assert drawn.group_by("draw").len()["len"].to_list() == [900] * 10
    assert drawn.select("draw", "id").is_unique().all()
    counts = drawn.group_by("draw").agg(pl.col("cluster_id").n_unique())["cluster_id"]
    assert abs(counts.mean() - rows_of(done[0])["cluster_id"].n_unique()) < 15
    assert counts.n_unique() > 1


def test_notes_are_plain_json(done):
    note = json.loads(next(Path(done[0]).glob("work/*/00-rows/00000.json")).read_text())
    assert note["rows"] == {"rows": 300}
