"""Judging: the score, the state and the words, from readings alone."""

from datetime import UTC, datetime

import pytest

from apps.clusters.health import Reading, Verdict, judge, judge_connectivity
from apps.clusters.models.cluster import Connectivity, FailureStage, State

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


def test_the_stage_named_is_the_first_that_failed_with_its_remedy() -> None:
    api = Reading("api_server", False, 3, "No.", FailureStage.AUTH, "Store a valid credential.")
    prometheus = Reading("prometheus", False, None, "Down.", FailureStage.PROMETHEUS, "Check it.")
    verdict = judge([prometheus, api], NOW)
    assert (verdict.stage, verdict.remedy) == (FailureStage.AUTH, "Store a valid credential.")
    verdict = judge([API_UP, prometheus], NOW)
    assert (verdict.stage, verdict.remedy) == (FailureStage.PROMETHEUS, "Check it.")
    assert (judge([API_UP], NOW).stage, judge([API_UP], NOW).remedy) == (None, "")


def test_a_failure_on_our_own_side_is_neither_offline_nor_healthy() -> None:
    closed = Reading("api_server", None, None, "It is closed.", FailureStage.CREDENTIAL, "Open it.")
    verdict = judge([closed, Reading("prometheus", healthy=None)], NOW)
    assert (verdict.state, verdict.score, verdict.parts) == (State.UNKNOWN, 0, {})
    assert (verdict.reason, verdict.stage) == ("It is closed. Open it.", FailureStage.CREDENTIAL)
    assert not verdict.reached


@pytest.mark.parametrize(
    ("states", "connectivity"),
    [
        ("N" * 10, Connectivity.CONNECTED),
        ("NFNN", Connectivity.CONNECTED),
        ("NFNF", Connectivity.INTERMITTENT),
        # Only the last ten checks count.
        ("N" * 10 + "FNF", Connectivity.CONNECTED),
    ],
)
def test_three_changes_among_the_last_ten_checks_are_intermittent(
    states: str, connectivity: Connectivity
) -> None:
    assert judge_connectivity(states, judge([API_UP], NOW), "DISCONNECTED") == connectivity


def test_a_cluster_that_was_not_reached_is_disconnected() -> None:
    verdict = judge([API_DOWN], NOW)
    assert judge_connectivity("F", verdict, "CONNECTED") == Connectivity.DISCONNECTED


@pytest.mark.parametrize("before", Connectivity.values)
def test_a_check_that_we_could_not_make_leaves_the_connectivity_as_it_was(before: str) -> None:
    assert judge_connectivity("NNN", Verdict(NOW, State.UNKNOWN, 0), before) == before
