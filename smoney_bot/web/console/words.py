"""The sentences of the console in French; English stands where they are used.

Words of the program are in `codes`. A test finds every sentence of the templates and of
the tables below, so that none is missing and none is left over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from smoney_bot.bank.customers import Language
from smoney_bot.bank.operators import Deed

#: French puts a no-break space before : ; ! ? and between a number and its unit.
NBSP = "\N{NO-BREAK SPACE}"

#: What is said after each deed.
DONE: Mapping[str, str] = {
    Deed.FREEZE: "The account is frozen.",
    Deed.UNFREEZE: "The account pays again.",
    Deed.RESEND: "The reply will be sent again, after a look whether it is out.",
    Deed.RETRY: "The message will be served again.",
    Deed.VERIFY: "The book has been verified.",
    Deed.ASK_REFUND: "The refund waits for a second person.",
    Deed.APPROVE_REFUND: "The money is back. Both are told.",
    Deed.DECLINE_REFUND: "The payment stays as it is.",
    Deed.TAKE_REQUEST: "You see to this request.",
    Deed.ANSWER_REQUEST: "The answer is on its way.",
    Deed.CLOSE_REQUEST: "The request is closed.",
}

#: Why a deed was not done.
WHY: Mapping[str, str] = {
    "foreign_form": "This form is not one of your own pages. Nothing was done.",
    "not_allowed": "Your role may not do this. It has been recorded.",
    "does_not_wait": "It does not wait for that any more. Nothing was done.",
    "account_closed": "An account of this payment, or this account, is closed. Nothing was done.",
    "no_reason": "A reason of 4 to 200 signs is needed. Nothing was done.",
    "unknown": "There is no such payment. Nothing was done.",
    "not_booked": "Only a booked payment can be refunded. Nothing was done.",
    "in_collection": "A gift to a collection goes back with the collection. Nothing was done.",
    "payee_lacks_money": "The payee does not have the money. Nothing was done.",
    "asked_before": "A refund of this payment is asked for, or done. Nothing was done.",
    "second_person": "Who asks for a refund does not decide on it. Nothing was done.",
    "already_decided": "Somebody has decided on this already. Nothing was done.",
    "must_recover": "This book was restored: smoney-bot ledger recover comes first.",
    "answer_empty": "An answer needs words. Nothing was sent.",
    "answer_too_long": "An answer has 1000 signs at most. Nothing was sent.",
    "answer_link": "The bank sends no links. Nothing was sent.",
    "answer_asks_for_code": "The bank never asks for a code. Nothing was sent.",
    "answer_may_not_be_written_to": "This customer may not be written to. Nothing was sent.",
    "book_too_long": "This book is too long for a page: smoney-bot ledger verify",
}

#: Why a request was stopped.
STOPS: Mapping[int, str] = {
    400: "This form cannot be read.",
    403: "This form comes from another site.",
    404: "There is nothing here.",
    405: "Nothing is done this way.",
    413: "This form is too long.",
    429: "Too many requests. Wait a minute.",
    503: "The book is away for now. Try again in a moment.",
}

FRENCH: Mapping[str, str] = {
    # Pages
    "Console": "Console",
    "Pages": "Pages",
    "Today": "Aujourd’hui",
    "Service": "Service",
    "Payments": "Paiements",
    "Refunds": "Remboursements",
    "Customers": "Clients",
    "Held": "En garde",
    "Collections": "Collectes",
    "Desk": "Guichet",
    "Seals": "Scellés",
    "Actions": "Actes",
    "Sign in": "Se connecter",
    "Sign out": "Sortir",
    "All times are UTC.": "Toutes les heures sont en UTC.",
    "Search": "Chercher",
    "Nothing here.": "Rien ici.",
    # Signing in
    "Name": "Nom",
    "Password": "Mot de passe",
    "Six digits of your authenticator": "Six chiffres de votre authentificateur",
    "Supervisors always; others if they have one.": (
        f"Toujours pour les superviseurs{NBSP}; les autres, s’ils en ont un."
    ),
    "Refused. Name, password and digits must all be right, and the digits unused. After five"
    " failures in a row nobody may try for a while.": (
        "Refusé. Le nom, le mot de passe et les chiffres doivent tous être justes, et les"
        " chiffres jamais utilisés. Après cinq échecs de suite, il faut attendre."
    ),
    # Today
    "yesterday: {count}": f"hier{NBSP}: {{count}}",
    "yesterday: {sum}": f"hier{NBSP}: {{sum}}",
    "of {sum}": "sur {sum}",
    "the oldest for {age}": "le plus ancien depuis {age}",
    "Messages waiting": "Messages en attente",
    "Replies waiting": "Réponses en attente",
    "X today": "X aujourd’hui",
    "Loops late": "Boucles en retard",
    "Payments hour by hour": "Paiements heure par heure",
    "Height: euros. Above each bar: how many payments.": (
        f"La hauteur{NBSP}: les euros. Au-dessus{NBSP}: le nombre de paiements."
    ),
    "The same as a table": "La même chose en tableau",
    "Hour": "Heure",
    "Paid": "Payé",
    "Newest payments": "Derniers paiements",
    # Service
    "Orders waiting for a code": "Ordres sans code",
    "Messages set aside": "Messages mis de côté",
    "Replies given up": "Réponses abandonnées",
    "Key": "Clé",
    "Reason": "Motif",
    "Arrived": "Arrivé",
    "Written": "Écrite",
    "Deed": "Acte",
    "Try again": "Réessayer",
    "Send again": "Renvoyer",
    "Kind": "Genre",
    "Loops": "Boucles",
    "Loop": "Boucle",
    "Last round": "Dernier tour",
    "May rest": "Repos permis",
    "{age} ago": "il y a {age}",
    "No worker has ever run on this book.": "Aucun travailleur n’a jamais tourné sur ce livre.",
    "What X costs today": "Ce que X coûte aujourd’hui",
    "Call": "Appel",
    "Times": "Fois",
    "Cost": "Coût",
    "In all": "En tout",
    "The budget of a day is {sum}.": "Le budget d’une journée est de {sum}.",
    # Payments
    "Reference": "Référence",
    "State": "État",
    "Amount": "Montant",
    "From": "De",
    "To": "À",
    "When": "Quand",
    "Until": "Jusqu’au",
    "no account": "sans compte",
    "Reference or handle": "Référence ou nom sur X",
    "A reference opens the payment; a handle lists the payments of that customer.": (
        f"Une référence ouvre le paiement{NBSP}; un nom liste les paiements de ce client."
    ),
    "Payments of {asked}": "Paiements de {asked}",
    "Payment": "Paiement",
    "Message": "Message",
    "The whole story": "Toute l’histoire",
    "Ordered": "Ordonné",
    "Message kept": "Message gardé",
    "Message decided": "Message décidé",
    "Money moved": "Argent déplacé",
    "transfer {number}": "virement {number}",
    "Reply": "Réponse",
    # Refunds
    "Refund": "Remboursement",
    "A refund is asked for and waits for a second person.": (
        "Un remboursement est demandé et attend une deuxième personne."
    ),
    "This payment was refunded.": "Ce paiement a été remboursé.",
    "{sum} go back from @{payee} to @{payer} once another operator, a supervisor, approves."
    " Both are told.": (
        "{sum} reviennent de @{payee} à @{payer} dès qu’une autre personne, un superviseur,"
        " approuve. Les deux sont prévenus."
    ),
    "Reason, for the second person": "Motif, pour la deuxième personne",
    "Kept for good: name nobody.": f"Gardé pour toujours{NBSP}: ne nommez personne.",
    "Ask for the refund": "Demander le remboursement",
    "Waiting for a second person": "Attend une deuxième personne",
    "A supervisor decides.": "Un superviseur décide.",
    "You asked for it: somebody else decides.": (
        f"Vous l’avez demandé{NBSP}: quelqu’un d’autre décide."
    ),
    "Approve: {sum} go back": f"Approuver{NBSP}: {{sum}} reviennent",
    "Decline": "Décliner",
    "Decided": "Décidés",
    "Asked by": "Demandé par",
    "Decided by": "Décidé par",
    # Customers
    "Handle": "Nom sur X",
    "Handle, or X’s id": "Nom sur X, ou numéro chez X",
    "The beginning of a handle is enough.": "Le début du nom suffit.",
    "Customers like {asked}": "Clients comme {asked}",
    "Newest customers": "Derniers clients",
    "X’s id": "Numéro chez X",
    "Balance": "Solde",
    "Sent in 24 hours": "Envoyé en 24 heures",
    "Codes left on the card": "Codes restants sur la carte",
    "Account": "Compte",
    "Number": "Numéro",
    "Language": "Langue",
    "Private mode": "Mode privé",
    "May be written to": "On peut lui écrire",
    "yes": "oui",
    "no": "non",
    "Freeze: nothing leaves the account": f"Geler{NBSP}: plus rien ne sort du compte",
    "Unfreeze, and forget failed codes": "Dégeler, et oublier les codes faux",
    "Last payments": "Derniers paiements",
    # Held, collections
    "For people without an account. It goes back by itself when its time is over.": (
        "Pour des personnes sans compte. À la fin du délai, l’argent revient de lui-même."
    ),
    "What ends first": "Ce qui finit en premier",
    "Newest collections": "Dernières collectes",
    "Collection": "Collecte",
    "For": "Pour",
    "Given": "Donné",
    "Goal": "But",
    "Gifts": "Dons",
    # Desk
    "What customers ask people for. Amber in the last third of its time, red when it is late.": (
        "Ce que les clients demandent à des personnes. Orange dans le dernier tiers du délai,"
        " rouge en retard."
    ),
    "What is due first": "Le plus urgent d’abord",
    "Answered and closed": "Répondu et clos",
    "Customer": "Client",
    "Due": "Pour le",
    "in {time}": "dans {time}",
    "{age} late": "en retard de {age}",
    "Request": "Demande",
    "Asked at": "Demandé le",
    "Answered at": "Répondu le",
    "What was written": "Ce qui a été écrit",
    "(erased after ninety days)": "(effacé après quatre-vingt-dix jours)",
    "No words came with it.": "Aucun mot ne l’accompagne.",
    "Answer": "Répondre",
    "What @{customer} reads": "Ce que lit @{customer}",
    "By direct message, in the language of the customer ({language}). No links, and never a"
    " question for a code.": (
        "Par message privé, dans la langue du client ({language}). Pas de lien, et jamais de"
        " question sur un code."
    ),
    "Send the answer": "Envoyer la réponse",
    "I see to it": "Je m’en occupe",
    "Close without an answer": "Clore sans réponse",
    "Close": "Clore",
    # Seals
    "Pages closed": "Pages closes",
    "Transfers sealed": "Virements scellés",
    "Behind the last page": "Après la dernière page",
    "Last verification here": "Dernière vérification ici",
    "Every sum and every seal holds.": "Toutes les sommes et tous les scellés tiennent.",
    "Nobody has verified the book here yet.": "Personne n’a encore vérifié le livre ici.",
    "Verify now": "Vérifier maintenant",
    "Only the witness knows whether the newest pages were cut off:": (
        f"Seul le témoin sait si les dernières pages ont été coupées{NBSP}:"
    ),
    "Head of the chain, for the witness": "Tête de la chaîne, pour le témoin",
    "Newest pages": "Dernières pages",
    "Page": "Page",
    "Transfers": "Virements",
    "Closed": "Close",
    "Hash": "Empreinte",
    # Actions
    "What operators did. Nobody can change it.": (
        "Ce que les opérateurs ont fait. Personne ne peut le changer."
    ),
    "Newest first": "Les derniers d’abord",
    "Operator": "Opérateur",
    "What": "Quoi",
    # Stops
    "Not done": "Pas fait",
    "Back to the console": "Retour à la console",
    "The account is frozen.": "Le compte est gelé.",
    "The account pays again.": "Le compte paie de nouveau.",
    "The reply will be sent again, after a look whether it is out.": (
        "La réponse sera renvoyée, après un regard pour voir si elle est partie."
    ),
    "The message will be served again.": "Le message sera servi de nouveau.",
    "The book has been verified.": "Le livre a été vérifié.",
    "The refund waits for a second person.": "Le remboursement attend une deuxième personne.",
    "The money is back. Both are told.": "L’argent est revenu. Les deux sont prévenus.",
    "You see to this request.": "Vous vous occupez de cette demande.",
    "The answer is on its way.": "La réponse est en route.",
    "The request is closed.": "La demande est close.",
    "An answer needs words. Nothing was sent.": "Il faut des mots. Rien n’a été envoyé.",
    "An answer has 1000 signs at most. Nothing was sent.": (
        "Une réponse a 1000 signes au plus. Rien n’a été envoyé."
    ),
    "The bank sends no links. Nothing was sent.": (
        "La banque n’envoie pas de lien. Rien n’a été envoyé."
    ),
    "The bank never asks for a code. Nothing was sent.": (
        "La banque ne demande jamais de code. Rien n’a été envoyé."
    ),
    "This customer may not be written to. Nothing was sent.": (
        "On ne peut pas écrire à ce client. Rien n’a été envoyé."
    ),
    "The payment stays as it is.": "Le paiement reste comme il est.",
    "This form is not one of your own pages. Nothing was done.": (
        "Ce formulaire n’est pas une de vos pages. Rien n’a été fait."
    ),
    "Your role may not do this. It has been recorded.": (
        "Votre rôle ne le permet pas. C’est noté dans le registre."
    ),
    "It does not wait for that any more. Nothing was done.": (
        "Cela n’attend plus. Rien n’a été fait."
    ),
    "An account of this payment, or this account, is closed. Nothing was done.": (
        "Ce compte, ou un compte de ce paiement, est clos. Rien n’a été fait."
    ),
    "A reason of 4 to 200 signs is needed. Nothing was done.": (
        "Il faut un motif de 4 à 200 signes. Rien n’a été fait."
    ),
    "There is no such payment. Nothing was done.": "Ce paiement n’existe pas. Rien n’a été fait.",
    "Only a booked payment can be refunded. Nothing was done.": (
        "Seul un paiement comptabilisé se rembourse. Rien n’a été fait."
    ),
    "A gift to a collection goes back with the collection. Nothing was done.": (
        "Un don à une collecte revient avec la collecte. Rien n’a été fait."
    ),
    "The payee does not have the money. Nothing was done.": (
        "Le bénéficiaire n’a pas cet argent. Rien n’a été fait."
    ),
    "A refund of this payment is asked for, or done. Nothing was done.": (
        "Un remboursement de ce paiement est déjà demandé, ou fait. Rien n’a été fait."
    ),
    "Who asks for a refund does not decide on it. Nothing was done.": (
        "Qui demande un remboursement n’en décide pas. Rien n’a été fait."
    ),
    "Somebody has decided on this already. Nothing was done.": (
        "Quelqu’un en a déjà décidé. Rien n’a été fait."
    ),
    "This book was restored: smoney-bot ledger recover comes first.": (
        f"Ce livre a été restauré{NBSP}: d’abord smoney-bot ledger recover."
    ),
    "This book is too long for a page: smoney-bot ledger verify": (
        f"Ce livre est trop long pour une page{NBSP}: smoney-bot ledger verify"
    ),
    "This form cannot be read.": "Ce formulaire est illisible.",
    "This form comes from another site.": "Ce formulaire vient d’un autre site.",
    "There is nothing here.": "Il n’y a rien ici.",
    "Nothing is done this way.": "Rien ne se fait de cette façon.",
    "This form is too long.": "Ce formulaire est trop long.",
    "Too many requests. Wait a minute.": "Trop de demandes. Attendez une minute.",
    "The book is away for now. Try again in a moment.": (
        "Le livre est absent. Réessayez dans un instant."
    ),
}


def speaker(language: Language) -> Callable[..., str]:
    """Return what says a sentence in *language*, its {slots} filled.

    It raises `KeyError` for a sentence that has no French.
    """

    def speak(sentence: str, **facts: object) -> str:
        spoken = sentence if language is Language.ENGLISH else FRENCH[sentence]
        return spoken.format(**facts) if facts else spoken

    return speak
