"""Hooks of MkDocs: README and CONTRIBUTING are pages too, and what is linked to is there, page or not."""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import get_plugin_logger
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
PAGES = {"index.md": "README.md", "contributing.md": "CONTRIBUTING.md"}  # and where they are in the repository
_PICTURE = re.compile(r"(!\[[^\]]*\]\()([^)\s]+)")
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)")

log = get_plugin_logger("site")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are elsewhere."""
    for page, source in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Links between pages lead to pages; others are text, for the site does not hold the repository."""
    here = page.file.src_uri
    in_docs = "" if here not in PAGES else "docs/"  # where pictures are, as the repository sees them
    with_pictures = _PICTURE.sub(lambda match: match[1] + match[2].removeprefix(in_docs), markdown)
    return _LINK.sub(lambda match: linked(match, here), with_pictures)


def linked(match: re.Match[str], here: str) -> str:
    """The link as it is on the site."""
    text, target, anchor = match[1], match[2], match[3] or ""
    in_repository = PAGES.get(here, f"docs/{here}")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(in_repository), target))
    if not (ROOT / path).exists():
        log.warning("%s links to %s, which is not there", in_repository, target)
    pages = {source: name for name, source in PAGES.items()}
    name = pages.get(path) or (
        path.removeprefix("docs/") if path.startswith("docs/") and path.endswith(".md") else None
    )
    if name is None:
        return text
    return f"[{text}]({posixpath.relpath(name, posixpath.dirname(here) or '.')}{anchor})"
