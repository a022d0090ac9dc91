# shellcheck shell=sh disable=SC2154 # "root" is set by those who source this
# Sourced by ./test: Prometheus and its promtool, for the tests of what Perb exports. The Debian package is unpacked into artifacts/, nothing
# is installed; both programs need libc alone.

# unpack_prometheus: does nothing where that was done before. Not to have it is no fault: the tests that need it are skipped.
unpack_prometheus() (
    folder=$root/artifacts/prometheus
    cannot() {
        printf 'Prometheus is not here (%s): the tests that need it are skipped\n' "$1"
        exit 0
    }

    "$folder/usr/bin/promtool" --version >/dev/null 2>&1 && exit 0
    for program in apt-get dpkg-deb; do
        command -v "$program" >/dev/null 2>&1 || cannot "there is no $program"
    done

    printf 'Unpacking Prometheus\n'
    rm -rf "$folder"
    mkdir -p "$folder"
    cd "$folder" || cannot "$folder cannot be made"
    download() { apt-get -q -o APT::Sandbox::User= -o Acquire::Retries=2 -o Acquire::http::Timeout=20 download prometheus >>"$folder/log" 2>&1; }
    # apt may not have looked at its mirror yet.
    download || { apt-get -q update >>"$folder/log" 2>&1 && download; } || cannot "apt could not fetch it, see $folder/log"
    for package in ./*.deb; do
        dpkg-deb -x "$package" "$folder" || cannot "$package cannot be unpacked"
        rm "$package"
    done
    "$folder/usr/bin/promtool" --version >/dev/null 2>&1 || cannot "it does not run, see $folder"
)
