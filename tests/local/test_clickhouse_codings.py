"""Bodies come out whole, however they were packed, framed and cut."""

from __future__ import annotations

import gzip
import zlib

import lz4.frame
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from oddlot.local import clickhouse_codings as codings
from oddlot.local.clickhouse_codings import Decoder
from oddlot.local.clickhouse_errors import StatementFailed

PACK = {
    "": bytes,
    "lz4": lz4.frame.compress,
    "zstd": zstd.compress,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
}


def unpacked(coding: str, body: bytes, step: int) -> bytes:
    decoder = Decoder(coding)
    pieces = [
        piece
        for first in range(0, len(body), step)
        for piece in decoder.pieces(body[first : first + step])
    ]
    decoder.finish()
    return b"".join(pieces)


@given(
    coding=st.sampled_from(sorted(PACK)),
    frames=st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=5),
    step=st.integers(1, 300),
)
def test_frames_one_after_the_other_come_out_whole(
    coding: str, frames: list[bytes], step: int
) -> None:
    body = b"".join(PACK[coding](frame) for frame in frames)

    assert unpacked(coding, body, step) == b"".join(frames)


@pytest.mark.parametrize("coding", ["lz4", "zstd", "gzip", "deflate"])
def test_a_little_that_unpacks_to_much_comes_in_pieces(coding: str) -> None:
    body = PACK[coding](bytes(50_000_000))
    pieces = [len(piece) for piece in Decoder(coding).pieces(body)]

    assert sum(pieces) == 50_000_000
    assert max(pieces) <= codings.PIECE_BYTES


@pytest.mark.parametrize("coding", ["lz4", "zstd", "gzip", "deflate"])
def test_a_frame_cut_off_is_refused(coding: str) -> None:
    with pytest.raises(StatementFailed, match="cut off"):
        unpacked(coding, PACK[coding](b"some rows" * 100)[:-3], 1_000)


@pytest.mark.parametrize("coding", ["lz4", "zstd", "gzip", "deflate"])
def test_other_bytes_are_refused(coding: str) -> None:
    with pytest.raises(StatementFailed, match="broken"):
        unpacked(coding, b"these are not packed" * 10, 1_000)


def test_an_unknown_coding_is_refused_by_name() -> None:
    with pytest.raises(StatementFailed, match="'br'"):
        Decoder("br")


@pytest.mark.parametrize("coding", ["lz4", "zstd", "gzip", "deflate"])
def test_answers_are_packed_as_the_client_likes_best(coding: str) -> None:
    chosen = codings.encoder(f"br, {coding};q=0.9, identity")
    assert chosen is not None
    name, encoder = chosen
    packed = encoder.begin() + encoder.compress(b"ab" * 500) + encoder.compress(b"c")

    assert name == coding
    assert unpacked(coding, packed + encoder.flush(), 64) == b"ab" * 500 + b"c"


def test_nothing_is_packed_for_a_client_that_takes_nothing() -> None:
    assert codings.encoder("identity, br") is None
