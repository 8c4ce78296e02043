# SPDX-License-Identifier: ISC
# p2-hostile-signing.sh: P2, P6: a listener under an attacker's control gets
# signatures of the TLS key over TLS 1.3 server handshakes, as many as it is
# allowed, and over nothing else.
. "$(dirname "$0")/../lib.sh"
. "$K_TESTS/certs.sh"
. "$K_TESTS/privsep/puppet.sh"
k_need_build
hostile() {	# name line...
	T_PORT=
	k_new "$1"
	shift
	k_puppets listener
	k_ca
	k_cert p256 DNS:localhost $EC256
	k_tls_conf p256
	for _l; do
		echo "$_l" >>"$K_DIR/more.conf"
	done
	k_start
}
hostile signing "prefork 24"
k_part "attacks" puppet_run listener "$K_OBJ/privsep/attack_signd"
k_stop
hostile signing-limits "prefork 2" \
    "limits { signatures-per-worker 20, signatures-of-life 60 }"
k_part "limits" puppet_run listener "$K_OBJ/privsep/attack_signd" limits
k_done
