"""An index in one file: safetensors, with two Parquet tables among its arrays.

The header says what it is. Nothing in it is ever executed; a checksum tells a damaged file.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from tk.errors import InputError
from tk_link.atomic import replacing
from tk_link.lookup.grams import Postings, Space
from tk_link.lookup.index import Column, Index
from tk_link.scoring.model import parse_model

FORMAT = 1
_KEY = "tk-index"
_REBUILD = "build it again: tk index build TABLE -o INDEX"

Arrays = dict[str, NDArray[Any]]


def write_index(index: Index, path: Path) -> None:
    """Write an index whole or not at all.

    Raises:
        OutputError: The folder is missing or read-only, the disk is full, …
    """
    arrays: Arrays = {"table": _packed(index.table), "spelled": _packed(index.spelled)}
    for name, postings in (("record", index.record), ("names", index.names)):
        arrays |= _space(name, postings.space)
        arrays |= {f"{name}.{part}": getattr(postings, part) for part in ("starts", "rows")}
        arrays[f"{name}.parts"] = postings.parts
    for place, space in index.spaces.items():
        arrays |= _space(f"space{place}", space)
    about = {
        "title": index.title,
        "columns": [asdict(column) for column in index.columns],
        "id_column": index.id_column,
        "name_columns": list(index.name_columns),
        "common": sorted(index.common),
        "model": index.model.to_json(),
        "rows": len(index),
    }
    header = {"format": FORMAT, "checksum": _checksum(arrays, about), "about": about}
    with replacing(path) as stream:
        stream.write(save(arrays, {_KEY: json.dumps(header)}))


def read_index(path: Path) -> Index:
    """Read what `write_index` wrote.

    Raises:
        InputError: There is no such file, it is no index, it is damaged, or another version of
            `tk` wrote it.
    """
    if not path.is_file():
        raise InputError(f"{path} is no file; build an index first: tk index build TABLE -o {path}")
    try:
        with safe_open(path, framework="numpy") as file:
            header = _header(path, file.metadata() or {})
            arrays: Arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise InputError(f"{path} is no index, or is cut off ({error}); {_REBUILD}") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    if header.get("checksum") != _checksum(arrays, header["about"]):
        raise InputError(f"{path} is damaged: its checksum differs; {_REBUILD}")
    return _index(header["about"], arrays)


def _header(path: Path, metadata: Mapping[str, str]) -> dict[str, Any]:
    if _KEY not in metadata:
        raise InputError(f"{path} is a safetensors file, but no index; {_REBUILD}")
    header: dict[str, Any] = json.loads(metadata[_KEY])
    if header.get("format") != FORMAT:
        raise InputError(
            f"{path} has index format {header.get('format')}, this version of tk reads {FORMAT}; "
            f"{_REBUILD}"
        )
    return header


def _index(about: Mapping[str, Any], arrays: Arrays) -> Index:
    columns = tuple(
        Column(**(column | {"examples": tuple(column["examples"])})) for column in about["columns"]
    )
    rows = about["rows"]
    return Index(
        title=about["title"],
        table=_unpacked(arrays["table"]),
        spelled=_unpacked(arrays["spelled"]),
        columns=columns,
        id_column=about["id_column"],
        name_columns=tuple(about["name_columns"]),
        common=frozenset(about["common"]),
        record=_postings(arrays, "record", rows),
        names=_postings(arrays, "names", rows),
        spaces={
            place: _read_space(arrays, f"space{place}", rows)
            for place, column in enumerate(columns)
            if column.compare is None
        },
        model=parse_model(about["model"]),
    )


def _space(name: str, space: Space) -> Arrays:
    return {f"{name}.grams": space.grams, f"{name}.documents": space.documents}


def _read_space(arrays: Arrays, name: str, rows: int) -> Space:
    return Space(arrays[f"{name}.grams"], arrays[f"{name}.documents"], rows)


def _postings(arrays: Arrays, name: str, rows: int) -> Postings:
    parts = (arrays[f"{name}.{part}"] for part in ("starts", "rows", "parts"))
    return Postings(_read_space(arrays, name, rows), *parts)


def _packed(frame: pl.DataFrame) -> NDArray[np.uint8]:
    stream = io.BytesIO()
    frame.write_parquet(stream)
    return np.frombuffer(stream.getvalue(), dtype=np.uint8)


def _unpacked(packed: NDArray[np.uint8]) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(packed.tobytes()))


def _checksum(arrays: Arrays, about: Mapping[str, Any]) -> int:
    total = zlib.crc32(json.dumps(about).encode())
    for name in sorted(arrays):
        total = zlib.crc32(np.ascontiguousarray(arrays[name]).data.cast("B"), total)
    return total
