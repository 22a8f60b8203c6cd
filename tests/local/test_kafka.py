"""The embedded broker: its data survives, its directory and port are its own."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from oddlot import errors
from oddlot.local import embedded, kafka, ports
from oddlot.local.kafka_home import Home, claimed, properties
from oddlot.settings import LOOPBACK, Settings, load
from tests.fixtures_kafka import broker_settings, role_env, running_broker

EXAMPLES = TopicPartition("tests.examples.v1", 0)
ENDED_DEADLINE_S = 10.0


async def publish(settings: Settings, values: list[bytes]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_address)
    await admin.start()
    if EXAMPLES.topic not in await admin.list_topics():
        await admin.create_topics([NewTopic(EXAMPLES.topic, 1, 1)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka_address) as producer:
        for value in values:
            await producer.send_and_wait(EXAMPLES.topic, value)


async def published(settings: Settings) -> list[bytes]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_address, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        consumer.assign([EXAMPLES])
        end = (await consumer.end_offsets([EXAMPLES]))[EXAMPLES]
        await consumer.seek_to_beginning(EXAMPLES)
        return [(await consumer.getone()).value for _ in range(end)]
    finally:
        await consumer.stop()


@pytest.fixture
def silent_server():
    with socket.create_server((LOOPBACK, 0)) as listener:
        yield listener.getsockname()[1]


def java_of(role: subprocess.Popen[bytes]) -> psutil.Process:
    children = psutil.Process(role.pid).children()
    [java] = [child for child in children if "kafka.Kafka" in child.cmdline()]
    return java


def run_role(settings: Settings) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "oddlot.local.kafka"],
        env=role_env(settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.broker
async def test_what_was_acknowledged_survives_a_clean_restart_and_a_kill(tmp_path: Path):
    settings = broker_settings(tmp_path / "Zoë’s state, 2")
    with running_broker(settings):
        await publish(settings, [b"one"])
    with running_broker(settings) as role:
        assert await published(settings) == [b"one"]
        await publish(settings, [b"two"])
        java_of(role).send_signal(signal.SIGKILL)
        assert role.wait(ENDED_DEADLINE_S) == 1  # it says that its Java has gone
    with running_broker(settings):
        assert await published(settings) == [b"one", b"two"]


@pytest.mark.broker
def test_a_killed_role_leaves_no_java_behind(tmp_path: Path):
    settings = broker_settings(tmp_path)
    with running_broker(settings) as role:
        java = java_of(role)
        role.kill()
        try:
            if sys.platform == "linux":
                java.wait(ENDED_DEADLINE_S)
            else:  # nothing ends it there: it keeps the directory locked instead
                assert run_role(settings).returncode == embedded.REFUSED
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                java.kill()


@pytest.mark.broker
def test_a_java_that_does_not_stop_is_killed(tmp_path: Path):
    settings = broker_settings(tmp_path)
    with running_broker(settings) as role:
        java = java_of(role)
        java.suspend()
        role.terminate()
        assert role.wait(kafka.STOP_DEADLINE_S + ENDED_DEADLINE_S) == 0
        assert not java.is_running()


@pytest.mark.broker
def test_a_second_broker_on_the_same_directory_is_refused_naming_it(broker: Settings):
    second = run_role(broker.model_copy(update={"kafka_port": ports.free_port()}))
    assert second.returncode == embedded.REFUSED
    assert str(broker.state_dir / "kafka") in second.stderr
    assert "in use by another broker" in second.stderr
    assert "ODDLOT_STATE_DIR" in second.stderr
    assert "starting" not in second.stdout


@pytest.mark.broker
def test_a_taken_port_is_refused_before_java_starts(broker: Settings, tmp_path: Path):
    other = run_role(broker.model_copy(update={"state_dir": tmp_path}))
    assert other.returncode == embedded.REFUSED
    assert f"port {broker.kafka_port}" in other.stderr
    assert "set ODDLOT_KAFKA_PORT" in other.stderr
    assert "starting" not in other.stdout


@pytest.mark.broker
def test_java_itself_holds_the_directory(broker: Settings):
    lock = Home.of(broker).lock
    java = psutil.Process(int(lock.read_text().split()[-1]))
    assert str(lock) in {file.path for file in java.open_files()}


@pytest.mark.broker
def test_the_broker_logs_to_a_file_of_the_state_directory(broker: Settings):
    assert "Kafka Server started" in Home.of(broker).log.read_text()


@pytest.mark.broker
async def test_a_topic_that_nobody_declared_is_not_made(broker: Settings):
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.kafka_address)
    await admin.start()
    try:
        node = ConfigResource(ConfigResourceType.BROKER, "1", {"auto.create.topics.enable": None})
        [described] = await admin.describe_configs([node])
    finally:
        await admin.close()
    [resource] = described.resources
    [(name, value, *_)] = resource[-1]
    assert (name, value) == ("auto.create.topics.enable", "false")


@pytest.mark.broker
async def test_a_running_broker_is_ready(broker: Settings):
    assert await kafka.is_ready(broker)


async def test_a_broker_that_is_not_there_is_not_ready():
    assert not await kafka.is_ready(load(kafka=f"{LOOPBACK}:{ports.free_port()}"))


async def test_a_server_that_says_nothing_is_not_ready_and_does_not_hang(
    silent_server: int,
):
    began = time.monotonic()
    assert not await kafka.is_ready(load(kafka=f"{LOOPBACK}:{silent_server}"), deadline_s=0.2)
    assert time.monotonic() - began < 30


def test_the_role_is_refused_where_an_outside_broker_is_set():
    with pytest.raises(errors.Refused, match="ODDLOT_KAFKA to be unset, was 'broker:9092'"):
        kafka.run(load(kafka="broker:9092"))


def test_a_relative_state_directory_is_taken_from_here(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Home.of(load(state_dir="state")).logs == tmp_path / "state" / "logs"


def test_a_held_directory_is_refused_naming_the_holder(tmp_path: Path):
    home = Home.of(load(state_dir=tmp_path))
    holder = rf"{re.escape(str(home.root))} .* \(process {os.getpid()}\)"
    with claimed(home), pytest.raises(errors.Refused, match=holder), claimed(home):
        pass


def test_a_directory_that_was_let_go_can_be_held_again(tmp_path: Path):
    home = Home.of(load(state_dir=tmp_path))
    for _ in range(2):
        with claimed(home):
            pass


def test_a_child_that_inherited_the_lock_holds_it_after_us(tmp_path: Path):
    home = Home.of(load(state_dir=tmp_path))
    with claimed(home) as lock:
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[lock])
    with pytest.raises(errors.Refused), claimed(home):
        pass
    child.communicate()
    with claimed(home):
        pass


def test_the_configuration_listens_on_loopback_only(tmp_path: Path):
    text = properties(load(state_dir=tmp_path, kafka_port=29092), controller_port=29093)
    said = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and line[0] != "#")
    assert said["listeners"] == "PLAINTEXT://127.0.0.1:29092,CONTROLLER://127.0.0.1:29093"
    assert said["advertised.listeners"] == "PLAINTEXT://127.0.0.1:29092"
    assert said["controller.quorum.voters"] == "1@127.0.0.1:29093"
