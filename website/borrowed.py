"""Pages of the site that lie elsewhere in the repository, where a code host expects them."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
PAGES = {
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "reference-records.md": "results/reference/README.md",
    **{
        f"plugins/{path.parent.name}.md": str(path.relative_to(ROOT))
        for path in sorted(ROOT.glob("plugins/*/README.md"))
    },
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages to those of docs/."""
    for page, place in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / place)))
    return files
