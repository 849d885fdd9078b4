"""Everything that `make` sets up before it runs something; a second run does nothing."""

import argparse
import sys

from aiops.embedded.errors import EmbeddedError, explain
from aiops.embedded.layout import Layout
from scripts import client, environment, tools
from scripts.steps import VAR, SetupError, require_space


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="+", choices=[*_PARTS])
    what = parser.parse_args().what
    require_space(1)
    Layout.prepare(VAR)
    for part in what:
        _PARTS[part]()


def _build_client() -> None:
    client.build(client.find_node())


def _install_packages() -> None:
    client.install(client.find_node())


_PARTS = {
    "base": lambda: environment.make("base"),
    "dev": lambda: environment.make("dev"),
    "packages": _install_packages,
    "client": _build_client,
    "static": client.collect_static,
    "tools": tools.fetch,
}

if __name__ == "__main__":
    try:
        main()
    except (SetupError, EmbeddedError) as error:
        sys.exit(str(error))
    except OSError as error:
        if not (sentence := explain(error)):
            raise
        sys.exit(sentence)
    except KeyboardInterrupt:
        sys.exit(130)
