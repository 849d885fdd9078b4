"""Cards by their shapes: what is cut out of a text reads as what the parser says of all of it."""

from dataclasses import fields, replace
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from apps.observability.gpus.reading import NodeReading
from apps.observability.gpus.varying import vary
from apps.observability.sources.nvidia_smi import cutting, document
from apps.simulator import nvidia_smi, sites
from apps.simulator.faults import Incidents, Interval
from apps.simulator.kube.metadata import Moment
from apps.simulator.nvidia_smi import Scene
from tests.observability.gpus import documents, older_documents
from tests.observability.gpus.cards import card
from tests.observability.gpus.test_damage import FLIPS, damaged

EPOCH = 1_790_000_000.0
CARDS = {
    name: text
    for module in (documents, older_documents)
    for name, text in vars(module).items()
    if isinstance(text, str) and "<gpu id" in text and "{" not in text
} | {"WHOLE": documents.whole(1)}
TEXTS = {name: documents.document(text) for name, text in CARDS.items()} | {
    "EIGHT": documents.document(*(documents.whole(number) for number in range(8))),
    "MIXED": documents.document(documents.whole(1), documents.A100_SLICED),
    "SHORT": documents.document(documents.whole(1)).replace(
        "<attached_gpus>1<", "<attached_gpus>2<"
    ),
}


def parsed(text: str) -> NodeReading:
    """What comes of it where nothing is cut."""
    begin, end = text.index("<?xml"), text.rindex("</nvidia_smi_log>") + 17
    commented = text[begin:end].replace("<nvidia_smi_log>", "<nvidia_smi_log><!-- all of it -->", 1)
    assert cutting.read(commented) is None
    return document.read(text[:begin] + commented + text[end:])


@pytest.mark.parametrize("name", TEXTS)
def test_a_shape_that_was_read_before_says_what_the_parser_says(name: str) -> None:
    text = TEXTS[name]
    expected = parsed(text)
    for _ in range(2):
        assert document.read(text) == expected
    other = text.replace("11013 MiB", "11014 MiB").replace(" C<", "0 C<").replace("N/A<", "[N/A]<")
    assert document.read(other) == parsed(other)
    assert document.read(text) == expected


@pytest.mark.parametrize("fault", ["", "gpu-xid", "gpu-thermal"])
def test_simulated_nodes_are_cut_and_read_as_they_are_parsed(fault: str) -> None:
    cluster = sites.fleet("tests", EPOCH)["gpu-oregon"]
    now = EPOCH + 20 * 86_400
    found = (Interval(fault, cluster.name, now - 600),) if fault else ()
    for seconds in (0.0, 15.0):
        moment = Moment(cluster, Incidents(found), now + seconds)
        for node in cluster.nodes:
            text = nvidia_smi.answer(["-q", "-x"], Scene(node, moment))[0]
            assert document.read(text) == parsed(text)
            said = document.without_clocks(text[text.index("<?xml") :].strip())
            assert cutting.read(said) is not None


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("<memory_util>", "<!-- <memory_util>"),
        ("<fan_speed>", "<fan_speed><![CDATA[7]]>"),
        ("<fan_speed>", "<?x <fan_speed>?><fan_speed>"),
        ("Hopper<", "Hopper & Sons<"),
        ("Hopper<", "Höpper<"),
        ("Hopper<", "Hop\x01per<"),
        ("Hopper<", "Hop\0per<"),
        ("\n\t</gpu>", "\n\t</gpu><extra>\n\t</extra>"),
        ('<gpu id="', '<gpu type="x" id="'),
        ("</nvidia_smi_log>", "<more>5</more></nvidia_smi_log>"),
        ("<attached_gpus>", "<!-- <attached_gpus>"),
        ("\n\t\t<uuid>", "\n\t\t<uuid>GPU-no</uuid>\n\t\t<uuid>"),
        ("<gpu_util>", "<gpu_util><gpu_util>"),
        ("</processes>", ""),
    ],
)
def test_what_is_not_plain_is_read_as_the_parser_reads_it(was: str, becomes: str) -> None:
    text = TEXTS["EIGHT"]
    document.read(text)
    changed = text.replace(was, becomes, 1)
    assert changed != text
    assert document.read(changed) == parsed(changed)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("<supported_clocks>", "<supported_clocks><supported_clocks>"),
        ("</supported_clocks>", ""),
        ("<supported_graphics_clock>", "<supported_graphics_clock><uuid>GPU-x</uuid>"),
        ("<supported_mem_clock>", "<!-- x --><supported_mem_clock>"),
        ("</supported_clocks>", "</supported_clocks></supported_clocks>"),
    ],
)
def test_what_stands_among_clocks_and_is_none_is_not_left_out(was: str, becomes: str) -> None:
    text = TEXTS["WHOLE"].replace(was, becomes, 1)
    assert text != TEXTS["WHOLE"]
    assert becomes[:12] in document.without_clocks(text)
    assert document.read(text) == parsed(text)
    left_out = document.without_clocks(TEXTS["WHOLE"])
    assert "supported" not in left_out
    assert (
        left_out
        == TEXTS["WHOLE"].partition("<supported")[0]
        + TEXTS["WHOLE"].partition("</supported_clocks>")[2]
    )


@hypothesis.given(FLIPS)
@hypothesis.settings(max_examples=150)
def test_damage_reads_as_the_parser_reads_it(flips: list[tuple[float, int]]) -> None:
    text = damaged(TEXTS["MIXED"].encode(), flips).decode("utf-8", "replace")
    document.read(TEXTS["MIXED"])
    if "<?xml" in text and "</nvidia_smi_log>" in text and "<nvidia_smi_log>" in text:
        found, expected = document.read(text), parsed(text)
        # Where it breaks off is told by the column, which a comment moves.
        assert (found.gpus, found.attached) == (expected.gpus, expected.attached)
        assert len(found.errors) == len(expected.errors)


@hypothesis.given(st.sampled_from([one.name for one in fields(card(0))]))
def test_a_varied_card_is_a_replaced_one(name: str) -> None:
    other: dict[str, Any] = {name: None}
    assert vary(card(0), **other) == replace(card(0), **other)
