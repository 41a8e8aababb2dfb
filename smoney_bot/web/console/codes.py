"""Words of the program that the console shows: states, kinds, reasons, what X bills.

The book keeps them in English, with underscores. What is none of them, such as what
X said, is shown as it stands there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from smoney_bot.bank.customers import Language
from smoney_bot.bank.operators import Deed
from smoney_bot.channels.x.prices import Billed

#: All that have a French, without their underscores.
CODES = (
    *(deed.value.replace("_", " ") for deed in Deed),
    *("viewer", "teller", "supervisor"),
    *("waiting", "held", "booked", "refused", "returned", "expired", "cancelled", "refunded"),
    *("peer", "donation", "collection"),
    *("received", "claimed", "ignored", "declined", "applied", "set aside"),
    *("pending", "sending", "sent", "unknown", "gave up"),
    *("payment", "hold", "release", "return", "refund", "gift return"),
    *("person", "association", "open", "frozen", "closed"),
    *("reached", "paid out", "asked", "approved"),
    *("help", "card", "loan", "idea", "taken", "answered", "green", "amber", "red"),
    *("late", "on time", "sound", "unsound"),
    *("answer", "farewell", "notice", "pointer", "ask", "over", "refund notice"),
    *("customer", "reply", "message", "operator", "book", "desk"),
    *("not an order", "deleted", "told today"),
    *("no account", "account frozen", "account closed", "unclear", "already edited", "too late"),
    *("private only", "direct only", "unknown payee", "not named", "payee is payer"),
    *("payee unavailable", "unknown collection", "collection ended", "over limit"),
    *("over day limit", "not enough money", "nothing to cancel", "another waits"),
    *("nothing waits", "cannot be asked", "asked is asker", "too many asks"),
    *("too little to share", "nothing asked", "code missing", "several codes", "code refused"),
    *(one.value for one in Billed),
)

FRENCH: Mapping[str, str] = {
    "signed in": "connecté",
    "failed to sign in": "connexion refusée",
    "signed out": "déconnecté",
    "tried what was not allowed": "a tenté sans y avoir droit",
    "looked at payment": "a regardé un paiement",
    "looked at customer": "a regardé un client",
    "froze account": "a gelé un compte",
    "unfroze account": "a dégelé un compte",
    "resent reply": "a renvoyé une réponse",
    "retried message": "a réessayé un message",
    "verified book": "a vérifié le livre",
    "asked for refund": "a demandé un remboursement",
    "approved refund": "a approuvé un remboursement",
    "declined refund": "a décliné un remboursement",
    "looked at request": "a regardé une demande",
    "took request": "a pris une demande",
    "answered request": "a répondu à une demande",
    "closed request": "a clos une demande",
    "looked at actions": "a regardé les actes",
    "added operator": "a ajouté un opérateur",
    "disabled operator": "a désactivé un opérateur",
    "enabled operator": "a réactivé un opérateur",
    "set password": "a changé un mot de passe",
    "set authenticator": "a changé un authentificateur",
    "viewer": "lecteur",
    "teller": "guichetier",
    "supervisor": "superviseur",
    "waiting": "en attente",
    "held": "en garde",
    "booked": "comptabilisé",
    "refused": "refusé",
    "returned": "rendu",
    "expired": "expiré",
    "cancelled": "annulé",
    "refunded": "remboursé",
    "peer": "entre personnes",
    "donation": "don",
    "collection": "don à une collecte",
    "received": "reçu",
    "claimed": "en cours",
    "ignored": "ignoré",
    "declined": "décliné",
    "applied": "fait",
    "set aside": "mis de côté",
    "pending": "à envoyer",
    "sending": "en envoi",
    "sent": "envoyée",
    "unknown": "incertaine",
    "gave up": "abandonnée",
    "payment": "paiement",
    "hold": "mise en garde",
    "release": "sortie de garde",
    "return": "retour",
    "refund": "remboursement",
    "gift return": "retour d’un don",
    "person": "personne",
    "association": "association",
    "open": "ouvert",
    "frozen": "gelé",
    "closed": "clos",
    "reached": "but atteint",
    "paid out": "versée",
    "asked": "demandé",
    "approved": "approuvé",
    "help": "conseil",
    "card": "carte",
    "loan": "crédit",
    "idea": "idée",
    "taken": "prise",
    "answered": "répondue",
    "green": "à temps",
    "amber": "urgent",
    "red": "trop tard",
    "late": "en retard",
    "on time": "à l’heure",
    "sound": "sain",
    "unsound": "pas sain",
    # Replies, and what deeds were done to
    "answer": "réponse",
    "farewell": "dernier mot",
    "notice": "avis",
    "pointer": "renvoi",
    "ask": "demande d’argent",
    "over": "demande éteinte",
    "desk": "guichet",
    "refund notice": "avis de remboursement",
    "customer": "client",
    "reply": "réponse",
    "message": "message",
    "operator": "opérateur",
    "book": "livre",
    # Reasons
    "not an order": "pas un ordre",
    "deleted": "effacé",
    "told today": "déjà renseigné ce jour",
    "no account": "sans compte",
    "account frozen": "compte gelé",
    "account closed": "compte clos",
    "unclear": "pas compris",
    "already edited": "déjà modifié",
    "too late": "trop tard",
    "private only": "mode privé",
    "direct only": "par message privé seulement",
    "unknown payee": "destinataire inconnu",
    "not named": "nom resté incertain",
    "payee is payer": "se paie soi-même",
    "payee unavailable": "destinataire ne peut recevoir",
    "unknown collection": "collecte inconnue",
    "collection ended": "collecte finie",
    "over limit": "plafond dépassé",
    "over day limit": "plafond du jour dépassé",
    "not enough money": "solde insuffisant",
    "nothing to cancel": "rien à annuler",
    "another waits": "un autre ordre attend",
    "nothing waits": "aucun ordre n’attend",
    "cannot be asked": "on ne peut lui demander",
    "asked is asker": "se demande à soi-même",
    "too many asks": "trop de demandes",
    "too little to share": "trop peu à partager",
    "nothing asked": "rien n’est demandé",
    "code missing": "sans code",
    "several codes": "plusieurs codes",
    "code refused": "code refusé",
    # What X bills
    "replies posted": "réponses publiées",
    "direct messages sent": "messages privés envoyés",
    "posts read": "publications lues",
    "direct messages read": "messages privés lus",
    "people looked up": "personnes cherchées",
    "posts delivered": "publications reçues",
    "direct messages delivered": "messages privés reçus",
}

#: Of a request or a collection, which are feminine.
_FEMININE: Mapping[str, str] = {"open": "ouverte", "closed": "close", "returned": "rendue"}

#: A word and what it is said of: `customer 1`, `desk-5`, `message t:19`.
_OF_SOMETHING = re.compile(r"(customer|reply|message|operator|refund|ask|over|desk)[ -](.+)")


def told(code: str, language: Language, *, she: bool = False) -> str:
    """Return what *code* is called in *language*; *she*: of what is feminine in French."""
    words = code.replace("_", " ")
    if words in FRENCH:
        if language is Language.ENGLISH:
            return words
        return _FEMININE.get(words, FRENCH[words]) if she else FRENCH[words]
    if found := _OF_SOMETHING.fullmatch(code):
        return f"{told(found[1], language)} {found[2]}"
    return code
