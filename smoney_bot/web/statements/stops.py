"""What is said when it goes no further, in every language at once: nobody is known then."""

from __future__ import annotations

from collections.abc import Mapping

from smoney_bot.bank.customers import Language
from smoney_bot.web.enrolment.stops import Stop
from smoney_bot.web.enrolment.stops import stops_at as usual_stops_at

_NOT_FOUND = 404

_NOTHING_HERE = {
    Language.FRENCH: Stop(
        "Rien à cette adresse",
        "Le compte n’était pas ouvert ce mois-là, ou ce mois n’est pas encore venu.",
    ),
    Language.ENGLISH: Stop(
        "Nothing at this address",
        "The account was not open in that month, or that month is yet to come.",
    ),
}


def stops_at(status: int) -> Mapping[Language, Stop]:
    """Return what is said when a request ends with HTTP *status*."""
    return _NOTHING_HERE if status == _NOT_FOUND else usual_stops_at(status)
