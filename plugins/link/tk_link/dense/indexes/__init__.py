"""Where nearest neighbours are found: faiss on the processor or a GPU, or torch alone."""

from tk_link.dense.indexes.faiss_index import FaissBackend
from tk_link.dense.indexes.sizes import IndexPlan, plan_index
from tk_link.dense.indexes.torch_index import TorchBackend

__all__ = ["FaissBackend", "IndexPlan", "TorchBackend", "plan_index"]
