"""The refusals of the registry."""

from apps.errors import DomainError


class ClusterNotFound(DomainError):
    code = "CLUSTER_NOT_FOUND"
    status = 404


class ClusterAlreadyExists(DomainError):
    code = "CLUSTER_ALREADY_EXISTS"
    status = 409


class InvalidClusterName(DomainError):
    code = "INVALID_CLUSTER_NAME"
    status = 400


class CredentialsInvalid(DomainError):
    code = "CREDENTIALS_INVALID"
    status = 400


class KubeconfigUnusable(DomainError):
    """The file as a whole; what is wrong with one context is a result, not an error."""

    code = "CREDENTIALS_INVALID"
    status = 400
