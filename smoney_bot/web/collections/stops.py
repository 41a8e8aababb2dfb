"""What is said where there is no page, in every language at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smoney_bot.bank.customers import Language


@dataclass(frozen=True, slots=True)
class Stop:
    """Why it goes no further, and what to do about it."""

    title: str
    advice: str


_UNKNOWN = {
    Language.FRENCH: Stop(
        "Cette collecte n’existe pas",
        "Vérifiez l’adresse auprès de l’association qui vous l’a donnée.",
    ),
    Language.ENGLISH: Stop(
        "There is no such collection",
        "Check the address with the association that gave it to you.",
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

_BY_STATUS = {429: _TOO_MANY, 503: _AWAY}


def stops_at(status: int) -> Mapping[Language, Stop]:
    """Return what is said when a request ends with HTTP *status*."""
    return _BY_STATUS.get(status, _UNKNOWN)
