"""A small OpenStack Swift with its S3 interface, in one process on loopback: `python -m tests.swift_server FOLDER`.

Proxy, account, container and object server are the real ones, with one disk and one copy, and so are the signatures
(version 4), the multipart uploads and the encryption at rest. It ends when its standard input does, however its parent
ended, and prints its address once it answers.
"""

import eventlet

eventlet.monkey_patch()

import json  # noqa: E402 - eventlet must come first
import sys  # noqa: E402
import warnings  # noqa: E402
from pathlib import Path  # noqa: E402

from eventlet import tpool  # noqa: E402
from eventlet.green import socket  # noqa: E402
from eventlet.wsgi import server  # noqa: E402
from swift.common.ring import RingData  # noqa: E402
from swift.common.utils import NullLogger, set_swift_dir  # noqa: E402
from swift.common.wsgi import SwiftHttpProtocol, loadapp  # noqa: E402

from tests.swift_account import REGION, SECRET_KEY  # noqa: E402

STORES = ("account", "container", "object")

SWIFT = """
[swift-hash]
swift_hash_path_prefix = encargo
swift_hash_path_suffix = encargo
[storage-policy:0]
name = only
default = yes
"""
STORE = """
[DEFAULT]
swift_dir = {folder}
devices = {folder}/disks
mount_check = false
fallocate_reserve = 0
disable_fallocate = true
log_level = ERROR
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
"""
PROXY = """
[DEFAULT]
swift_dir = {folder}
client_timeout = 20
log_level = ERROR
[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats bulk s3api tempauth slo keymaster encryption proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
location = {region}
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = {secret} .admin
[filter:slo]
use = egg:swift#slo
[filter:keymaster]
use = egg:swift#keymaster
encryption_root_secret = ZW5jYXJnby1lbmNhcmdvLWVuY2FyZ28tZW5jYXJnby0=
[filter:encryption]
use = egg:swift#encryption
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
"""


def serve(folder: Path) -> None:
    """Write the configuration and the rings, load the four servers and answer until told to stop."""
    sockets = {name: _listen() for name in (*STORES, "proxy")}
    (folder / "disks" / "d1").mkdir(parents=True)
    (folder / "swift.conf").write_text(SWIFT)
    set_swift_dir(str(folder))
    for name in STORES:
        disk = {"id": 0, "region": 1, "zone": 1, "weight": 1.0, "ip": "127.0.0.1", "device": "d1", "meta": ""}
        port = sockets[name].getsockname()[1]
        place = {**disk, "port": port, "replication_ip": "127.0.0.1", "replication_port": port}
        RingData([[0] * 4], [place], 30).save(str(folder / f"{name}.ring.gz"))
        _begin(folder, name, sockets[name], STORE.format(folder=folder, name=name))
    _begin(folder, "proxy", sockets["proxy"], PROXY.format(folder=folder, region=REGION, secret=SECRET_KEY))
    port = sockets["proxy"].getsockname()[1]
    print(json.dumps({"endpoint_url": f"http://127.0.0.1:{port}"}), flush=True)  # noqa: T201


def _listen() -> socket.socket:
    return eventlet.listen(("127.0.0.1", 0))


def _begin(folder: Path, name: str, listening: socket.socket, configuration: str) -> None:
    path = folder / f"{name}.conf"
    path.write_text(configuration)
    app = loadapp(str(path), global_conf={"log_name": name})
    eventlet.spawn(
        server,
        listening,
        app,
        NullLogger(),
        protocol=SwiftHttpProtocol,
        capitalize_response_headers=False,
        socket_timeout=20,
    )


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    serve(Path(sys.argv[1]))
    # In a real thread: waiting for the end must not keep the servers from answering.
    tpool.execute(sys.stdin.read)
