"""The statements that alerts are stored by. Each takes all rows of a batch as one JSON document.

One parameter for a whole batch: to write a hundred thousand of them one by one would take longer
than PostgreSQL does with them.
"""

from apps.observability.actions.alerts.meaning import Verdict

_COLUMNS = """
    n int, id uuid, cluster_id uuid, fingerprint text, starts_at timestamptz, ends_at timestamptz,
    state text, ending text, severity text, alertname text, namespace text, labels jsonb,
    annotations jsonb, generator_url text, receivers text[], silenced_by text[],
    inhibited_by text[], source text, received_at timestamptz
"""
_TOLD = f"json_to_recordset(%s::json) AS told({_COLUMNS})"
_WORDS = "alert_words({0}.alertname, {0}.labels, {0}.annotations)"

_NEW = f"""
    INSERT INTO observability_alert (
        id, cluster_id, fingerprint, starts_at, ends_at, state, severity, alertname, namespace,
        labels, annotations, generator_url, receivers, silenced_by, inhibited_by, source, ending,
        acknowledgement, first_received_at, last_received_at, changed_at, words)
    SELECT told.id, told.cluster_id, told.fingerprint, told.starts_at, told.ends_at, told.state,
        told.severity, told.alertname, told.namespace, told.labels, told.annotations,
        told.generator_url, told.receivers, told.silenced_by, told.inhibited_by, told.source,
        told.ending, '', told.received_at, told.received_at, told.received_at,
        CASE WHEN told.state = 'RESOLVED' THEN {_WORDS.format("told")} END
    FROM {{0}}
    ORDER BY told.n
    ON CONFLICT (fingerprint, cluster_id, starts_at) DO NOTHING
    RETURNING {{1}}
"""  # noqa: S608 - all of it is written here
INSERT = _NEW.format(
    f"{_TOLD} JOIN clusters_cluster ON clusters_cluster.id = told.cluster_id", "id"
)
# The state is read under the lock: of two that tell of an end at once, one is the second.
HOLD = f"""
    SELECT told.n, alert.id, alert.state, alert.ending, alert.ends_at, alert.changed_at,
        alert.last_received_at,
        alert.annotations = told.annotations AND alert.generator_url = told.generator_url,
        alert.receivers = told.receivers AND alert.silenced_by = told.silenced_by
            AND alert.inhibited_by = told.inhibited_by
    FROM {_TOLD}
    JOIN observability_alert AS alert USING (fingerprint, cluster_id, starts_at)
    ORDER BY told.n
    FOR NO KEY UPDATE OF alert
"""  # noqa: S608 - all of it is written here
_UPDATE = f"""
    UPDATE observability_alert AS alert SET {{0}} FROM {_TOLD} WHERE alert.id = told.id
"""  # noqa: S608 - all of it is written here
_SEEN = "last_received_at = greatest(alert.last_received_at, told.received_at)"
_ANNOTATED = f"{_SEEN}, annotations = told.annotations, generator_url = told.generator_url"
_PLACED = """receivers = told.receivers, silenced_by = told.silenced_by,
    inhibited_by = told.inhibited_by"""
_ENDED = "ends_at = told.ends_at, ending = told.ending"

UPDATES = {
    Verdict.REPEATS: _UPDATE.format(_SEEN),
    Verdict.REPEATS_OTHERWISE: _UPDATE.format(_ANNOTATED),
    Verdict.REPEATS_ELSEWHERE: _UPDATE.format(f"{_ANNOTATED}, {_PLACED}"),
    Verdict.ENDED_THEN: _UPDATE.format(f"{_SEEN}, {_ENDED}"),
    Verdict.FIRES: _UPDATE.format(
        f"""{_ANNOTATED}, state = 'FIRING', ends_at = NULL, ending = '', source = told.source,
        changed_at = told.received_at, words = NULL"""
    ),
    # Whoever had taken it is done with it; its story keeps who that was.
    Verdict.ENDS: _UPDATE.format(
        f"""{_SEEN}, {_ENDED}, state = 'RESOLVED', source = told.source,
        changed_at = told.received_at, words = {_WORDS.format("alert")}, acknowledged_by_id = NULL,
        acknowledged_at = NULL, acknowledgement = ''"""
    ),
}
_TIME = """to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
_TIMES = ", ".join(
    f"'{name}', {_TIME.format(f'alert.{name}')}"
    for name in (
        "starts_at",
        "acknowledged_at",
        "taken_at",
        "first_received_at",
        "last_received_at",
        "changed_at",
    )
)
# What is to be told of a change, as JSON that goes out as it is. An alert that fired and is over by
# now is told of as it was.
_EVENT = f"""json_build_object(
        'id', alert.id, 'fingerprint', alert.fingerprint, 'cluster_id', alert.cluster_id,
        'cluster_name', cluster.name, 'alertname', alert.alertname, 'severity', alert.severity,
        'state', CASE WHEN new.change = 'FIRED' THEN 'FIRING' ELSE alert.state END,
        'namespace', alert.namespace, 'labels', alert.labels, 'annotations', alert.annotations,
        'ends_at', CASE WHEN new.change = 'RESOLVED' THEN {_TIME.format("alert.ends_at")} END,
        'ending', CASE WHEN new.change = 'RESOLVED' THEN alert.ending ELSE '' END,
        'generator_url', alert.generator_url, 'receivers', alert.receivers,
        'silenced', cardinality(alert.silenced_by) > 0, 'silenced_by', alert.silenced_by,
        'inhibited', cardinality(alert.inhibited_by) > 0, 'inhibited_by', alert.inhibited_by,
        'source', alert.source, 'acknowledged_by', {{taker}},
        'acknowledgement', alert.acknowledgement, 'assigned_to', {{assignee}}, {_TIMES},
        'duration_seconds', CASE WHEN new.change = 'RESOLVED' THEN
            greatest(0, extract(epoch FROM alert.ends_at - alert.starts_at))::float8 END
    )::text"""
# Where nobody is to be told there is nothing to keep; a route that is made now counts now.
_NOTED = """
        INSERT INTO observability_alertchange (at, alert_id, change)
        SELECT {at}, new.alert_id, new.change FROM new
        WHERE EXISTS (
            SELECT FROM observability_route AS route
            JOIN observability_receiver AS receiver ON receiver.id = route.receiver_id
            WHERE route.enabled AND receiver.enabled
        )
"""
# Keeps the changes for notifications, and answers with what is to be told of each.
CHANGED = f"""
    WITH new AS MATERIALIZED (
        SELECT * FROM unnest(%(ids)s::uuid[], %(changes)s::text[])
            WITH ORDINALITY AS new(alert_id, change, n)
    ), noted AS ({_NOTED.format(at="%(at)s")} ORDER BY new.n)
    SELECT new.change, alert.cluster_id, cluster.name, alert.namespace,
        {_EVENT.format(taker="taker.username", assignee="assignee.username")}
    FROM new
    JOIN observability_alert AS alert ON alert.id = new.alert_id
    JOIN clusters_cluster AS cluster ON cluster.id = alert.cluster_id
    LEFT JOIN accounts_user AS taker ON taker.id = alert.acknowledged_by_id
    LEFT JOIN accounts_user AS assignee ON assignee.id = alert.assigned_to_id
    ORDER BY new.n
"""  # noqa: S608 - all of it is written here
# All of it at once for alerts that nobody has told of, by whoever shows the token of their cluster.
# Of those that are there already, or whose token is not right, nothing comes back. Nothing is
# joined to what was inserted: of how much that is PostgreSQL has no idea, and would compare all
# with all.
BEGIN_WITH = f"""
    WITH told AS MATERIALIZED (
        SELECT told.*
        FROM json_to_recordset(%(told)s::json) AS told({_COLUMNS}, digest text)
        JOIN clusters_cluster AS cluster
            ON cluster.id = told.cluster_id AND cluster.webhook_token_digest = told.digest
    ), alert AS ({_NEW.format("told", "*")}), new AS (
        SELECT id AS alert_id, CASE state WHEN 'FIRING' THEN 'FIRED' ELSE 'RESOLVED' END AS change
        FROM alert
    ), noted AS ({_NOTED.format(at="(SELECT max(received_at) FROM told)")})
    SELECT alert.id, new.change, alert.cluster_id, cluster.name, alert.namespace,
        {_EVENT.format(taker="NULL", assignee="NULL")}
    FROM alert
    CROSS JOIN LATERAL (
        SELECT CASE alert.state WHEN 'FIRING' THEN 'FIRED' ELSE 'RESOLVED' END AS change
    ) AS new
    JOIN clusters_cluster AS cluster ON cluster.id = alert.cluster_id
"""  # noqa: S608 - all of it is written here
