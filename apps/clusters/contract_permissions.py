"""How the rights of a cluster's token look from outside."""

from pydantic import BaseModel, Field


class MissingRight(BaseModel):
    verb: str
    resource: str = Field(description="A resource, or a path of the API such as /readyz.")
    api_group: str
    namespace: str = Field(description="Empty: in all of them.")
    needed_for: str


class ExcessiveRight(BaseModel):
    verb: str
    resource: str
    api_group: str
    why: str


class PermissionsView(BaseModel):
    """What a token lacks, what it may do that it should not, and the role that would be right."""

    complete: bool
    missing: list[MissingRight]
    excessive: list[ExcessiveRight]
    manifest: str | None = Field(description="YAML for kubectl; null where nothing is wrong.")


def describe_permissions(report: object) -> PermissionsView:
    """Build the view of a PermissionReport."""
    view = PermissionsView.model_validate(report, from_attributes=True)
    view.manifest = view.manifest or None
    return view
