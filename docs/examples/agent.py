"""A well-behaved agent: keeps its tokens, refreshes them minutes before they end, signs in anew when it has to."""

import json
import time
from contextlib import suppress
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter, Retry


class Agent:
    def __init__(self, url, email, secret, cache):
        self.url, self.email, self.secret, self.cache = url, email, Path(secret), Path(cache)
        self.http = requests.Session()
        for path, methods in ((url, ["GET"]), (f"{url}/api/auth/login", None)):  # what does no harm when sent twice
            self.http.mount(path, HTTPAdapter(max_retries=Retry(8, backoff_factor=0.3, allowed_methods=methods)))

    def call(self, method, path, **more):
        answer = self._send(method, path, headers={"Authorization": f"Bearer {self.token()}"}, **more)
        if answer.status_code == 401:  # ended early, as by a new password: to refresh would fail as well
            answer = self._send(method, path, headers={"Authorization": f"Bearer {self.token(anew=True)}"}, **more)
        return answer

    def token(self, *, anew=False):
        kept, answer = json.loads(self.cache.read_text()) if self.cache.exists() and not anew else {}, None
        if time.time() < kept.get("refreshAt", 0):
            return kept["accessToken"]
        self.cache.unlink(missing_ok=True)  # a refresh token is never sent twice, whatever becomes of its answer
        with suppress(requests.RequestException):
            if time.time() < kept.get("endsAt", 0):
                answer = self._send("POST", "/api/auth/refresh", json={"refreshToken": kept["refreshToken"]})
        if not answer:
            body = {"email": self.email, "password": self.secret.read_text().strip()}  # read anew: it may have changed
            answer = self._send("POST", "/api/auth/login", json=body)
            answer.raise_for_status()
        kept = answer.json()["tokens"]
        lives, lasts = kept["accessTokenExpiresIn"], kept["refreshTokenExpiresIn"]
        kept |= {"refreshAt": time.time() + lives - min(300, lives / 2), "endsAt": time.time() + lasts * 0.9}
        fresh = self.cache.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(kept))
        fresh.replace(self.cache)
        return kept["accessToken"]

    def _send(self, method, path, **more):
        return self.http.request(method, self.url + path, timeout=30, **more)
