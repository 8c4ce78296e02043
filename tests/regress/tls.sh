# SPDX-License-Identifier: ISC
# TLS from outside: every kind of key, names, what is refused, OCSP, reloads
# under open connections, and the death of the process with the keys.
# as: both
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../certs.sh"
k_new tls
k_ca
k_cert p256 DNS:localhost,DNS:both.test,IP:127.0.0.1 $EC256
k_cert rsa DNS:localhost,DNS:both.test $RSA2048
k_cert p384 DNS:p384.test $EC384
k_cert ed DNS:*.ed.test -algorithm ED25519
k_ocsp p256
k_tls_conf p256 rsa p384 ed

# ---- what keeps it from starting ----
chmod 644 "$C/ed.key"
k_false "a key that others may read" k_run "$K_OBJ/keepd" -d \
    -f "$K_DIR/keepd.conf"
k_has "and why" "$(k_run "$K_OBJ/keepd" -d -f "$K_DIR/keepd.conf" 2>&1)" \
    "$C/ed.key: chmod"
rm "$C/ed.key"
mkfifo -m 600 "$C/ed.key"
[ "$(k_as)" != nobody ] || chown 65534 "$C/ed.key"
k_has "a pipe for a key" "$(timeout 5 sh -c '. "$0/lib.sh"; k_run "$1" -d \
    -f "$2"' "$K_TESTS" "$K_OBJ/keepd" "$K_DIR/keepd.conf" 2>&1)" \
    "not a regular file"
rm "$C/ed.key"
k_cert ed DNS:*.ed.test -algorithm ED25519
cp "$C/ed.key" "$C/ed.keep"
cat "$C/p384.key" >"$C/ed.key"
k_has "a key of another certificate" "$(timeout 10 sh -c '. "$0/lib.sh"
    k_run "$1" -d -f "$2"' "$K_TESTS" "$K_OBJ/keepd" "$K_DIR/keepd.conf" \
    2>&1)" "do not belong together"
cat "$C/ed.keep" >"$C/ed.key"
echo 'limits { connections-per-address 1000 }' >>"$K_DIR/more.conf"
k_start
k_users >/dev/null

# ---- keys and names ----
got() {		# text field
	echo "$1" | sed -n "s/^$2 *[:=] *\(CN = \)\{0,1\}//p" | head -n 1
}
sc() {		# what subject signature name [argument...]
	_what=$1 _sub=$2 _sig=$3
	shift 3
	o=$(k_sclient "$@")
	k_has "$_what: verified" "$o" "Verify return code: 0 (ok)"
	k_eq "$_what: which certificate" "$(got "$o" subject)" "$_sub"
	k_eq "$_what: signature" "$(got "$o" 'Peer signature type')" "$_sig"
	k_hasnot "$_what: no ticket" "$o" "New Session Ticket"
}
sc P-256 p256 ECDSA both.test
sc P-384 p384 ECDSA p384.test
sc Ed25519 ed ed25519 deep.ed.test
sc "RSA for who knows no other" rsa RSA-PSS both.test -sigalgs \
    rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512
sc "RSA-PSS with SHA-512" rsa RSA-PSS both.test -sigalgs rsa_pss_rsae_sha512
sc "a name nobody has: the first" p256 ECDSA nobody.test
for g in X25519 P-256 P-384; do
	sc "group $g" p256 ECDSA localhost -groups $g
done
sc "a second hello (P-521 first)" p256 ECDSA localhost -groups P-521:P-256
k_has "no name at all" "$(openssl s_client -connect "127.0.0.1:$T_PORT" \
    -noservername -CAfile "$K_CA" </dev/null 2>&1)" "CN = p256"
k_has "ALPN" "$(k_sclient localhost -alpn h2,http/1.1)" \
    "ALPN protocol: http/1.1"
k_has "ALPN without http/1.1" "$(k_sclient localhost -alpn h2)" \
    "alert no application protocol"
k_has "TLS 1.2" "$(k_sclient localhost -tls1_2)" "alert protocol version"
k_has "PKCS #1 signatures only" "$(k_sclient rsa.test -sigalgs \
    rsa_pkcs1_sha256)" "alert handshake failure"
k_false "plain HTTP on the TLS port" curl -s -m 5 \
    "http://127.0.0.1:$T_PORT/healthz"

# ---- OCSP ----
o=$(k_sclient localhost -status)
k_has "OCSP response" "$o" "OCSP Response Status: successful"
k_has "no OCSP response where there is none" \
    "$(k_sclient p384.test -status)" "OCSP response: no response sent"

# ---- clients ----
k_eq "curl" "$(curl -s --cacert "$K_CA" "$T_URL/healthz")" '{"status":"ok"}'
k_has "metadata speak of https" "$(curl -s --cacert "$K_CA" \
    "$T_URL/.well-known/oauth-authorization-server")" "\"issuer\":\"$T_URL\""
k_has "keepctl tls show" "$(k_ctl tls show)" "both.test"
k_has "a certificate that ends soon is in the log" "$(cat "$K_DIR/out")" \
    "p384.pem: the certificate ends in"
k_has "keepctl tls show names kinds" "$(k_ctl tls show)" "Ed25519"
k_node "clients, reloads and deaths" "$K_TESTS/regress/tls.mjs"

# ---- a key update in the middle ----
o=$({ echo K; sleep 0.3; printf 'GET /healthz HTTP/1.1\r\n%s\r\n\r\n' \
    "Host: localhost:$T_PORT"; sleep 0.5; echo Q; } |
    openssl s_client -connect "127.0.0.1:$T_PORT" -CAfile "$K_CA" 2>&1)
k_has "key update" "$o" '{"status":"ok"}'
# ---- a directory that master did not know when it gave up the rest ----
e=$(mktemp -d "$K_TMP/elsewhere.XXXXXX")
chmod 755 "$e"
cp -p "$C/ed.pem" "$C/ed.key" "$e"
sed -i "s,$C/ed\.,$e/ed.,g" "$K_DIR/more.conf"
o=$(k_ctl reload 2>&1)
if [ "$(k_as)" = root ]; then
	k_has "files in a new directory" "$o" "a new directory needs a restart"
else
	k_has "files in a new directory" "$(k_ctl tls show)" elsewhere
fi
rm -r "$e"
sc "and the names go on" ed ed25519 deep.ed.test
# The test itself killed both listeners once, and nothing else of these.
k_eq "no other process was lost" "$(k_ctl status | awk 'NF > 6 &&
    $1 ~ /^(listener|authd|toold|pwhash)/ { n += $6 } END { print n + 0 }')" 2
k_done
