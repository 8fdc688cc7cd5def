import faiss
import numpy as np
import pytest
import torch

from tk.errors import InputError
from tk_link.dense.indexes import FaissBackend, TorchBackend, faiss_index, plan_index
from tk_link.dense.indexes.sizes import plan_lists

EXACT = [FaissBackend("flat"), TorchBackend(device="cpu")]
APPROXIMATE = [FaissBackend("hnsw"), FaissBackend("ivf"), FaissBackend("ivfpq")]


def name(backend):
    return getattr(backend, "_structure", "torch")


@pytest.fixture(scope="module")
def vectors():
    """A thousand vectors in forty clusters, and queries near some of them."""
    rng = np.random.default_rng(5)
    centres = rng.standard_normal((40, 16)) * 3
    rows = (centres[rng.integers(0, 40, 1000)] + rng.standard_normal((1000, 16))).astype("f4")
    queries = (rows[::50] + 0.1 * rng.standard_normal((20, 16))).astype("f4")
    return rows, queries


def brute(rows, queries, k, metric):
    if metric == "euclidean":
        scores = -np.linalg.norm(queries[:, None] - rows[None], axis=2)
    else:
        if metric == "cosine":
            rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
            queries = queries / np.linalg.norm(queries, axis=1, keepdims=True)
        scores = queries @ rows.T
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, best, axis=1), best


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("backend", EXACT, ids=name)
def test_exact_indexes_agree_with_brute_force(backend, metric, vectors):
    scores, rows = backend.build(vectors[0], metric=metric).search(vectors[1], 7)
    expected, best = brute(*vectors, 7, metric)
    np.testing.assert_array_equal(rows, best)
    np.testing.assert_allclose(scores, expected, atol=2e-3)  # cdist expands squares
    assert rows.dtype == np.int64
    assert scores.dtype == np.float32


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("backend", APPROXIMATE, ids=name)
def test_approximate_indexes_find_most_and_the_same_again(backend, metric, vectors):
    index = backend.build(vectors[0], metric=metric)
    scores, rows = index.search(vectors[1], 7)
    again = backend.build(vectors[0], metric=metric).search(vectors[1], 7)
    _, best = brute(*vectors, 7, metric)
    found = np.mean([len(set(a) & set(b)) / 7 for a, b in zip(rows, best, strict=True)])
    assert found >= 0.8
    assert (np.diff(scores, axis=1) <= 1e-6).all()
    np.testing.assert_array_equal(again[1], rows)
    assert "asked for" in index.reason


@pytest.mark.parametrize("backend", [*EXACT, *APPROXIMATE], ids=name)
@pytest.mark.parametrize("rows", [0, 1, 3])
def test_a_k_beyond_the_rows_is_filled_up(backend, rows):
    vectors = np.eye(3, 4, dtype=np.float32)[:rows]
    index = backend.build(vectors, metric="cosine")
    scores, found = index.search(np.ones((2, 4), dtype=np.float32), 5)
    assert scores.shape == found.shape == (2, 5)
    assert (found >= 0).sum(axis=1).tolist() == [rows, rows]
    assert np.isneginf(scores[found < 0]).all()
    assert index.search(np.empty((0, 4), dtype=np.float32), 5)[1].shape == (0, 5)


@pytest.mark.parametrize("backend", EXACT, ids=name)
def test_zero_vectors_have_no_direction(backend):
    scores, _ = backend.build(np.zeros((2, 4), dtype=np.float32), metric="cosine").search(
        np.ones((1, 4), dtype=np.float32), 2
    )
    assert scores.tolist() == [[0, 0]]


@pytest.mark.parametrize("backend", EXACT, ids=name)
def test_wrong_vectors_are_named(backend):
    good = np.ones((2, 4), dtype=np.float32)
    index = backend.build(good, metric="cosine")
    with pytest.raises(InputError, match="queries have 3 dimensions, the index has 4"):
        index.search(good[:, :3], 1)
    with pytest.raises(InputError, match="no finite numbers"):
        backend.build(good * np.nan, metric="dot")
    with pytest.raises(InputError, match=r"shape \(4,\)"):
        backend.build(good[0], metric="dot")


@pytest.mark.parametrize(
    ("rows", "gpu", "structure"),
    [
        (0, False, "flat"),
        (50_000, False, "flat"),
        (50_001, False, "hnsw"),
        (1_500_000, False, "ivf"),
        (5_000_000, False, "ivfpq"),
        (1_000_000, True, "flat"),
        (2_500_000, True, "ivf"),
    ],
)
def test_the_index_follows_the_size_and_says_why(rows, gpu, structure):
    plan = plan_index(rows, 384, gpu=gpu)
    assert plan.structure == structure
    assert f"{rows:,} vectors" in plan.reason


def test_lists_never_want_more_rows_than_there_are():
    for rows in (1, 10, 1_000, 1_000_000):
        plan = plan_lists(rows, 8)
        assert 1 <= plan.probes <= plan.lists
        assert plan.lists * 39 <= max(rows, 39)


def test_a_full_gpu_leaves_the_index_to_the_processor(monkeypatch, vectors, caplog):
    monkeypatch.setattr(faiss_index, "_gpus", lambda: 1)

    def full(*_, **__):
        raise RuntimeError("Error in void* allocMemory: StandardGpuResources: alloc fail (out of)")

    monkeypatch.setattr(faiss, "index_cpu_to_gpus_list", full, raising=False)
    index = FaissBackend().build(vectors[0], metric="cosine")
    assert "(GPU)" not in index.reason
    assert "the GPU cannot hold the index" in caplog.text
    np.testing.assert_array_equal(index.search(vectors[1], 3)[1], brute(*vectors, 3, "cosine")[1])


def test_a_gpu_is_used_where_there_is_one_and_left_alone_on_request(monkeypatch, vectors):
    monkeypatch.setattr(faiss_index, "_gpus", lambda: 1)
    moved = []
    monkeypatch.setattr(
        faiss, "index_cpu_to_gpus_list", lambda index, gpus: moved.append(gpus) or index,
        raising=False,
    )  # fmt: skip
    assert "(GPU)" in FaissBackend().build(vectors[0], metric="cosine").reason
    assert moved == [[0]]
    assert "(GPU)" not in FaissBackend(device="cpu").build(vectors[0], metric="dot").reason


def test_torch_on_a_full_gpu_leaves_the_search_to_the_processor(monkeypatch, vectors, caplog):
    index = TorchBackend(device="cpu").build(vectors[0], metric="cosine")

    class OnGpu:
        """Vectors that say that they are on a GPU."""

        device = torch.device("cuda")

        def cpu(self):
            return kept

    kept, index.vectors = index.vectors, OnGpu()
    search = index._search

    def full(queries, k):
        if index.vectors is not kept:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return search(queries, k)

    monkeypatch.setattr(index, "_search", full)
    np.testing.assert_array_equal(index.search(vectors[1], 3)[1], brute(*vectors, 3, "cosine")[1])
    assert "the processor takes over" in caplog.text


@pytest.mark.gpu
def test_torch_on_a_gpu_agrees_with_brute_force(vectors):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    index = TorchBackend().build(vectors[0], metric="cosine")
    assert "cuda" in index.reason
    np.testing.assert_array_equal(index.search(vectors[1], 3)[1], brute(*vectors, 3, "cosine")[1])
