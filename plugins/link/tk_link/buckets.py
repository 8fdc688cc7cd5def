"""Object stores (S3, Google Cloud, Azure) through obstore's blocking calls.

Not through its fsspec class: that calls asynchronously, and of 25 short programs 7 were aborted
(SIGABRT) when Python ended before its threads did; of 30 that call blockingly, none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tk.errors import MissingExtraError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore

SCHEMES = ("s3", "s3a", "gs", "az", "abfs", "abfss")
_IDLE = "60s"
"""Time without a byte until a store is given up."""
_WHOLE = "86400s"
"""Time for one whole answer; obstore's own 30 seconds cut large tables off."""
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")


@dataclass(frozen=True)
class ObjectStores:
    """The buckets of one scheme, with those methods of an fsspec file system that are used here.

    Paths are ``bucket/key``. Methods raise what obstore raises (`tk_link.refusals` reads it).

    Raises:
        MissingExtraError: obstore is not installed.
    """

    scheme: str

    def __post_init__(self) -> None:
        if find_spec("obstore") is None:
            raise MissingExtraError(f"reading and writing {self.scheme}://", "cloud")

    def cat_file(self, path: str) -> bytes:
        """Return an object, all of one version; an answer that breaks off is gone on with."""
        import obstore  # noqa: PLC0415 - only where an object store is used

        bucket, key = self._opened(path)
        return bytes(obstore.get(bucket, key).bytes())

    def pipe_file(self, path: str, value: bytes) -> None:
        """Write an object; it is there whole or not at all."""
        import obstore  # noqa: PLC0415 - as above

        bucket, key = self._opened(path)
        obstore.put(bucket, key, value)

    def exists(self, path: str) -> bool:
        """Tell whether there is such an object."""
        import obstore  # noqa: PLC0415 - as above

        bucket, key = self._opened(path)
        try:
            obstore.get(bucket, key)  # a HEAD would not say whether key or bucket is missing
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise
            return False
        return True

    def glob(self, path: str) -> list[str]:
        """Return the objects whose paths fit a pattern."""
        import obstore  # noqa: PLC0415 - as above
        from fsspec.utils import glob_translate  # noqa: PLC0415 - as above

        bucket, key = self._opened(path)
        folder = re.split(r"[*?\[]", key, maxsplit=1)[0].rpartition("/")[0]
        fits = re.compile(glob_translate(key))
        pages = obstore.list(bucket, folder or None)
        found = [str(each["path"]) for page in pages for each in page]
        name = path.partition("/")[0]
        return [f"{name}/{each}" for each in found if fits.match(each)]

    def _opened(self, path: str) -> tuple[ObjectStore, str]:
        from obstore.store import from_url  # noqa: PLC0415 - as above

        name, _, key = path.partition("/")
        options: ClientConfig = {
            "timeout": _WHOLE,
            "read_timeout": _IDLE,
            "allow_http": is_plain(os.environ),
        }
        return from_url(f"{self.scheme}://{name}", client_options=options), key


def is_plain(environment: Mapping[str, str]) -> bool:
    """Tell whether the environment names an endpoint that is reached without TLS."""
    endpoint = next((environment[name] for name in _ENDPOINTS if environment.get(name)), "")
    asked = environment.get("AWS_ALLOW_HTTP", "").lower()
    return asked == "true" or (not asked and endpoint.lower().startswith("http://"))
