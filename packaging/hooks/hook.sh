# What the hooks share; read by them, not run.

# Says why it failed, and ends. No address is in it: a key may be part of one.
lost() {
    echo "doudi hook $(basename "$0"): $1" >&2
    logger -t doudi-hook -- "$(basename "$0"): $1" 2>/dev/null || :
    exit 1
}

# The file that the one argument names; only its owner may read it.
settings() {
    [ $# -eq 1 ] || lost "one argument: the file of settings"
    settings=$1
    [ -f "$settings" ] && [ -r "$settings" ] || lost "$settings cannot be read"
    case $(stat -L -c %a "$settings") in
    ?00) ;;
    *) lost "$settings is open to others: chmod 600 $settings" ;;
    esac
    command -v curl >/dev/null || lost "curl is not there"
    command -v jq >/dev/null || lost "jq is not there"
}

# Sends standard input by curl, its settings from the file. A hook has 30 seconds if the pipeline says nothing else.
send() {
    body=$(mktemp)
    said=$(mktemp)
    trap 'rm -f "$body" "$said"' EXIT
    # A second try needs the bytes again.
    cat >"$body"
    for argument in "$@"; do
        shift
        case $argument in
        @-) argument=@$body ;;
        -) argument=$body ;;
        esac
        set -- "$@" "$argument"
    done
    try=1
    until curl --disable --silent --show-error --fail --connect-timeout 4 --max-time 8 "$@" --config "$settings" 2>"$said"; do
        [ "$try" -lt 3 ] || lost "$(tail -n 1 "$said")"
        try=$((try + 1))
        sleep 1
    done
}
