"""The measured side of benchmark 5: the web process as it is served, until its input ends."""

import os
import sys
import threading

from tests.benchmarks.children import tell


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings.test")
    # The order matters: this chooses Twisted's reactor before anything else may.
    from aiops.web import WebServer  # isort: skip
    from twisted.internet import reactor

    from aiops.asgi import application

    def ready() -> None:
        tell("ready")
        tell(str(server.listening_addresses[0][1]))

    def end() -> None:
        sys.stdin.read()
        reactor.callFromThread(server.stop)

    server = WebServer(
        application,
        endpoints=["tcp:port=0:interface=127.0.0.1"],
        ready_callable=ready,
        verbosity=0,
    )
    threading.Thread(target=end, daemon=True).start()
    server.run()


if __name__ == "__main__":
    main()
