"""The page's own sentences, in French and in English; a missing one fails the type check.

Only the enrolment page speaks here; what the bot says is in `bank.replies`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smoney_bot.bank.customers import Language
from smoney_bot.web.enrolment.choices import Mistake

#: French puts a no-break space before : ; ! ? and between a number and its unit.
NBSP = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """All sentences of the page in one language; {slots} are filled by `str.format`."""

    languages: str
    steps: str
    step: tuple[str, str, str]
    error: str

    renew: str
    renew_lead: str
    ask: str
    ask_hint: str
    ask_order: str
    then: str
    word: str
    word_hint: str
    any_code: str
    any_code_hint: str
    renew_on: str
    no_code: str
    statement: str
    not_admitted: str

    who: str
    not_you: str
    choose: str
    pin: str
    pin_hint: str
    again: str
    go_on: str
    have_card: str
    have_card_link: str

    card: str
    card_once: str
    card_keep: str
    print: str
    print_hint: str
    holder: str
    until: str
    order: str
    each_once: str
    lost: tuple[str, str]  # what to do, the order
    card_ends: tuple[str, str, str]  # when, the order, where to go then
    cut: str

    app: str
    app_hint: str
    app_scan: str
    app_open: str
    app_typed: str
    qr: str

    first: str
    first_hint: str
    code: str
    code_hint: str
    finish: str
    start_again: str
    start_again_hint: str

    done: str
    done_hint: str
    pay: str
    pay_hint: str
    example_code: str
    more: str
    more_hint: str
    habits: tuple[tuple[str, str], ...]  # (what to write, what it does)
    asks_never: str

    mistake: Mapping[Mistake, str]
    wrong: str
    wrong_last: str

    def wrong_code(self, tries_left: int) -> str:
        """Return what a wrong first code is told; the last try comes with a warning."""
        return self.wrong_last if tries_left == 1 else self.wrong.format(count=tries_left)


_FRENCH = Words(
    languages="Langue",
    steps="Étapes",
    step=("PIN", "Carte", "Premier code"),
    error="Erreur",
    renew="De nouveaux codes",
    renew_lead="Autre carte, autre PIN, autre application, avec un code qui marche encore.",
    ask="D’abord, demandez un mot",
    ask_hint=(
        "Écrivez ceci à @{bot} sur X, par message privé. La réponse contient un mot de 8 lettres,"
        " qui sert pendant 15 minutes."
    ),
    ask_order="#renouveler",
    then="Puis entrez les deux",
    word="Le mot de la réponse",
    word_hint="8 lettres, comme WDJB-MJHT.",
    any_code="Un de vos codes",
    any_code_hint=(
        "8 chiffres sur la carte, 6 dans l’application, ou votre PIN de 4."
        " Un code de la carte ou de l’application sera utilisé."
    ),
    renew_on="Continuer",
    no_code=(
        f"Plus aucun code{NBSP}? Demandez un lien à la personne qui a ouvert votre compte{NBSP}:"
        " elle seule peut vous aider."
    ),
    statement="Voir votre relevé",
    not_admitted=(
        "Refusé. Le mot sert une fois, pendant 15 minutes, et le code doit être juste et jamais"
        " utilisé. Après cinq codes faux, plus aucun n’est accepté pendant un moment."
    ),
    who=f"@{{handle}}, c’est bien vous{NBSP}?",
    not_you=(
        "Ce lien ouvre le compte de @{handle} auprès de @{bot}. Si ce n’est pas vous,"
        f" fermez cette page{NBSP}: rien ne change."
    ),
    choose="Choisissez un PIN",
    pin="PIN de 4 chiffres",
    pin_hint=(
        "Pour payer par message privé. Dans une publication, que tout le monde lit,"
        " prenez un code de votre carte."
    ),
    again="Le même PIN, encore une fois",
    go_on="Continuer vers ma carte",
    have_card=f"Vous avez déjà reçu une carte ici{NBSP}?",
    have_card_link="Entrer un de ses codes",
    card="Votre carte de codes",
    card_once=(
        "Elle ne s’affiche que cette fois. Imprimez-la ou recopiez-la avant de quitter cette page."
    ),
    card_keep="Gardez-la comme vos clés, et ne la montrez à personne.",
    print=f"Pour imprimer{NBSP}:",
    print_hint=(
        "choisissez Imprimer dans le menu de votre navigateur. Seule la carte sort,"
        f" au format d’une carte bancaire{NBSP}: découpez, pliez."
    ),
    holder="Carte de @{handle}",
    until="jusqu’au {day}",
    order=f"Pour payer 20{NBSP}€ à @{{payee}}, publiez",
    each_once="Les 8 chiffres, une seule fois. Puis rayez le code.",
    lost=(f"Perdue{NBSP}? Publiez", "#gel"),
    card_ends=(f"Bientôt vide{NBSP}? Message privé", "#renouveler", "puis"),
    cut="Découper le long du cadre, plier au milieu.",
    app="Votre application d’authentification",
    app_hint=(
        "Facultatif. Si vous en avez une sur votre téléphone, elle vous donne un code de 6 chiffres"
        " toutes les 30 secondes, qui sert comme un code de la carte."
    ),
    app_scan="Scannez ce carré avec l’application.",
    app_open="L’ajouter sur ce téléphone",
    app_typed=f"Ou tapez-y cette clé{NBSP}:",
    qr="Code QR pour l’application d’authentification",
    first="Un premier code, et c’est fini",
    first_hint="Rien ne change avant ce code. Ensuite, vos anciens codes ne valent plus rien.",
    code="Un code de la carte, ou de l’application",
    code_hint="8 chiffres sur la carte, 6 dans l’application. Ce code sera utilisé.",
    finish="Terminer",
    start_again="Recommencer avec une autre carte",
    start_again_hint=f"La carte n’est plus là{NBSP}?",
    done="C’est fait",
    done_hint=(
        "Votre PIN et votre carte marchent dès maintenant, votre application aussi si vous"
        " l’avez ajoutée. Si votre premier code vient de la carte, rayez-le."
    ),
    pay="Payez maintenant",
    pay_hint=(
        f"Publiez ceci sur X, avec un code de votre carte à la place de «{NBSP}code{NBSP}»{NBSP}:"
    ),
    example_code="code",
    more="Bon à savoir",
    more_hint=(
        "À écrire à @{bot} par message privé, ou dans une publication qui commence par @{bot}."
    ),
    habits=(
        ("#solde", "votre solde, par message privé."),
        (
            "#prive",
            f"mode privé{NBSP}: on ne paie plus que par message. Retour{NBSP}: #public et un code.",
        ),
        ("#renouveler", "nouvelle carte, nouveau PIN ou nouvelle application, par message privé."),
        ("#gel", "compte gelé, tout de suite et sans code. Seul un opérateur le rouvre."),
        ("#stop", "plus aucun message de @{bot}."),
        ("#aide", "tout le reste."),
    ),
    asks_never=(
        "@{bot} ne vous écrit jamais le premier pour demander un code."
        " Qui le fait n’est pas @{bot}."
    ),
    mistake={
        Mistake.PIN_SHAPE: "Un PIN a 4 chiffres, sans rien d’autre.",
        Mistake.PIN_REPEATS: (
            "Un PIN qui se répète (0000, 1212) est le premier qu’un voleur essaie."
            " Choisissez-en un autre."
        ),
        Mistake.PIN_RUNS: (
            "Des chiffres qui se suivent (1234, 8765) sont parmi les premiers qu’un voleur essaie."
            " Choisissez-en d’autres."
        ),
        Mistake.PINS_DIFFER: "Les deux PIN ne sont pas les mêmes. Tapez-les à nouveau.",
        Mistake.CODE_SHAPE: "Un code a 8 chiffres sur la carte, 6 dans l’application.",
        Mistake.CODE_IS_PIN: (
            "4 chiffres, c’est un PIN. Ici il faut un code de la carte ou de l’application."
        ),
        Mistake.ANY_CODE_SHAPE: (
            "Un code a 8 chiffres sur la carte, 6 dans l’application, 4 si c’est un PIN."
        ),
        Mistake.WORD_SHAPE: "Le mot a 8 lettres, sans voyelle ni chiffre, comme WDJB-MJHT.",
    },
    wrong=(
        "Ce code n’est pas le bon. Vérifiez-le sur la dernière carte affichée."
        f" Il vous reste {{count}}{NBSP}essais."
    ),
    wrong_last=(
        "Ce code n’est pas le bon. Il vous reste un seul essai, ensuite ce lien ne marchera plus."
    ),
)

_ENGLISH = Words(
    languages="Language",
    steps="Steps",
    step=("PIN", "Card", "First code"),
    error="Error",
    renew="New codes",
    renew_lead="Another card, another PIN, another app, by a code that still works.",
    ask="First ask for a word",
    ask_hint=(
        "Write this to @{bot} on X, by direct message. The answer holds a word of 8 letters,"
        " which is good for 15 minutes."
    ),
    ask_order="#renew",
    then="Then enter both",
    word="The word of the answer",
    word_hint="8 letters, like WDJB-MJHT.",
    any_code="One of your codes",
    any_code_hint=(
        "8 digits on the card, 6 in the app, or your PIN of 4."
        " A code from the card or the app will be used up."
    ),
    renew_on="Go on",
    no_code=(
        "No code left? Ask for a link from whoever opened your account: nobody else can help you."
    ),
    statement="See your statement",
    not_admitted=(
        "Not accepted. The word is good once, for 15 minutes, and the code has to be right and"
        " never used. After five wrong codes none is accepted for a while."
    ),
    who="@{handle}, is this you?",
    not_you=(
        "This link opens the account of @{handle} with @{bot}. If that is not you,"
        " close this page: nothing changes."
    ),
    choose="Choose a PIN",
    pin="PIN of 4 digits",
    pin_hint=(
        "For paying by direct message. In a post, which everybody reads,"
        " take a code from your card."
    ),
    again="The same PIN once more",
    go_on="Go on to my card",
    have_card="Did you get a card here already?",
    have_card_link="Enter one of its codes",
    card="Your card of codes",
    card_once="It is shown only this once. Print it or copy it before you leave this page.",
    card_keep="Keep it like your keys, and show it to nobody.",
    print="To print:",
    print_hint=(
        "choose Print in your browser’s menu. Only the card comes out,"
        " the size of a bank card: cut, fold."
    ),
    holder="@{handle}’s card",
    until="until {day}",
    order="To pay @{payee} €20, post",
    each_once="All 8 digits, once only. Then strike the code out.",
    lost=("Lost? Post", "#freeze"),
    card_ends=("Nearly empty? Direct message", "#renew", "then"),
    cut="Cut along the frame, fold in the middle.",
    app="Your authenticator app",
    app_hint=(
        "Optional. If you have one on your phone, it gives you a code of 6 digits"
        " every 30 seconds, which works like a code from the card."
    ),
    app_scan="Scan this square with the app.",
    app_open="Add it on this phone",
    app_typed="Or type this key into it:",
    qr="QR code for the authenticator app",
    first="One first code, and you are done",
    first_hint="Nothing changes before this code. After it, your older codes are worth nothing.",
    code="A code from the card, or from the app",
    code_hint="8 digits on the card, 6 in the app. This code will be used up.",
    finish="Finish",
    start_again="Start again with another card",
    start_again_hint="Is the card gone?",
    done="Done",
    done_hint=(
        "Your PIN and your card work from now on, and your app too if you added it."
        " If your first code came from the card, strike it out."
    ),
    pay="Pay now",
    pay_hint="Post this on X, with a code from your card in place of “code”:",
    example_code="code",
    more="Good to know",
    more_hint="Write these to @{bot} by direct message, or in a post that begins with @{bot}.",
    habits=(
        ("#balance", "your balance, by direct message."),
        (
            "#private",
            "private mode. You pay by direct message only. To go back: #public and a code.",
        ),
        ("#renew", "a new card, PIN or app, by direct message."),
        ("#freeze", "account frozen, at once and without a code. Only an operator opens it again."),
        ("#stop", "no more messages from @{bot}."),
        ("#help", "everything else."),
    ),
    asks_never=("@{bot} never writes to you first to ask for a code. Whoever does is not @{bot}."),
    mistake={
        Mistake.PIN_SHAPE: "A PIN is 4 digits and nothing else.",
        Mistake.PIN_REPEATS: (
            "A PIN that repeats itself (0000, 1212) is the first a thief tries. Choose another."
        ),
        Mistake.PIN_RUNS: (
            "Digits in a row (1234, 8765) are among the first a thief tries. Choose others."
        ),
        Mistake.PINS_DIFFER: "The two PINs are not the same. Type them again.",
        Mistake.CODE_SHAPE: "A code has 8 digits on the card, 6 in the app.",
        Mistake.CODE_IS_PIN: "4 digits are a PIN. Here you need a code from the card or the app.",
        Mistake.ANY_CODE_SHAPE: "A code has 8 digits on the card, 6 in the app, 4 if it is a PIN.",
        Mistake.WORD_SHAPE: "The word has 8 letters, no vowels and no digits, like WDJB-MJHT.",
    },
    wrong=("That code is not right. Check it on the last card shown. You have {count} tries left."),
    wrong_last="That code is not right. You have one try left, then this link stops working.",
)

WORDS: Mapping[Language, Words] = {Language.FRENCH: _FRENCH, Language.ENGLISH: _ENGLISH}
