"""The refusals of observability."""

from apps.errors import DomainError


class InvalidPromQL(DomainError):
    code = "INVALID_PROMQL"
    status = 400


class QueryTimeout(DomainError):
    code = "QUERY_TIMEOUT"
    status = 504


class EveryClusterFailed(DomainError):
    code = "CLUSTER_UNREACHABLE"
    status = 502


class NothingToAsk(DomainError):
    code = "CLUSTER_NOT_FOUND"
    status = 404


class NotExecutable(DomainError):
    """The query is well-formed, and its values do not allow what it asks; Prometheus: execution."""

    code = "QUERY_NOT_EXECUTABLE"
    status = 422


NO_SUCH_QUERY = "There is no such saved query, or none that you may see."
NO_SUCH_ALERT = "There is no such alert, or none that you may see."
NO_SUCH_INDICATOR = "There is no such indicator, or it is switched off."


class SavedQueryNotFound(DomainError):
    code = "NOT_FOUND"
    status = 404


class SavedQueryExists(DomainError):
    code = "SAVED_QUERY_ALREADY_EXISTS"
    status = 409


class SavedQueryChanged(DomainError):
    """Somebody else changed it since the caller read it."""

    code = "PRECONDITION_FAILED"
    status = 412


class AlertNotFound(DomainError):
    code = "NOT_FOUND"
    status = 404


class AlertNotActive(DomainError):
    """It is over, or only about to fire: there is nothing to take or to hand on."""

    code = "ALERT_NOT_ACTIVE"
    status = 409


class NotAssignable(DomainError):
    """Nobody of that name may see the alert; whether there is anybody of that name is not told."""

    code = "VALIDATION_FAILED"
    status = 400


class AlertTaken(DomainError):
    """Somebody else has acknowledged it already."""

    code = "ALERT_ALREADY_ACKNOWLEDGED"
    status = 409


class IndicatorNotFound(DomainError):
    code = "NOT_FOUND"
    status = 404


class NotSplittable(DomainError):
    """The answer cannot be put together from what the clusters answer each for itself."""

    code = "PROMQL_NOT_SPLITTABLE"
    status = 422


class TooManyQueries(DomainError):
    """One person has so many under way; `wait` is told as Retry-After."""

    code = "RATE_LIMITED"
    status = 429
    wait = 1


class NotAlerts(DomainError):
    """What was sent, or answered, is not what Alertmanager sends."""

    code = "VALIDATION_FAILED"
    status = 400


# What is answered where one Alertmanager was asked, by the code of its failure; else it is 502.
_OF_ALERTMANAGER = {
    "VALIDATION_FAILED": 400,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALERTMANAGER_NOT_AVAILABLE": 503,
    "QUERY_TIMEOUT": 504,
}


class AlertmanagerFailed(DomainError):
    """A cluster's Alertmanager did not do what it alone was asked; `failure` is why, in a word."""

    def __init__(self, failure: str, message: str) -> None:
        super().__init__(message, {"failure": failure})
        self.code = failure if failure in _OF_ALERTMANAGER else "CLUSTER_UNREACHABLE"
        self.status = _OF_ALERTMANAGER.get(failure, 502)


class WebhookRefused(DomainError):
    code = "NOT_AUTHENTICATED"
    status = 401
    auth_header = "Bearer"


class TooManyStrangers(DomainError):
    code = "RATE_LIMITED"
    status = 429
    wait = 0


class NotStorable(DomainError):
    """It is such that it can never be stored: to send it again would not help."""

    code = "VALIDATION_FAILED"
    status = 400


class StoreAway(DomainError):
    """It could not be stored just now; to send it again helps."""

    code = "SERVICE_UNAVAILABLE"
    status = 503
    wait = 4


class WebhookTooLarge(DomainError):
    code = "PAYLOAD_TOO_LARGE"
    status = 413


NO_SUCH_RECEIVER = "There is no such receiver."
NO_SUCH_ROUTE = "There is no such route."
NO_SUCH_NOTIFICATION = "There is no such notification, or it was forgotten."


class NotificationNotFound(DomainError):
    """There is no such receiver, route or notification."""

    code = "NOT_FOUND"
    status = 404


class ReceiverInvalid(DomainError):
    code = "VALIDATION_FAILED"
    status = 400


class ReceiverExists(DomainError):
    """There is a receiver, or a route, of this name already."""

    code = "NAME_ALREADY_EXISTS"
    status = 409


class ReceiverInUse(DomainError):
    code = "RECEIVER_IN_USE"
    status = 409


class NotDelivered(DomainError):
    """It gathers still, or its receiver is switched off."""

    code = "NOTIFICATION_NOT_READY"
    status = 409


NO_GPU_NODES = (
    "There is no GPU node of that name, or none at all in the cluster, that anybody told of: GPUs "
    "are read by the DCGM exporter's series in Prometheus, or by nvidia-smi in the driver's pods."
)


class NoGpuNodes(DomainError):
    code = "NO_GPU_NODES"
    status = 404
