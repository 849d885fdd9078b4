"""The refusals of the registry."""

from apps.errors import DomainError

NO_SUCH_CLUSTER = "There is no such cluster, or none that you may see."


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


class CredentialsNotFound(DomainError):
    code = "CREDENTIALS_NOT_FOUND"
    status = 404


class CredentialsChanged(DomainError):
    """Somebody else stored another credential while this one was tried out."""

    code = "CREDENTIALS_CHANGED"
    status = 409


class ClusterUnreachable(DomainError):
    code = "CLUSTER_UNREACHABLE"
    status = 503


class KubeconfigUnusable(DomainError):
    """The file as a whole; what is wrong with one context is a result, not an error."""

    code = "CREDENTIALS_INVALID"
    status = 400


class CredentialStoreAway(DomainError):
    """The store of credentials did not take something; what was there before is there still."""

    code = "SERVICE_UNAVAILABLE"
    status = 503


class ClusterChanged(DomainError):
    """Somebody else changed it since the caller read it."""

    code = "PRECONDITION_FAILED"
    status = 412


class BoxClosed(Exception):
    """Kept secrets cannot be read. The sentence says why and holds nothing of them."""


class BoxAway(BoxClosed):
    """The store does not answer just now. What it keeps may open again by itself."""


class BoxGone(BoxClosed):
    """There is no such box: it was replaced or removed, or somebody else deleted it."""
