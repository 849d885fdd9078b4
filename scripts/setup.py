"""Everything that `make` sets up before it runs something; a second run does nothing."""

import argparse

from scripts import client, environment, tools
from scripts.steps import VAR, SetupError, end_with_sentence


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="+", choices=[*_PARTS])
    VAR.mkdir(mode=0o700, parents=True, exist_ok=True)
    for part in parser.parse_args().what:
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
    except SetupError as error:
        end_with_sentence(error)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
