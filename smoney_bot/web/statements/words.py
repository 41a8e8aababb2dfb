"""The page's own sentences, in French and in English; a missing one fails the type check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smoney_bot.bank.customers import Language
from smoney_bot.book.statements import Line, LineKind
from smoney_bot.web.enrolment.choices import Mistake

#: French puts a no-break space before : ; ! ? and between a number and its unit.
NBSP = "\N{NO-BREAK SPACE}"

#: What a line is called: when money arrives, and when it leaves. {other} and {tag} are filled.
Labels = Mapping[LineKind, tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """All sentences of the page in one language; {slots} are filled by `str.format`."""

    languages: str
    error: str
    title: str
    lead: str
    ask: str
    ask_hint: str
    ask_order: str
    then: str
    word: str
    word_hint: str
    code: str
    code_hint: str
    show: str
    not_admitted: str
    mistake: Mapping[Mistake, str]

    statement: str
    holder: str
    period: str
    months: str
    opening: str
    closing: str
    so_far: str
    came_in: str
    went_out: str
    nothing: str
    more: str
    columns: tuple[str, str, str, str, str, str]
    sheet: str
    print: str
    print_hint: str
    leave: str
    ends: str
    utc: str
    lines: Labels


def described(words: Words, line: Line) -> str:
    """Return what a line is called, with who is on the other side."""
    forms = words.lines[line.kind]
    name = f"@{line.other}" if line.other else ""
    said = forms[0] if line.incoming else forms[1]
    tag = f" #{line.tag}" if line.tag else ""
    return f"{said.format(other=name).strip()}{tag}"


_FRENCH = Words(
    languages="Langue",
    error="Erreur",
    title="Votre relevé",
    lead="Ce qui est entré et sorti, mois par mois. Personne d’autre que vous ne le voit.",
    ask="D’abord, demandez un mot",
    ask_hint=(
        "Écrivez ceci à @{bot} sur X, par message privé. La réponse contient un mot de 8 lettres,"
        " qui sert pendant 15 minutes."
    ),
    ask_order="#releve",
    then="Puis entrez les deux",
    word="Le mot de la réponse",
    word_hint="8 lettres, comme WDJB-MJHT.",
    code="Un de vos codes",
    code_hint=(
        "Votre PIN de 4 chiffres suffit. Un code de la carte (8) ou de l’application (6)"
        " marche aussi, et sera utilisé."
    ),
    show="Voir mon relevé",
    not_admitted=(
        "Refusé. Le mot sert une fois, pendant 15 minutes, et le code doit être juste et jamais"
        " utilisé. Après cinq codes faux, plus aucun n’est accepté pendant un moment."
    ),
    mistake={
        Mistake.ANY_CODE_SHAPE: (
            "Un code a 8 chiffres sur la carte, 6 dans l’application, 4 si c’est un PIN."
        ),
        Mistake.WORD_SHAPE: "Le mot a 8 lettres, sans voyelle ni chiffre, comme WDJB-MJHT.",
    },
    statement="Relevé de compte",
    holder="Compte de @{handle}",
    period="du {first} au {last}",
    months="Autres mois",
    opening="Solde au début",
    closing="Solde à la fin",
    so_far="Solde maintenant",
    came_in="Entrées",
    went_out="Sorties",
    nothing="Rien n’a bougé ce mois-ci.",
    more="Seules les {count} dernières lignes sont ici. Le fichier CSV les a toutes.",
    columns=("Date", "Opération", "Mot", "Référence", "Montant", "Solde"),
    sheet="Télécharger (CSV)",
    print=f"Pour imprimer{NBSP}:",
    print_hint="choisissez Imprimer dans le menu de votre navigateur.",
    leave="Fermer",
    ends="Cette page se ferme d’elle-même au bout de 15 minutes.",
    utc="Dates en temps universel (UTC). Montants en euros.",
    lines={
        LineKind.PAYMENT: ("De {other}", "À {other}"),
        LineKind.DEPOSIT: ("Dépôt", "Dépôt"),
        LineKind.WITHDRAWAL: ("Retrait", "Retrait"),
        LineKind.SET_ASIDE: ("Mis de côté pour {other}", "Mis de côté pour {other}"),
        LineKind.ARRIVED: ("De {other}, mis de côté avant", "À {other}, mis de côté avant"),
        LineKind.CAME_BACK: (f"Revenu{NBSP}: {{other}} n’a pas de compte", "Rendu à {other}"),
        LineKind.REFUND: ("Remboursé par {other}", "Remboursé à {other}"),
        LineKind.PAY_OUT: ("Collecte versée", "Collecte versée"),
        LineKind.GIFT_BACK: ("Don rendu par {other}", "Don rendu à {other}"),
        LineKind.OTHER: ("Entrée {other}", "Sortie {other}"),
    },
)

_ENGLISH = Words(
    languages="Language",
    error="Error",
    title="Your statement",
    lead="What came in and went out, month by month. Nobody but you sees it.",
    ask="First ask for a word",
    ask_hint=(
        "Write this to @{bot} on X, by direct message. The answer holds a word of 8 letters,"
        " which is good for 15 minutes."
    ),
    ask_order="#statement",
    then="Then enter both",
    word="The word of the answer",
    word_hint="8 letters, like WDJB-MJHT.",
    code="One of your codes",
    code_hint=(
        "Your PIN of 4 digits is enough. A code from the card (8) or the app (6)"
        " works too, and will be used up."
    ),
    show="See my statement",
    not_admitted=(
        "Not accepted. The word is good once, for 15 minutes, and the code has to be right and"
        " never used. After five wrong codes none is accepted for a while."
    ),
    mistake={
        Mistake.ANY_CODE_SHAPE: "A code has 8 digits on the card, 6 in the app, 4 if it is a PIN.",
        Mistake.WORD_SHAPE: "The word has 8 letters, no vowels and no digits, like WDJB-MJHT.",
    },
    statement="Account statement",
    holder="Account of @{handle}",
    period="{first} to {last}",
    months="Other months",
    opening="Opening balance",
    closing="Closing balance",
    so_far="Balance now",
    came_in="Came in",
    went_out="Went out",
    nothing="Nothing moved this month.",
    more="Only the last {count} lines are here. The CSV file has all of them.",
    columns=("Date", "What", "Note", "Reference", "Amount", "Balance"),
    sheet="Download (CSV)",
    print="To print:",
    print_hint="choose Print in your browser’s menu.",
    leave="Close",
    ends="This page closes by itself after 15 minutes.",
    utc="Dates in universal time (UTC). Amounts in euros.",
    lines={
        LineKind.PAYMENT: ("From {other}", "To {other}"),
        LineKind.DEPOSIT: ("Deposit", "Deposit"),
        LineKind.WITHDRAWAL: ("Withdrawal", "Withdrawal"),
        LineKind.SET_ASIDE: ("Set aside for {other}", "Set aside for {other}"),
        LineKind.ARRIVED: ("From {other}, set aside before", "To {other}, set aside before"),
        LineKind.CAME_BACK: ("Came back: {other} has no account", "Given back to {other}"),
        LineKind.REFUND: ("Refunded by {other}", "Refunded to {other}"),
        LineKind.PAY_OUT: ("Collection paid out", "Collection paid out"),
        LineKind.GIFT_BACK: ("Gift returned by {other}", "Gift returned to {other}"),
        LineKind.OTHER: ("In {other}", "Out {other}"),
    },
)

WORDS: Mapping[Language, Words] = {Language.FRENCH: _FRENCH, Language.ENGLISH: _ENGLISH}
