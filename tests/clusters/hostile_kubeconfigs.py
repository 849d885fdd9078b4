"""Forty kubeconfigs that were written to do harm, each with a word of its refusal."""

import json
from typing import Any

from tests.factories.kubeconfigs import READER, cluster_of, document, in_base64, one

MIB = 1024 * 1024
RUNS = {"apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh", "args": ["-c", "id"]}


def user(**change: Any) -> str:
    return one(user={"token": "t0k3n"} | change)


def cluster(**change: Any) -> str:
    return one(cluster_of(**change))


def changed(**change: Any) -> str:
    return json.dumps(document(prod=(cluster_of(), {"token": "t0k3n"})) | change)


def context(**change: Any) -> str:
    body = {"cluster": "prod-c", "user": "prod-u"} | change
    return changed(contexts=[{"name": "prod", "context": body}])


def bomb() -> str:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for one_more, before in zip("bcdefghi", "abcdefgh", strict=True):
        lines.append(f"{one_more}: &{one_more} [{', '.join([f'*{before}'] * 9)}]")
    return "\n".join(lines)


def crowd(count: int) -> str:
    """One user with a great certificate, named by very many contexts."""
    great = {"client-certificate-data": "A" * 200_000, "client-key-data": "A" * 200_000}
    made = document(prod=(cluster_of(), great))
    made["contexts"] = [{**made["contexts"][0], "name": f"c{number}"} for number in range(count)]
    return json.dumps(made)


# What each is, to what a refusal of it must say.
ONE_CONTEXT: dict[str, tuple[str, str]] = {
    "a program": (user(exec=RUNS), "exec"),
    "a program beside a token": (user(token="t", exec={"command": "curl"}), "exec"),
    "a program as text": (user(exec="id"), "exec"),
    "a plug-in": (user(**{"auth-provider": {"name": "gcp"}}), "auth-provider"),
    "a plug-in's command": (
        user(**{"auth-provider": {"name": "gcp", "config": {"cmd-path": "/bin/sh"}}}),
        "auth-provider",
    ),
    "a token's file": (user(tokenFile="/etc/shadow"), "tokenFile"),
    "a certificate's file": (user(**{"client-certificate": "/etc/passwd"}), "client-certificate"),
    "a key's file": (user(**{"client-key": "/root/.ssh/id_rsa"}), "client-key"),
    "an authority's file": (cluster(**{"certificate-authority": "../../x"}), "points to a file"),
    "a device for a file": (user(tokenFile="/dev/zero"), "tokenFile"),
    "a proxy": (cluster(**{"proxy-url": "http://169.254.169.254"}), "proxy-url"),
    "a socks proxy": (cluster(**{"proxy-url": "socks5://evil.example.net"}), "proxy-url"),
    "no verification": (cluster(**{"insecure-skip-tls-verify": True}), "insecure"),
    "no verification in words": (cluster(**{"insecure-skip-tls-verify": "yes"}), "insecure"),
    "impersonation": (user(**{"as": "system:admin"}), "somebody else"),
    "impersonated groups": (user(**{"as-groups": ["system:masters"]}), "somebody else"),
    "impersonated extras": (user(**{"as-user-extra": {"a": ["b"]}}), "somebody else"),
    "a password": (user(username="admin", password="hunter2"), "password"),
    "an unknown key of a user": (user(**{"x-run": "id"}), '"x-run"'),
    "an unknown key of a cluster": (cluster(**{"disable-everything": True}), "unknown key"),
    "an unknown key of a context": (context(command="id"), '"command"'),
    "a merge key": (user(**{"<<": {"exec": RUNS}}), '"<<"'),
    "a list for a token": (user(token=["a", "b"]), "no text"),
    "a mapping for a server": (cluster(server={"a": "b"}), "no text"),
    "a name server with a path": (cluster(**{"tls-server-name": "../../etc"}), "no host name"),
    "a CA that is no base64": (cluster(**{"certificate-authority-data": "%%%"}), "base64"),
    "a CA that is no PEM": (
        cluster(**{"certificate-authority-data": in_base64("/etc/passwd")}),
        "PEM",
    ),
    "a certificate without key": (
        one(user={"client-certificate-data": in_base64(READER.certificate)}),
        "without its key",
    ),
    "a great certificate for a crowd": (crowd(400), "without a PEM"),
    "a context of a user that is nowhere": (context(user="nobody"), "not there"),
    "a name of many lines": (
        changed(contexts=[{"name": "a\nb", "context": {"cluster": "x", "user": "y"}}]),
        "cannot be shown",
    ),
    "a name of a megabyte": (
        changed(contexts=[{"name": "w" * 900_000, "context": {"cluster": "x", "user": "y"}}]),
        "too long",
    ),
}
WHOLE_FILE: dict[str, tuple[str, str]] = {
    "a bomb of aliases": (bomb(), "anchor or alias"),
    "an alias of a user": ("users: &u []\nclusters: *u", "anchor or alias"),
    "a constructor": ("!!python/object/apply:os.system ['id']", "tag"),
    "a constructor inside": ("users: !!python/object/new:subprocess.Popen [id]", "tag"),
    "a binary": ("users: !!binary aGk=", "tag"),
    "a million brackets": ("[" * (MIB - 1), "nested deeper"),
    "mappings without end": ("{a: " * 200_000, "nested deeper"),
    "a list of 300,000": (f"clusters: [{'1,' * 300_000}1]", "entries"),
    "a megabyte and more": ("#" * (MIB + 1), "larger than"),
    "tabs": ("contexts:\n\t- name: a", "tab"),
    "two documents": (f"{one()}\n---\n{one()}", "more than one document"),
    "one key twice": ('{"users": [], "users": []}', "second time"),
    "a list for a key": ("? [a]\n: b", "no text"),
    "half a surrogate": ('kind: "\\ud800"', "not valid YAML"),
    "a surrogate in the text": ("kind: \ud800", "characters"),
    "control characters": ("kind: \x07", "not valid YAML"),
    "an unclosed text": ('kind: "Config', "not valid YAML"),
    "another kind": ("apiVersion: v1\nkind: Secret\ndata: {a: b}", '"data"'),
    "a list": ("- a\n- b", "no kubeconfig"),
    "nothing": ("", "no kubeconfig"),
    "a key at the top": (changed(run="id"), '"run"'),
    "more contexts than are taken": (crowd(401), "more than 400 contexts"),
    "contexts that are a text": (changed(contexts="all"), "not a list"),
}
