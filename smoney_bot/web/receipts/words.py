"""A receipt's own sentences, in French and in English; a missing one fails the type check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smoney_bot.bank.customers import Language

NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """All sentences of a receipt in one language; {slots} are filled by `str.format`."""

    title: str
    number: str
    law: str

    association: str
    name: str
    address: str
    purpose: str
    registered: str
    handle: str

    giver: str

    received: str
    in_words: str
    between: str
    on: str
    kind: str
    kind_is: str
    means: str
    means_is: str
    each: str
    date: str
    reference: str
    collection: str
    amount: str

    certifies: str
    signature: str
    zone: str


_FRENCH = Words(
    title="Reçu au titre des dons",
    number="Reçu n°",
    law="Articles 200, 238 bis et 978 du code général des impôts",
    association="Bénéficiaire des versements",
    name="Nom",
    address="Adresse",
    purpose="Objet",
    registered="Numéro RNA ou SIREN",
    handle="Compte sur X",
    giver="Donateur",
    received="Le bénéficiaire reconnaît avoir reçu, à titre de don, la somme de",
    in_words="Somme en toutes lettres",
    between="Versée entre le {first} et le {last}",
    on="Versée le {first}",
    kind="Forme et nature du don",
    kind_is="Don manuel, en numéraire",
    means="Mode de versement",
    means_is="Virement, prélèvement, carte bancaire ou monnaie électronique",
    each="Détail des dons",
    date="Date",
    reference="Référence",
    collection="Collecte",
    amount="Montant",
    certifies=(
        "Le bénéficiaire certifie sur l’honneur que les dons qu’il reçoit ouvrent droit"
        f" à la réduction d’impôt prévue à l’article (à cocher){NBSP}:"
    ),
    signature="Date et signature",
    zone="Dates en temps universel (UTC).",
)

_ENGLISH = Words(
    title="Receipt for gifts",
    number="Receipt no.",
    law="Articles 200, 238 bis and 978 of the French tax code",
    association="Received by",
    name="Name",
    address="Address",
    purpose="Purpose",
    registered="Registered number (RNA or SIREN)",
    handle="Account on X",
    giver="Given by",
    received="The association acknowledges having received, as a gift, the sum of",
    in_words="In words",
    between="Given between {first} and {last}",
    on="Given on {first}",
    kind="Form and nature of the gift",
    kind_is="Gift made without a deed (don manuel), in money",
    means="Means of payment",
    means_is="Transfer, direct debit, card or electronic money",
    each="The gifts one by one",
    date="Date",
    reference="Reference",
    collection="Collection",
    amount="Amount",
    certifies=(
        "The association declares on its honour that gifts to it give a right to the"
        " reduction of tax under article (to be ticked):"
    ),
    signature="Date and signature",
    zone="Dates in universal time (UTC).",
)

WORDS: Mapping[Language, Words] = {Language.FRENCH: _FRENCH, Language.ENGLISH: _ENGLISH}
