"""ClickHouse's exceptions -> code, name and HTTP status, as its own server gives them."""

from __future__ import annotations

import re

from oddlot import errors

# From ClickHouse's exceptionCodeToHTTPStatus; what is not named here is 500.
_STATUSES: dict[int, tuple[str, ...]] = {
    400: (
        "BAD_ARGUMENTS", "CANNOT_COMPILE_REGEXP", "CANNOT_PARSE_TEXT",
        "CANNOT_PARSE_ESCAPE_SEQUENCE", "CANNOT_PARSE_QUOTED_STRING", "CANNOT_PARSE_DATE",
        "CANNOT_PARSE_DATETIME", "CANNOT_PARSE_NUMBER", "CANNOT_PARSE_IPV4", "CANNOT_PARSE_IPV6",
        "CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING", "CANNOT_PARSE_INPUT_ASSERTION_FAILED",
        "CANNOT_PARSE_UUID", "DUPLICATE_COLUMN", "ILLEGAL_COLUMN", "INCORRECT_DATA",
        "SYNTAX_ERROR", "THERE_IS_NO_COLUMN", "TOO_BIG_AST", "TOO_DEEP_AST", "TYPE_MISMATCH",
        "UNEXPECTED_AST_STRUCTURE", "UNKNOWN_ELEMENT_IN_AST", "UNKNOWN_TYPE_OF_AST_NODE",
        "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE",
    ),
    403: ("ACCESS_DENIED", "AUTHENTICATION_FAILED"),
    404: (
        "UNKNOWN_AGGREGATE_FUNCTION", "UNKNOWN_DATABASE", "UNKNOWN_DATABASE_ENGINE",
        "UNKNOWN_DIRECTION_OF_SORTING", "UNKNOWN_FORMAT", "UNKNOWN_FUNCTION",
        "UNKNOWN_IDENTIFIER", "UNKNOWN_ROLE", "UNKNOWN_SETTING", "UNKNOWN_STORAGE",
        "UNKNOWN_TABLE", "UNKNOWN_TYPE", "UNKNOWN_TYPE_OF_QUERY",
    ),
    408: ("TIMEOUT_EXCEEDED",),
    413: ("QUERY_IS_TOO_LARGE",),
    501: ("NOT_IMPLEMENTED",),
    # Its own server says 500 to TOO_MANY_SIMULTANEOUS_QUERIES; clients retry only a 503.
    503: ("SOCKET_TIMEOUT", "CANNOT_OPEN_FILE", "CANNOT_SCHEDULE_TASK",
          "TOO_MANY_SIMULTANEOUS_QUERIES"),
}  # fmt: skip
_STATUS_OF = {name: status for status, names in _STATUSES.items() for name in names}

_CODES = {
    "NOT_IMPLEMENTED": 48,
    "SYNTAX_ERROR": 62,
    "INCORRECT_DATA": 117,
    "TIMEOUT_EXCEEDED": 159,
    "READONLY": 164,
    "TOO_MANY_SIMULTANEOUS_QUERIES": 202,
    "SOCKET_TIMEOUT": 209,
    "NETWORK_ERROR": 210,
    "TOO_MANY_BYTES": 307,
    "CANNOT_SCHEDULE_TASK": 439,
    "ACCESS_DENIED": 497,
}
_CODE = re.compile(r"Code: (\d+)")
_NAME = re.compile(r"\(([A-Z][A-Z0-9_]+)\)\s*$")
_UNKNOWN_EXCEPTION = 1002  # UNKNOWN_EXCEPTION, for a text without a code


class StatementFailed(errors.Oddlot):
    """A statement did not go through; `str()` is ClickHouse's text, with its code and name."""

    def __init__(self, text: str, code: int, name: str) -> None:
        super().__init__(text)
        self.code = code
        self.status = _STATUS_OF.get(name, 500)


def from_engine(text: str) -> StatementFailed:
    """Read what the engine threw.

    Parameters
    ----------
    text : its message; what a wrapper put before `Code:` is dropped.

    Examples
    --------
    >>> failed = from_engine("append failed: Code: 60. DB::Exception: no t. (UNKNOWN_TABLE)")
    >>> failed.code, failed.status, str(failed)
    (60, 404, 'Code: 60. DB::Exception: no t. (UNKNOWN_TABLE)')
    """
    code = _CODE.search(text)
    name = _NAME.search(text)
    return StatementFailed(
        text[code.start() :].strip() if code else text.strip(),
        int(code.group(1)) if code else _UNKNOWN_EXCEPTION,
        name.group(1) if name else "",
    )


def failed(name: str, said: str) -> StatementFailed:
    """Make an error of ours look like the engine's.

    Parameters
    ----------
    name : one of ClickHouse's names.
    said : what was expected, what was found, what to do.
    """
    code = _CODES[name]
    return StatementFailed(f"Code: {code}. DB::Exception: {said}. ({name})", code, name)
