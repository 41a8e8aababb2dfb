"""What is said when it goes no further, in every language at once.

Nobody is known then, and a stranger may not learn whether a link ever worked:
one page for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smoney_bot.bank.customers import Language


@dataclass(frozen=True, slots=True)
class Stop:
    """Why it goes no further, and what to do about it."""

    title: str
    advice: str


_LINK = {
    Language.FRENCH: Stop(
        "Ce lien ne marche pas",
        "Un lien sert une fois, pendant 48 heures au plus, et s’arrête après cinq codes faux."
        " Si vous venez de terminer, tout est en place. Sinon, demandez un nouveau lien"
        " à la personne qui vous a envoyé celui-ci.",
    ),
    Language.ENGLISH: Stop(
        "This link does not work",
        "A link works once, for 48 hours at most, and ends after five wrong codes."
        " If you have just finished, everything is in place. If not, ask for a new link"
        " from whoever sent you this one.",
    ),
}

_FOREIGN = {
    Language.FRENCH: Stop(
        "Ce formulaire vient d’ailleurs",
        "Rien n’a été changé. Ouvrez le lien que vous avez reçu, et remplissez la page elle-même.",
    ),
    Language.ENGLISH: Stop(
        "This form comes from elsewhere",
        "Nothing was changed. Open the link you were sent, and fill in the page itself.",
    ),
}

_TOO_MANY = {
    Language.FRENCH: Stop(
        "Un instant, s’il vous plaît",
        "Trop de demandes à la fois. Attendez une minute, puis rechargez la page.",
    ),
    Language.ENGLISH: Stop(
        "One moment, please",
        "Too many requests at once. Wait a minute, then reload the page.",
    ),
}

_AWAY = {
    Language.FRENCH: Stop(
        "Revenez dans un instant",
        "La banque ne répond pas pour le moment. Rechargez la page dans une minute.",
    ),
    Language.ENGLISH: Stop(
        "Come back in a moment",
        "The bank does not answer right now. Reload the page in a minute.",
    ),
}

_OTHER = {
    Language.FRENCH: Stop(
        "Cette demande n’a pas été comprise",
        "Rien n’a été changé. Ouvrez de nouveau le lien que vous avez reçu.",
    ),
    Language.ENGLISH: Stop(
        "This request was not understood",
        "Nothing was changed. Open the link you were sent once more.",
    ),
}

_BY_STATUS = {404: _LINK, 403: _FOREIGN, 429: _TOO_MANY, 503: _AWAY}


def stops_at(status: int) -> Mapping[Language, Stop]:
    """Return what is said when a request ends with HTTP *status*."""
    return _BY_STATUS.get(status, _OTHER)
