"""What every operation of the OpenAPI document says alike: how it may refuse, and in what form."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, OpenApiResponse

from apps.errors import Problem

MALFORMED = "Something sent is not what it may be; the message names it."
ANONYMOUS = "Nobody is signed in, or the API token does not count any more."
FORBIDDEN = "Your grants do not reach this far, or the request did not prove its page."
ABSENT = "There is nothing here, or nothing that you may see."
NO_FORM = "The answer does not come in any form that `Accept` names."
TOO_LARGE = "The body is larger than this installation takes."
CROWDED = "More than the limits allow: `Retry-After` says in how many seconds to come again."
NO_JSON = "The body is not sent as `application/json`."
AWAY = "PostgreSQL, Redis or the store of credentials does not answer. Try again in a moment."


class ContractSchema(AutoSchema):
    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        answers: dict[str, Any] = super()._get_response_bodies(direction)
        for status, meaning in self._refusals().items():
            if status not in answers:
                refusal = OpenApiResponse(Problem, description=meaning)
                answers[status] = self._get_response_for_code(refusal, status)  # type: ignore[no-untyped-call]
        return dict(sorted(answers.items()))

    def _refusals(self) -> dict[str, str]:
        """Return what could go wrong with a request of this form, whatever it is about."""
        refusals = {"400": MALFORMED, "401": ANONYMOUS, "406": NO_FORM, "429": CROWDED, "503": AWAY}
        role = (self.get_extensions() or {}).get("x-required-role")
        if self.method != "GET" or role == "ADMIN_OF_ALL":
            refusals["403"] = FORBIDDEN
        if "{" in self.path or self._names_something():
            refusals["404"] = ABSENT
        if self.method in {"POST", "PUT", "PATCH"}:
            refusals |= {"413": TOO_LARGE, "415": NO_JSON}
        return refusals

    def _names_something(self) -> bool:
        return any(one["name"] in {"page", "cluster_id"} for one in self._get_parameters())
