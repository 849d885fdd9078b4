"""Whatever is sent to the running platform, no operation breaks or answers outside the schema."""

import itertools
import os
import re
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.generation.meta import TestPhase
from schemathesis.specs.openapi import checks

from aiops import BASE_DIR
from tests.contract.conftest import CLUSTER_ID, CLUSTER_NAME, Platform
from tests.contract.operations import EXAMPLE_INDICATOR

# Set to some hundreds, everything is tried, and for as long as one cares to wait.
EXAMPLES = int(os.environ.get("AIOPS_FUZZ_EXAMPLES", "25"))
# Of the some hundred systematic requests to each operation, an ordinary run takes every fifth.
EVERY = 5 if EXAMPLES <= 25 else 1
CONFORMS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
schema = schemathesis.openapi.from_path(BASE_DIR / "openapi.yaml")
systematic = itertools.count()


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    # The same requests in every run: what fails here fails everywhere.
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_breaks_an_operation(case: Any, platform: Platform) -> None:
    phase = case.meta.phase.name
    if phase == TestPhase.COVERAGE and next(systematic) % EVERY:
        return
    platform.restore()
    aim(case, keep_some=phase == TestPhase.FUZZING)
    response = case.call(base_url=platform.url, session=platform.session, timeout=60)
    assert response.status_code != 500, platform.log.read_text()[-4000:]
    case.validate_response(response, checks=CONFORMS)


def aim(case: Any, *, keep_some: bool) -> None:
    """Have well-formed requests meet the cluster that there is, and some of them none."""
    sent = case.path_parameters or {}
    if ID.fullmatch(str(sent.get("id"))) and not (keep_some and sent["id"].startswith("0")):
        sent["id"] = CLUSTER_ID
    if ID.fullmatch(str(sent.get("cluster_id"))):
        sent["cluster_id"] = CLUSTER_ID
    if "name" in sent and not (keep_some and len(sent["name"]) > 8):
        sent["name"] = CLUSTER_NAME
    if "indicator" in sent and not (keep_some and len(sent["indicator"]) > 8):
        sent["indicator"] = EXAMPLE_INDICATOR
