"""A program that is kept running until we are told to end: after a crash it is started again."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from apps.simulator import children

logger = logging.getLogger(__name__)

# After a crash it waits this long, then twice as long, and so on up to the longest.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
# Alive for this long, it counts as well, and the next crash starts from the first pause again.
WELL_AFTER_SECONDS = 60.0


async def keep(
    title: str, command: Sequence[str | Path], log: Path, cwd: Path = children.REPOSITORY
) -> NoReturn:
    """Run the program until cancelled; its process id stands beside its log."""
    loop = asyncio.get_running_loop()
    pause = FIRST_PAUSE
    while True:
        began = loop.time()
        child = await children.start(command, log, cwd)
        pid_file = log.with_suffix(".pid")
        pid_file.write_text(str(child.pid))
        try:
            code = await child.wait()
        finally:
            await children.stop(child)
            pid_file.unlink()
        if loop.time() - began > WELL_AFTER_SECONDS:
            pause = FIRST_PAUSE
        said = children.last_line(log) or "it said nothing"
        logger.warning("%s ended with %s and starts again in %.1f s: %s", title, code, pause, said)
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 2)
