"""Passwords and tokens in URLs, replaced before anything is shown or saved."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlsplit

MASK = "***"
"""Stands for a password. In a URL that is read, it means that the environment has the real one."""

_USER = re.compile(r"(://[^/\s:@]*):(?:[^/\s]*|[^\s@]+)@")
"""A password runs to the last @ before the first slash or, if it holds one, to the first @."""
_PARAMETER = re.compile(
    r"(?i)([?&\s](?:[\w-]*(?:password|passwd|pwd|token|secret|signature|credential|api-?_?key)"
    r"|sig|key|auth)=)(?:(?!::)[^&\s])+"
)


def masked(text: str) -> str:
    """Return `text` with the passwords of all URLs in it, and their secret parameters, masked."""
    return _PARAMETER.sub(rf"\1{MASK}", _USER.sub(rf"\1:{MASK}@", text))


def without_secrets(message: str, url: str) -> str:
    """Return `message`, in which a driver may quote `url` or its parts, without its secrets."""
    parts = urlsplit(url)
    given = parts.netloc.rpartition("@")[0].partition(":")[2]
    secrets = {
        given,
        unquote(given),
        *(value for key, value in parse_qsl(parts.query) if "pass" in key),
    }
    for secret in sorted(secrets - {""}, key=len, reverse=True):
        message = message.replace(secret, MASK)
    return masked(message)
