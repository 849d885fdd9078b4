"""How the GPUs of each cluster are asked for, in the admin, to look at only."""

from typing import cast

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from apps.accounts.models import User
from apps.clusters.models import Cluster
from apps.observability.admin import gpu_words, tables
from apps.observability.admin.gpu_filters import AgeFilter, FeedFilter
from apps.observability.admin.looking import OnlyLooking
from apps.observability.models import GpuFeed

# In the list; its page has all of it.
LONGEST_PROBLEM = 150


@admin.register(GpuFeed)
class GpuFeedAdmin(OnlyLooking[GpuFeed]):
    list_display = ("cluster", "how", "last_read", "asked", "every", "short_problem")
    list_filter = (FeedFilter, "source", AgeFilter)
    search_fields = ("cluster__name",)
    search_help_text = "By the cluster's name."
    # Those with a problem first.
    ordering = (F("problem").desc(), "cluster__name")
    fields = ("of", "how", "whole_read", "asked_at", "every", "problem", "nodes")
    readonly_fields = ("of", "how", "whole_read", "every", "nodes")

    def named(self, row: GpuFeed) -> str:
        return row.cluster.name

    def get_queryset(self, request: HttpRequest) -> QuerySet[GpuFeed]:
        visible = Cluster.objects.visible_to(cast(User, request.user))
        feeds = super().get_queryset(request).filter(cluster__in=visible)
        times = {"last_updated": F("read_at"), "interval": F("interval_seconds")}
        return feeds.select_related("cluster").annotate(**times)

    @admin.display(description="cluster")
    def of(self, feed: GpuFeed) -> SafeString:
        return tables.link(feed.cluster, feed.cluster.name)

    @admin.display(description="source", ordering="source")
    def how(self, feed: GpuFeed) -> str:
        return feed.get_source_display() if feed.source else "nothing was ever read"

    @admin.display(description="read (UTC)", ordering="read_at")
    def last_read(self, feed: GpuFeed) -> SafeString | str:
        if not feed.source:
            return tables.NOTHING
        return gpu_words.age(feed.read_at, feed.interval_seconds)

    @admin.display(description="read")
    def whole_read(self, feed: GpuFeed) -> SafeString:
        return gpu_words.age(feed.read_at, feed.interval_seconds, short=False)

    @admin.display(description="asked (UTC)", ordering="asked_at")
    def asked(self, feed: GpuFeed) -> str:
        return tables.brief(feed.asked_at)

    @admin.display(description="every", ordering="interval_seconds")
    def every(self, feed: GpuFeed) -> str:
        return f"{feed.interval_seconds} s"

    @admin.display(description="problem", ordering="problem")
    def short_problem(self, feed: GpuFeed) -> str:
        return Truncator(feed.problem).chars(LONGEST_PROBLEM) or tables.NOTHING

    @admin.display(description="its nodes")
    def nodes(self, feed: GpuFeed) -> SafeString:
        page = reverse("admin:observability_gpunode_changelist")
        return format_html('<a href="{}?cluster={}">those with GPUs</a>', page, feed.pk)
