import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wickstream.jvm.ivy import Wanted, cause_of, module_xml, settings_xml, split

wanted_jars = st.lists(
    st.builds(
        Wanted, st.sampled_from(["kafka", "spark", "postgres-linux-amd64"]), st.just("g"), st.text("ab"), st.just("1")
    )
)


def parsed(xml: str) -> ET.Element:
    return ET.fromstring(xml)  # noqa: S314  our own


@given(wanted_jars, st.integers(1, 6))
def test_each_jar_is_fetched_once_and_no_run_mixes_servers(wanted: list[Wanted], parts: int) -> None:
    batches = split(wanted, parts)
    assert sorted(map(repr, wanted)) == sorted(repr(jar) for batch in batches for jar in batch)
    assert all(len({jar.server for jar in batch}) == 1 for batch in batches)
    assert len(batches) <= parts + 2


def test_without_a_mirror_the_settings_name_no_registry() -> None:
    assert "://" not in settings_xml(None)


def test_a_mirror_becomes_the_root_of_the_resolver() -> None:
    resolver = parsed(settings_xml("https://mirror.example/a?b=1&c=2")).find("resolvers/ibiblio")
    assert resolver is not None
    assert resolver.get("root") == "https://mirror.example/a?b=1&c=2"


def test_nothing_but_the_listed_jars_is_asked_for() -> None:
    module = parsed(module_xml([Wanted("kafka", "org.example", "thing_2.13", "1.2")]))
    (dependency,) = module.findall("dependencies/dependency")
    assert dependency.attrib == {
        "org": "org.example",
        "name": "thing_2.13",
        "rev": "1.2",
        "transitive": "false",
        "conf": "default->*",
    }


def test_a_jar_with_a_classifier_is_asked_for_by_it() -> None:
    module = parsed(module_xml([Wanted("s3", "org.example", "thing:jar-with-dependencies", "1.2")]))
    (artifact,) = module.findall("dependencies/dependency/artifact")
    assert artifact.attrib["{http://ant.apache.org/ivy/maven}classifier"] == "jar-with-dependencies"
    assert artifact.attrib["name"] == "thing"


@pytest.mark.parametrize(
    ("printed", "word"),
    [
        (
            "Server access error at url … (javax.net.ssl.SSLHandshakeException: PKIX path building failed: …",
            "SSL_CERT_FILE",
        ),
        ("Host mirror.example not found. url=https://mirror.example/a.jar\n:: a;1: not found", "name"),
        ("java.io.IOException: No space left on device", "disk"),
        (":: org.example#thing;1: not found", "does not answer"),
    ],
)
def test_the_cause_is_said_in_a_clause(printed: str, word: str) -> None:
    assert word in cause_of(printed)
