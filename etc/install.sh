#!/bin/sh
# SPDX-License-Identifier: ISC
# install.sh: the files of a service, for make install and make uninstall.
# usage: install.sh [-u] DESTDIR PREFIX SYSCONFDIR UNITDIR
#
# Overwrites nothing that an admin edits: an existing keepd.conf stays and
# the new one lies beside it.  -u takes away what was installed, but no
# configuration, state or log.
set -eu

undo=
if [ "$1" = -u ]; then
	undo=1
	shift
fi
destdir=$1 prefix=$2 sysconfdir=$3 unitdir=$4
here=$(dirname "$0")
os=$(uname -s)

put() {	# source directory name mode
	if [ -n "$undo" ]; then
		rm -f "$destdir$2/$3"
		return
	fi
	install -d "$destdir$2"
	install -m "$4" "$1" "$destdir$2/$3"
}

service_linux() {
	unit=$(mktemp)
	sed "s,@SBINDIR@,$prefix/sbin,g" "$here/keepd.service.in" >"$unit"
	put "$unit" "$unitdir" keepd.service 644
	rm -f "$unit"
	put "$here/keepd.sysusers" "$prefix/lib/sysusers.d" keepd.conf 644
	put "$here/keepd.logrotate" "$sysconfdir/logrotate.d" keepd 644
}

case $os in
Linux)
	service_linux ;;
OpenBSD)
	put "$here/../rc.d/openbsd" /etc/rc.d keepd 555 ;;
FreeBSD)
	put "$here/../rc.d/freebsd" "$prefix/etc/rc.d" keepd 555
	put "$here/keepd.newsyslog" "$prefix/etc/newsyslog.conf.d" \
	    keepd.conf 644 ;;
NetBSD)
	put "$here/../rc.d/netbsd" "$prefix/share/examples/rc.d" keepd 555 ;;
esac

conf=$destdir$sysconfdir/keepd.conf
if [ -n "$undo" ]; then
	echo "kept: $conf, state, logs and users"
	exit 0
fi
install -d "$destdir$sysconfdir"
if [ -e "$conf" ]; then
	install -m 644 "$here/keepd.conf" "$conf.new"
	echo "kept your $conf; the one of this version is $conf.new"
else
	install -m 644 "$here/keepd.conf" "$conf"
fi
[ -n "$destdir" ] || [ "$os" != Linux ] || cat <<EOT
Next:
  systemd-sysusers		makes the users _keepd, _keepauth, _keephash,
				_keepsign and _keeptool
  systemctl daemon-reload
  systemctl enable --now keepd
  keepctl user add NAME administrator
EOT
