#!/bin/sh
# Builds what the switch loads, into build/.
#
#   build.sh            both, and ctictl; without FreeSWITCH's headers the engine and ctictl alone, saying so
#   build.sh lib        libcti.so, the engine: needs Go and a C compiler
#   build.sh module     mod_cti.so: needs a C compiler and FreeSWITCH's headers; exits 3 where there are none
#   build.sh install    copies all three into the installed FreeSWITCH, and the sample configuration and dialplan where
#                       it has none of that name
#   build.sh cflags     prints how cgo is to compile C in all that is built here: what go env CGO_CFLAGS says, and more
#
# CC, CFLAGS, CGO_CFLAGS, LDFLAGS and DESTDIR are honoured. FREESWITCH_PREFIX names an installation that pkg-config does not know.
set -eu
cd "$(dirname "$0")"

# Whoever has the old file open, a running switch or another build, keeps it whole: the new one takes its name last.
fresh=build/.new.$$
mkdir -p "$fresh"
trap 'rm -rf "$fresh"' EXIT

# With fdatasync a commit of SQLite does not write the times in the file's inode each time, as with fsync. Packages cannot
# tell that to another one's C.
cflags() {
	flags=$(go env CGO_CFLAGS) || return 1
	case " $flags" in
	*" -DHAVE_FDATASYNC"*) echo "$flags" ;;
	*) echo "$flags -DHAVE_FDATASYNC=1" ;;
	esac
}

lib() {
	flags=$(cflags) || return 1
	CGO_ENABLED=1 CGO_CFLAGS=$flags go build -buildmode=c-shared -trimpath -o "$fresh/libcti.so" \
		-ldflags "-extldflags '-Wl,--version-script=$PWD/cgo/libcti.map ${LDFLAGS:-}'" ./cgo || return 1
	strays=$(nm -D --defined-only "$fresh/libcti.so" | awk '$3 !~ /^cti_/ {print $3}' | head -n 5)
	if [ -n "$strays" ]; then
		echo "build.sh: libcti.so exports more than cti_*, which could meet the switch's own symbols:" $strays >&2
		return 1
	fi
	mv "$fresh/libcti.so" build/
	echo "build/libcti.so, which exports nothing but cti_*"
}

client() {
	CGO_ENABLED=0 go build -trimpath -o "$fresh/ctictl" ./cmd/ctictl || return 1
	mv "$fresh/ctictl" build/
	echo "build/ctictl"
}

# Where the switch's headers, libraries, modules, programs and configuration are.
freeswitch() {
	if command -v pkg-config >/dev/null 2>&1 && pkg-config --exists freeswitch; then
		includes=$(pkg-config --cflags-only-I freeswitch | sed 's/-I/-isystem /g')
		libraries=$(pkg-config --libs freeswitch)
		modules=$(pkg-config --variable=modulesdir freeswitch)
		configuration=$(pkg-config --variable=confdir freeswitch)
		programs=$(pkg-config --variable=bindir freeswitch)
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
		programs=$prefix/bin
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

# A program or library that is in use keeps its old file.
place() {
	mkdir -p "${DESTDIR:-}$2"
	cp "build/$1" "${DESTDIR:-}$2/$1.new"
	mv "${DESTDIR:-}$2/$1.new" "${DESTDIR:-}$2/$1"
}

install_all() {
	freeswitch || return 3
	for file in libcti.so mod_cti.so ctictl; do
		[ -f "build/$file" ] && continue
		echo "build.sh: there is no build/$file: make build comes first" >&2
		return 1
	done
	place libcti.so "$modules"
	place mod_cti.so "$modules"
	place ctictl "$programs"
	sample autoload_configs/cti.conf.xml
	sample dialplan/default/10_cti.xml
	grep -qs 'default/\*\.xml' "${DESTDIR:-}$configuration/dialplan/default.xml" "$configuration/dialplan/default.xml" ||
		echo "no dialplan/default.xml includes default/*.xml here: include 10_cti.xml in the context that is to have it"
	echo "installed in ${DESTDIR:-}$modules, and ctictl in ${DESTDIR:-}$programs; load mod_cti, or name it in autoload_configs/modules.conf.xml"
}

case "${1:-all}" in
lib) lib ;;
cflags) cflags ;;
module) module ;;
install) install_all ;;
all)
	lib
	client
	result=0
	module || result=$?
	[ $result -eq 3 ] || exit $result
	;;
*)
	sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
