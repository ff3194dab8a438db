#!/usr/bin/env bash
# Builds the libraries that the wheel links statically and that the system has as shared ones only, or with too much in
# them: build_libraries.sh FOLDER [COMPILER_LAUNCHER] -> FOLDER/lib/lib{curl,hwy,spng,tiff,zip}.a, and
# FOLDER/versions.txt, which has the name and version of each library's source package
#
#   curl     HTTP and HTTPS alone: the system's brings LDAP, Kerberos, librtmp and libssh2
#   tiff     without JBIG, whose library is under the GPL, and without LERC
#   highway, libspng, libzip      are there as shared libraries only
#
# The sources are the system's own, of the version whose headers Pomona is compiled with and with the security patches
# of the distribution; apt fetches them with an index of its own, so that no line of the machine's sources changes.
set -euo pipefail
mkdir -p "$1"
cd "$1"
launcher=${2:-}
# The protections that the rest is built with (cmake/PomonaHardening.cmake); cmake takes them from here, too.
export CFLAGS="-fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"
if [[ $(uname -m) == x86_64 ]]; then CFLAGS+=" -fcf-protection"; fi
export CXXFLAGS=$CFLAGS

declare -A package=([curl]=libcurl4-openssl-dev [tiff]=libtiff-dev [libzip]=libzip-dev [libspng]=libspng-dev
  [highway]=libhwy-dev)

die() {
  printf '%s\n' "$*" "To link the system's libraries instead: -DPOMONA_SELF_CONTAINED=OFF" >&2
  exit 1
}

fetch() {
  if ! command -v apt-get dpkg-source >/dev/null; then die "apt-get and dpkg-source (package dpkg-dev) are wanted"; fi
  local parts=$PWD/apt/parts name file
  rm -rf apt sources
  mkdir -p "$parts" apt/lists/partial apt/cache/archives/partial sources
  for file in /etc/apt/sources.list.d/*.sources; do
    if [[ -e $file ]]; then sed 's/^Types:.*/Types: deb-src/' "$file" >"$parts/${file##*/}"; fi
  done
  { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true; } |
    sed -n 's/^deb\(-src\)\? /deb-src /p' | sort -u >"$parts/lines.list"
  local apt=(apt-get -q -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$parts"
    -o "Dir::State::Lists=$PWD/apt/lists" -o "Dir::Cache=$PWD/apt/cache" -o APT::Sandbox::User="$(id -un)"
    -o Acquire::Languages=none -o Acquire::Retries=3)
  "${apt[@]}" update || die "The list of source packages cannot be had"
  cd sources
  for name in "${!package[@]}"; do
    # An older version leaves the index when a security update comes; within a release both have the same interface.
    "${apt[@]}" source --download-only --only-source "$name=$(dpkg-query -W -f '${source:Version}' "${package[$name]}")" ||
      "${apt[@]}" source --download-only --only-source "$name" || die "The source package $name cannot be had"
    dpkg-source --no-copy --extract "$name"_*.dsc "$name"
  done
  cd ..
}

# build NAME [-D...]: the library of sources/NAME by its own CMakeLists.txt, into lib/.
build() {
  local name=$1
  shift
  cmake -S "sources/$name" -B "made/$name" -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
    -DCMAKE_C_COMPILER_LAUNCHER="$launcher" -DCMAKE_CXX_COMPILER_LAUNCHER="$launcher" -DBUILD_SHARED_LIBS=OFF \
    -DBUILD_TESTING=OFF -Wno-dev "$@"
}

curl() {
  build curl -DHTTP_ONLY=ON -DBUILD_CURL_EXE=OFF -DENABLE_MANUAL=OFF -DCURL_USE_OPENSSL=ON -DCURL_USE_GSSAPI=OFF \
    -DCURL_USE_LIBPSL=OFF -DCURL_USE_LIBSSH2=OFF -DUSE_LIBIDN2=OFF -DUSE_NGHTTP2=OFF -DCURL_ZLIB=OFF \
    -DCURL_BROTLI=OFF -DCURL_ZSTD=OFF
  cmake --build made/curl -j "$(nproc)" # the target has another name in later versions
  cp made/curl/lib/libcurl.a lib
}

tiff() {
  build tiff -Djbig=OFF -Dlerc=OFF -Dlibdeflate=OFF -Dcxx=OFF -Dtiff-tools=OFF -Dtiff-tests=OFF -Dtiff-contrib=OFF \
    -Dtiff-docs=OFF
  cmake --build made/tiff --target tiff -j "$(nproc)"
  cp made/tiff/libtiff/libtiff.a lib
}

small_ones() {
  # arc4random came with glibc 2.36, which is younger than the systems that the wheel is for.
  build libzip -DHAVE_ARC4RANDOM=OFF -DENABLE_COMMONCRYPTO=OFF -DENABLE_GNUTLS=OFF -DENABLE_MBEDTLS=OFF \
    -DENABLE_OPENSSL=OFF -DENABLE_BZIP2=OFF -DENABLE_LZMA=OFF -DENABLE_ZSTD=OFF -DBUILD_TOOLS=OFF -DBUILD_REGRESS=OFF \
    -DBUILD_EXAMPLES=OFF -DBUILD_DOC=OFF
  cmake --build made/libzip --target zip -j "$(nproc)"
  cp made/libzip/lib/libzip.a lib
  $launcher cc $CFLAGS -O3 -DNDEBUG -fPIC -c sources/libspng/spng/spng.c -o made/spng.o
  ar rcs lib/libspng.a made/spng.o
  $launcher c++ $CXXFLAGS -O3 -DNDEBUG -fPIC -Isources/highway -c sources/highway/hwy/targets.cc -o made/targets.o
  ar rcs lib/libhwy.a made/targets.o
}

note_versions() {
  local name
  for name in curl:curl tiff:tiff zip:libzip spng:libspng hwy:highway; do
    printf '%s\t%s\t%s\n' "${name%:*}" "${name#*:}" "$(dpkg-parsechangelog -l "sources/${name#*:}/debian/changelog" -S Version)"
  done >versions.txt
}

fetch
note_versions
rm -rf made lib
mkdir -p made lib
jobs=()
for library in curl tiff small_ones; do
  "$library" &
  jobs+=($!)
done
for job in "${jobs[@]}"; do wait "$job" || die "A library that the wheel holds was not built"; done
rm -rf apt sources made
