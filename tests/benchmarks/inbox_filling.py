"""Fills the tables of alerts as a fleet would in some months, by PostgreSQL itself."""

from typing import Any

from django.db import connection, transaction

from apps.clusters.models import Cluster

# Names, namespaces and pods by a law of few that are often there and many that are not.
_SAID = """
CREATE TEMP TABLE said AS
SELECT n,
    (1 + floor(power(random(), 2) * %(clusters)s))::int AS cluster,
    (floor(power(random(), 3) * 120))::int AS name,
    CASE WHEN random() < 0.7 THEN (floor(power(random(), 2) * 60))::int END AS space,
    (floor(random() * 400))::int AS pod,
    random() AS level,
    random() AS taken,
    random() AS kept_back,
    -- In the order in which they were over, as a table grows.
    now() - make_interval(secs => %(days)s * 86400.0 * (1 - n::float8 / %(rows)s)) AS ends_at,
    make_interval(secs => 30 + 3600 * power(-ln(1 - random()), 2)) AS lasted
FROM generate_series(1, %(rows)s) n
"""
_ALERTS = """
INSERT INTO observability_alert (
    id, cluster_id, fingerprint, starts_at, ends_at, state, severity, alertname, namespace, labels,
    annotations, generator_url, receivers, silenced_by, inhibited_by, source, ending,
    acknowledged_by_id, acknowledged_at, acknowledgement, taken_at, first_received_at,
    last_received_at, changed_at, words)
SELECT gen_random_uuid(), cluster_id,
    substr(md5(concat(cluster_id, alertname, namespace, pod)), 1, 16),
    ends_at - lasted, CASE WHEN %(over)s THEN ends_at END,
    CASE WHEN %(over)s THEN 'RESOLVED' WHEN level > 0.97 THEN 'PENDING' ELSE 'FIRING' END,
    CASE WHEN level < 0.15 THEN 'CRITICAL' WHEN level < 0.8 THEN 'WARNING' ELSE 'INFO' END,
    alertname, namespace, labels, annotations, 'https://prometheus.example.net/graph?g0.expr=up',
    '{aiops}', CASE WHEN kept_back < 0.03 THEN '{a-silence}'::text[] ELSE '{}' END,
    CASE WHEN kept_back > 0.98 THEN '{another}'::text[] ELSE '{}' END, 'WEBHOOK',
    CASE WHEN %(over)s THEN 'TOLD' ELSE '' END,
    CASE WHEN NOT %(over)s AND taken < 0.2 THEN %(user)s::uuid END,
    CASE WHEN NOT %(over)s AND taken < 0.2 THEN ends_at END, '',
    CASE WHEN taken < 0.2 THEN ends_at - lasted / 2 END,
    ends_at - lasted, ends_at, ends_at,
    CASE WHEN %(over)s THEN alert_words(alertname, labels, annotations) END
FROM (
    SELECT said.*, clusters.id AS cluster_id, 'Kube' || initcap(md5(name::text)) AS alertname,
        coalesce('namespace-' || space, '') AS namespace,
        jsonb_strip_nulls(jsonb_build_object(
            'alertname', 'Kube' || initcap(md5(name::text)),
            'severity', CASE WHEN level < 0.15 THEN 'critical' WHEN level < 0.8 THEN 'warning'
                ELSE 'none' END,
            'namespace', 'namespace-' || space,
            'pod', CASE WHEN space IS NOT NULL THEN 'web-' || said.pod END,
            'instance', concat('node-', said.cluster, '-', said.pod %% 50, '.example.net:9100'),
            'job', 'job-' || name %% 12, 'team', 'team-' || name %% 9,
            'service', 'service-' || name %% 40, 'prometheus', 'monitoring/k8s')) AS labels,
        jsonb_build_object(
            'summary', concat('Pod web-', said.pod, ' is not well.'),
            'description', concat('What runs in namespace-', space, ' has been so for ',
                'longer than 15 minutes. See to it before it becomes worse.'),
            'runbook_url', 'https://runbooks.example.net/' || name) AS annotations
    FROM said JOIN clusters ON clusters.number = said.cluster
) told
ON CONFLICT DO NOTHING
"""


def fill(active: int, over: int, clusters: int, days: int, seed: float) -> dict[str, int]:
    """Have so many alerts, and say how many there are."""
    made = Cluster.objects.bulk_create(
        Cluster(
            name=f"cluster-{number:03}",
            api_server_url="https://127.0.0.1:1",
            labels={"team": f"team-{number % 10}"},
        )
        for number in range(1, clusters + 1)
    )
    from tests.factories import make_user

    user = make_user("filler").pk
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT setseed(%s)", [seed])
        cursor.execute("CREATE TEMP TABLE clusters (number int, id uuid) ON COMMIT DROP")
        cursor.executemany(
            "INSERT INTO clusters VALUES (%s, %s)",
            [(number, one.pk) for number, one in enumerate(made, 1)],
        )
        kept = _without_indexes(cursor)
        for is_over, rows in ((True, over), (False, active)):
            told: dict[str, Any] = {"clusters": clusters, "rows": rows, "user": user}
            cursor.execute(_SAID, told | {"days": days if is_over else 1})
            cursor.execute(_ALERTS, told | {"over": is_over})
            cursor.execute("DROP TABLE said")
    with connection.cursor() as cursor:
        for definition in kept:
            cursor.execute(definition)
        cursor.execute("VACUUM (ANALYZE) observability_alert")
        cursor.execute(
            "SELECT count(*) FILTER (WHERE ends_at IS NULL), count(ends_at),"
            " pg_total_relation_size('observability_alert') FROM observability_alert"
        )
        found = cursor.fetchone()
    return dict(zip(("active", "over", "bytes"), found, strict=True)) | {"clusters": clusters}


def _without_indexes(cursor: Any) -> list[str]:
    """Take the indexes away for the time, and return how they are made."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'observability_alert'"
        " AND indexdef NOT LIKE 'CREATE UNIQUE%'"
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [definition for _, definition in found]
