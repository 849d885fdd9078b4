"""What the driver's XID errors mean, how bad they are, and what to do.

Source: NVIDIA, "Xid Errors", the Xid catalog for Ampere and newer GPUs
(https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html), its immediate and
investigatory actions, in our words. Where the catalog says "ignore" or "restart the application"
the card itself is well.
"""

from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """How bad a finding is. CRITICAL: the card, or work on it, is lost until somebody acts."""

    OK = 0
    INFO = 1
    WARNING = 2
    CRITICAL = 3


@dataclass(frozen=True, slots=True)
class Xid:
    meaning: str
    severity: Severity
    do: str


_INFO, _WARNING, _CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL
_RESTART = "Restart the application; if it comes back, ask the vendor's support."
_APP = "Restart the application, and look for the fault in it with cuda-gdb or Compute Sanitizer."
_RESET = "Drain the node and reset the GPU; if it comes back, ask the vendor's support."
_NVLINK = "Drain the node and reset the GPU; if it comes back, have the link and its peer checked."
_NOTHING = "Nothing now; if it comes often, ask the vendor's support."
_FOLLOW = "Nothing by itself: look at the other XIDs of the same moment."

KNOWN: dict[int, Xid] = {
    8: Xid("The GPU stopped processing", _WARNING, _RESTART),
    11: Xid("An invalid or corrupted stream of commands", _INFO, _APP),
    13: Xid("A fault of an application in the graphics engine", _INFO, _APP),
    14: Xid("A fault injected by a test", _INFO, "Nothing."),
    25: Xid("An invalid or illegal stream of commands", _INFO, _APP),
    31: Xid("A memory page fault, most often of an application", _INFO, _APP),
    32: Xid("A corrupted stream of commands over PCIe", _WARNING, _RESTART),
    37: Xid("An error of the driver's firmware", _INFO, _NOTHING),
    38: Xid("A watchdog of the driver's firmware ran out", _INFO, _NOTHING),
    43: Xid("An application met a fault of its own and ended; the GPU is well", _INFO, _APP),
    44: Xid("A fault while the graphics engine changed its task", _INFO, _NOTHING),
    45: Xid("Work was cleared away after an earlier error or an abort", _INFO, _FOLLOW),
    46: Xid("The GPU stopped processing", _CRITICAL, _RESET),
    48: Xid("A double bit memory error that could not be corrected", _CRITICAL, _RESET),
    54: Xid(
        "The auxiliary power of the board is not connected",
        _CRITICAL,
        "Drain the node and have the power cables of the GPU checked.",
    ),
    60: Xid("A fault of the video processor", _INFO, _RESTART),
    61: Xid("A breakpoint in an internal controller", _WARNING, _RESET),
    62: Xid("An internal controller halted", _CRITICAL, _RESET),
    63: Xid(
        "A bad row of memory is to be remapped",
        _INFO,
        "Reset the GPU when it is convenient: the remapping is complete after that.",
    ),
    64: Xid("A bad row of memory could not be remapped", _CRITICAL, _RESET),
    66: Xid("An illegal access by the driver", _INFO, _NOTHING),
    67: Xid("An illegal access by the driver", _INFO, _NOTHING),
    68: Xid("A fault of a video decoder", _INFO, _RESTART),
    69: Xid("A command that the graphics engine does not know", _INFO, _APP),
    74: Xid("An error of an NVLink connection", _CRITICAL, _NVLINK),
    78: Xid(
        "A virtual GPU could not start",
        _WARNING,
        "Bring the drivers of host and guest to versions that belong together.",
    ),
    79: Xid(
        "The GPU has fallen off the bus",
        _CRITICAL,
        "Drain the node and reboot it; if the GPU stays away, check its seat, power and PCIe.",
    ),
    80: Xid("Corrupted data were sent to the GPU", _INFO, _APP),
    92: Xid("Corrected memory errors come at a high rate", _INFO, _NOTHING),
    93: Xid("The limit on writes to the card's InfoROM is reached", _INFO, _NOTHING),
    94: Xid(
        "A memory error that was contained to one application",
        _WARNING,
        "Restart that application; reset the GPU when it is convenient.",
    ),
    95: Xid(
        "A memory error that was not contained: any application may be affected", _CRITICAL, _RESET
    ),
    109: Xid("A change of task on the GPU took too long", _CRITICAL, _RESET),
    110: Xid("A security fault in the hardware", _CRITICAL, _RESET),
    119: Xid("The GPU's system processor (GSP) did not answer", _CRITICAL, _RESET),
    120: Xid("An error in the GPU's system processor (GSP)", _CRITICAL, _RESET),
    121: Xid(
        "Corrected errors on the link to the processor",
        _INFO,
        "Reset the GPU at the next maintenance: the link is trained anew.",
    ),
    136: Xid("The training of a link failed", _CRITICAL, _NVLINK),
    137: Xid("An illegal access over NVLink, most often of an application", _INFO, _APP),
    140: Xid("Memory errors that could not be recovered from", _CRITICAL, _RESET),
    141: Xid("A fault in CUDA's fast path", _INFO, _NOTHING),
    143: Xid("The GPU could not be initialised", _CRITICAL, _RESET),
    151: Xid("A fault in the rotation of keys", _WARNING, "Restart the virtual machine."),
    154: Xid(
        "The driver now advises another way of recovery",
        _WARNING,
        "Do what the card's recovery action says.",
    ),
    155: Xid("An NVLink connection was taken down by software", _WARNING, _NVLINK),
    156: Xid(
        "A faulty part of the GPU is taken out of use",
        _WARNING,
        "Reset the GPU when it is convenient: it is complete after that.",
    ),
    157: Xid("A faulty part of the GPU could not be taken out of use", _WARNING, _NOTHING),
    158: Xid("The GPU stopped answering", _CRITICAL, _RESET),
    160: Xid("A memory channel is taken out of use", _INFO, _NOTHING),
    161: Xid("A memory channel could not be taken out of use", _WARNING, _NOTHING),
    167: Xid("PCIe did not answer", _CRITICAL, _RESET),
    171: Xid("An uncorrectable error in the GPU's DRAM", _CRITICAL, _RESET),
    172: Xid("An uncorrectable error in the GPU's SRAM", _CRITICAL, _RESET),
}
# Errors of one engine each: copy engines, decoders, encoders and the like.
KNOWN |= dict.fromkeys(
    (39, 40, 41, 70, 71, 72, 75, 76, 77, 85), Xid("A fault of a copy engine", _INFO, _RESTART)
)
KNOWN |= dict.fromkeys(range(126, 136), Xid("A fault of a copy engine", _INFO, _RESTART))
KNOWN |= dict.fromkeys(
    (83, 84, 88, 89, 96, 97, 98), Xid("A fault of a video decoder", _INFO, _RESTART)
)
KNOWN |= dict.fromkeys((82, *range(99, 106)), Xid("A fault of a JPEG decoder", _INFO, _RESTART))
KNOWN |= dict.fromkeys((86, 139), Xid("A fault of the optical flow engine", _INFO, _RESTART))
KNOWN |= dict.fromkeys((106, 107), Xid("A test message of the board", _INFO, "Nothing."))
KNOWN |= dict.fromkeys(range(144, 151), Xid("An error of NVLink", _WARNING, _NVLINK))


def explain(number: int) -> Xid:
    """Return what an XID means; one that is not in the catalog is a warning, not nothing."""
    found = KNOWN.get(number)
    if found is not None:
        return found
    return Xid(
        "An error that NVIDIA's catalog does not explain",
        Severity.WARNING,
        "Look at the kernel's log of the node, and ask the vendor's support if it comes back.",
    )
