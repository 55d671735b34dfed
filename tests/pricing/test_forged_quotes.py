"""What is no quote of ours: changed, signed by a stranger, or garbage of any size."""

import json
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from omniretail import pricing
from tests.callers import Retailer, euro
from tests.pricing.quoting import base64url, checked, quote_of, quoted, refused, said_in

NOON = datetime(2030, 5, 15, 12, tzinfo=UTC)


async def test_no_change_of_a_character_makes_another_quote(retailer: Retailer) -> None:
    """Each character replaced, one dropped, one added: refused, or the very same to the last bit."""
    made = await quoted(retailer, ("A", 1), now=NOON)
    token, keys = made.token, retailer.process.books.keys
    assert token is not None
    letters = "ABCabc019-_."
    spoiled = {
        f"{token[:position]}{letter}{token[position + 1 :]}"
        for position in range(len(token))
        for letter in (letters[position % len(letters)], letters[(position + 5) % len(letters)], "")
    } - {token}
    assert len(spoiled) > len(token)

    signature = token.rindex(".")
    for one in spoiled:
        try:
            read = pricing.read_quote(one, keys)
        except pricing.QuoteNotValid:
            continue
        # Base64 has bits to spare behind the signature, which mean nothing.
        assert one[: signature + 86] == token[: signature + 86]
        assert read == made.quote


async def test_a_quote_of_ours_with_another_price_in_it(retailer: Retailer) -> None:
    """The signature of one claim does not fit another: total, expiry, quantity, customer."""
    made = await quote_of(retailer, customer="anna")
    head, _, signature = made["quote"].split(".")
    claims = said_in(made["quote"])
    for path, value in (
        (("quote", "priced", "total_minor"), 1),
        (("quote", "expires_at"), "2099-01-01T00:00:00Z"),
        (("quote", "basket", "lines", 0, "quantity"), 200),
        (("quote", "basket", "shopper", "customer"), "otto"),
        (("exp",), 4_000_000_000),
    ):
        other = json.loads(json.dumps(claims))
        inside: Any = other
        for step in path[:-1]:
            inside = inside[step]
        assert inside[path[-1]] != value
        inside[path[-1]] = value
        forged = f"{head}.{base64url(json.dumps(other).encode())}.{signature}"
        assert refused(await checked(retailer, forged)) == (400, "quote_not_valid")


async def test_a_strangers_signature_is_not_ours(retailer: Retailer) -> None:
    """Another key under our key's name or its own, no signature at all, our public key as a secret."""
    made = await quote_of(retailer)
    kid = jwt.get_unverified_header(made["quote"])["kid"]
    claims = said_in(made["quote"])
    stranger = Ed25519PrivateKey.generate()
    (key,) = (await retailer.http.get("/v1/quotes/keys")).json()["keys"]
    body = base64url(json.dumps(claims).encode())
    forged = [
        jwt.encode(claims, stranger, algorithm="EdDSA", headers={"kid": kid}),
        jwt.encode(claims, stranger, algorithm="EdDSA", headers={"kid": "theirs"}),
        jwt.encode(claims, stranger, algorithm="EdDSA"),
        jwt.encode(
            claims,
            stranger,
            algorithm="EdDSA",
            headers={"kid": "theirs", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": key["x"]}},
        ),
        jwt.encode(claims, "", algorithm="none", headers={"kid": kid}),
        jwt.encode(claims, key["x"], algorithm="HS256", headers={"kid": kid}),
        *(
            f"{base64url(json.dumps({'alg': alg, 'kid': kid, 'typ': 'JWT'}).encode())}.{body}."
            for alg in ("none", "None", "NONE", "EdDSA", "", None, 1, ["EdDSA"])
        ),
    ]
    for token in forged:
        assert refused(await checked(retailer, token)) == (400, "quote_not_valid")


async def test_garbage_is_no_quote(retailer: Retailer) -> None:
    """Whatever it is, however large, however deep: 400, and never a fault of ours."""
    made = await quote_of(retailer)
    head, body, signature = made["quote"].split(".")
    kid = jwt.get_unverified_header(made["quote"])["kid"]
    deep = base64url(b"[" * 200_000)
    digits = b'{"alg":"EdDSA","kid":' + b"9" * 10_000 + b"}"
    odd_kids: list[Any] = [None, 1, [], {}, ["x"], "", "x" * 10_000]
    headers: list[Any] = [
        [],
        "EdDSA",
        None,
        {},
        {"alg": "EdDSA"},
        *({"alg": "EdDSA", "kid": odd} for odd in odd_kids),
        {"alg": "EdDSA", "kid": kid, "crit": ["exp"]},
        {"alg": "EdDSA", "kid": kid, "b64": False},
        {"alg": "EdDSA", "kid": kid, "zip": "DEF"},
    ]
    garbage = [
        *("x", ".", "..", "...", "a.b.c", " ", "é.ü.ß", "\U0001f600", "null", "{}", "=.=.="),
        "x" * 1_000_000,
        "." * 1_000_000,
        f"{'A' * 400_000}.{'A' * 400_000}.{'A' * 199_998}",
        f"{deep}.{body}.{signature}",
        f"{base64url(b'{x:' * 100_000)}.{body}.{signature}",
        f"{head}.{deep}.{signature}",
        f"{head}..{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{signature}.{signature}",
        f"{head}.{body}.{signature[:40]}",
        f"{head}.{body}.{signature}AAAA",
        f"{head}.{body}.{'A' * 86}",
        *(f"{base64url(json.dumps(one).encode())}.{body}.{signature}" for one in headers),
        f"{base64url(bytes([255, 254]))}.{body}.{signature}",
        f"{base64url(digits)}.{body}.{signature}",
    ]
    for token in garbage:
        assert refused(await checked(retailer, token)) == (400, "quote_not_valid"), token[:60]
    for token in ("", "x" * 1_000_001):
        assert refused(await checked(retailer, token)) == (400, "invalid")


async def test_what_we_signed_is_a_quote_only_where_it_is_one(retailer: Retailer) -> None:
    """Our own signature under something else, as a version to come may make: refused, not broken."""
    made = await quote_of(retailer)
    claims = said_in(made["quote"])
    keys = retailer.process.books.keys
    others: list[dict[str, Any]] = [
        {},
        {"quote": None},
        {"quote": {}},
        {"quote": claims["quote"] | {"id": "x"}},
        {"quote": claims["quote"] | {"basket": {}}},
    ]
    for said in others:
        assert refused(await checked(retailer, keys.sign(said))) == (400, "quote_not_valid")
    again = keys.sign({"quote": claims["quote"] | {"of_tomorrow": 1}})
    assert (await checked(retailer, again)).json()["says"]["total"] == euro(4000)
