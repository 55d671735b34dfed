"""What the API says of itself: a document that generators take, and a page that needs nobody else."""

import json
import re
from typing import Any

import pytest
from litestar import Litestar

from tests.api.test_routes import ASKED_BY_POST, ROWS
from tests.callers import Retailer


@pytest.fixture
async def document(retailer: Retailer) -> Any:
    """The document as served."""
    answer = await retailer.http.get("/docs/openapi.json")
    assert answer.status_code == 200
    return json.loads(answer.content)


def _operations(document: Any) -> dict[tuple[str, str], Any]:
    return {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


async def test_every_route_is_described(document: Any) -> None:
    """OpenAPI 3.1; each route but the docs' own has a sentence and a name made of words."""
    operations = _operations(document)

    assert document["openapi"].startswith("3.1")
    assert set(operations) == {row for row in ROWS if not row[1].startswith("/docs")}
    names = [operation["operationId"] for operation in operations.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)
    assert operations["POST", "/v1/orders"]["operationId"] == "place_order"
    for row, operation in operations.items():
        summary = operation["summary"]
        assert " " in summary, row
        assert summary[0].isupper(), row
        assert not summary.endswith("."), row


async def test_refusals_are_described_as_problems(document: Any) -> None:
    """Never as the framework's own error, which nobody ever gets."""
    problem = document["components"]["responses"]["Problem"]["content"]
    assert list(problem) == ["application/problem+json"]
    assert set(problem["application/problem+json"]["schema"]["required"]) == {
        *("type", "title", "status", "detail")
    }
    for row, operation in _operations(document).items():
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}, row
        assert all(code.startswith("2") for code in operation["responses"] if code != "default")


async def test_every_reference_leads_somewhere(document: Any) -> None:
    for reference in set(re.findall(r'"\$ref": "([^"]*)"', json.dumps(document))):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found


async def test_writes_describe_their_key_and_body(document: Any) -> None:
    for (method, path), operation in _operations(document).items():
        headers = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "header"}
        writes = method == "POST" and path not in ASKED_BY_POST
        assert ("Idempotency-Key" in headers) is writes, path
        if method in {"POST", "PUT"} and "/imports/" not in path:
            assert list(operation["requestBody"]["content"]) == ["application/json"], path
            assert operation["requestBody"]["required"] is True


async def test_codes_in_paths_are_described(document: Any) -> None:
    """Not only a body's codes have limits: a path's and a query's are checked and described too."""
    for row, operation in _operations(document).items():
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path" and parameter["name"] in {"code", "sku"}:
                if row[1].startswith("/problems"):
                    continue
                assert parameter["schema"]["maxLength"] <= 64, row
                assert "pattern" in parameter["schema"], row


async def test_the_docs_page_needs_no_other_host(retailer: Retailer) -> None:
    """A till's network may reach nothing but us; nobody's content network learns who reads docs."""
    page = await retailer.http.get("/docs")

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert not re.findall(r"""(?:https?:)?//[\w.-]+\.[a-z]{2,}""", page.text)
    assets = set(re.findall(r"""(?:src|href)=["'](/[^"']+)["']""", page.text))
    assert len(assets) == 3
    for asset in assets:
        served = await retailer.http.get(asset)
        assert served.status_code == 200, asset
        assert len(served.content) > 10_000
        assert served.headers["content-type"].split(";")[0] in {"text/css", "text/javascript"}
        assert "max-age" in served.headers["cache-control"]


async def test_only_the_pages_own_files_are_served(retailer: Retailer) -> None:
    for name in ("index.css", "swagger-ui.js", "LICENSE", "..%2f__init__.py"):
        answer = await retailer.http.get(f"/docs-assets/{name}")
        assert answer.status_code == 404, name
        assert answer.headers["content-type"] == "application/problem+json"


async def test_the_document_is_the_same_each_time(retailer: Retailer, document: Any) -> None:
    """Generated clients are compared by it: it must not depend on the process that made it."""
    app: Litestar = retailer.app
    assert json.loads(json.dumps(app.openapi_schema.to_schema())) == document


async def test_operations_are_grouped_by_their_domain(retailer: Retailer) -> None:
    document = (await retailer.http.get("/docs/openapi.json")).json()

    groups = {
        operation["operationId"]: operation["tags"]
        for path in document["paths"].values()
        for operation in path.values()
    }

    assert groups["place_order"] == ["orders"]
    assert groups["availability"] == ["availability"]
    assert all(len(tags) == 1 for tags in groups.values())
