"""Who is calling: the key in the Authorization header, checked once, in one place; deny by default.

Each route names its scope in `opt`; a route that names none answers nobody, unless it says it is
public.
"""

from time import monotonic
from typing import Any

from litestar import Request
from litestar.datastructures import State

from omniretail.api.process import Process
from omniretail.channels import KeyNotValid, Principal, authenticate
from omniretail.errors import Forbidden, Invalid

_MOST_CACHED = 10_000


class ScopeMissing(Forbidden):
    """This key lacks the scope that the request needs."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"The key lacks the scope {scope}.", scope=scope)


class ChannelBound(Forbidden):
    """This key acts in its own channel only."""

    def __init__(self, channel: str) -> None:
        super().__init__(f"This key may not act in {channel}.", channel=channel)


class KeyRing:
    """Remembers for a few seconds which token is which principal, so that most requests ask nobody."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._known: dict[str, tuple[float, Principal]] = {}

    async def principal(self, token: str) -> Principal:
        """Return the principal of a token. Raises: KeyNotValid."""
        known = self._known.get(token)
        if known and known[0] > monotonic():
            return known[1]
        async with self._process.database.reading() as tx:
            principal = await authenticate(tx, token)
        if len(self._known) >= _MOST_CACHED:
            self._known.clear()
        self._known[token] = (
            monotonic() + self._process.settings.key_cache_seconds,
            principal,
        )
        return principal


async def authorize(request: Request[Any, Any, State]) -> None:
    """Let a request through if its key has the scope that the route names.

    It runs before anything of the request is read. (The framework's own guards would do the same,
    but copy the route's handler for each request, which costs a tenth of a sale.)

    Raises: KeyNotValid, ScopeMissing.
    """
    route = request.route_handler.opt
    if route.get("public"):
        return
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise KeyNotValid("Send a key as `Authorization: Bearer <key>`.")
    principal = await request.app.state.key_ring.principal(token.strip())
    require(principal, route.get("scope", "none"))
    request.scope["user"] = principal


def require(principal: Principal, scope: str) -> None:
    """Demand a scope of a principal. Raises: ScopeMissing."""
    if scope not in principal.scopes:
        raise ScopeMissing(scope)


def acting_channel(principal: Principal, named: str | None) -> str | None:
    """Return the channel a principal acts in: the one it names, or its own. Raises: ChannelBound."""
    channel = named or principal.channel
    if channel is not None and principal.channel not in {None, channel}:
        raise ChannelBound(channel)
    return channel


def selling_channel(principal: Principal, named: str | None) -> str:
    """Return the channel a principal sells in: there must be one. Raises: ChannelBound, Invalid."""
    channel = acting_channel(principal, named)
    if channel is None:
        raise Invalid.at("/channel", "This key has no channel of its own: name one")
    return channel
