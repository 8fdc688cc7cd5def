"""What of object stores needs no server; `test_s3` has the rest."""

import pytest

from tk_link.buckets import is_plain


@pytest.mark.parametrize(
    ("environment", "is_without_tls"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, True),
        ({"AWS_ENDPOINT_URL": "https://s3.example.org"}, False),
        ({"AWS_ENDPOINT_URL_S3": "https://s3.example.org", "AWS_ENDPOINT_URL": "http://h"}, False),
        ({"AWS_ENDPOINT_URL": "http://h", "AWS_ALLOW_HTTP": "false"}, False),
        ({}, False),
    ],
)
def test_plain_http_needs_no_switch_of_its_own(environment, is_without_tls):
    assert is_plain(environment) is is_without_tls
