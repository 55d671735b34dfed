"""By what a customer is known, each in the one form under which it is kept and found. Pure.

Whoever asks for one, and whoever keeps one, brings it into that form by `kept_identity`.
"""

import re
from typing import Literal, get_args

import msgspec
import phonenumbers

from omniretail.errors import Invalid
from omniretail.forms import CODE, deliverable_email

IdentityKind = Literal["app", "email", "external_id", "loyalty_card", "phone"]
IDENTITY_KINDS: tuple[IdentityKind, ...] = get_args(IdentityKind)

REFERENCES: tuple[IdentityKind, ...] = ("external_id", "loyalty_card")
"""What an order may name a customer by, besides the id: the values of both kinds are one namespace."""

LONGEST_VALUE = 255
_CARD = re.compile(r"[0-9A-Z]{1,64}")
_BETWEEN = str.maketrans("", "", " -")


class Identity(msgspec.Struct, frozen=True, order=True):
    """By what somebody is known, as it is kept. Only an app's has an `issuer`."""

    kind: IdentityKind
    value: str
    issuer: str = ""

    @property
    def claims(self) -> tuple["Identity", ...]:
        """All that nobody else may be known by where somebody is known by this."""
        if self.kind in REFERENCES:
            return tuple(Identity(kind, self.value) for kind in REFERENCES)
        return (self,)


def kept_identity(
    kind: IdentityKind,
    value: str,
    *,
    issuer: str | None = None,
    region: str | None = None,
    within: str = "",
) -> Identity:
    """Return an identity in the form under which it is kept; `region` is a national number's country.

    Raises: Invalid, which points at the value, issuer or region `within` a request.
    """
    if (issuer is None) == (kind == "app"):
        raise Invalid.at(f"{within}/issuer", "An app's identity has an issuer, and no other has")
    if region is not None and kind != "phone":
        raise Invalid.at(f"{within}/region", "Only a phone number has a region")
    if not 1 <= len(value) <= LONGEST_VALUE:
        raise Invalid.at(f"{within}/value", f"It has 1 to {LONGEST_VALUE} characters")
    match kind:
        case "email":
            return Identity(kind, _email(value, within))
        case "phone":
            return Identity(kind, _phone(value, region, within))
        case "loyalty_card":
            return Identity(kind, _card(value, within))
        case "external_id":
            if len(value) > 64 or not re.search(CODE, value):
                raise Invalid.at(f"{within}/value", "It is a code of 1 to 64 characters")
            return Identity(kind, value)
        case "app":
            assert issuer is not None, "it was asked for above"
            return _of_app(value, issuer, within)


def card_form(text: str) -> str:
    """Return a text as a loyalty card's number is kept: in upper case, without spaces and hyphens."""
    return text.translate(_BETWEEN).upper() if text.isascii() else text


def _email(value: str, within: str) -> str:
    kept = deliverable_email(value)
    if kept is None:
        raise Invalid.at(f"{within}/value", "This is not an e-mail address")
    return kept


def _phone(value: str, region: str | None, within: str) -> str:
    """Source: ITU-T E.164, by the numbering plans that Google's libphonenumber keeps."""
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException as error:
        if region is None:
            said = "Begin it with + and its country code, or name the `region` that it is of"
        else:
            said = "This is not a phone number of that region"
        raise Invalid.at(f"{within}/value", said) from error
    if number.extension:
        raise Invalid.at(f"{within}/value", "A number that has an extension is nobody's own")
    if not phonenumbers.is_possible_number(number) or not phonenumbers.is_valid_number(number):
        raise Invalid.at(f"{within}/value", "No phone has this number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _card(value: str, within: str) -> str:
    kept = card_form(value)
    if not _CARD.fullmatch(kept):
        raise Invalid.at(
            f"{within}/value", "A loyalty card's number is 1 to 64 letters A to Z and digits"
        )
    return kept


def _of_app(value: str, issuer: str, within: str) -> Identity:
    if not re.fullmatch(r"https://[^\s\x00-\x1f\x7f\ufffd]{1,492}", issuer):
        raise Invalid.at(f"{within}/issuer", "It is an address that begins with https://")
    if "\0" in value:
        raise Invalid.at(f"{within}/value", "It has no NUL characters")
    return Identity("app", value, issuer)
