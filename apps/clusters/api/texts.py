"""Fields that clients send as text or as objects of text."""

from typing import Any

from rest_framework import serializers

from apps.clusters.rules import check_labels


class TextField(serializers.CharField):
    """A text and nothing else: a number sent for one is a mistake to be told."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class LabelsField(serializers.DictField):
    """Labels as Kubernetes has them."""

    def __init__(self, **options: Any) -> None:
        child = TextField(max_length=63, allow_blank=True)
        super().__init__(child=child, validators=[check_labels], **options)
