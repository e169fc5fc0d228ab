from __future__ import annotations

import json
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from typing import Any, List
from urllib.parse import parse_qsl

import httpx

from tenure_partner import ApiError, AuthenticationError, OAuthError, TenurePartner, ValidationError

from tenure_partner._core import Received

from .support import BASE, PUSHED, STATUS, Scene, answer, career, problem


class Tokens(unittest.TestCase):
    def test_threads_share_one_token(self) -> None:
        scene = Scene()
        client = scene.client()
        scene.answers = [answer(200, STATUS) for _ in range(20)]
        barrier = threading.Barrier(20)

        def ask() -> None:
            barrier.wait()
            client.submissions.status("EMP-1")

        with ThreadPoolExecutor(20) as pool:
            for done in [pool.submit(ask) for _ in range(20)]:
                done.result()
        self.assertEqual(scene.tokens, 1)
        form = dict(parse_qsl(scene.token_forms[0]))
        expected = {"grant_type": "client_credentials", "client_id": "id", "client_secret": "secret"}
        self.assertEqual(form, expected)

    def test_settings_from_files_may_end_with_a_line_break(self) -> None:
        scene = Scene()
        scene.answers = [answer(200, STATUS)]
        client = scene.client(base=f" {BASE}\n", id="id\n", secret=" secret\r\n")
        client.submissions.status("EMP-1")
        form = dict(parse_qsl(scene.token_forms[0], keep_blank_values=True))
        self.assertEqual((form["client_id"], form["client_secret"]), ("id", "secret"))
        self.assertEqual(scene.calls[0].url.host, "passport.example")

    def test_a_token_without_a_lifetime_is_used_for_a_while(self) -> None:
        scene = Scene()
        scene.token_response = {"access_token": "opaque", "token_type": "Bearer"}
        client = scene.client()
        for passed, tokens in ((0, 1), (269, 1), (1, 2)):
            scene.now += passed
            scene.answers = [answer(200, STATUS)]
            client.submissions.status("EMP-1")
            self.assertEqual(scene.tokens, tokens)

    def test_a_response_without_a_token_is_an_error_of_the_client(self) -> None:
        bodies: List[Any] = [[], {}, {"access_token": None}, "text"]
        for body in bodies:
            scene = Scene()
            scene.token_response = body
            with self.assertRaises(ApiError) as raised:
                scene.client().submissions.status("EMP-1")
            self.assertIn("no access_token", str(raised.exception))

    def test_a_token_is_renewed_a_minute_before_it_expires(self) -> None:
        scene = Scene()
        client = scene.client()
        for passed, tokens in ((0, 1), (3539, 1), (1, 2)):
            scene.now += passed
            scene.answers = [answer(200, STATUS)]
            client.submissions.status("EMP-1")
            self.assertEqual(scene.tokens, tokens)

    def test_a_refused_token_is_renewed_once(self) -> None:
        scene = Scene()
        client = scene.client()
        scene.answers = [problem(401), answer(200, STATUS)]
        client.submissions.status("EMP-1")
        sent = [call.headers["authorization"] for call in scene.calls]
        self.assertEqual(sent, ["Bearer token-1", "Bearer token-2"])
        scene.answers = [problem(401), problem(401)]
        with self.assertRaises(AuthenticationError):
            client.submissions.status("EMP-1")

    def test_threads_with_a_refused_token_renew_it_once(self) -> None:
        def look_up(request: httpx.Request) -> httpx.Response:
            refused = request.headers["authorization"] == "Bearer token-1"
            return problem(401) if refused else answer(200, STATUS)

        scene = Scene()
        client = scene.client()
        scene.answers = [look_up for _ in range(11)]
        client._core.store_token(Received(200, {}, '{"access_token": "token-1", "expires_in": 60}'), scene.now)
        scene.tokens = 1
        with ThreadPoolExecutor(5) as pool:
            for done in [pool.submit(client.submissions.status, "EMP-1") for _ in range(5)]:
                done.result()
        self.assertEqual(scene.tokens, 2)

    def test_a_printed_client_does_not_show_the_secret(self) -> None:
        client = TenurePartner(BASE, "id", "hidden")
        self.addCleanup(client.close)
        self.assertNotIn("hidden", repr(client) + repr(client._core))

    def test_errors_of_the_token_endpoint_have_their_own_type(self) -> None:
        def refuse(request: httpx.Request) -> httpx.Response:
            body = {"error": "invalid_client", "error_description": "Check it."}
            return answer(401, body, x_request_id="request-2")

        http = httpx.Client(transport=httpx.MockTransport(refuse))
        client = TenurePartner(BASE, "id", "secret", http_client=http)
        with self.assertRaises(OAuthError) as raised:
            client.submissions.status("EMP-1")
        error = raised.exception
        found = (error.error, error.detail, error.request_id)
        self.assertEqual(found, ("invalid_client", "Check it.", "request-2"))


class Calls(unittest.TestCase):
    def test_a_validation_error_has_pointers_and_suggestions(self) -> None:
        start = "/fields/employment/0/start_date"
        errors = [
            {"pointer": start, "code": "date.format", "message": "Write YYYY-MM."},
            {
                "pointer": "/fields/employment/0/role_titel",
                "code": "field.unknown",
                "message": "Unknown field.",
                "suggestion": "role_title",
            },
        ]
        scene = Scene()
        scene.answers = [problem(422, errors)]
        with self.assertRaises(ValidationError) as raised:
            scene.client().submissions.push("career_history", career("EMP-1"))
        error = raised.exception
        self.assertEqual((error.code, len(error.errors_at("/fields/employment"))), ("date.format", 2))
        self.assertIn('Unknown field. (did you mean "role_title"?) (request request-1)', str(error))

    def test_statuses_of_any_number_of_ids_are_read_by_30(self) -> None:
        def look_up(request: httpx.Request) -> httpx.Response:
            ids = json.loads(request.content)["ids"]
            found = [{"id": id, "status": "verified"} for id in ids if id != "id-7"]
            return answer(200, {"credentials": found, "not_found": [id for id in ids if id == "id-7"]})

        scene = Scene()
        scene.answers = [look_up, look_up, look_up]
        statuses = scene.client().submissions.statuses([*(f"id-{n}" for n in range(61)), "id-0"])
        self.assertEqual([len(body["ids"]) for body in scene.bodies()], [30, 30, 1])
        self.assertEqual((len(statuses["credentials"]), statuses["not_found"]), (60, ["id-7"]))
        self.assertEqual(scene.client().submissions.statuses([]), {"credentials": [], "not_found": []})

    def test_lists_fetch_the_next_page_only_when_it_is_needed(self) -> None:
        scene = Scene()
        scene.answers = [
            answer(200, {"submissions": [{"id": "a"}, {"id": "b"}], "next_cursor": "c/1"}),
            answer(200, {"submissions": [], "next_cursor": "c2"}),
            answer(200, {"submissions": [{"id": "c"}], "next_cursor": None}),
        ]
        found = []
        for submission in scene.client().submissions.list(status="verified", limit=2):
            found.append(submission["id"])
            self.assertEqual(len(scene.calls), 1 if len(found) <= 2 else 3)
        self.assertEqual(found, ["a", "b", "c"])
        path = "/api/partner/v2/submissions?status=verified&limit=2"
        self.assertEqual(scene.paths(), [path, f"{path}&cursor=c%2F1", f"{path}&cursor=c2"])

    def test_lists_can_be_narrowed_to_one_id(self) -> None:
        scene = Scene()
        scene.answers = [
            answer(200, {"submissions": [], "next_cursor": None}),
            answer(200, {"requests": [], "next_cursor": None}),
        ]
        client = scene.client()
        self.assertEqual(list(client.submissions.list(credential_id="a/b")), [])
        self.assertEqual(list(client.verifications.list(request_id="r")), [])
        paths = ["submissions?credential_id=a%2Fb", "verify/requests?request_id=r"]
        self.assertEqual(scene.paths(), [f"/api/partner/v2/{path}" for path in paths])

    def test_ids_are_escaped_in_paths(self) -> None:
        scene = Scene()
        scene.answers = [answer(200, STATUS)]
        submissions = scene.client().submissions
        submissions.status("a/b?c d")
        self.assertEqual(scene.paths(), ["/api/partner/v2/submissions/a%2Fb%3Fc%20d/status"])
        for id in ("", ".", ".."):
            with self.assertRaises(ValueError):
                submissions.status(id)

    def test_uploads_carry_no_token(self) -> None:
        scene = Scene()
        scene.answers = [httpx.Response(503), httpx.Response(204)]
        scene.client().submissions.upload(
            {
                "asset_id": "t",
                "upload_url": f"{BASE}/api/partner/v2/uploads/t",
                "content_type": "application/pdf",
                "expires_at": "2026-11-29T11:00:00Z",
            },
            b"%PDF",
        )
        self.assertEqual(scene.tokens, 0)
        for call in scene.calls:
            self.assertNotIn("authorization", call.headers)
            self.assertEqual((call.headers["content-type"], call.content), ("application/pdf", b"%PDF"))

    def test_a_dry_run_is_requested_in_the_query(self) -> None:
        scene = Scene()
        dry = {"dry_run": True, "credential_id": "EMP-1", "headline": "Clerk"}
        scene.answers = [answer(200, dry), answer(201, PUSHED)]
        submissions = scene.client().submissions
        self.assertTrue(submissions.dry_run("career_history", career("EMP-1"))["dry_run"])
        submissions.push_batch({"credential_id": "B"})
        add = "/api/partner/v2/add/requests"
        self.assertEqual(scene.paths(), [f"{add}/career_history?dry_run=true", f"{add}/batch"])

    def test_a_secret_is_not_sent_over_plain_http_to_another_machine(self) -> None:
        for base in ("http://passport.example", "ftp://passport.example", "passport.example"):
            with self.assertRaises(ValueError):
                TenurePartner(base, "id", "secret")
        with self.assertRaises(ValueError):
            TenurePartner(BASE, "id", "")
        for secret, base in ((" ", BASE), ("secret", "https://passport.exa\nmple"), ("secret", f"{BASE}/a b")):
            with self.assertRaises(ValueError):
                TenurePartner(base, "id", secret)
        TenurePartner("http://localhost:8080/", "id", "secret").close()
        TenurePartner("http://10.0.0.1", "id", "secret", allow_insecure_http=True).close()
