"""Ports: a taken one is named, with its holder and what to set."""

from __future__ import annotations

import os
import socket

import pytest

from oddlot import errors
from oddlot.local import ports
from oddlot.settings import LOOPBACK


@pytest.fixture(params=[LOOPBACK, "0.0.0.0"])
def taken(request: pytest.FixtureRequest):
    with socket.socket() as listener:
        listener.bind((request.param, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_free_port_is_free():
    port = ports.free_port()
    assert ports.is_free(port)
    ports.require_free(port, "ODDLOT_KAFKA_PORT")


def test_a_taken_port_is_refused_naming_port_holder_and_setting(taken: int):
    with pytest.raises(errors.Refused) as refusal:
        ports.require_free(taken, "ODDLOT_KAFKA_PORT")
    message = str(refusal.value)
    assert f"port {taken}" in message
    assert f"process {os.getpid()}" in message
    assert "set ODDLOT_KAFKA_PORT" in message


def test_a_port_bound_but_not_listening_is_taken():
    with socket.socket() as holder:
        holder.bind((LOOPBACK, 0))
        assert not ports.is_free(holder.getsockname()[1])


def test_a_port_whose_server_has_just_stopped_is_free_again():
    with socket.create_server((LOOPBACK, 0)) as listener:  # sets SO_REUSEADDR, as servers do
        port = listener.getsockname()[1]
        with socket.create_connection((LOOPBACK, port)):
            connection, _ = listener.accept()
            connection.close()  # closing first leaves the server's side in TIME_WAIT
    assert ports.is_free(port)


def test_nobody_holds_a_free_port():
    assert ports.holder_of(ports.free_port()) is None
