"""/prometheus/api/v1: what there is. Series, labels, values, metadata, rules, alerts, the build."""

from collections.abc import Callable
from typing import ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from apps.accounts.models import User
from apps.observability.api.prometheus import answers
from apps.observability.api.prometheus.door import PrometheusView
from apps.observability.api.prometheus.parameters import BadParameter, Parameters
from apps.observability.promql.naming import is_plain
from apps.observability.queries import browsing
from apps.observability.queries.browsing import Found, Scope

# What clients are to take us for: they ask what this version can do.
VERSION = "2.55.0"


class BrowsingView(PrometheusView):
    """One question, with the parameters `takes` of which some may be repeated."""

    find: ClassVar[Callable[[User, Scope], Found]]
    takes: ClassVar[tuple[str, ...]] = ()
    takes_times: ClassVar[bool] = False

    def get(self, request: Request) -> HttpResponse:
        found = type(self).find(self.user, self.scope(self.parameters()))
        return answers.plain(found.data, found.coverage)

    def scope(self, sent: Parameters) -> Scope:
        params: dict[str, str | list[str]] = {
            name: values for name in self.takes if (values := sent.all(name))
        }
        if self.takes_times:
            for name in ("start", "end"):
                if sent.text(name):
                    params[name] = f"{sent.needed_moment(name):.3f}"
        return Scope(sent.all("match[]"), params, sent.wait(), sent.limit())


class PostedToo(BrowsingView):
    def post(self, request: Request) -> HttpResponse:
        return self.get(request)


class SeriesView(PostedToo):
    find = browsing.series
    takes_times = True

    def scope(self, sent: Parameters) -> Scope:
        if not sent.all("match[]"):
            raise BadParameter("match[]", "no match[] parameter provided")
        return super().scope(sent)


class LabelsView(PostedToo):
    find = browsing.labels
    takes_times = True


class LabelValuesView(BrowsingView):
    takes_times = True

    def get(self, request: Request, name: str = "") -> HttpResponse:
        # In an address names of other signs are written as U__.
        if not is_plain(name):
            raise BadParameter("name", f'"{name[:100]}" is no name of a label')
        found = browsing.label_values(self.user, name, self.scope(self.parameters()))
        return answers.plain(found.data, found.coverage)


class MetadataView(BrowsingView):
    find = browsing.metadata
    takes = ("metric", "limit_per_metric")


class RulesView(BrowsingView):
    find = browsing.rules
    takes = ("type", "rule_name[]", "rule_group[]", "file[]", "exclude_alerts")


class AlertsView(BrowsingView):
    find = browsing.alerts


class BuildView(PrometheusView):
    def get(self, request: Request) -> HttpResponse:
        return answers.plain(
            {
                "application": "AIOps NextGen",
                "version": VERSION,
                "revision": "",
                "branch": "",
                "buildUser": "",
                "buildDate": "",
                "goVersion": "",
            }
        )
