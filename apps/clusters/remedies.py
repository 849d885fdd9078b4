"""What to do about a check that failed, by how far it came: sentences, and nothing else."""

from apps.clusters.models.cluster import FailureStage
from apps.http import Stage, Unreachable

# How far a call came, in the words of a check. What came through to the API server and was not
# understood there is a matter of the API server.
_STAGE_OF = {
    Stage.DNS: FailureStage.DNS,
    Stage.TCP: FailureStage.TCP,
    Stage.TLS: FailureStage.TLS,
    Stage.TIMEOUT: FailureStage.API,
    Stage.PROTOCOL: FailureStage.API,
    Stage.SIZE: FailureStage.API,
}
PART_STAGE = {
    "prometheus": FailureStage.PROMETHEUS,
    "alertmanager": FailureStage.ALERTMANAGER,
    "loki": FailureStage.LOKI,
    "tempo": FailureStage.TEMPO,
}
CREDENTIAL = "Store a valid credential, or bring back what keeps it."
OUR_FAULT = "Look into the log of the worker."
TOKEN = "Store a valid credential."  # noqa: S105 - a sentence
PODS = "Check its pods."
NOT_KUBERNETES = "Check that this is a Kubernetes API server."
ROUTE = "Check its pods and its route."
SERVICE = "Check that the address is the right service."
LOGS = "Check its logs."

# By what OpenSSL says of a certificate that it refuses, or of a handshake that failed.
_OF_TLS = {
    "has expired": "Renew its certificate.",
    "not yet valid": "Check the clocks on both sides.",
    "mismatch": "Use a name that its certificate carries, or store that as the server name.",
    "WRONG_VERSION_NUMBER": "Check that the address is one for https.",
    "ALERT": "Store a credential that it takes, or check which TLS versions it speaks.",
}
_OF_NO_ANSWER = {
    Stage.DNS: "Check the address or this host's DNS.",
    Stage.TCP: "Check that it runs, and the firewall between.",
    Stage.TLS: "Store the CA bundle that signed its certificate.",
    Stage.TIMEOUT: "Check its load and the network between.",
    Stage.PROTOCOL: SERVICE,
    Stage.SIZE: SERVICE,
}


def stage_of(failure: Unreachable) -> FailureStage:
    """Name how far a call came; one that ran out of time, where it hung."""
    return _STAGE_OF[failure.during or failure.stage]


def of_no_answer(failure: Unreachable) -> str:
    # A handshake that hangs has shown no certificate that one could trust or not.
    hung = failure.during if failure.during != Stage.TLS else None
    stage = hung or failure.stage
    if stage == Stage.TLS:
        told = (remedy for words, remedy in _OF_TLS.items() if words in failure.reason)
        return next(told, _OF_NO_ANSWER[stage])
    return _OF_NO_ANSWER[stage]


def of_refused_token(part: str) -> str:
    return f"Store a valid {part} token."
