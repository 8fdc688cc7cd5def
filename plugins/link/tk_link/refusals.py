"""What an object store's refusal means and what to do, in words that hold no credentials."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from tk_link.masking import MASK, masked

_GOOGLE, _AZURE = "GOOGLE_APPLICATION_CREDENTIALS", "AZURE_STORAGE_ACCOUNT_{NAME,KEY}"
_AMAZON = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_SKIP_SIGNATURE=true if it is open"
_CREDENTIALS = {"gs": _GOOGLE, "az": _AZURE, "abfs": _AZURE, "abfss": _AZURE}
_REGION = "bucket {bucket!r} lies in another region{region}; set AWS_REGION"
_MEANINGS = (
    (r"\bNoSuchBucket\b|bucket does not exist", "bucket {bucket!r} does not exist at {endpoint}"),
    (r"\bInvalidBucketName\b|bucket is not valid|Invalid bucket name|invalid domain",
     "{bucket!r} is no name of a bucket"),
    (r"\bAuthorizationHeaderMalformed\b|\bPermanentRedirect\b|\bincorrectly configured region\b",
     _REGION),
    (r"\b(?:ExpiredToken|TokenRefreshRequired|RequestExpired)\b",
     "your credentials have expired; renew them"),
    (r"\b(?:InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|InvalidClientTokenId)\b",
     "the store refuses your credentials; check {credentials}"),
    (r"169\.254\.\d+\.\d+|/latest/api/token|metadata\.google\.internal|"
     r"Unable to locate credentials|NoCredentials",
     "no credentials were found; set {credentials}"),
    (r"\bPreconditionFailed\b|\b412\b|If-Match|\bmodified since\b",
     "it changed while it was read; run it again"),
    (r"\bAccessDenied\b|\b403\b|Forbidden|\b401\b|Unauthorized",
     "permission denied; may your credentials do that?"),
    (r"error sending request|Connect(?:ion)? ?(?:Error|refused)|Could not connect|dns error",
     "no connection to {endpoint}; is AWS_ENDPOINT_URL right?"),
    (r"response body|IncompleteRead|[Cc]onnection (?:was )?(?:closed|reset)|"
     r"end of file before|ContentLengthError|payload is not completed",
     "the connection to {endpoint} was lost in the middle; run it again"),
)  # fmt: skip
"""What stands in an error (S3's codes, the words of obstore and botocore), and what it says."""
_SECRETS = (
    "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID", "GOOGLE_SERVICE_ACCOUNT_KEY",
    "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_SAS_KEY", "AZURE_CLIENT_SECRET",
)  # fmt: skip
_LONGEST = 300


def explain(url: str, error: Exception, environment: Mapping[str, str] = os.environ) -> str:
    """Say in one line what `error`, raised for `url`, means."""
    said = str(error).partition("Debug source")[0]  # which is obstore's, and long
    bucket = url.partition("://")[2].partition("/")[0]
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    region = re.search(r"<Region>([\w-]+)</Region>|expecting '([\w-]+)'", said)
    named = f" ({region[1] or region[2]})" if region else ""
    for pattern, meaning in _MEANINGS:
        if re.search(pattern, said):
            where = masked(endpoint or "the store")
            asked = _CREDENTIALS.get(url.partition("://")[0], _AMAZON)
            found = meaning.format(bucket=bucket, endpoint=where, region=named, credentials=asked)
            return f"{masked(url)}: {found}"
    if isinstance(error, FileNotFoundError):
        return f"{masked(url)} does not exist, or you may not see it"
    if isinstance(error, PermissionError):
        return f"{masked(url)}: permission denied; may your credentials do that?"
    return f"{masked(url)} failed: {_plain(said, environment) or type(error).__name__}"


def _plain(said: str, environment: Mapping[str, str]) -> str:
    """Return what was said on one line: of an XML answer its message, and no credentials."""
    message = re.search(r"<Message>(.*?)</Message>", said, re.DOTALL)
    line = " ".join((message[1] if message else said.partition("<?xml")[0]).split())
    for name in _SECRETS:
        if secret := environment.get(name):
            line = line.replace(secret, MASK)
    return masked(line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…")
