"""Bodies of many rows: one that cannot be read is refused by itself, and the others go on."""

from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, TypeGuard, get_args

import msgspec

from omniretail.api.problems import MalformedRequest, not_valid
from omniretail.api.wire import RowFault, RowsRequest
from omniretail.errors import Invalid


def takes_rows(kind: Any) -> TypeGuard[type[RowsRequest]]:
    """Tell whether a body is one of rows."""
    return isinstance(kind, type) and issubclass(kind, RowsRequest)


def decoded_by_row(body: bytes, kind: Any) -> RowsRequest | None:
    """Return a body whose faults are in its rows, or None where there is more wrong with it.

    A body that is all or nothing is refused whole: None.
    """
    if not takes_rows(kind):
        return None
    try:
        loose = _loose_decoder(kind).decode(body)
    except msgspec.ValidationError:
        return None
    if loose.all_or_nothing:
        return None
    lines = _each(kind, loose.lines)
    rest = {name: getattr(loose, name) for name in kind.__struct_fields__ if name != "lines"}
    return kind(**rest | {"lines": lines})


def decoded_lines(body: bytes, kind: type[RowsRequest], *, all_or_nothing: bool) -> RowsRequest:
    """Return the body that newline-delimited JSON stands for.

    Raises: Invalid for too many rows or none, and for the first bad one of all or nothing;
    MalformedRequest for what is no JSON in UTF-8.
    """
    texts = [line for line in body.split(b"\n") if line.strip()]
    most = _bounds(kind)
    if not 1 <= len(texts) <= most:
        raise Invalid.at("/lines", f"Send 1 to {most} rows, one a line")
    lines = _each(kind, texts)
    faults = [line for line in lines if isinstance(line, RowFault)]
    if faults and all_or_nothing:
        raise faults[0].error()
    return kind(lines=lines, all_or_nothing=all_or_nothing)


def _each(kind: type[RowsRequest], texts: Iterable[bytes | msgspec.Raw]) -> tuple[Any, ...]:
    decoder = _row_decoder(kind)
    return tuple(_row(decoder, text, position) for position, text in enumerate(texts))


def _row(decoder: msgspec.json.Decoder[Any], text: bytes | msgspec.Raw, position: int) -> Any:
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        (fault,) = not_valid(str(error)).fields["errors"]
        return RowFault(
            bytes(text).decode(), f"/lines/{position}{fault['pointer']}", fault["detail"]
        )
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedRequest(f"Row {position + 1} is not JSON in UTF-8: {error}.") from error
    except RecursionError as error:
        raise MalformedRequest(f"Row {position + 1} is nested too deeply.") from error


@cache
def _loose_decoder(kind: type[RowsRequest]) -> msgspec.json.Decoder[Any]:
    """Return the decoder that takes each line as it stands."""
    most = _bounds(kind)
    raw = Annotated[tuple[msgspec.Raw, ...], msgspec.Meta(min_length=1, max_length=most)]
    fields: list[Any] = [("lines", raw)]
    fields += [
        (field.name, field.type, field.default)
        for field in msgspec.structs.fields(kind)
        if field.name != "lines"
    ]
    return msgspec.json.Decoder(
        msgspec.defstruct(f"Loose{kind.__name__}", fields, forbid_unknown_fields=True, kw_only=True)
    )


@cache
def _row_decoder(kind: type[RowsRequest]) -> msgspec.json.Decoder[Any]:
    # `lines` is `Annotated[tuple[Line, ...], Meta(…)]`.
    return msgspec.json.Decoder(get_args(get_args(_lines(kind))[0])[0])


def _bounds(kind: type[RowsRequest]) -> int:
    most = get_args(_lines(kind))[1].max_length
    assert most is not None, "rows are bounded"
    return int(most)


def _lines(kind: type[RowsRequest]) -> Any:
    return next(field.type for field in msgspec.structs.fields(kind) if field.name == "lines")
