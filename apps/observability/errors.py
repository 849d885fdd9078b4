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
