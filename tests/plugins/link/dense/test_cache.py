import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest

from tk.testing import assert_encoder
from tk_link.dense import cache
from tk_link.dense.cache import CachedEncoder, cache_folder


def cached(encoder, folder, identity="letters"):
    return CachedEncoder(encoder, identity=identity, folder=folder)


def test_it_keeps_the_promises_of_an_encoder(letters, tmp_path):
    assert_encoder(cached(letters, tmp_path), ["ab", "c", "def", "ab"])


def test_a_text_is_encoded_once(letters, tmp_path):
    first = cached(letters, tmp_path).encode(["ab", "c", "ab"])
    again = cached(letters, tmp_path).encode(["c", "new", "ab"])
    assert letters.encoded == ["ab", "c", "new"]
    np.testing.assert_array_equal(again[[2, 0, 2]], first)
    np.testing.assert_array_equal(again[1], letters.encode(["new"])[0])


def test_models_do_not_share_vectors(letters, tmp_path):
    cached(letters, tmp_path, "one").encode(["ab"])
    cached(letters, tmp_path, "two").encode(["ab"])
    assert letters.encoded == ["ab", "ab"]


def test_a_changed_dimension_throws_the_old_vectors_away_and_says_so(letters, tmp_path, caplog):
    cached(letters, tmp_path).encode(["ab", "c"])
    letters.dim = 3
    shorter = cached(letters, tmp_path).encode(["ab"])
    assert shorter.tolist() == [[1, 1, 0]]
    assert "length 26 before and 3 now" in caplog.text
    caplog.clear()
    cached(letters, tmp_path).encode(["ab"])
    assert letters.encoded == ["ab", "c", "ab"]
    assert not caplog.text


def test_a_damaged_file_is_begun_anew(letters, tmp_path, caplog):
    encoder = cached(letters, tmp_path)
    encoder.encode(["ab"])
    (file,) = tmp_path.glob("*.sqlite")
    file.write_bytes(b"this was a database once" * 100)
    assert encoder.encode(["ab"]).shape == (1, 26)
    assert "is damaged" in caplog.text
    assert letters.encoded == ["ab", "ab"]
    encoder.encode(["ab"])
    assert letters.encoded == ["ab", "ab"]


def test_a_vector_of_the_wrong_size_is_encoded_again(letters, tmp_path):
    cached(letters, tmp_path).encode(["ab"])
    (file,) = tmp_path.glob("*.sqlite")
    with sqlite3.connect(file) as store:
        store.execute("UPDATE vectors SET vector = x'00'")
    store.close()
    assert cached(letters, tmp_path).encode(["ab"])[0, 0] == 1


def test_a_folder_that_cannot_be_written_costs_only_time(letters, tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    encoder = cached(letters, tmp_path / "file" / "folder")
    assert encoder.encode(["ab"]).shape == (1, 26)
    assert encoder.encode(["ab"]).shape == (1, 26)
    assert caplog.text.count("is not used") == 1


def test_an_interrupted_run_keeps_what_it_encoded(letters, tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "_BLOCK", 2)
    encode = letters.encode

    def interrupted(items, *, batch_size=64):
        if "e" in items:
            raise KeyboardInterrupt
        return encode(items, batch_size=batch_size)

    letters.encode = interrupted
    with pytest.raises(KeyboardInterrupt):
        cached(letters, tmp_path).encode([*"abcdef"])
    letters.encode = encode
    letters.encoded.clear()
    cached(letters, tmp_path).encode([*"abcdef"])
    assert letters.encoded == ["e", "f"]


def test_two_runs_may_share_a_file(letters, tmp_path):
    texts = [f"{n} abc" for n in range(600)]
    threads = [
        threading.Thread(target=cached(letters, tmp_path).encode, args=[texts[n * 100 :]])
        for n in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    letters.encoded.clear()
    np.testing.assert_array_equal(cached(letters, tmp_path).encode(texts), letters.encode(texts))
    assert len(letters.encoded) == len(texts)


def test_the_oldest_models_make_room(letters, tmp_path, monkeypatch):
    cached(letters, tmp_path, "old").encode(["ab"])
    monkeypatch.setattr(cache, "_MOST_BYTES", 1)
    cached(letters, tmp_path, "new").encode(["ab"])
    assert len(list(tmp_path.glob("*.sqlite"))) == 1
    cached(letters, tmp_path, "new").encode(["ab"])
    assert letters.encoded == ["ab", "ab"]


def test_any_text_can_be_kept(letters, tmp_path):
    texts = ["", "\ud800 lone", "'; DROP TABLE vectors; --", "\0", "ß" * 10_000]
    first = cached(letters, tmp_path).encode(texts)
    np.testing.assert_array_equal(cached(letters, tmp_path).encode(texts), first)
    assert len(letters.encoded) == len(texts)


def test_the_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("TK_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("TK_CACHE")
    monkeypatch.setattr(cache.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/tk")
    monkeypatch.setattr(cache.sys, "platform", "darwin")
    assert cache_folder() == Path.home() / "Library/Caches/tk"
