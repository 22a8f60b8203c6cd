"""The bytes of a statement -> where its data begins, its format, whether it writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    rb"""(?P<comment>--[^\n]*|\#[!\ ][^\n]*|/\*.*?\*/)
       | (?P<quoted>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`\\]|\\.|``)*`)
       | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
       | (?P<other>[^\sA-Za-z_])""",
    re.DOTALL | re.VERBOSE,
)
_AFTER_FORMAT = re.compile(rb"[ \t\r;]*\n?")
_STREAMS = frozenset({b"SELECT", b"WITH"})
_READS = frozenset({b"SELECT", b"SHOW", b"DESCRIBE", b"DESC", b"EXISTS", b"EXPLAIN", b"CHECK"})


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertHead:
    """The part of an insert before its data.

    Attributes
    ----------
    sql : the statement without `FORMAT`.
    format : of the data.
    length : bytes of the statement; the data begin there.
    """

    sql: str
    format: str
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What has to be known of a statement before it runs.

    Attributes
    ----------
    reads : it changes nothing.
    streams : the engine can give its answer in blocks.
    scoped : it changes the connection (SET, USE), which no other request may see.
    format : named by the statement itself; empty if it names none.
    statements : how many there are.
    """

    reads: bool
    streams: bool
    scoped: bool
    format: str
    statements: int


def is_insert(head: bytes) -> bool:
    """Say whether a statement begins with INSERT.

    Parameters
    ----------
    head : its first bytes.
    """
    first = next(_words(head), None)
    return first is not None and first[0] == b"INSERT"


def insert_head(head: bytes) -> InsertHead | None:
    r"""Split an insert that carries data after `FORMAT name`.

    Parameters
    ----------
    head : the first bytes of an insert, at least until its `FORMAT name` and the line's end.

    Returns
    -------
    None if there is no `FORMAT` before VALUES, SELECT or the end of `head`.

    Examples
    --------
    >>> insert_head(b"INSERT INTO t (a) FORMAT Native\n\n\x01")
    InsertHead(sql='INSERT INTO t (a)', format='Native', length=32)
    """
    words = _words(head)
    for word, match in words:
        if word in {b"VALUES", b"SELECT", b"WITH", b"INFILE"}:
            return None
        if word == b"FORMAT":
            name = next(words, None)
            if name is None:
                return None
            # One line's end only: binary data may begin with a byte that looks like another.
            end = _AFTER_FORMAT.match(head, name[1].end())
            assert end is not None
            return InsertHead(
                sql=head[: match.start()].decode(errors="replace").strip(),
                format=name[1].group().decode(),
                length=end.end(),
            )
    return None


def shape(sql: bytes) -> Shape:
    """Look at a whole statement.

    Parameters
    ----------
    sql : the statement, without data.

    Examples
    --------
    >>> shape(b"SELECT 'FORMAT x' -- ; DROP").format, shape(b"SELECT 1 FORMAT JSON").format
    ('', 'JSON')
    >>> shape(b"WITH 1 AS a INSERT INTO t SELECT a").reads
    False
    """
    first, named, before, statements, ended = b"", "", b"", 0, True
    inserts = False
    for match in _tokens(sql):
        word = match.group().upper() if match.lastgroup == "word" else b""
        if match.group() == b";":
            ended = True
            continue
        if ended:
            statements, ended, named = statements + 1, False, ""
        if word and not first:
            first = word
        inserts = inserts or word == b"INSERT"
        if word and before == b"FORMAT":
            named = match.group().decode()
        before = word
    reads = (first in _READS or first == b"WITH") and not (first == b"WITH" and inserts)
    return Shape(
        reads=reads,
        streams=reads and first in _STREAMS,
        scoped=first in {b"SET", b"USE"},
        format=named,
        statements=statements,
    )


def _words(sql: bytes) -> Iterator[tuple[bytes, re.Match[bytes]]]:
    """Give the words outside parentheses: inside, they may be names of columns."""
    depth = 0
    for match in _tokens(sql):
        depth += {b"(": 1, b")": -1}.get(match.group(), 0)
        if match.lastgroup == "word" and depth == 0:
            yield match.group().upper(), match


def _tokens(sql: bytes) -> Iterator[re.Match[bytes]]:
    return (match for match in _TOKEN.finditer(sql) if match.lastgroup != "comment")
