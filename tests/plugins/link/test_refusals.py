import pytest

from tk_link.refusals import explain

ANSWER = 'Server returned non-2xx status code: {}: <?xml version="1.0"?>\n<Error><Code>{}</Code>{}'
HOME = {"AWS_ENDPOINT_URL": "http://me:pw@h:9", "AWS_SECRET_ACCESS_KEY": "geheim"}


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (ANSWER.format(404, "NoSuchBucket", ""),
         "bucket 'firms' does not exist at http://me:***@h:9"),
        (ANSWER.format(403, "InvalidAccessKeyId", "<AWSAccessKeyId>AKIA7</AWSAccessKeyId>"),
         "the store refuses your credentials; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
         "or AWS_SKIP_SIGNATURE=true if it is open"),
        (ANSWER.format(400, "ExpiredToken", "<Token-0>geheim"),
         "your credentials have expired; renew them"),
        (ANSWER.format(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"),
         "bucket 'firms' lies in another region (eu-west-1); set AWS_REGION"),
        ("Received redirect without LOCATION, this normally indicates an incorrectly configured "
         "region", "bucket 'firms' lies in another region; set AWS_REGION"),
        (ANSWER.format(403, "AccessDenied", ""),
         "permission denied; may your credentials do that?"),
        (ANSWER.format(412, "PreconditionFailed", ""),
         "it changed while it was read; run it again"),
        ("Error performing PUT http://169.254.169.254/latest/api/token in 1ms, after 10 retries",
         "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
         "AWS_SKIP_SIGNATURE=true if it is open"),
    ],
)  # fmt: skip
def test_what_s3_says_becomes_what_to_do(raised, said):
    assert explain("s3://firms/a.csv", OSError(raised), HOME) == f"s3://firms/a.csv: {said}"


def test_google_asks_for_its_own_credentials():
    error = OSError("Error performing GET http://metadata.google.internal/computeMetadata")
    assert "set GOOGLE_APPLICATION_CREDENTIALS" in explain("gs://firms/a.csv", error)


def test_what_nobody_knows_is_shown_without_secrets_and_at_length_no_more():
    error = OSError(ANSWER.format(500, "Odd", "<Message>key geheim " + "x" * 900 + "</Message>"))
    said = explain("s3://firms/a.csv", error, HOME)
    assert said.startswith("s3://firms/a.csv failed: key *** xxx")
    assert len(said) < 400
