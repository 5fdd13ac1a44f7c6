"""Leads the names that clients have built in to the front's ports, as /etc/hosts and port 443 would; the clients are unchanged.

Python runs it at its start, in the clients' environments; the names are those that `antechamber tls-front` prints for /etc/hosts.
"""

import json
import os
import socket

_LED = json.loads(os.environ["LED"])
_getaddrinfo, _connect = socket.getaddrinfo, socket.socket.connect


def getaddrinfo(host, port, *rest, **more):
    name = host.decode() if isinstance(host, bytes) else host
    if name in _LED["names"]:
        host, port = "127.0.0.1", _LED["ports"][str(port)]
    return _getaddrinfo(host, port, *rest, **more)


def connect(self, address):
    if isinstance(address, tuple) and address[0] in _LED["names"]:
        address = ("127.0.0.1", _LED["ports"][str(address[1])])
    return _connect(self, address)


socket.getaddrinfo, socket.socket.connect = getaddrinfo, connect
