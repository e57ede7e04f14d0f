# Makes Debian 12 trees for tests; sourced by bare-debian.sh and by long proofs that need a guest.
#
# Package sources, keys, certificates, proxies and Maven settings are taken from the machine it runs on. Nothing of the
# kind is kept in this repository: another machine has others.

# say TEXT: one line of progress on standard error.
say() {
    printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2
}

# skip REASON: ends with 77, as a test that cannot run here.
skip() {
    printf 'SKIPPED %s: %s\n' "$(basename "$0")" "$*"
    exit 77
}

# need COMMAND...: skips unless all are there.
need() {
    for command in "$@"; do
        PATH=$PATH:/usr/sbin:/sbin command -v "$command" > /dev/null || skip "no command $command; install it with apt-get"
    done
}

# apt_sources: the machine's own package sources, in the old one-line or the new format, whichever it uses.
apt_sources() {
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list.d/*.list; do
        if [ -s "$file" ] && grep -q 'debian' "$file" && grep -Eq '^(deb |Types:)' "$file"; then
            printf '%s\n' "$file"
        fi
    done
}

# make_debian_tree DIRECTORY PACKAGES [MMDEBSTRAP-OPTION...]: a minimal Debian 12 and the comma-separated packages.
make_debian_tree() {
    tree=$1
    packages=$2
    shift 2
    options=$(mktemp)
    # How the machine reaches its mirror: proxies, and what it tolerates of them.
    apt-config dump | grep -E '^Acquire::(https?|Check|Retries|ForceIPv)' > "$options" || true
    # shellcheck disable=SC2046
    set -- --mode=root --variant=minbase --include="$packages" --aptopt="$options" \
        --dpkgopt='path-exclude=/usr/share/doc/*' "$@" bookworm "$tree" $(apt_sources)
    say "mmdebstrap $tree"
    mmdebstrap --quiet "$@" >&2
    rm -f "$options"
}

# copy_trust TREE: lets the tree reach what this machine reaches: certificates, Maven settings, names of hosts.
copy_trust() {
    tree=$1
    mkdir -p "$tree/usr/local/share/ca-certificates" "$tree/etc/ssl/certs" "$tree/etc/apt/keyrings"
    find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$tree/usr/local/share/ca-certificates/" \; 2> /dev/null || true
    find /etc/apt/keyrings -type f -exec cp {} "$tree/etc/apt/keyrings/" \; 2> /dev/null || true
    if [ -f "$tree/usr/sbin/update-ca-certificates" ]; then
        chroot "$tree" update-ca-certificates > /dev/null 2>&1
    elif [ -f /etc/ssl/certs/ca-certificates.crt ]; then
        cp /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/"
    fi
    for file in /etc/resolv.conf /etc/hosts; do
        [ -f "$file" ] && cp -L "$file" "$tree$file"
    done
    for directory in "$tree/root" "$tree/home/person"; do
        if [ -d "$directory" ]; then
            mkdir -p "$directory/.m2"
            [ -f "$HOME/.m2/settings.xml" ] && cp "$HOME/.m2/settings.xml" "$directory/.m2/"
        fi
    done
    return 0
}

# trust_environment: NAME=value lines of what this machine's environment says of proxies and certificate bundles.
trust_environment() {
    env | grep -Ei '^(https?_proxy|no_proxy|all_proxy|MAVEN_OPTS|MAVEN_ARGS|JAVA_TOOL_OPTIONS|SSL_CERT_FILE|SSL_CERT_DIR|CURL_CA_BUNDLE|GIT_SSL_CAINFO|REQUESTS_CA_BUNDLE)=' || true
}
