#!/bin/sh
# Builds what the switch loads, into build/.
#
#   build.sh            both; without FreeSWITCH's headers the engine alone, saying so
#   build.sh lib        libcti.so, the engine: needs Go and a C compiler
#   build.sh module     mod_cti.so: needs a C compiler and FreeSWITCH's headers; exits 3 where there are none
#   build.sh install    copies both into the installed FreeSWITCH, and the sample configuration and dialplan where it
#                       has none of that name
#
# CC, CFLAGS, LDFLAGS and DESTDIR are honoured. FREESWITCH_PREFIX names an installation that pkg-config does not know.
set -eu
cd "$(dirname "$0")"

# Whoever has the old file open, a running switch or another build, keeps it whole: the new one takes its name last.
fresh=build/.new.$$
mkdir -p "$fresh"
trap 'rm -rf "$fresh"' EXIT

lib() {
	CGO_ENABLED=1 go build -buildmode=c-shared -trimpath -o "$fresh/libcti.so" \
		-ldflags "-extldflags '-Wl,--version-script=$PWD/cgo/libcti.map ${LDFLAGS:-}'" ./cgo || return 1
	strays=$(nm -D --defined-only "$fresh/libcti.so" | awk '$3 !~ /^cti_/ {print $3}' | head -n 5)
	if [ -n "$strays" ]; then
		echo "build.sh: libcti.so exports more than cti_*, which could meet the switch's own symbols:" $strays >&2
		return 1
	fi
	mv "$fresh/libcti.so" build/
	echo "build/libcti.so, which exports nothing but cti_*"
}

# Where the switch's headers, libraries, modules and configuration are.
freeswitch() {
	if command -v pkg-config >/dev/null 2>&1 && pkg-config --exists freeswitch; then
		includes=$(pkg-config --cflags-only-I freeswitch | sed 's/-I/-isystem /g')
		libraries=$(pkg-config --libs freeswitch)
		modules=$(pkg-config --variable=modulesdir freeswitch)
		configuration=$(pkg-config --variable=confdir freeswitch)
		return 0
	fi
	for prefix in ${FREESWITCH_PREFIX:-} /usr/local/freeswitch /usr /opt/freeswitch; do
		[ -f "$prefix/include/freeswitch/switch.h" ] || continue
		includes="-isystem $prefix/include/freeswitch"
		libraries="-L$prefix/lib -lfreeswitch"
		modules=$prefix/lib/freeswitch/mod
		[ -d "$modules" ] || modules=$prefix/mod
		configuration=$prefix/etc/freeswitch
		[ -d "$configuration" ] || configuration=$prefix/conf
		return 0
	done
	echo "build.sh: no mod_cti.so: FreeSWITCH's headers were not found (pkg-config freeswitch, FREESWITCH_PREFIX)" >&2
	return 3
}

module() {
	freeswitch || return 3
	# shellcheck disable=SC2086
	${CC:-cc} -std=gnu11 -shared -fPIC -O2 -g -fvisibility=hidden -DSWITCH_API_VISIBILITY \
		-Wall -Wextra -Werror ${CFLAGS:-} $includes -Icgo \
		-o "$fresh/mod_cti.so" fsmod/*.c -pthread ${LDFLAGS:-} -Wl,-z,defs $libraries -ldl || return 1
	mv "$fresh/mod_cti.so" build/
	echo "build/mod_cti.so"
}

# What somebody may have made his own is never written over.
sample() {
	to=${DESTDIR:-}$configuration/$1
	if [ -e "$to" ]; then
		echo "$to stays as it is"
		return 0
	fi
	mkdir -p "$(dirname "$to")"
	cp "fsmod/conf/$1" "$to"
	echo "$to is the sample"
}

install_all() {
	freeswitch || return 3
	mkdir -p "${DESTDIR:-}$modules"
	for file in libcti.so mod_cti.so; do
		cp "build/$file" "${DESTDIR:-}$modules/$file.new"
		mv "${DESTDIR:-}$modules/$file.new" "${DESTDIR:-}$modules/$file"
	done
	sample autoload_configs/cti.conf.xml
	sample dialplan/default/10_cti.xml
	grep -qs 'default/\*\.xml' "${DESTDIR:-}$configuration/dialplan/default.xml" ||
		echo "no dialplan/default.xml includes default/*.xml here: include 10_cti.xml in the context that is to have it"
	echo "installed in ${DESTDIR:-}$modules; load mod_cti, or name it in autoload_configs/modules.conf.xml"
}

case "${1:-all}" in
lib) lib ;;
module) module ;;
install) install_all ;;
all)
	lib
	result=0
	module || result=$?
	[ $result -eq 3 ] || exit $result
	;;
*)
	sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
