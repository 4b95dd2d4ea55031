# Sourced by the scripts here: where the repository is, and how much of the machine to use.
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '\033[1m%s\033[0m\n' "$*" >&2; }
die() { printf '%s: %s\n' "$(basename "$0")" "$1" >&2; exit "${2:-1}"; }

# Compile jobs: one a core, but never more than one per 1.5 GB of memory (a template-heavy file takes about 1 GB). WEIR_JOBS overrides.
jobs_for_build() {
  if [ -n "${WEIR_JOBS:-}" ]; then echo "$WEIR_JOBS"; return; fi
  local cores memory_kb
  cores=$(nproc)
  memory_kb=$(awk '$1 == "MemTotal:" {print $2}' /proc/meminfo)
  local fits=$((memory_kb / 1500000))
  [ "$fits" -ge 1 ] || fits=1
  [ "$cores" -lt "$fits" ] && echo "$cores" || echo "$fits"
}
