"""One picture that has not been decoded yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tk.errors import InputError


class PictureError(InputError):
    """A picture cannot be used.

    Attributes:
        picture: Its name.
        reason: What is wrong with it.
    """

    def __init__(self, picture: str, reason: str) -> None:
        self.picture, self.reason = picture, reason
        super().__init__(f"picture {picture} cannot be used: {reason}")


@dataclass(frozen=True)
class Picture:
    """A picture, by what it is called and where its bytes are.

    Attributes:
        name: The path below the folder that was named, or the place in a table.
        source: A file, or the bytes themselves.
        label: Its class; empty where it is not known.
    """

    name: str
    source: Path | bytes = field(repr=False)
    label: str = ""

    def read(self) -> bytes:
        """Return the file's bytes.

        Raises:
            PictureError: It cannot be read, or is empty.
        """
        try:
            data = self.source if isinstance(self.source, bytes) else self.source.read_bytes()
        except OSError as e:
            raise PictureError(self.name, e.strerror or str(e)) from e
        if not data:
            raise PictureError(self.name, "it is empty (0 bytes)")
        return data
