#!/usr/bin/env bash
# Proves that a bare Debian 12 and README are enough: bare-debian.sh [--no-test] [--keep]
#   --no-test  set-up, demo and the demo without root only
#   --keep     leave the tree (its path is printed)
#
# Makes a minimal Debian 12 tree with mmdebstrap, clones the committed state of this repository into it and does what
# README says, in a chroot with /proc, /sys, /dev, /dev/shm and a bpffs of its own. All mounts live in a mount namespace
# of this script and end with it. Needs root, mmdebstrap and git; some 5 GB below TMPDIR; 15 to 30 minutes.
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
. "$root/tests/lib/debian-tree.sh"

DEMO_LIMIT=300
TEST_LIMIT=900
with_test=yes
keep=
for argument in "$@"; do
    case $argument in
        --no-test) with_test= ;;
        --keep) keep=yes ;;
        *) sed -n '2,4s/^# //p' "${BASH_SOURCE[0]}"; [[ $argument == --help ]] && exit 0 || exit 2 ;;
    esac
done

if [[ -z ${FARSHORE_BARE_INSIDE:-} ]]; then
    [[ $(id -u) -eq 0 ]] || skip "needs root (mmdebstrap, chroot)"
    need mmdebstrap git unshare chroot
    FARSHORE_BARE_INSIDE=1 exec unshare --mount --propagation private bash "${BASH_SOURCE[0]}" "$@"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/farshore-bare-XXXXXX")
tree=$work/tree
finish() {
    code=$?
    for point in $(awk -v tree="$tree" 'index($2, tree) == 1 { print $2 }' /proc/self/mounts | sort -r); do
        umount -l "$point" 2> /dev/null || true
    done
    if [[ -n $keep ]]; then
        say "kept: $tree"
    else
        rm -rf --one-file-system "$work"
    fi
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

started=$SECONDS
make_debian_tree "$tree" passwd
chroot "$tree" useradd --create-home --shell /bin/bash person
copy_trust "$tree"
# A mount point of its own: ip netns and the JDK look for the mount that / is on.
mount --bind "$tree" "$tree"
mount -t proc proc "$tree/proc"
mount -t sysfs sysfs "$tree/sys"
mount -t bpf bpf "$tree/sys/fs/bpf"
mount --rbind /dev "$tree/dev"
mountpoint -q "$tree/dev/shm" || mount -t tmpfs shm "$tree/dev/shm"
for home in root home/person; do
    git clone --quiet "file://$root" "$tree/$home/farshore"
done
chroot "$tree" chown -R person:person /home/person
say "a bare Debian $(cat "$tree/etc/debian_version") after $((SECONDS - started)) s: $(chroot "$tree" dpkg -l | grep -c ^ii) packages"

mapfile -t trust < <(trust_environment)

# inside USER COMMAND: as a person would type it, in the clone in the user's home.
inside() {
    local user=$1 home=/root
    shift
    [[ $user == root ]] || home=/home/$user
    chroot "$tree" /usr/bin/env -i "${trust[@]}" HOME="$home" USER="$user" LOGNAME="$user" TERM=dumb LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        setpriv --reuid="$user" --regid="$user" --init-groups bash -c "cd $home/farshore && $*"
}

# check NAME SECONDS LIMIT: complains when something took too long.
check_time() {
    say "$1 took $2 s (limit $3 s)"
    [[ $2 -le $3 ]] || { say "FAILED: $1 took $2 s, more than $3 s"; exit 1; }
}

# expect FILE PATTERN: the file must say so.
expect() {
    grep -Eq "$2" "$1" || { say "FAILED: no $2 in $1:"; cat "$1"; exit 1; }
}

begun=$SECONDS
inside root ./farshore setup
inside root ./farshore build
say "set-up and build took $((SECONDS - begun)) s"

begun=$SECONDS
inside root ./farshore demo --json > "$work/demo.json"
check_time "./farshore demo --json" $((SECONDS - begun)) $DEMO_LIMIT
cat "$work/demo.json"
expect "$work/demo.json" '"result" *: *"equal"'
expect "$work/demo.json" '"capture" *: *"ebpf"'

inside person ./farshore build
begun=$SECONDS
inside person ./farshore demo --json > "$work/demo-person.json" 2> >(tee "$work/demo-person.err" >&2)
check_time "./farshore demo --json without root" $((SECONDS - begun)) $DEMO_LIMIT
cat "$work/demo-person.json"
expect "$work/demo-person.json" '"result" *: *"equal"'
expect "$work/demo-person.json" '"capture" *: *"scan"'

if [[ -n $with_test ]]; then
    begun=$SECONDS
    inside root ./farshore test 2>&1 | tee "$work/test.log"
    check_time "./farshore test" $((SECONDS - begun)) $TEST_LIMIT
    grep -E '^(SKIPPED|.*Tests run:.*Fail)' "$work/test.log" | tail -20 || true
fi
say "PASSED: a bare Debian and README are enough ($((SECONDS - started)) s in all)"
