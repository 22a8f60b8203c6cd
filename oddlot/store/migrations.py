"""migrations/*.sql -> the tables, once each, by whoever starts first."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from oddlot import errors
from oddlot.settings import Settings
from oddlot.store import client as clients

log = logging.getLogger(__name__)

FOLDER = Path(__file__).with_name("migrations")

_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_APPLIED = "SELECT number, checksum, toString(applied_at) FROM migrations FINAL LIMIT 10000"
_RECORD = """
    INSERT INTO migrations (number, name, checksum)
    SELECT {number:UInt32}, {name:String}, {checksum:String}
"""
_DATABASE = "CREATE DATABASE IF NOT EXISTS {name:Identifier}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One numbered file.

    Attributes
    ----------
    number, name : from the file's name.
    checksum : SHA-256 of its text.
    statements : each of which may run again without harm.
    """

    number: int
    name: str
    checksum: str
    statements: tuple[str, ...]


def find(folder: Path = FOLDER) -> list[Migration]:
    """Read the migrations in the order of their numbers.

    Parameters
    ----------
    folder : with one file a migration, `0001_name.sql`; the statements end with `;` at a line's
        end. Number 0 makes the table that the others are recorded in.
    """
    return [_read(path) for path in sorted(folder.glob("*.sql"))]


def apply(settings: Settings, migrations: Sequence[Migration] | None = None) -> list[int]:
    """Bring the store to the newest migration; safe when several processes do it at once.

    Parameters
    ----------
    settings : where the store is.
    migrations : instead of our own.

    Returns
    -------
    The numbers applied by this call.

    Raises
    ------
    StoreUnavailable
        If the store does not answer.
    Refused
        If an applied migration has been changed since.
    """
    first, *others = migrations if migrations is not None else find()
    database = clients.database_of(settings)
    with clients.answering(settings):
        if database != clients.DEFAULT_DATABASE:
            with clients.connect(settings, database=clients.DEFAULT_DATABASE) as client:
                client.command(_DATABASE, parameters={"name": database})
        with clients.connect(settings) as client:
            for statement in first.statements:
                client.command(statement)
            applied = {row[0]: (row[1], row[2]) for row in client.query(_APPLIED).result_rows}
            missing = [m for m in others if _is_missing(m, applied)]
            for migration in missing:
                # Recorded last: a process that dies in between leaves it to be applied again.
                for statement in migration.statements:
                    client.command(statement)
                client.command(
                    _RECORD,
                    parameters={
                        "number": migration.number,
                        "name": migration.name,
                        "checksum": migration.checksum,
                    },
                )
                log.info("applied migration %04d, %s", migration.number, migration.name)
    return [migration.number for migration in missing]


def _is_missing(migration: Migration, applied: dict[int, tuple[str, str]]) -> bool:
    if migration.number not in applied:
        return True
    checksum, applied_at = applied[migration.number]
    if checksum != migration.checksum:
        raise errors.Refused(
            f"expected migration {migration.number:04d} ({migration.name}) as it was applied on "
            f"{applied_at} (SHA-256 {checksum[:12]}), was {migration.checksum[:12]}; take the "
            f"change back and put it into a migration of its own"
        )
    return False


def _read(path: Path) -> Migration:
    match = _FILE.fullmatch(path.name)
    if match is None:
        raise errors.Refused(f"expected 0001_name.sql as the name of a migration, was {path.name}")
    text = path.read_text()
    statements = (part.strip() for part in re.split(r";\s*$", text, flags=re.MULTILINE))
    return Migration(
        number=int(match.group(1)),
        name=match.group(2),
        checksum=hashlib.sha256(text.encode()).hexdigest(),
        statements=tuple(statement for statement in statements if statement),
    )
