"""Free ports."""

import socket

from hypothesis import given, settings
from hypothesis import strategies as st

from local.suite.addresses import LOOPBACK, Addresses
from local.suite.ports import HIGHEST_PORT, LOWEST_PORT, free_ports


@given(count=st.integers(min_value=1, max_value=30))
@settings(max_examples=20, deadline=None)
def test_the_ports_differ_and_lie_between_workers_and_outgoing_connections(count: int) -> None:
    ports = free_ports(count)

    assert len(set(ports)) == count
    assert all(LOWEST_PORT <= port <= HIGHEST_PORT for port in ports)


def test_a_preferred_port_is_used_when_it_is_free() -> None:
    (wish,) = free_ports(1)

    assert free_ports(2, preferred=[wish])[0] == wish


def test_a_taken_preferred_port_is_replaced() -> None:
    with socket.socket() as holder:
        holder.bind((LOOPBACK, 0))
        holder.listen()
        taken = holder.getsockname()[1]

        assert taken not in free_ports(3, preferred=[taken])


def test_the_same_wish_twice_gives_two_ports() -> None:
    (wish,) = free_ports(1)

    assert len(set(free_ports(2, preferred=[wish, wish]))) == 2


def test_clients_are_pointed_at_this_run() -> None:
    addresses = Addresses.on_loopback(tuple(range(1, Addresses.count() + 1)))

    environment = addresses.client_environment("demo-x")

    assert environment["FIRESTORE_EMULATOR_HOST"] == str(addresses.firestore)
    assert environment["STORAGE_EMULATOR_HOST"] == f"http://{addresses.storage}"
    assert environment["GCLOUD_PROJECT"] == "demo-x"
