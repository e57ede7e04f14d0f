#!/usr/bin/env bash
# Prints what the figures were measured on, as a Markdown list; each result is kept with it.
set -uo pipefail
directory=${1:-/var/tmp}
item() { printf -- '- %s: %s\n' "$1" "${2:-unknown}"; }

item "date" "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
item "commit" "$(git -C "$(dirname "$0")" rev-parse --short HEAD 2>/dev/null)$(git -C "$(dirname "$0")" diff --quiet HEAD 2>/dev/null || echo ' with changes')"
item "kernel" "$(uname -sr) $(uname -m)"
item "processor" "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1), $(nproc) cores"
item "virtual" "$(if grep -qw hypervisor /proc/cpuinfo; then echo yes; else echo no; fi)"
item "memory" "$(awk '/MemTotal/ {printf "%.1f GiB", $2 / 1048576}' /proc/meminfo)"
item "load before" "$(cut -d' ' -f1-3 /proc/loadavg)"
item "other processes that use CPU" "$(ps -eo pcpu,comm --sort=-pcpu --no-headers | awk '$1 > 5 {printf "%s%s %s%%", sep, $2, $1; sep = ", "}')"
item "filesystem of $directory" "$(df -T "$directory" | awk 'NR == 2 {print $2 ", " $1}')"
item "net.core.rmem_max" "$(cat /proc/sys/net/core/rmem_max)"
item "Java" "$("${FARSHORE_JAVA:-java}" -version 2>&1 | sed -n 2p)"
item "fio" "$(fio --version 2>/dev/null || echo none)"
