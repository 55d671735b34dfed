"""What no linter checks: the rules of this house, each with the reason it stands for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

import omniretail
from omniretail.app import create_app
from omniretail.channels import SCOPES
from omniretail.migrations.runner import statements
from omniretail.settings import Settings
from tests.api.test_routes import ASKED_BY_POST

_HOME = Path(omniretail.__file__).parent
MODULES = sorted(_HOME.rglob("*.py"))
STATEMENTS = sorted(_HOME.rglob("*.sql"))

# The edge reads the clock once per request or command and hands it inwards.
_MAY_READ_THE_CLOCK = {
    *("app.py", "cli.py", "cli_database.py", "cli_keys.py", "clock.py", "demo.py", "worker.py"),
}
_CLOCKS = {
    *("clock.now", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
    *("datetime.datetime.now", "datetime.date.today", "time.time", "time.time_ns"),
}


def _name(path: Path) -> str:
    return path.relative_to(_HOME).as_posix()


def _code(script: str) -> str:
    """The statements of a script, without comments and quoted texts."""
    return re.sub(r"'(?:[^']|'')*'|--.*", "''", script).lower()


@pytest.fixture(scope="module")
def app() -> Litestar:
    return create_app(Settings(database_url="postgresql://nobody@localhost/nothing"))


def _handlers(app: Litestar) -> Iterator[tuple[str, HTTPRouteHandler]]:
    """Every method and path with its handler, but for OPTIONS, which the framework answers."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                if method != "OPTIONS":
                    yield f"{method} {route.path}", handler


def test_there_is_something_to_look_at(app: Litestar) -> None:
    """Rules over an empty list hold always."""
    assert len(MODULES) > 50
    assert len(STATEMENTS) > 30
    assert len(list(_handlers(app))) > 30


def test_locks_are_taken_in_lock_files_only() -> None:
    """One global lock order can be reviewed only where all locks stand in files named for it."""
    locking = re.compile(r"\bfor\s+(no\s+key\s+)?(update|share|key\s+share)\b")
    found = {_name(path) for path in STATEMENTS if locking.search(_code(path.read_text("utf-8")))}
    assert all(Path(name).name.startswith("lock_") for name in found), found
    assert {_name(path) for path in STATEMENTS if path.name.startswith("lock_")} == found
    for path in MODULES:
        assert not locking.search(_code(_without_docstrings(path))), _name(path)


def _without_docstrings(path: Path) -> str:
    """A module's source without comments, docstrings and messages: unparsed, short texts only.

    A statement in a module would be a text of several words that begins like SQL.
    """
    tree = ast.parse(path.read_text("utf-8"))
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    verbs = ("select ", "insert ", "update ", "delete ", "with ", "lock ")
    return "\n".join(text for text in texts if text.lstrip().lower().startswith(verbs))


@pytest.mark.parametrize("path", STATEMENTS, ids=_name)
def test_sql_says_what_it_is_for(path: Path) -> None:
    """A statement is read far from the function that runs it: its first line says why it exists."""
    first = path.read_text("utf-8").lstrip("\ufeff").splitlines()[0]
    assert re.match(r"-- \S", first)


@pytest.mark.parametrize("path", STATEMENTS, ids=_name)
def test_sql_leaves_no_trace_in_its_session(path: Path) -> None:
    """Behind PgBouncer a session is shared: what SET, LISTEN or an advisory lock leave would leak."""
    for statement in statements(path.read_text("utf-8")):
        words = _code(statement).split()
        assert words[0] not in {"set", "reset", "listen", "notify", "unlisten", "discard", "load"}
        assert not re.search(r"\bpg_(notify|(try_)?advisory\w*)\b", _code(statement))
        assert words[:2] not in (["create", "trigger"], ["create", "extension"])


def test_one_dependency_opens_and_closes(app: Litestar) -> None:
    """With two generator dependencies the framework answers a failed commit with a plain 500."""
    for name, handler in _handlers(app):
        generators = [
            key
            for key, provider in handler.resolve_dependencies().items()
            if provider.has_async_generator_dependency or provider.has_sync_generator_dependency
        ]
        assert generators == ["tx"], name


def test_every_route_names_a_scope_or_is_public(app: Litestar) -> None:
    """A route that says neither answers nobody; and a scope that no key can have, likewise."""
    for name, handler in _handlers(app):
        public, scope = handler.opt.get("public", False), handler.opt.get("scope")
        assert public is not (scope is not None), name
        assert public or scope in SCOPES, name
        assert public or " /v1/" in name, name


def test_every_scope_is_asked_for(app: Litestar) -> None:
    """A scope that guards nothing promises what it does not keep."""
    asked = {handler.opt.get("scope") for _, handler in _handlers(app)}
    in_code = {scope for scope in SCOPES for path in MODULES if _mentions(path, scope)}
    assert set(SCOPES) == (asked - {None}) | in_code


def _mentions(path: Path, scope: str) -> bool:
    asks = re.compile(rf'"{scope}" (not )?in principal\.scopes|\bscope="{scope}"')
    return _name(path).startswith("api/") and bool(asks.search(path.read_text("utf-8")))


def test_every_post_takes_an_idempotency_key(app: Litestar) -> None:
    """A client on a bad line must be able to repeat any write without doing it twice."""
    for name, handler in _handlers(app):
        path = re.sub(r":\w+}", "}", name.removeprefix("POST "))
        if name.startswith("POST ") and path not in ASKED_BY_POST:
            parameter = handler.parsed_fn_signature.parameters.get("idempotency_key")
            assert parameter is not None, name
            assert getattr(parameter.kwarg_definition, "name", None) == "Idempotency-Key", name


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_is_readable(path: Path) -> None:
    """It opens with what lives there, and fits in a head: 500 lines, and 60 for a function."""
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    assert ast.get_docstring(tree)
    assert len(source.splitlines()) <= 500
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < 60, node.name


INSIDE = [
    path
    for path in MODULES
    if _name(path) not in _MAY_READ_THE_CLOCK and not _name(path).startswith("api/")
]


@pytest.mark.parametrize("path", INSIDE, ids=_name)
def test_the_clock_is_read_at_the_edge(path: Path) -> None:
    """An operation that is told the time can be tested at any time, and repeats exactly."""
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
    }
    assert not calls & _CLOCKS


def test_only_operations_write() -> None:
    """Reads that quietly write would escape the one way a write takes: `queries` hold selects only."""
    for path in MODULES:
        if path.name == "queries.py":
            called = set(re.findall(r"\btx\.(\w+)", path.read_text("utf-8")))
            assert called <= {"fetch", "select", "read"}, _name(path)
