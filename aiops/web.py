"""The web process: `python -m aiops.web` is Daphne, with a way of its own for alerts.

It takes Daphne's arguments. Before its HTTP stands `alert_fastlane`, on the same port.
"""

# The order matters: Daphne chooses Twisted's reactor before anything else may.
from daphne.cli import CommandLineInterface
from daphne.server import Server

import gc  # isort: skip
from typing import Any  # isort: skip


class WebServer(Server):  # type: ignore[misc]
    """Daphne's server; whatever connects is met by the lane for alerts first."""

    @property
    def http_factory(self) -> Any:
        return self._http_factory

    @http_factory.setter
    def http_factory(self, factory: Any) -> None:
        from aiops.alert_fastlane import Lanes

        # Twisted would put a line together for each request, for a log that goes nowhere.
        factory.log = _no_line
        self._http_factory = Lanes(factory)

    def run(self) -> None:
        # What is loaded stays; looking through all of it again would hold up a request each time.
        gc.collect()
        gc.freeze()
        super().run()


class WebCommand(CommandLineInterface):  # type: ignore[misc]
    server_class = WebServer


def _no_line(request: object) -> None:
    """Daphne has a log of its own."""


if __name__ == "__main__":
    WebCommand.entrypoint()
