# SPDX-License-Identifier: ISC
# testssl.sh: what testssl.sh(1) of Debian finds in a server with a P-256 and
# an RSA certificate: nothing above informational but what is about DNS.
# Takes three minutes, so it is run by hand:
# layer: no
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../certs.sh"
command -v testssl >/dev/null || k_die "no testssl: apt-get install testssl.sh"
k_new testssl
K_DAYS=90
K_EXT="authorityInfoAccess=OCSP;URI:http://ocsp.keepd.test/"
k_ca
k_cert p256 DNS:keepd.test $EC256
k_cert rsa DNS:keepd.test $RSA2048
k_ocsp p256
k_ocsp rsa
k_tls_conf p256 rsa
# A name of the world, so that all is as it would be there.
{
	echo "public-url \"https://keepd.test:$T_PORT\""
	echo "rate-limits on"
	[ "$(k_as)" = root ] || echo "sandbox degraded"
} >>"$K_DIR/more.conf"
k_start
testssl --ip 127.0.0.1 --add-ca "$K_CA" --color 0 --warnings off --quiet \
    --jsonfile "$K_DIR/found.json" --severity LOW \
    "https://keepd.test:$T_PORT/healthz" >"$K_DIR/testssl.out" 2>&1
k_has "it ran to its end" "$(tail -n 3 "$K_DIR/testssl.out")" "Done"
k_has "control: it saw TLS 1.3" "$(cat "$K_DIR/testssl.out")" \
    "TLS 1.3    offered (OK)"
k_eq "nothing above informational" "$(tr -d '\n' <"$K_DIR/found.json" |
    sed 's/}/}\n/g' | grep '"id"' | grep -v '"DNS_')" ""
for p in $(k_role_pids listener) $(k_role_pids signd); do
	k_true "process $p lived through it" test -d "/proc/$p"
done
k_eq "none was started again" "$(k_ctl status | awk 'NF > 6 &&
    $1 ~ /^(listener|signd)/ { n += $6 } END { print n + 0 }')" 0
k_done
