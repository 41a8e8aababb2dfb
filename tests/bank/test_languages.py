"""The catalogs: complete, with the source's slots, and in step with the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import smoney_bot
from smoney_bot.bank.customers import Language

FRENCH, ENGLISH = Language.FRENCH, Language.ENGLISH
PACKAGE = Path(smoney_bot.__file__).parent


def catalog(language: Language) -> Catalog:
    path = PACKAGE / "locales" / language / "LC_MESSAGES" / "smoney_bot.po"
    with path.open("rb") as source:
        return read_po(source, locale=language.value)


def template() -> Catalog:
    with (PACKAGE / "locales" / "smoney_bot.pot").open("rb") as source:
        return read_po(source)


def sentences(of: Catalog) -> dict[object, Message]:
    return {message.id: message for message in of if message.id}


def wrong(message: Message) -> list[str]:
    """Return what is wrong with a translation: empty, in doubt, or its slots not the source's."""
    ours, theirs = _forms(message.id), _forms(message.string)
    found = [str(error) for error in message.check()]
    if message.fuzzy or not all(theirs) or len(ours) != len(theirs):
        found.append(f"not translated: {message.id}")
    if any(_slots(one) != _slots(other) for one, other in zip(ours, theirs, strict=False)):
        found.append(f"other slots: {message.string}")
    return found


def _forms(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


def _slots(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)\w+", text))


def test_every_sentence_is_translated_into_french_with_the_same_slots() -> None:
    assert not list(chain.from_iterable(wrong(one) for one in sentences(catalog(FRENCH)).values()))


def test_a_translation_without_its_slot_is_noticed() -> None:
    lame = Message("Paid %(amount)s.", "Pay\xe9.", flags=["python-format"])
    assert wrong(lame)
    assert wrong(Message("Paid.", ""))
    assert not wrong(Message("Paid %(amount)s.", "Pay\xe9 %(amount)s.", flags=["python-format"]))


def test_the_english_catalog_leaves_the_source_alone() -> None:
    assert not [one for one in sentences(catalog(ENGLISH)).values() if any(_forms(one.string))]


def test_template_and_catalogs_hold_the_sentences_of_the_source_and_no_others() -> None:
    extracted = {found[2] for found in extract_from_dir(PACKAGE / "bank")}
    assert extracted == set(sentences(template()))
    assert extracted == set(sentences(catalog(FRENCH))) == set(sentences(catalog(ENGLISH)))


def test_extraction_overlooks_no_sentence() -> None:
    spoken = set(chain.from_iterable(_spoken(path) for path in (PACKAGE / "bank").rglob("*.py")))
    assert spoken == set(sentences(template()))


def _spoken(path: Path) -> Iterator[str | tuple[str, ...]]:
    """Yield the sentences that the module says, as Python itself reads them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            said = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            if node.func.attr == "gettext" and said:
                yield str(said[0])
            if node.func.attr == "ngettext" and said:
                yield tuple(map(str, said[:2]))
