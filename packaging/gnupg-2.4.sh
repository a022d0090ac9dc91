# shellcheck shell=sh disable=SC2154 # "root" is set by those who source this
# Sourced by ./test: GnuPG 2.4 beside the installed 2.2, for the tests that compare both. Nothing is installed: the packages of the next
# Debian are unpacked into artifacts/ and run with their own libraries. apt's own state is not touched; its mirror, proxy and keyring serve.

# unpack_gnupg_2_4: does nothing where that was done before. Not to have it is no fault: the tests that need it are skipped.
unpack_gnupg_2_4() (
    release=trixie
    folder=$root/artifacts/gnupg-2.4
    apt=$folder/apt
    cannot() {
        printf 'GnuPG 2.4 is not here (%s): the tests that need it are skipped\n' "$1"
        exit 0
    }

    "$folder/bin/gpg" --version 2>/dev/null | grep -q '^gpg (GnuPG) 2\.[4-9]' && exit 0
    for program in apt-get dpkg-deb; do
        command -v "$program" >/dev/null 2>&1 || cannot "there is no $program"
    done
    # shellcheck disable=SC2016 # apt's own placeholders
    mirror=$(apt-get indextargets --no-release-info --format '$(SITE) $(RELEASE)' 'Created-By: Packages' 'Component: main' 2>/dev/null |
        grep -v -e '-security$' -e '-updates$' -e '-backports$' | sed -n '1s/ .*//p')
    [ -n "$mirror" ] || cannot "apt knows no mirror"

    printf 'Unpacking GnuPG 2.4\n'
    rm -rf "$folder"
    mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$folder/bin"
    : >"$apt/status"
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' "$mirror" "$release" >"$apt/sources.list"
    own() {
        apt-get -q -y -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
            -o Dir::State="$apt" -o Dir::State::status="$apt/status" -o Dir::State::extended_states="$apt/extended" \
            -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt" -o Dir::Cache::archives="$apt/archives" \
            -o APT::Sandbox::User= -o Debug::NoLocking=1 -o Acquire::Retries=2 -o Acquire::http::Timeout=20 "$@" >>"$apt/log" 2>&1
    }
    # An empty list of installed packages makes apt fetch all that is needed, libc with its loader too.
    { own update && own install --download-only --no-install-recommends gpg gpg-agent; } || cannot "apt could not fetch it, see $apt/log"
    for package in "$apt"/archives/*.deb; do
        dpkg-deb -x "$package" "$folder/root" || cannot "$package cannot be unpacked"
    done

    loader=$(find "$folder/root/usr/lib" "$folder/root/usr/lib64" -name 'ld-linux*.so.*' 2>/dev/null | head -n 1)
    libraries=$(find "$folder/root/usr/lib" -name 'libgcrypt.so.*' | sed -n '1s,/[^/]*$,,p')
    for program in gpg gpg-agent; do
        # gpg would start the installed agent.
        [ "$program" = gpg ] && options="--agent-program '$folder/bin/gpg-agent' " || options=
        printf "#!/bin/sh\nexec '%s' --library-path '%s' '%s' %s\"\$@\"\n" \
            "$loader" "$libraries" "$folder/root/usr/bin/$program" "$options" >"$folder/bin/$program"
        chmod 755 "$folder/bin/$program"
    done
    rm -rf "$apt/lists" "$apt/archives" "$apt"/*.bin
    "$folder/bin/gpg" --version 2>/dev/null | grep -q '^gpg (GnuPG) 2\.[4-9]' || cannot "it does not run, see $folder"
)
