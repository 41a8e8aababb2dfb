# shellcheck shell=bash
# Which book backup.sh and restore.sh are about, and the programs that get at it.
#
# Sourced by both, which set `compose` to "yes" for the book of docker-compose.yml;
# else it is the one that smoney-bot's own settings name.
compose=

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

# The folder that a container has to see as well, by the same name.
shared=

bot() {
    if [ "$compose" = yes ]; then
        # As whoever runs this, so that the file it writes is theirs.
        docker compose run --rm -T --user "$(id -u):$(id -g)" \
            ${shared:+--volume "$shared:$shared"} bot "$@"
    else
        smoney-bot "$@"
    fi
}

# pg PROGRAM [ARGUMENT...]: one of PostgreSQL's programs, on this database
pg() {
    local program=$1
    shift
    if [ "$compose" = yes ]; then
        docker compose exec -T db "$program" --username=smoney --dbname=smoney "$@"
    else
        # Not among the arguments: those are everybody's to read on this machine.
        PGPASSWORD=$pg_password "$program" --dbname="$pg_url" "$@"
    fi
}

# As smoney-bot finds it: environment, .env, secret file, and what it is without any.
find_database() {
    local secret=${SMONEY_SECRETS_DIR:-}/SMONEY_DATABASE_URL
    url=${SMONEY_DATABASE_URL:-}
    if [ -z "$url" ] && [ -r .env ]; then
        url=$(sed -n 's/^SMONEY_DATABASE_URL=//p' .env | tail -n 1)
    fi
    if [ -z "$url" ] && [ -n "${SMONEY_SECRETS_DIR:-}" ] && [ -r "$secret" ]; then
        url=$(cat "$secret")
    fi
    if [ "$compose" = yes ]; then
        url=postgresql://db/smoney
    fi
    url=${url:-sqlite:///smoney.db}
    # shellcheck disable=SC2034 # read by whoever sources this
    case $url in
        sqlite:///*) kind=sqlite ;;
        postgresql*://*) kind=postgresql && split_url ;;
        *) die "This database is not known here: ${url%%:*}" ;;
    esac
}

# SQLAlchemy's address in libpq's words, without its password.
split_url() {
    local plain=postgresql://${url#*://}
    local encoded
    encoded=$(printf '%s' "$plain" | sed -nE 's#^[^:]+://[^:@/]*:([^@/]*)@.*#\1#p')
    pg_password=$(printf '%b' "${encoded//%/\\x}")
    pg_url=$(printf '%s' "$plain" | sed -E 's#^([^:]+://[^:@/]*):[^@/]*@#\1@#')
}
