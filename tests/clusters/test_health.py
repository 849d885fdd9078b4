"""Judging: the score, the state and the words, from readings alone."""

from datetime import UTC, datetime

import pytest

from apps.clusters.health import Reading, judge, judge_connectivity
from apps.clusters.models.cluster import Connectivity, State

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
API_UP = Reading("api_server", healthy=True, latency_ms=12)
API_DOWN = Reading("api_server", healthy=False, problem="It does not answer.")


def down(part: str) -> Reading:
    return Reading(part, healthy=False, problem=f"{part} is down.")


@pytest.mark.parametrize(
    ("readings", "state", "score"),
    [
        ([API_UP], State.ONLINE, 100),
        ([API_UP, Reading("prometheus", healthy=True)], State.ONLINE, 100),
        ([API_UP, down("prometheus")], State.DEGRADED, 80),
        ([API_UP, down("tempo")], State.DEGRADED, 85),
        ([API_UP, down("loki")], State.DEGRADED, 85),
        ([API_UP, down("alertmanager")], State.DEGRADED, 100),
        ([API_DOWN], State.OFFLINE, 50),
        ([API_DOWN, down("prometheus"), down("tempo"), down("loki")], State.OFFLINE, 0),
    ],
)
def test_the_score_and_state_follow_the_parts_that_are_down(
    readings: list[Reading], state: State, score: int
) -> None:
    verdict = judge(readings, NOW)
    assert (verdict.state, verdict.score) == (state, score)


def test_a_part_that_is_not_configured_is_neither_up_nor_down() -> None:
    assert judge([API_UP], NOW).parts == {"api_server": True}


def test_the_reason_names_every_part_that_is_down() -> None:
    verdict = judge([API_UP, down("prometheus"), down("loki")], NOW)
    assert verdict.reason == "prometheus is down. loki is down."


@pytest.mark.parametrize(
    ("states", "connectivity"),
    [
        (["ONLINE"] * 10, Connectivity.CONNECTED),
        (["ONLINE", "OFFLINE", "ONLINE", "ONLINE"], Connectivity.CONNECTED),
        (["ONLINE", "OFFLINE", "ONLINE", "OFFLINE"], Connectivity.INTERMITTENT),
        # Only the last ten checks count.
        (["ONLINE"] * 10 + ["OFFLINE", "ONLINE", "OFFLINE"], Connectivity.CONNECTED),
    ],
)
def test_three_changes_among_the_last_ten_checks_are_intermittent(
    states: list[str], connectivity: Connectivity
) -> None:
    assert judge_connectivity(states, reached=True) == connectivity


def test_a_cluster_that_was_not_reached_is_disconnected() -> None:
    assert judge_connectivity(["OFFLINE"], reached=False) == Connectivity.DISCONNECTED
