#!/usr/bin/env bash
# Puts a copy in the place of the book. What it finds there is moved aside, never lost.
#
#   deploy/restore.sh FILE             the book of smoney-bot's settings
#   deploy/restore.sh --compose FILE   the book of docker-compose.yml, where that stands
#
# Stop web and work before. The restored book pays nothing before
# `smoney-bot ledger recover`: see docs/recovery.md.
set -euo pipefail
umask 077
# shellcheck source=deploy/database.sh
. "$(dirname "$0")/database.sh"

if [ "${1:-}" = --compose ]; then
    compose=yes
    shift
fi
[ $# -eq 1 ] || die "Say which copy: $0 [--compose] FILE"
file=$1
[ -r "$file" ] || die "$file cannot be read."
find_database

restore_sqlite() {
    local book=${url#sqlite:///} aside
    # The lock that the workers hold while they are at this file.
    exec 9>>"$book-lock"
    flock --nonblock 9 || die "A smoney-bot works on $book. Stop it first."
    aside=$book.before-$(date -u +%Y%m%dT%H%M%SZ)
    cp -- "$file" "$book.part"
    sync "$book.part"
    for part in "" -journal -wal -shm; do
        [ ! -e "$book$part" ] || mv -- "$book$part" "$aside$part"
    done
    mv -- "$book.part" "$book"
    bot ledger mark-restored # a copy made by other means than `smoney-bot backup`
}

restore_postgresql() {
    local busy tables
    busy=$(ask "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'smoney-bot'")
    [ "$busy" = 0 ] || die "$busy connections of smoney-bot are open. Stop it first."
    tables=$(ask "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    [ "$tables" = 0 ] || die "The database is not empty. Give the old one another name" \
        "(ALTER DATABASE ... RENAME TO ...), and create a new one under its own."
    # All or nothing, with the mark: without COMMIT at its end, nothing is there.
    {
        echo 'BEGIN;'
        read_dump && echo "INSERT INTO public.cursors (name, position, moved_at)
            VALUES ('restored', 'backup', now()) ON CONFLICT (name) DO NOTHING; COMMIT;"
    } | pg psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --output=/dev/null
}

ask() {
    pg psql --no-psqlrc --tuples-only --no-align --command="$1"
}

read_dump() {
    if [ "$compose" = yes ]; then
        docker compose exec -T db pg_restore --no-owner --no-privileges --file=- <"$file"
    else
        pg_restore --no-owner --no-privileges --file=- "$file"
    fi
}

"restore_$kind"
echo "Restored. It pays nothing before: smoney-bot ledger recover --witness FILE"
