"""Collect the sentences that people read, keep their translations, and compile them: `./course translate`."""

import argparse
import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
# Each domain, which is a package's name, with the folder of its code and that of its catalogues.
DOMAINS = {
    "pooling_lab": (ROOT / "pooling_lab", ROOT / "pooling_lab" / "locale"),
    "pooling_ref": (ROOT / "pooling_ref", ROOT / "pooling_ref" / "locale"),
    "nbgrader_sealed": (
        ROOT / "engine" / "src" / "nbgrader_sealed",
        ROOT / "engine" / "src" / "nbgrader_sealed" / "messages" / "locale",
    ),
}
TRANSLATED_TO = ("es",)  # the sentences in the code are English
KEYWORDS = {"_": None, "later": None, "say": (2,)}  # which argument is the sentence
SINCE = datetime(2026, 1, 1, tzinfo=UTC)  # no real date: the same sentences give the same files


def catalogue_path(domain: str, language: str) -> Path:
    """Return where the translations of a domain lie."""
    return DOMAINS[domain][1] / language / "LC_MESSAGES" / f"{domain}.po"


def collect(domain: str) -> Catalog:
    """Return all sentences that stand in the code of a domain.

    Parameters
    ----------
    domain : str
        The name of its package.
    """
    sentences = Catalog(domain=domain)
    found = extract_from_dir(DOMAINS[domain][0], [("**.py", "python")], keywords=KEYWORDS)
    for _file, _line, sentence, _comments, _context in sorted(found, key=lambda each: each[:2]):
        sentences.add(sentence)
    return sentences


def update(domain: str, language: str) -> Catalog:
    """Return a domain's translations, with the sentences that are new and without those that are gone."""
    path = catalogue_path(domain, language)
    known = read_po(io.BytesIO(path.read_bytes()), language, domain) if path.exists() else Catalog()
    fresh = Catalog(
        language, domain, project=domain, version="1", creation_date=SINCE, revision_date=SINCE,
        last_translator="", language_team="", fuzzy=False, header_comment=f"# {domain}, {language}",
        msgid_bugs_address="", copyright_holder="", charset="utf-8",
    )  # fmt: skip
    for message in collect(domain):
        if message.id:
            old = known.get(message.id)
            fresh.add(message.id, old.string if old else "", flags=message.flags)
    return fresh


def po_bytes(catalogue: Catalog) -> bytes:
    """Return the text of a catalogue, without places in the code: they would change with every edit."""
    file = io.BytesIO()
    write_po(file, catalogue, width=100, no_location=True, omit_header=False)
    return file.getvalue()


def mo_bytes(catalogue: Catalog) -> bytes:
    """Return the compiled catalogue, which gettext reads."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def untranslated(catalogue: Catalog) -> list[str]:
    """Return the sentences that have no translation yet."""
    return [str(message.id) for message in catalogue if message.id and not message.string]


def main() -> int:
    """Write the catalogues of every domain, compile them, and say what is not translated yet."""
    argparse.ArgumentParser(prog="./course translate", description=__doc__).parse_args()
    missing = 0
    for domain in DOMAINS:
        for language in TRANSLATED_TO:
            catalogue, path = update(domain, language), catalogue_path(domain, language)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(po_bytes(catalogue))
            path.with_suffix(".mo").write_bytes(mo_bytes(catalogue))
            lacking = untranslated(catalogue)
            missing += len(lacking)
            print(f"{path.relative_to(ROOT)}: {len(catalogue)} sentences, {len(lacking)} not translated")
            for sentence in lacking:
                print(f"  {sentence}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
