"""The image and the compose file name only what exists, and carry no secret."""

import re
import shlex

import pytest
import yaml

from aiops import BASE_DIR

DOCKERFILE = (BASE_DIR / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((BASE_DIR / "compose.yml").read_text())
PLATFORM = ("migrate", "web", "worker", "checks", "beat")


def copied_into_the_image() -> list[str]:
    """Return what COPY takes from the clone; what comes from another stage is built there."""
    found = []
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, flags=re.MULTILINE):
        found += shlex.split(line)[:-1]
    return found


@pytest.mark.parametrize("name", copied_into_the_image())
def test_what_the_image_copies_exists_and_is_not_ignored(name: str) -> None:
    assert (BASE_DIR / name).exists()
    allowed = (BASE_DIR / ".dockerignore").read_text().splitlines()
    assert any(
        rule.startswith("!") and f"{name.rstrip('/')}/".startswith(f"{rule[1:]}/")
        for rule in allowed
    )


def test_the_image_runs_as_nobody_in_particular() -> None:
    assert re.search(r"^USER 1001$", DOCKERFILE, flags=re.MULTILINE)
    assert "chmod -R g=u" in DOCKERFILE


def test_the_platform_s_containers_can_change_nothing_and_read_secrets_from_files() -> None:
    for name in PLATFORM:
        service = COMPOSE["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        for variable, value in service["environment"].items():
            if variable.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in service["secrets"]


def test_every_secret_and_volume_that_is_used_is_declared() -> None:
    for service in COMPOSE["services"].values():
        assert set(service.get("secrets", [])) <= COMPOSE["secrets"].keys()
        assert {v.split(":")[0] for v in service.get("volumes", [])} <= COMPOSE["volumes"].keys()
        assert set(service.get("depends_on", {})) <= COMPOSE["services"].keys()
