from __future__ import annotations

import asyncio
import unittest

import httpx

from tenure_partner import NotFoundError

from .support import PUSHED, STATUS, Scene, answer, career, problem


class AsyncClient(unittest.IsolatedAsyncioTestCase):
    async def test_tasks_share_one_token(self) -> None:
        scene = Scene()
        scene.answers = [answer(200, STATUS) for _ in range(20)]
        async with scene.async_client() as client:
            await asyncio.gather(*(client.submissions.status("EMP-1") for _ in range(20)))
        self.assertEqual(scene.tokens, 1)

    async def test_calls_are_retried_with_one_key(self) -> None:
        scene = Scene()
        scene.answers = [httpx.ReadError("reset"), problem(503), answer(201, PUSHED)]
        async with scene.async_client() as client:
            await client.submissions.push("career_history", career("EMP-1"))
        self.assertEqual((scene.waits, scene.keys()), ([0.25, 0.5], ["key-1"] * 3))

    async def test_a_refused_token_is_renewed_once(self) -> None:
        scene = Scene()
        scene.answers = [problem(401), problem(404)]
        async with scene.async_client() as client:
            with self.assertRaises(NotFoundError):
                await client.submissions.status("EMP-1")
        self.assertEqual(scene.tokens, 2)

    async def test_lists_are_read_page_by_page(self) -> None:
        scene = Scene()
        scene.answers = [
            answer(200, {"requests": [{"request_id": "a"}], "next_cursor": "c"}),
            answer(200, {"requests": [{"request_id": "b"}], "next_cursor": None}),
        ]
        async with scene.async_client() as client:
            found = [request["request_id"] async for request in client.verifications.list()]
        self.assertEqual(found, ["a", "b"])


class EventLoops(unittest.TestCase):
    def test_a_client_may_be_created_outside_an_event_loop(self) -> None:
        scene = Scene()
        client = scene.async_client()
        scene.answers = [answer(200, STATUS) for _ in range(5)]

        async def ask() -> None:
            await asyncio.gather(*(client.submissions.status("EMP-1") for _ in range(5)))

        asyncio.run(ask())
        self.assertEqual(scene.tokens, 1)
