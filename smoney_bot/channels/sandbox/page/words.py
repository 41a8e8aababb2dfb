"""The page's own sentences, in French and in English; a missing one fails the type check.

Only the page speaks here; what the bot says is in `bank.replies`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smoney_bot.bank.customers import Language
from smoney_bot.bank.desk import Outcome
from smoney_bot.channels.sandbox.page.examples import Name
from smoney_bot.channels.sandbox.page.view import Place, StepName, StepState
from smoney_bot.channels.sandbox.world import DuplicateContent, TooLong, WorldRefuses

#: French puts a no-break space before : ; ! ? and between a number and its unit.
NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """All sentences of the page in one language; {slots} are filled by `str.format`."""

    title: str
    tagline: str
    skip: str
    live: str
    languages: str
    who: str
    you_are: str
    lead: str
    you: str
    association: str
    private: str
    frozen: str
    balance: str
    part_bot: str
    part_amount: str
    part_payee: str
    part_code: str
    compose: str
    publish: str
    examples: str
    example: Mapping[Name, str]
    elsewhere: str
    place: Mapping[Place, str]
    card: str
    card_hint: str
    card_of: str
    codes_left: str
    one_code_left: str
    used: str
    timeline: str
    timeline_empty: str
    messages: str
    messages_hint: str
    direct: str
    send: str
    edited: str
    way: str
    step: Mapping[tuple[StepName, StepState], str]
    waiting: str
    outcome: Mapping[Outcome, str]
    reference: str
    answered_you: str
    too_long: str
    duplicate: str
    refused: str
    offline: str
    no_script: str
    reload: str
    footer: str
    jump: str
    jump_write: str
    jump_card: str
    jump_messages: str

    def refusal(self, error: WorldRefuses) -> str:
        """Return why the local X did not take a text."""
        match error:
            case TooLong():
                return self.too_long
            case DuplicateContent():
                return self.duplicate
        return self.refused.format(why=error)


_FRENCH = Words(
    title="smoney-bot, essayez-le ici",
    tagline="Un X local, rien que pour essayer",
    skip="Aller à la publication",
    live="en direct",
    languages="Langue",
    who=f"Qui êtes-vous{NBSP}?",
    you_are="Vous êtes {name}.",
    lead=(
        "Ceci est un X local. Publiez une ligne pour payer quelqu’un,"
        " et voyez le robot @{bot} répondre."
    ),
    you="vous",
    association="association",
    private="mode privé",
    frozen="compte gelé",
    balance="Solde",
    part_bot="le robot",
    part_amount="combien",
    part_payee="à qui",
    part_code="un code de votre carte",
    compose="Votre publication, visible de tous",
    publish="Publier",
    examples="À essayer",
    example={
        Name.PAY: "Payer {amount} à {payee}",
        Name.GIVE: "Donner {amount} à {payee}",
        Name.COLLECT: "Donner {amount} à #{tag}",
        Name.BALANCE: "Demander mon solde en privé",
        Name.WRONG_CODE: "Un code faux",
        Name.TOO_MUCH: f"Trop{NBSP}: {{amount}}",
    },
    elsewhere="À voir aussi",
    place={
        Place.COLLECTION: "La page de la collecte",
        Place.STATEMENT: "Un relevé de compte",
        Place.CONSOLE: "La console des opérateurs",
    },
    card="Votre carte de codes",
    card_hint="Chaque code ne sert qu’une fois. Touchez-en un pour l’écrire.",
    card_of=f"Carte{NBSP}: {{name}}",
    codes_left=f"{{count}}{NBSP}codes restants",
    one_code_left=f"1{NBSP}code restant",
    used="utilisé",
    timeline="Fil public",
    timeline_empty="Rien encore. La première publication sera la vôtre.",
    messages="Messages privés avec @{bot}",
    messages_hint="Vous seul lisez cet échange. Essayez #solde ou #aide.",
    direct="Votre message privé",
    send="Envoyer",
    edited="modifié",
    way="Chemin du message",
    step={
        (StepName.RECEIVED, StepState.WAITING): "Réception",
        (StepName.RECEIVED, StepState.DONE): "Reçu",
        (StepName.RECEIVED, StepState.REFUSED): "Non reçu",
        (StepName.CHECKED, StepState.WAITING): "Contrôle du code",
        (StepName.CHECKED, StepState.DONE): "Code vérifié",
        (StepName.CHECKED, StepState.REFUSED): "Code refusé",
        (StepName.BOOKED, StepState.WAITING): "Écriture",
        (StepName.BOOKED, StepState.DONE): "Inscrit",
        (StepName.BOOKED, StepState.REFUSED): "Rien d’inscrit",
        (StepName.ANSWERED, StepState.WAITING): "Réponse",
        (StepName.ANSWERED, StepState.DONE): "Répondu",
        (StepName.ANSWERED, StepState.REFUSED): "Sans réponse",
    },
    waiting="en attente",
    outcome={
        Outcome.APPLIED: "Fait",
        Outcome.REFUSED: "Refusé, rien n’a été payé",
        Outcome.DECLINED: "Refusé, rien n’a été payé",
        Outcome.IGNORED: "Ce n’est pas un ordre",
    },
    reference="réf.",
    answered_you=f"{{name}} a répondu{NBSP}:",
    too_long=f"Trop long pour X{NBSP}: 280{NBSP}signes au plus. Rien n’a été publié.",
    duplicate="X refuse deux publications identiques. Rien de neuf n’a été publié.",
    refused=f"X n’a pas publié{NBSP}: {{why}}",
    offline="Pas envoyé, le X local ne répond pas. Votre texte est gardé.",
    no_script="Sans JavaScript, rechargez la page pour voir la réponse.",
    reload="Recharger",
    footer="Les gens, l’argent et les codes sont inventés. Rien ne quitte cet ordinateur.",
    jump="Aller à",
    jump_write="Écrire",
    jump_card="Carte",
    jump_messages="Messages",
)

_ENGLISH = Words(
    title="smoney-bot, try it here",
    tagline="A local X, just for trying",
    skip="Skip to the post",
    live="live",
    languages="Language",
    who="Who are you?",
    you_are="You are {name}.",
    lead="This is a local X. Post one line to pay somebody, and watch the bot @{bot} answer.",
    you="you",
    association="association",
    private="private mode",
    frozen="frozen",
    balance="Balance",
    part_bot="the bot",
    part_amount="how much",
    part_payee="to whom",
    part_code="a code from your card",
    compose="Your post, everybody can read it",
    publish="Post",
    examples="Try it",
    example={
        Name.PAY: "Pay {payee} {amount}",
        Name.GIVE: "Give {amount} to {payee}",
        Name.COLLECT: "Give {amount} to #{tag}",
        Name.BALANCE: "Ask my balance in private",
        Name.WRONG_CODE: "A wrong code",
        Name.TOO_MUCH: "Too much: {amount}",
    },
    elsewhere="See also",
    place={
        Place.COLLECTION: "The collection’s page",
        Place.STATEMENT: "A statement of account",
        Place.CONSOLE: "The operators’ console",
    },
    card="Your card of codes",
    card_hint="Each code works once. Tap one to write it.",
    card_of="{name}’s card",
    codes_left="{count} codes left",
    one_code_left="1 code left",
    used="used",
    timeline="Public timeline",
    timeline_empty="Nothing yet. The first post will be yours.",
    messages="Direct messages with @{bot}",
    messages_hint="Only you read this. Try #balance or #help.",
    direct="Your direct message",
    send="Send",
    edited="edited",
    way="The message’s way",
    step={
        (StepName.RECEIVED, StepState.WAITING): "Receiving",
        (StepName.RECEIVED, StepState.DONE): "Received",
        (StepName.RECEIVED, StepState.REFUSED): "Not received",
        (StepName.CHECKED, StepState.WAITING): "Checking code",
        (StepName.CHECKED, StepState.DONE): "Code checked",
        (StepName.CHECKED, StepState.REFUSED): "Code refused",
        (StepName.BOOKED, StepState.WAITING): "Booking",
        (StepName.BOOKED, StepState.DONE): "Booked",
        (StepName.BOOKED, StepState.REFUSED): "Not booked",
        (StepName.ANSWERED, StepState.WAITING): "Answering",
        (StepName.ANSWERED, StepState.DONE): "Answered",
        (StepName.ANSWERED, StepState.REFUSED): "No answer",
    },
    waiting="waiting",
    outcome={
        Outcome.APPLIED: "Done",
        Outcome.REFUSED: "Refused, nothing was paid",
        Outcome.DECLINED: "Refused, nothing was paid",
        Outcome.IGNORED: "Not an order",
    },
    reference="ref.",
    answered_you="{name} answered:",
    too_long="Too long for X: 280 characters at most. Nothing was posted.",
    duplicate="X refuses the same post twice. Nothing new was posted.",
    refused="X did not post it: {why}",
    offline="Not sent, the local X does not answer. Your text is kept.",
    no_script="Without JavaScript, reload the page to see the answer.",
    reload="Reload",
    footer="The people, the money and the codes are invented. Nothing leaves this computer.",
    jump="Go to",
    jump_write="Write",
    jump_card="Card",
    jump_messages="Messages",
)

WORDS: Mapping[Language, Words] = {Language.FRENCH: _FRENCH, Language.ENGLISH: _ENGLISH}
