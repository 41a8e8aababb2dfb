#!/usr/bin/env bash
# Copies the book while it is in use, and lets the witness see the head of its chain.
#
#   deploy/backup.sh FOLDER             the book of smoney-bot's settings
#   deploy/backup.sh --compose FOLDER   the book of docker-compose.yml, where that stands
#
# In FOLDER: a new book-TIME.db or book-TIME.dump, a line in witness.jsonl, and no more
# than KEEP copies (14). Exit code 0 only if the copy is whole and the witness agrees.
# FOLDER belongs on another machine's disk.
set -euo pipefail
umask 077
# shellcheck source=deploy/database.sh
. "$(dirname "$0")/database.sh"

if [ "${1:-}" = --compose ]; then
    compose=yes
    shift
fi
[ $# -eq 1 ] || die "Say where the copy goes: $0 [--compose] FOLDER"
keep=${KEEP:-14}
[ "$keep" -ge 1 ] || die "KEEP is how many copies are kept: 1 or more"

find_database
mkdir -p "$1"
shared=$(cd "$1" && pwd)
copy=$shared/book-$(date -u +%Y%m%dT%H%M%SZ)

# First the witness, then the copy: so the copy has all that this witness knows.
alarm=
if ! said=$(bot ledger witness "$shared/witness.jsonl" 2>&1); then
    case $said in
        *"Nothing is sealed yet"*) ;; # a new book
        *) alarm=$said ;;
    esac
fi

if [ "$kind" = sqlite ]; then
    copy=$copy.db
    bot backup "$copy"
else
    copy=$copy.dump
    trap 'rm -f "$copy.part"' EXIT
    pg pg_dump --format=custom >"$copy.part"
    sync "$copy.part"
    mv "$copy.part" "$copy"
fi

find "$shared" -maxdepth 1 -name 'book-*' \( -name '*.db' -o -name '*.dump' \) |
    sort | head -n "-$keep" | while IFS= read -r old; do rm -- "$old"; done

[ -z "$alarm" ] || die "$copy is made, but the witness does not agree: $alarm"
printf '%s\n' "$copy"
