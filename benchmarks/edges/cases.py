"""What is sent: every body, query and header that is too much, for every kind of route."""

import gzip
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode
from uuid import UUID

MB = 1024 * 1024
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=edge"

#: Where bodies go: what the route is, and its path. Whoever may call it is said in the headers of the run.
ROUTES = {
    "token": "/passport/token",
    "API": "/api/identities",
    "sign-in API": "/api/auth/login",
    "login page": "/admin/login/",
    "import API": "/api/imports",
    "import page": "/admin/identities/importrun/add/",
    "leak report": "/api/leaks",
    "health": "/healthz",
}
#: Where queries go.
READ = {
    "API list": "/api/identities",
    "audit API": "/api/audit/events",
    "register page": "/admin/identities/managedidentity/",
}


@dataclass(frozen=True)
class Case:
    """One request that asks too much. `body` is made when it is sent."""

    name: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: Callable[[], Iterator[bytes]]


def _whole(text: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: iter([text])


def _json_of(size: int) -> bytes:
    return b'{"name":"' + b"a" * size + b'"}'


def _multipart(size: int) -> bytes:
    part = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n'
    return part + b"a" * size + b"\r\n--edge--\r\n"


def _chunked(size: int) -> Callable[[], Iterator[bytes]]:
    piece = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    return lambda: itertools.chain(itertools.repeat(piece, size // 0x10000), [b"0\r\n\r\n"])


def bodies(route: str, path: str) -> Iterator[Case]:
    """Bodies for one route."""
    bomb = gzip.compress(b"\0" * (200 * MB), 9)
    keys = {f"key{number}": number for number in range(10_000)}
    texts = {
        "10 MB of JSON": (_json_of(10 * MB), JSON),
        "10 MB of a form": (b"name=" + b"a" * 10 * MB, FORM),
        "10 MB of multipart": (_multipart(10 * MB), MULTIPART),
        "100,000 nested arrays": (b"[" * 100_000 + b"]" * 100_000, JSON),
        "100,000 nested objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, JSON),
        "10,000 keys of JSON": (json.dumps(keys).encode(), JSON),
        "10,000 keys of a form": (urlencode(keys).encode(), FORM),
        "10,000 parts of multipart": (
            b"".join(b'--edge\r\nContent-Disposition: form-data; name="k%d"\r\n\r\n1\r\n' % at for at in range(10_000))
            + b"--edge--\r\n",
            MULTIPART,
        ),
        "bad UTF-8": (b'{"name":"\xff\xfe\xc3("}', JSON),
        "bad UTF-8 in a form": (b"grant_type=\xff\xfe&username=%ff%fe", FORM),
        "NUL": (b'{"name":"a\\u0000b","email":"\\u0000","password":"\\u0000"}', JSON),
        "NUL in a form": (b"client_id=%00&grant_type=%00&username=a%00b&password=%00", FORM),
        "a number of 5,000 digits": (b'{"name":' + b"9" * 5_000 + b"}", JSON),
        "1e400 and -1e400": (b'{"name":1e400,"maxAttempts":-1e400}', JSON),
        "a lone surrogate": (b'{"name":"\\ud800","email":"\\udfff"}', JSON),
    }
    for name, (text, kind) in texts.items():
        yield Case(
            f"{route}: {name}", "POST", path, {"Content-Type": kind, "Content-Length": str(len(text))}, _whole(text)
        )
    for kind in (JSON, FORM):
        headers = {"Content-Type": kind, "Transfer-Encoding": "chunked"}
        yield Case(f"{route}: 10 MB in chunks as {kind}", "POST", path, headers, _chunked(10 * MB))
    packed = {"Content-Type": JSON, "Content-Encoding": "gzip", "Content-Length": str(len(bomb))}
    yield Case(f"{route}: 200 MB packed with gzip", "POST", path, packed, _whole(bomb))
    for length in ("-1", "99999999999999999999", "abc"):
        headers = {"Content-Type": JSON, "Content-Length": length}
        yield Case(f"{route}: Content-Length {length[:12]}", "POST", path, headers, _whole(b"{}"))


def queries(route: str, path: str) -> Iterator[Case]:
    """Queries for one list."""
    ids = [str(UUID(int=number)) for number in range(1_000)]
    asked = {
        "a page of 1,000,000": "pageSize=1000000",
        "a page of -1": "pageSize=-1",
        "a page of 10**30": "pageSize=" + "9" * 30,
        "page 1,000,000 of the admin": "p=1000000",
        "page -1 of the admin": "p=-1",
        "1,000 ids": "id=" + ",".join(ids),
        "1,000 ids, one by one": "&".join(f"id={one}" for one in ids),
        "1,000 ids in the admin": "id__in=" + ",".join(ids),
        "a search of 10,000 letters": "q=" + "a" * 10_000 + "&search=" + "a" * 10_000,
        "a name of 3,000 letters": "name=" + "%25_" * 1_000,
        "10,000 keys": urlencode({f"key{number}": number for number in range(10_000)}),
        "400 keys": urlencode({f"key{number}": number for number in range(400)}),
        "bad UTF-8": "name=%ff%fe&q=%ff%fe",
        "NUL": "name=%00&q=a%00b",
        "a cursor of nested arrays": "cursor=" + "W1tb" * 700,
        "a broken escape": "name=%zz&q=%",
    }
    for name, query in asked.items():
        yield Case(f"{route}: {name}", "GET", f"{path}?{query}", {}, _whole(b""))


def headers(route: str, path: str) -> Iterator[Case]:
    """Headers and paths."""
    given = {
        "a header of 100 KB": {"X-Long": "a" * 100_000},
        "a cookie of 60 KB": {"Cookie": "a=" + "b" * 60_000},
        "1,000 cookies": {"Cookie": "; ".join(f"c{number}=1" for number in range(1_000))},
        "1,000 headers": {f"X-{number}": "1" for number in range(1_000)},
        "a token of 7 KB": {"Authorization": "Bearer " + "a" * 7_000},
        "bad UTF-8 in a header": {"X-Correlation-ID": "\xff\xfe", "Authorization": "Bearer \xff"},
        "a range": {"Range": "bytes=" + ",".join(f"{number}-" for number in range(500))},
        "many languages": {"Accept-Language": ",".join(["a-b;q=0.1"] * 800)},
    }
    for name, more in given.items():
        yield Case(f"{route}: {name}", "GET", path, more, _whole(b""))
    paths = {"a path of 100 KB": "/" + "a" * 100_000, "a path with NUL": "%00", "a path of bad UTF-8": "/%ff%fe",
             "a path of 3,000 steps": "/.." * 1_000}  # fmt: skip
    for name, more_path in paths.items():
        yield Case(f"{route}: {name}", "GET", path + quote(more_path, safe="/%."), {}, _whole(b""))


def every() -> Iterator[Case]:
    for route, path in ROUTES.items():
        yield from bodies(route, path)
    for route, path in READ.items():
        yield from queries(route, path)
    for route, path in {
        "token": "/passport/token",
        "API": "/api/identities",
        "admin": "/admin/",
        "health": "/healthz",
    }.items():
        yield from headers(route, path)
