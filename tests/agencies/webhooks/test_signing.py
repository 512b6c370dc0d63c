"""Messages are signed as Standard Webhooks has it, judged by what that specification's own library says."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from agencies.webhooks import signing


def test_the_specification_s_own_example_has_its_signature():
    at = datetime.fromtimestamp(1614265330, tz=UTC)
    told = signing.headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek", at, '{"test": 2432232314}'
    )
    assert told["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert told["webhook-timestamp"] == "1614265330"


def test_while_a_secret_is_replaced_either_opens_and_no_third_does():
    former, newer, other = (signing.new_secret() for _one in range(3))
    body = signing.body_of("file.checked", datetime.now(UTC), {"kind": "portfolio"})
    told = signing.headers([newer, former], "msg_1", datetime.now(UTC), body)

    for secret in (former, newer):
        assert Webhook(secret).verify(body, told)["type"] == "file.checked"
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(body, told)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_what_was_signed_too_long_ago_or_ahead_is_refused(minutes):
    secret, at = signing.new_secret(), datetime.now(UTC) + timedelta(minutes=minutes)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify("{}", signing.headers([secret], "msg_1", at, "{}"))


def test_a_secret_has_256_bits_and_no_two_are_alike():
    made = {signing.new_secret() for _one in range(50)}
    assert len(made) == 50
    assert {len(base64.b64decode(one.removeprefix("whsec_"))) for one in made} == {32}


def test_the_body_of_an_event_is_always_the_same_octets_and_its_instant_is_utc():
    at = datetime.fromisoformat("2026-03-11T12:00:00-05:00")
    one = signing.body_of("cases.returned", at, {"cases": 3, "agency": "ñ"})
    assert one == signing.body_of("cases.returned", at.astimezone(UTC), {"agency": "ñ", "cases": 3})
    assert json.loads(one)["timestamp"] == "2026-03-11T17:00:00Z"
