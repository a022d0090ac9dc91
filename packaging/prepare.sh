# shellcheck shell=sh disable=SC2154 # "root" is set by those who source this
# Sourced by ./perb, ./demo and ./test: says or installs what a machine misses, and builds. POSIX sh.
# Nothing here is needed on a node: the package brings its own runtime.

# Perb refuses keys and configurations that others can write, as a umask of 002 makes them.
umask go-w

die() {
    printf '%s\n' "$1" >&2
    exit 1
}

# need_sdk: the .NET SDK is the one thing that cannot be installed from Debian's packages.
need_sdk() {
    dotnet --list-sdks 2>/dev/null | grep -q '^10\.' ||
        die "The .NET 10 SDK is missing: see https://learn.microsoft.com/dotnet/core/install/linux-debian"
}

# need_programs PACKAGE=PROGRAM…: installs the packages whose programs are not there.
need_programs() {
    missing=
    for pair in "$@"; do
        command -v "${pair#*=}" >/dev/null 2>&1 || missing="$missing ${pair%%=*}"
    done
    [ -n "$missing" ] || return 0
    [ "$(id -u)" = 0 ] || die "Missing programs; run: sudo apt-get install$missing"
    printf 'Installing%s\n' "$missing"
    # shellcheck disable=SC2086 # a list of package names
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing; } >/dev/null ||
        die "apt-get could not install$missing"
}

# build PROJECT…: quiet unless it fails; does nothing where nothing changed.
build() {
    for project in "$@"; do
        log=$(dotnet build "$root/$project" -c Release -v quiet -nologo --disable-build-servers 2>&1) || die "$log"
    done
}
