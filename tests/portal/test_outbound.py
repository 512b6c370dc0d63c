"""Servers somebody outside has named: nothing inside our network is asked anything, however it is spelled."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager, suppress

import httpx
import pytest

from portal import outbound
from portal.outbound import Outbound, Unreachable
from tests import impostor

INSIDE = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://0.0.0.0/",
    "https://localhost/",
    "https://10.0.0.5/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://198.18.0.1/",
    "https://192.0.2.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[2002:7f00:1::]/",
    "http://93.184.216.34/",
    "ftp://93.184.216.34/",
    "https://user:secret@93.184.216.34/",
    "https:///nowhere",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_refused(address):
    with pytest.raises((Unreachable, httpx.InvalidURL)):
        Outbound(may_loopback=False).check(httpx.URL(address))


def test_an_address_outside_is_let_through():
    assert Outbound(may_loopback=False).check(httpx.URL("https://93.184.216.34/x")) == "93.184.216.34"


def test_a_name_with_one_address_inside_is_refused(monkeypatch):
    def resolve(*_args, **_options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(Unreachable):
        Outbound(may_loopback=False).check(httpx.URL("https://login.evil.example/"))


def test_loopback_is_for_a_local_stack_alone_and_nothing_else_of_the_net_is():
    local = Outbound(may_loopback=True)
    assert local.check(httpx.URL("http://127.0.0.1:8099/")) == "127.0.0.1"
    for address in ("https://10.0.0.5/", "https://169.254.169.254/", "http://93.184.216.34/"):
        with pytest.raises(Unreachable):
            local.check(httpx.URL(address))


def test_a_real_request_reaches_no_listener_on_this_machine():
    with impostor.running() as listener, outbound.client(may_loopback=False) as web:
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(Unreachable):
                web.get(listener.address.replace("127.0.0.1", host) + "/keys")
        assert listener.fetched == []


def test_the_name_is_asked_for_once_and_a_second_answer_leads_nowhere(monkeypatch):
    """A name that changes between looking and going (rebinding): the connection goes where was looked."""
    asked = []
    real = socket.getaddrinfo

    def resolve(host, port, *args, **options):
        asked.append(host)
        return real("127.0.0.1" if host == "login.example" else host, port, *args, **options)

    with impostor.running() as listener, outbound.client(may_loopback=True) as web:
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        port = listener.address.rpartition(":")[2]
        assert web.get(f"http://login.example:{port}/keys").status_code == 200
    assert asked.count("login.example") == 1


@contextmanager
def pointing(to: str):
    """A server that answers once, whatever it is asked, that it is elsewhere."""

    def serve(server: socket.socket) -> None:
        with suppress(OSError):
            connection, _peer = server.accept()
            connection.recv(65536)
            connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def test_a_redirect_is_not_followed():
    with impostor.running() as canary, outbound.client(may_loopback=True) as web:
        for verb in ("GET", "POST"):
            with pointing(f"{canary.address}/keys") as address:
                assert web.request(verb, address).status_code == 302
        assert (canary.fetched, canary.asked) == ([], [])


def test_an_endless_answer_is_cut():
    with (
        impostor.running() as listener,
        outbound.client(may_loopback=True, most_bytes=10) as web,
        pytest.raises(Unreachable),
    ):
        web.get(listener.address + "/keys")


@contextmanager
def dripping(pause: float, *, headers: bool):
    """A server that answers one byte at a time, in its headers or in its body, and never comes to an end."""

    def serve(server: socket.socket) -> None:
        with suppress(OSError):
            connection, _peer = server.accept()
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n" + (b"x: " if headers else b"Content-Length: 9999\r\n\r\n"))
            while True:
                time.sleep(pause)
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


@pytest.mark.parametrize("headers", [True, False])
def test_a_server_that_drips_is_left_when_the_conversation_s_time_is_over(monkeypatch, headers):
    """Eight such servers, and nobody else would be served: one byte in time is no reason to wait for ever."""
    monkeypatch.setattr(outbound, "WHOLE_SECONDS", 1.0)
    began = time.monotonic()
    with dripping(0.2, headers=headers) as address, outbound.client(may_loopback=True) as web:
        with pytest.raises(Unreachable):
            web.get(address)
        with pytest.raises(Unreachable):
            web.get(address)
    assert time.monotonic() - began < 4


def test_slow_servers_take_two_places_of_a_process_and_no_more(monkeypatch):
    monkeypatch.setattr(outbound, "SECONDS", 0.1)
    one, two, third = (outbound.client(may_loopback=True) for _place in range(3))
    with one, two, pytest.raises(Unreachable), third:
        pass
    with outbound.client(may_loopback=True) as web:
        assert not web.is_closed
