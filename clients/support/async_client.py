"""Writes Python's asynchronous client from the synchronous one, so that both stay the same."""

import re

# Each text must occur in the synchronous client.
TEXTS = (
    (
        '"""The client for code without an event loop. Threads may share it."""',
        '"""The client for asyncio, written from client.py by clients/generate. Do not edit."""',
    ),
    ("import threading\n", "import asyncio\n"),
    ("Iterable, Iterator, List", "AsyncIterator, Iterable, List"),
    (" Iterator[", " AsyncIterator["),
    ("httpx.Client", "httpx.AsyncClient"),
    ("self._token_lock = threading.Lock()", "self._token_lock: Optional[asyncio.Lock] = None"),
    (
        "        # One thread fetches; the others wait for its token.\n        with self._token_lock:",
        "        # Created here, because on Python 3.9 a lock belongs to the event loop of its creation.\n"
        "        if self._token_lock is None:\n            self._token_lock = asyncio.Lock()\n"
        "        # One task fetches; the others wait for its token.\n        async with self._token_lock:",
    ),
    ("        self._http.close()", "        await self._http.aclose()"),
    ("        self.close()", "        await self.close()"),
    ("__enter__", "__aenter__"),
    ("__exit__", "__aexit__"),
    ("runtime.sleep(", "runtime.async_sleep("),
    ("            yield from page[member]\n", "            for entry in page[member]:\n                yield entry\n"),
    ("TenurePartner", "AsyncTenurePartner"),
)
# Calls that become awaitable.
AWAITED = re.compile(
    r"self\._client\._(?:json|send)\(|self\._(?:json|send|run|token|carry_out)\("
    r"|self\._http\.request\(|self\._core\.runtime\.async_sleep\("
)
METHOD = re.compile(r"^    def (\w+)\((?:.*?)\) -> (.*?):$", re.MULTILINE | re.DOTALL)


def module(source):
    """Returns the source of the asynchronous client."""
    for before, after in TEXTS:
        if before not in source:
            raise SystemExit(f"clients/support/async_client.py: client.py has no {before!r}")
        source = source.replace(before, after)
    source = AWAITED.sub(lambda found: f"await {found[0]}", source)
    return METHOD.sub(asynchronous, source)


def asynchronous(found):
    name, returned = found[1], found[2]
    lists = returned.startswith("AsyncIterator") and name != "_pages"
    return found[0] if name == "__init__" or lists else found[0].replace("    def ", "    async def ", 1)
