"""Bodies that somebody bent: never our fault in the answer, and never a row too many or too few."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from apps.observability.models import Alert
from tests.factories import make_cluster
from tests.observability.alerts.posting import Sender, alert, body, over

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = int(os.environ.get("AIOPS_TEST_MUTATIONS", "150"))
bent = settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

TEXT = st.text(st.characters(codec=None), max_size=40) | st.sampled_from(
    ["", "\x00", "\ud800", "x" * 5000, "0001-01-01T00:00:00Z", "firing", "resolved", "suppressed"]
)
TIMES = st.sampled_from(
    [
        "2026-03-04T12:00:00Z",
        "2026-03-05T12:00:00.999999999+14:00",
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59.999999999Z",
        "9999-12-31T23:59:59-12:00",
        "2026-03-04",
        "2026-02-30T12:00:00Z",
        "1772625600",
        "noon",
    ]
)
NUMBERS = (
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([2**31, 2**63, -(2**63) - 1, 10**400])
)
LEAVES = st.none() | st.booleans() | NUMBERS | TEXT | TIMES
ANYTHING = LEAVES | st.lists(LEAVES, max_size=2) | st.dictionaries(TEXT, LEAVES, max_size=2)
OF_AN_ALERT = [*alert(), "fingerprint"]
OF_A_GROUP = ["version", "status", "receiver", "truncatedAlerts", "groupKey", "groupLabels"]
LABELS = st.dictionaries(st.sampled_from(["alertname", "severity", "namespace"]) | TEXT, TEXT)
WITNESS = "StaysAsItIs"


@st.composite
def odd_alerts(draw: st.DrawFn) -> dict[str, Any]:
    """One as it should be, of which some fields are other ones, or gone, or are there besides."""
    made = alert(draw(st.sampled_from(["NodeDown", "DiskFull"])))
    if draw(st.booleans()):
        made = over(made)
    likely = {
        "labels": LABELS,
        "annotations": LABELS,
        "startsAt": TIMES,
        "endsAt": TIMES,
        "fingerprint": st.sampled_from(["0c1f2f4dbe7d3c35", "", "é", "x" * 65]),
    }
    for name in draw(st.lists(st.sampled_from(OF_AN_ALERT), max_size=3)):
        what = draw(st.sampled_from(["likely", "any", "gone"]))
        made.pop(name, None)
        if what != "gone":
            made[name] = draw(likely.get(name, TEXT) if what == "likely" else ANYTHING)
    return made | draw(st.dictionaries(TEXT, ANYTHING, max_size=2).map(unknown))


def unknown(more: dict[str, Any]) -> dict[str, Any]:
    return {
        name: one for name, one in more.items() if name not in {*OF_AN_ALERT, *OF_A_GROUP, "alerts"}
    }


@st.composite
def odd_groups(draw: st.DrawFn) -> dict[str, Any]:
    group = draw(st.dictionaries(st.sampled_from(OF_A_GROUP), ANYTHING, max_size=2))
    return group | unknown(draw(st.dictionaries(TEXT, ANYTHING, max_size=2)))


def bend(whole: bytes, how: tuple[str, float, bytes]) -> bytes:
    """Cut, overwrite or stretch the bytes at one place."""
    what, share, piece = how
    at = int(share * len(whole))
    ends: dict[str, Callable[[], bytes]] = {
        "cut": lambda: whole[:at],
        "overwrite": lambda: whole[:at] + piece + whole[at + len(piece) :],
        "stretch": lambda: whole[:at] + piece + whole[at:],
        "drop": lambda: whole[:at] + whole[at + max(1, len(piece)) :],
    }
    return ends[what]()


BENDS = st.tuples(
    st.sampled_from(["cut", "overwrite", "stretch", "drop"]),
    st.floats(0, 1),
    st.binary(min_size=1, max_size=6) | st.sampled_from([b'"', b"{", b"]", b"[" * 5000]),
)


@pytest.fixture
def sender() -> Sender:
    return Sender(make_cluster("hub-frankfurt"))


@bent
@given(alerts=st.lists(odd_alerts(), max_size=4), at=st.integers(0, 4), group=odd_groups())
def test_an_alert_among_odd_ones_is_stored_once(
    sender: Sender, alerts: list[dict[str, Any]], at: int, group: dict[str, Any]
) -> None:
    empty()
    sent = body(*alerts[:at], alert(WITNESS), *alerts[at:], **group)

    status = sender.post(sent)

    event(f"answered {status}")
    rows = keys()
    if status == 200:
        told = sender.answer
        assert told["stored"] + told["unusable"] == len(alerts) + 1
        assert 1 <= len(rows) <= told["stored"]
        assert Alert.objects.filter(alertname=WITNESS, state="FIRING").count() == 1
    else:
        # It is the group itself that is none.
        assert (status, sender.answer["error"]["code"]) == (400, "VALIDATION_FAILED")
        assert not rows
    # Alertmanager may say all of it again.
    assert sender.post(sent) == status
    assert keys() == rows


@bent
@given(alerts=st.lists(odd_alerts(), min_size=1, max_size=3), how=BENDS)
def test_bytes_that_were_damaged_are_taken_or_refused_whole(
    sender: Sender, alerts: list[dict[str, Any]], how: tuple[str, float, bytes]
) -> None:
    empty()
    sent = bend(body(*alerts), how)

    status = sender.post(sent)

    event(f"answered {status}")
    rows = keys()
    assert status in {200, 400}
    assert len(rows) <= (sender.answer["stored"] if status == 200 else 0)
    assert sender.post(sent) == status
    assert keys() == rows


@bent
@given(
    more=st.dictionaries(TEXT, ANYTHING, max_size=3).map(unknown),
    around=st.dictionaries(TEXT, ANYTHING, max_size=3).map(unknown),
    is_over=st.booleans(),
)
def test_fields_that_nobody_knows_change_nothing(
    sender: Sender, more: dict[str, Any], around: dict[str, Any], is_over: bool
) -> None:
    empty()
    plain = over(alert()) if is_over else alert()

    assert sender.post(body(more | plain, **around)) == 200

    assert sender.answer == {"stored": 1, "unusable": 0}
    kept = Alert.objects.get()
    assert kept.labels == plain["labels"]
    assert kept.annotations == plain["annotations"]
    assert kept.state == ("RESOLVED" if is_over else "FIRING")


def empty() -> None:
    # Nothing hangs on these rows, and to look for it takes longer than all the rest.
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM observability_alert")


def keys() -> list[tuple[Any, ...]]:
    """What is stored, but for when it was last told of."""
    rows = Alert.objects.order_by("fingerprint", "starts_at")
    return list(rows.values_list("fingerprint", "starts_at", "state", "ends_at", "id"))


def test_a_number_beyond_all_bounds_breaks_nothing(sender: Sender) -> None:
    huge = body(alert()).replace(b'"truncatedAlerts": 0', b'"truncatedAlerts": 1' + b"0" * 9000)
    assert huge != body(alert())

    assert sender.post(huge) == 400
