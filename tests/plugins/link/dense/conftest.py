from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from transformers import BertConfig, BertModel, BertTokenizerFast

WORDS = (
    "alpha beta gamma delta berlin hamburg vienna london bakery steel shoes garden light motor",
    "old new north south river bridge gmbh ltd inc 1 2 3 7 17 42 big small red green",
)
WORDS = " ".join(WORDS).split()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory) -> Path:
    """A sentence-transformers model with two layers, random weights and fifty words."""
    folder = tmp_path_factory.mktemp("model")
    letters = [*"abcdefghijklmnopqrstuvwxyz0123456789"]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary += [*WORDS, *letters, *(f"##{letter}" for letter in letters)]
    vocabulary = list(dict.fromkeys(vocabulary))
    (folder / "vocab.txt").write_text("\n".join(vocabulary))
    tokenizer = BertTokenizerFast(vocab=str(folder / "vocab.txt"))
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=64,
    )  # fmt: skip
    torch.manual_seed(7)
    bert = BertModel(config).eval()
    with torch.no_grad():  # the usual spread of 0.02 would make all texts nearly the same
        for parameter in bert.parameters():
            if parameter.ndim == 2:
                parameter.mul_(8)
    bert.save_pretrained(folder / "bert")
    tokenizer.save_pretrained(folder / "bert")
    transformer = Transformer(str(folder / "bert"), max_seq_length=48)
    model = SentenceTransformer(modules=[transformer, Pooling(32)], device="cpu")
    model.save(str(folder / "model"))
    return folder / "model"


@pytest.fixture
def texts() -> list[str]:
    """Texts of many lengths, two of them twice."""
    rng = np.random.default_rng(3)
    made = [" ".join(rng.choice(WORDS, size)) for size in (1, 2, 3, 3, 5, 8, 8, 13, 40, 70)]
    return [*made, made[2], "alpha beta", "alpha beta", "unknownword x9"]


class Letters:
    """Encode a text as the counts of its letters; counts its calls and texts."""

    def __init__(self, dim: int = 26) -> None:
        self.dim = dim
        self.identity = "letters"
        self.encoded: list[str] = []

    def encode(self, items, *, batch_size=64):
        self.encoded += items
        rows = [[item.lower().count(chr(97 + i)) for i in range(self.dim)] for item in items]
        return np.array(rows, dtype=np.float32).reshape(len(items), self.dim)


@pytest.fixture
def letters() -> Letters:
    return Letters()
