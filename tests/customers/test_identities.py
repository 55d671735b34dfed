"""By what a customer is known: whatever people type, one form of it is kept and found."""

from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omniretail.customers import IDENTITY_KINDS, Identity, IdentityKind, kept_identity
from omniretail.errors import Invalid
from omniretail.forms import deliverable_email, kept_email

_ISSUER = "https://id.example.com"


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("email", "Ann@Example.COM", "ann@example.com"),
        ("email", "Ann.Müller@Bücher.example", "ann.müller@bücher.example"),
        ("email", "ann@xn--bcher-kva.example", "ann@bücher.example"),
        ("email", "jose\u0301@example.com", "jos\u00e9@example.com"),
        ("phone", "+49 30 901820", "+4930901820"),
        ("phone", "+49 (0)30 901820", "+4930901820"),
        ("phone", "0049-30-901820", None),
        ("phone", "tel:+49-30-901820", "+4930901820"),
        ("loyalty_card", "abc 123-456", "ABC123456"),
        ("loyalty_card", "4111 1111 1111 1111", "4111111111111111"),
        ("external_id", "Kunde 7", "Kunde 7"),
    ],
)
def test_one_form_is_kept(kind: IdentityKind, typed: str, kept: str | None) -> None:
    if kept is None:
        with pytest.raises(Invalid):
            kept_identity(kind, typed)
    else:
        assert kept_identity(kind, typed) == Identity(kind, kept)


def test_a_national_number_needs_its_region() -> None:
    for region, typed, kept in (
        ("DE", "030 901820", "+4930901820"),
        ("IT", "06 6982", "+39066982"),
        ("US", "(212) 555-0142", "+12125550142"),
        ("DE", "+1 212 555 0142", "+12125550142"),
    ):
        assert kept_identity("phone", typed, region=region) == Identity("phone", kept)
    with pytest.raises(Invalid, match="region"):
        kept_identity("phone", "030 901820")


@pytest.mark.parametrize(
    ("kind", "value", "more", "pointer"),
    [
        ("email", "ann", {}, "/value"),
        ("email", "ann@localhost", {}, "/value"),
        ("email", "ann @example.com", {}, "/value"),
        ("email", '"ann"@example.com', {}, "/value"),
        ("email", "Ann <ann@example.com>", {}, "/value"),
        ("email", "ann@example.com, ben@example.com", {}, "/value"),
        ("email", f"{'a' * 250}@example.com", {}, "/value"),
        ("phone", "+49", {}, "/value"),
        ("phone", "+999 123456", {}, "/value"),
        ("phone", "+1 212 555 0142 ext. 5", {}, "/value"),
        ("phone", "123", {"region": "DE"}, "/value"),
        ("phone", "030 901820", {"region": "XX"}, "/value"),
        ("phone", "1" * 255, {"region": "DE"}, "/value"),
        ("loyalty_card", " - ", {}, "/value"),
        ("loyalty_card", "größe", {}, "/value"),
        ("loyalty_card", "1" * 65, {}, "/value"),
        ("external_id", "a/b", {}, "/value"),
        ("external_id", "x" * 65, {}, "/value"),
        ("external_id", " 7", {}, "/value"),
        ("app", "sub", {}, "/issuer"),
        ("app", "sub", {"issuer": "http://id.example.com"}, "/issuer"),
        ("app", "sub", {"issuer": "https://"}, "/issuer"),
        ("app", "a\0b", {"issuer": _ISSUER}, "/value"),
        ("app", "", {"issuer": _ISSUER}, "/value"),
        ("email", "ann@example.com", {"issuer": _ISSUER}, "/issuer"),
        ("email", "ann@example.com", {"region": "DE"}, "/region"),
        ("email", "x" * 256, {}, "/value"),
    ],
)
def test_what_names_nobody_is_refused(
    kind: IdentityKind, value: str, more: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        kept_identity(kind, value, **more, within="/identity")
    (fault,) = refused.value.fields["errors"]
    assert fault["pointer"] == f"/identity{pointer}"


def _again(kind: IdentityKind, text: str, **more: Any) -> None:
    """What is kept is kept as it is, or the text was refused with a reason."""
    try:
        kept = kept_identity(kind, text, **more)
    except Invalid:
        return
    issuer = kept.issuer or None
    assert kept_identity(kept.kind, kept.value, issuer=issuer) == kept


_REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


@given(st.sampled_from(IDENTITY_KINDS), st.text(max_size=80), st.sampled_from([None, *_REGIONS]))
def test_any_text_at_all(kind: IdentityKind, text: str, region: str | None) -> None:
    _again(
        kind,
        text,
        region=region if kind == "phone" else None,
        issuer=_ISSUER if kind == "app" else None,
    )


@given(st.sampled_from(_REGIONS), st.integers(0, 10**9), st.sampled_from(["", " ", "-", "/"]))
def test_any_number_of_any_region(region: str, more: int, between: str) -> None:
    """Keeping what was kept changes nothing, however a region writes its numbers."""
    example = phonenumbers.example_number(region)
    assert example is not None
    national = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    assert kept_identity("phone", national, region=region).value.startswith("+")
    digits = str(example.national_number)[:3] + str(more)
    _again("phone", between.join(digits), region=region)


_LETTERS = st.text(st.characters(categories=("L", "M", "N")), min_size=1, max_size=12)


@given(st.one_of(st.emails(), st.builds("{}@{}.example".format, _LETTERS, _LETTERS)))
def test_any_address_of_any_script(address: str) -> None:
    """An order's e-mail and a customer's are the same text where they are the same address."""
    _again("email", address)
    kept = deliverable_email(address)
    if kept is not None:
        assert kept_email(address) == kept == kept_email(kept) == kept_email(kept.lower())


@given(st.text(max_size=40))
def test_an_orders_address_is_kept_as_it_was_kept(text: str) -> None:
    kept = kept_email(text)
    assert kept_email(kept) == kept
