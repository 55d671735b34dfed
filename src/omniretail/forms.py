"""What texts from outside look like: codes, free texts, addresses, currencies. Patterns, each in words.

The wire and the files ask for the same. What no pattern can say about a text stands here too.
"""

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email

# U+FFFD is what becomes of bytes in a path that are no UTF-8.
_PLAIN = r"[^\s,/|\x00-\x1f\x7f\ufffd]"
_WITHIN = r"[^,/|\x00-\x1f\x7f\ufffd]"
_ADDRESSED = r"[^\s@,;<>|\x00-\x1f\x7f\ufffd]"
_HOST = r"[^\s@,;<>|.\x00-\x1f\x7f\ufffd]"

CODE = rf"^{_PLAIN}({_WITHIN}*{_PLAIN})?\Z"
TEXT = r"^[^\x00]*\Z"
CODE_OR_NOTHING = rf"{CODE}|^\Z"
CURRENCY = r"^[A-Z]{3}\Z"
KEY_PREFIX = r"^omni_[0-9a-f]{12}\Z"
PIN = r"^[0-9]{4,12}\Z"
COUNTRY = r"^[A-Z]{2}\Z"
LOCALE = r"^[A-Za-z]{2,3}(-[0-9A-Za-z]{2,8}){0,4}\Z"
GIFT_CARD_CODE = r"^[0-9A-Za-z]+(-[0-9A-Za-z]+)*\Z"
WEB_ADDRESS = r"^https?://[^\s\x00-\x1f\x7f\ufffd]+\Z"
EMAIL = rf"^{_ADDRESSED}+@{_HOST}+(\.{_HOST}+)+\Z"
HOUR = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?\Z"

_IN_WORDS = {
    CODE: "a code: any script, but no comma, slash, bar, control character or outer space",
    CODE_OR_NOTHING: "a code, or nothing",
    TEXT: "a text without NUL characters",
    GIFT_CARD_CODE: "a gift card's code: letters A to Z and digits, with single hyphens between them",
    WEB_ADDRESS: "a web address that begins with https:// or http://, without spaces",
    KEY_PREFIX: "the prefix of a key, which is all of it before the point",
    PIN: "4 to 12 digits",
    CURRENCY: "three capital letters, as ISO 4217 names a currency",
    LOCALE: "a language as BCP 47 writes it, such as de or pt-BR",
    COUNTRY: "two capital letters, as ISO 3166-1 names a country",
    EMAIL: "an e-mail address, such as ann@example.com",
    HOUR: "an hour of the day as a clock shows it, such as 17:30 or 17:30:00",
}


def in_words(said: str) -> str:
    """Say in words what a text must look like, where a decoder shows one of the patterns."""
    for pattern, words in _IN_WORDS.items():
        said = said.replace(f"`str` matching regex {pattern!r}", words)
    return said


def kept_email(given: str | None) -> str | None:
    """Return an e-mail address in the form under which it is kept and found: in lower case.

    Where it is well-formed, as `deliverable_email` writes it; so what an order and a customer name
    is the same text.
    """
    return given and (deliverable_email(given) or given.lower())


def deliverable_email(given: str) -> str | None:
    """Return a well-formed e-mail address in lower case and composed letters; None for any other.

    Nobody is asked whether mail would arrive. Source: RFC 5322, RFC 6531 and RFC 5891.
    """
    try:
        found = validate_email(given, check_deliverability=False, test_environment=True)
        kept = unicodedata.normalize("NFC", found.normalized.lower())
        # What changes once more when it is kept would not be found again.
        again = validate_email(kept, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return kept if again.normalized == kept else None


def is_card_number(text: str) -> bool:
    """Tell whether a text is what stands on a card: 12 to 19 digits whose last one checks the others.

    They may stand in groups. Source: ISO/IEC 7812-1, annex B (the Luhn formula).
    """
    digits = re.sub(r"[ -]", "", text)
    if not re.fullmatch(r"[0-9]{12,19}", digits):
        return False
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(doubled) + sum(map(int, digits[::-2]))) % 10 == 0
