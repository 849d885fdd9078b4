"""What to write into the configuration of an Alertmanager so that it tells us of its alerts."""

import json
from dataclasses import dataclass
from enum import StrEnum

from apps.clusters.models.cluster import Platform

RECEIVER = "aiops-nextgen"
# As OpenShift and kube-prometheus call the receiver of the root.
DEFAULT = "Default"


class Kind(StrEnum):
    ALERTMANAGER = "ALERTMANAGER"
    OPENSHIFT = "OPENSHIFT"
    KUBE_PROMETHEUS = "KUBE_PROMETHEUS"


RECOMMENDED: dict[str, Kind] = {
    Platform.OPENSHIFT: Kind.OPENSHIFT,
    Platform.KUBERNETES: Kind.KUBE_PROMETHEUS,
    Platform.MICROSHIFT: Kind.ALERTMANAGER,
}


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to do it: `text` is YAML, and `commands` say where it goes."""

    kind: Kind
    title: str
    text: str
    commands: str


def variants(url: str) -> list[Variant]:
    """Return all ways; `url` is that of this cluster's webhook."""
    return [_plain(url), _openshift(url), _kube_prometheus(url)]


# What always fires is told often: by it one knows that the way is open. The root's own receiver is
# told only what no route below it matches, and ours matches everything.
_CONFIG = """\
route:
  routes:
    # This one first. The others are gone through as before.
    - receiver: {receiver}
      continue: true
      group_by: [alertname, namespace]
      group_wait: 10s
      group_interval: 1m
      repeat_interval: 4h
      routes:
        - matchers: ['alertname="Watchdog"']
          receiver: {receiver}
          repeat_interval: 5m
    # And this one last, after those that are there: what none of them matches goes where it went.
    # For {default}, put what stands in route.receiver.
    - receiver: {default}
receivers:
  - name: {receiver}
    webhook_configs:
      - url: {url}
        send_resolved: true
        max_alerts: 0
        http_config:
          authorization:
            type: Bearer
            credentials_file: {token_file}
"""

_RESOURCE = """\
apiVersion: monitoring.coreos.com/v1alpha1
kind: AlertmanagerConfig
metadata:
  name: {receiver}
  namespace: monitoring
  # As the Alertmanager's alertmanagerConfigSelector wants it.
  labels: {{alertmanagerConfig: {receiver}}}
spec:
  route:
    receiver: {receiver}
    groupBy: [alertname, namespace]
    groupWait: 10s
    groupInterval: 1m
    repeatInterval: 4h
    routes:
      - receiver: {receiver}
        matchers: [{{name: alertname, value: Watchdog, matchType: "="}}]
        repeatInterval: 5m
  receivers:
    - name: {receiver}
      webhookConfigs:
        - url: {url}
          sendResolved: true
          maxAlerts: 0
          httpConfig:
            authorization:
              type: Bearer
              credentials: {{name: {receiver}, key: token}}
"""

_PLAIN_COMMANDS = """\
# Merge the text into alertmanager.yml: its routes go first and last among route.routes.
# TOKEN is what POST .../webhook-token answered.
install -m 600 -o prometheus /dev/stdin {token_file} <<< "$TOKEN"
amtool check-config /etc/alertmanager/alertmanager.yml
# Alertmanager reads its configuration anew without a restart.
curl -X POST http://127.0.0.1:9093/-/reload
"""

_OPENSHIFT_COMMANDS = """\
# TOKEN is what POST .../webhook-token answered. Alertmanager reads it as a file.
oc -n openshift-monitoring create secret generic {receiver} --from-literal=token="$TOKEN"
# In its config.yaml, beside what is there: alertmanagerMain: {{secrets: [{receiver}]}}
oc -n openshift-monitoring edit configmap cluster-monitoring-config
# Merge the text into alertmanager.yaml: its routes go first and last among route.routes.
oc -n openshift-monitoring extract secret/alertmanager-main --keys=alertmanager.yaml
oc -n openshift-monitoring set data secret/alertmanager-main --from-file=alertmanager.yaml
"""

_KUBE_PROMETHEUS_COMMANDS = """\
# TOKEN is what POST .../webhook-token answered.
kubectl -n monitoring create secret generic {receiver} --from-literal=token="$TOKEN"
kubectl apply -f {receiver}.yaml
# The operator puts this route before all others. In the Alertmanager's own configuration, have the
# last route name the receiver of the root: what no other route matches went there, and still must.
# So that it is told of alerts of all namespaces. Leave the selector out if it has one already,
# and give the resource above the labels that this one wants.
kubectl -n monitoring patch alertmanager main --type merge -p '{{"spec": {{
  "alertmanagerConfigMatcherStrategy": {{"type": "None"}},
  "alertmanagerConfigSelector": {{"matchLabels": {{"alertmanagerConfig": "{receiver}"}}}}}}}}'
"""


def _plain(url: str) -> Variant:
    told = _told(url, "/etc/alertmanager/aiops-nextgen.token")
    return Variant(
        Kind.ALERTMANAGER,
        "An Alertmanager with a configuration file",
        _CONFIG.format(**told),
        _PLAIN_COMMANDS.format(**told),
    )


def _openshift(url: str) -> Variant:
    told = _told(url, f"/etc/alertmanager/secrets/{RECEIVER}/token")
    return Variant(
        Kind.OPENSHIFT,
        "OpenShift's platform monitoring",
        _CONFIG.format(**told),
        _OPENSHIFT_COMMANDS.format(**told),
    )


def _kube_prometheus(url: str) -> Variant:
    told = _told(url, "")
    return Variant(
        Kind.KUBE_PROMETHEUS,
        "The Prometheus operator, as kube-prometheus installs it",
        _RESOURCE.format(**told),
        _KUBE_PROMETHEUS_COMMANDS.format(**told),
    )


def _told(url: str, token_file: str) -> dict[str, str]:
    told = {"receiver": RECEIVER, "default": DEFAULT, "token_file": token_file}
    # JSON's strings are YAML's too, whatever is in them.
    return told | {"url": json.dumps(url)}
