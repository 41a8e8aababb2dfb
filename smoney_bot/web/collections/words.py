"""The page's own sentences, in French and in English; a missing one fails the type check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smoney_bot.bank.customers import Language

#: French puts a no-break space before : ; ! ? and between a number and its unit.
NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """All sentences of the page in one language; {slots} are filled by `str.format`."""

    languages: str
    by: str
    verified: str
    of_goal: str
    percent: str
    gift: tuple[str, str]  # one, more
    no_gift: str
    hours: tuple[str, str]
    days: tuple[str, str]
    until: str
    no_end: str
    summary: str

    reached: str
    closed: str
    returning: str
    paid_out: str
    returned: str

    give: str
    give_hint: str
    private: str
    all_or_nothing: str
    keeps: str
    names: str

    latest: str
    somebody: str

    def counted(self, forms: tuple[str, str], count: int) -> str:
        """Return the form for *count* things, with the number in it."""
        return forms[count != 1].format(count=count)


_FRENCH = Words(
    languages="Langues",
    by="Une collecte de",
    verified="association vérifiée",
    of_goal="sur {goal}",
    percent=f"{{percent}}{NBSP}%",
    gift=("{count} don", "{count} dons"),
    no_gift="Aucun don pour l’instant",
    hours=("Plus qu’une heure", f"Encore {{count}}{NBSP}heures"),
    days=("Encore un jour", f"Encore {{count}}{NBSP}jours"),
    until="jusqu’au {day}",
    no_end="Sans date de fin",
    summary="{total} sur {goal} pour {owner}.",
    reached="Le but est atteint, merci. La collecte continue jusqu’à sa fin.",
    closed="La collecte est terminée. L’argent est en route vers l’association.",
    returning="Le but n’a pas été atteint. Les dons retournent à qui les a faits.",
    paid_out="La collecte est terminée. {total} sont arrivés chez l’association. Merci.",
    returned="Le but n’a pas été atteint. Chaque don est retourné à qui l’avait fait.",
    give="Donner",
    give_hint="Publiez cette ligne sur X, avec votre montant et un code de votre carte.",
    private="La même ligne marche par message privé à @{bot}, sans que personne la lise.",
    all_or_nothing=f"Tout ou rien{NBSP}: si le but n’est pas atteint, votre don vous revient.",
    keeps="Tout ce qui est donné va à l’association, but atteint ou non.",
    names="Votre nom n’apparaît ici que si vous l’avez demandé, par #montrer mon nom.",
    latest="Derniers dons",
    somebody="Quelqu’un",
)

_ENGLISH = Words(
    languages="Languages",
    by="A collection of",
    verified="verified association",
    of_goal="of {goal}",
    percent="{percent}%",
    gift=("{count} gift", "{count} gifts"),
    no_gift="No gift yet",
    hours=("One hour left", "{count} hours left"),
    days=("One day left", "{count} days left"),
    until="until {day}",
    no_end="No last day",
    summary="{total} of {goal} for {owner}.",
    reached="The goal is reached, thank you. The collection goes on until its end.",
    closed="The collection has ended. The money is on its way to the association.",
    returning="The goal was not reached. The gifts are going back to their givers.",
    paid_out="The collection has ended. {total} went to the association. Thank you.",
    returned="The goal was not reached. Every gift has gone back to its giver.",
    give="Give",
    give_hint="Post this line on X, with your amount and a code of your card.",
    private="The same line works by direct message to @{bot}, where nobody else reads it.",
    all_or_nothing="All or nothing: if the goal is not reached, your gift comes back to you.",
    keeps="All that is given goes to the association, whether or not the goal is reached.",
    names="Your name appears here only if you asked for it, by #show my name.",
    latest="Latest gifts",
    somebody="Somebody",
)

WORDS: Mapping[Language, Words] = {Language.FRENCH: _FRENCH, Language.ENGLISH: _ENGLISH}
