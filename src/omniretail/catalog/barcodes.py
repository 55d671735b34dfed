"""Barcodes: GTINs with a true check digit, and a retailer's home-made codes. Pure.

GTIN-8, -12 (UPC-A), -13 (EAN) and -14 are one number space (GS1 General Specifications, 7.9), so a
scan is found whatever the length it was printed in.
"""

from typing import Literal

import msgspec
from stdnum import ean


class Barcode(msgspec.Struct, frozen=True):
    """A barcode as printed; `internal` codes are the retailer's own and carry no check digit."""

    code: str
    kind: Literal["gtin", "internal"] = "gtin"


def normalized(code: str) -> str:
    """Return the form a scanned code is found under: a GTIN padded to 14 digits, others as they are."""
    return code.zfill(14) if ean.is_valid(code) else code


def fault(barcode: Barcode) -> str | None:
    """Say what is wrong with a barcode, if anything."""
    if barcode.kind == "gtin" and not ean.is_valid(barcode.code):
        return (
            f"{barcode.code!r} is not a GTIN of 8, 12, 13 or 14 digits with a true check digit; "
            "say kind 'internal' for a code of your own."
        )
    return None
