# SPDX-License-Identifier: ISC
# layer: no
# puppet.sh: instances in which a role's program is puppet.c, for
# ". tests/privsep/puppet.sh" behind lib.sh.

# Before k_start: the role's program is a puppet that executes the real one
# until an attack program listens.
k_puppets() {	# role
	mkdir "$K_DIR/bin"
	for _b in keepd keepd-listener keepd-authd keepd-pwhash keepd-signd \
	    keepd-toold keepctl; do
		cp "$K_OBJ/$_b" "$K_DIR/bin/$_b"
	done
	mv "$K_DIR/bin/keepd-$1" "$K_DIR/bin/keepd-$1.real"
	cp "$K_OBJ/privsep/puppet" "$K_DIR/bin/keepd-$1"
	chmod -R a+rX "$K_DIR/bin"
}

# Run an attack program: all processes of the role but the first become
# puppets (of toold and pwhash: the only one).
puppet_run() {	# role program [argument...]
	_all=$(k_role_pids "$1" | sort -n)
	[ "$1" != listener ] || _all=$(echo "$_all" | tail -n +2)
	K_VICTIMS=$(echo $_all)
	K_MASTER=$(k_pid)
	K_AUTHD=$(k_role_pids authd | head -n 1)
	K_TOOLD=$(k_role_pids toold | head -n 1)
	K_CTL="$(k_bin)/keepctl -d $K_DIR/run"
	export K_VICTIMS K_MASTER K_AUTHD K_TOOLD K_CTL
	shift
	exec "$@"
}
