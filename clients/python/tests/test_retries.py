from __future__ import annotations

import unittest
from typing import List

import httpx

from tenure_partner import (
    ApiError,
    ConflictError,
    NetworkError,
    RateLimitError,
    RetryPolicy,
    ServerError,
)

from .support import PUSHED, STATUS, Answer, Scene, answer, career, problem


def lost() -> Exception:
    return httpx.ReadError("connection reset")


class Retries(unittest.TestCase):
    def test_a_push_is_retried_with_one_key(self) -> None:
        scene = Scene()
        scene.answers = [
            lost(),
            httpx.ReadTimeout("timed out"),
            problem(503),
            problem(429, retry_after="7"),
            answer(201, PUSHED),
        ]
        pushed = scene.client().submissions.push("career_history", career("EMP-1"))
        self.assertEqual(pushed["redirect_uri"], PUSHED["redirect_uri"])
        self.assertEqual(scene.waits, [0.25, 0.5, 1.0, 7.0])
        self.assertEqual(scene.keys(), ["key-1"] * 5)
        self.assertTrue(all(body == career("EMP-1") for body in scene.bodies()))

    def test_an_own_idempotency_key_is_sent_as_it_is(self) -> None:
        scene = Scene()
        scene.answers = [answer(201, PUSHED)]
        submissions = scene.client().submissions
        submissions.push("career_history", career("EMP-1"), idempotency_key="mine")
        self.assertEqual(scene.keys(), ["mine"])

    def test_retries_end_with_the_last_error(self) -> None:
        scene = Scene(RetryPolicy(max_attempts=3))
        client = scene.client()
        scene.answers = [problem(503), problem(503), problem(503), answer(200, STATUS)]
        with self.assertRaises(ServerError) as raised:
            client.submissions.status("EMP-1")
        self.assertEqual(raised.exception.request_id, "request-1")
        scene.answers = [lost(), lost(), lost(), answer(200, STATUS)]
        with self.assertRaises(NetworkError):
            client.submissions.status("EMP-1")

    def test_a_long_retry_after_ends_the_call(self) -> None:
        scene = Scene()
        client = scene.client()
        scene.answers = [problem(429, retry_after="3600")]
        with self.assertRaises(RateLimitError) as raised:
            client.submissions.status("EMP-1")
        self.assertEqual(raised.exception.retry_after, 3600)
        # 20 seconds after the scene's time.
        date = "Mon, 23 Nov 2026 10:00:20 GMT"
        scene.answers = [problem(429, retry_after=date), answer(200, STATUS)]
        client.submissions.status("EMP-1")
        self.assertEqual(scene.waits, [20.0])

    def test_errors_of_the_request_are_not_retried(self) -> None:
        for status in (400, 403, 404, 409, 413, 422, 500):
            scene = Scene()
            scene.answers = [problem(status)]
            with self.assertRaises(ApiError) as raised:
                scene.client().submissions.push("career_history", career("EMP-1"))
            self.assertEqual((raised.exception.status, len(scene.calls)), (status, 1))

    def test_a_conflict_after_a_lost_response_is_retried(self) -> None:
        scene = Scene()
        client = scene.client()
        scene.answers = [lost(), problem(409), answer(201, PUSHED)]
        client.submissions.push("career_history", career("EMP-1"))
        scene.answers = [problem(429), problem(409)]
        with self.assertRaises(ConflictError):
            client.submissions.push("career_history", career("EMP-1"))

    def test_a_rotation_is_repeated_after_429_only(self) -> None:
        scene = Scene()
        client = scene.client()
        scene.answers = [problem(429), answer(200, {"id": "w", "secret": "s"})]
        self.assertEqual(client.webhooks.rotate_secret("w")["secret"], "s")
        failures: List[Answer] = [problem(503), lost()]
        for failure in failures:
            scene.answers = [failure]
            with self.assertRaises((ServerError, NetworkError)):
                client.webhooks.rotate_secret("w")

    def test_a_wrong_base_url_is_named(self) -> None:
        scene = Scene()
        scene.answers = [
            httpx.Response(200, text="<html>"),
            httpx.Response(301, headers={"location": "/"}),
        ]
        for expected in ("check the base URL", "redirects are not followed"):
            with self.assertRaisesRegex(ApiError, expected):
                scene.client().submissions.status("EMP-1")
