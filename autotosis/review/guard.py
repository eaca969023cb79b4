"""Access control: only requests from this page, and changes only with the token that the program printed."""

import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The largest request that changes something (bytes).
MAX_REQUEST_BYTES = 4_000_000
HEADERS = {
    "content-security-policy": "default-src 'self'; media-src 'self' blob:; img-src 'self' blob:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Guard:
    """Refuse what does not come from the page itself.

    A web page elsewhere may point a name of its own at 127.0.0.1 (DNS rebinding), so Host has to be this machine. It
    may also send requests here, so Origin and Sec-Fetch-Site have to be the page's, as far as the browser sends them.

    Parameters
    ----------
    app : ASGIApp
        The application behind it.
    port : int
        The port that the server listens on.
    token : str
        What the header X-Token of each request that changes something has to be.
    """

    def __init__(self, app: ASGIApp, port: int, token: str):
        self.app, self.token = app, token
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a refusal."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-cache")
            await send(message)

        if refusal:
            await JSONResponse({"error": refusal}, 403)(scope, receive, send_with_headers)
        else:
            await self.app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        from_page = host in self.hosts and origin in (None, f"http://{host}")
        from_page &= headers.get("sec-fetch-site", "none") in ("none", "same-origin")
        if scope["type"] != "http" or not from_page:
            return "this request is not from the review page"
        if scope["method"] in ("GET", "HEAD"):
            return None
        if not secrets.compare_digest(headers.get("x-token", "").encode(), self.token.encode()):
            return "the token is missing or old; open the address that the program printed when it was started"
        size = headers.get("content-length", "")
        if not size.isdecimal() or int(size) > MAX_REQUEST_BYTES:
            return "the request has no length, or is too long"
        return None
